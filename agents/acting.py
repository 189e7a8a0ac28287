"""The part of a turn that uses the company's tools: what waits, what was answered, what is done.

    message -> an answer to a write that waits? -> resume the loop, or decline, or withdraw
            -> needs the tools?                 -> the loop
            -> neither                          -> None: the documents answer

Every sentence about what was or was not done is written by code. The model's closing words are shown as far as the
tools' results bear them out.
"""

import logging
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from threading import Event
from typing import TYPE_CHECKING, Any

from agents import approvals, courtesies, loop, recognising, replies
from agents.approvals import OperatorDecision, Pending, begins_with_yes, has_another_wish, read_reply, says_yes_to
from agents.asked import Acting, Asked, Ended
from agents.calls import Caller
from agents.closing import closing
from agents.errors import AgentError, HandOver, LoopsUnavailable, ModelUnavailable
from agents.guard import Allowed
from agents.models import LoadedModel
from agents.owned import NOBODY
from agents.prompts import acting as words
from agents.prompts.steps import INSTRUCTIONS
from agents.routing import named, sure_order
from agents.tools import IDENTIFIES, ToolContext
from agents.tools.search_knowledge import TOOL as SEARCH_KNOWLEDGE
from agents.transcript import Acted, ApprovalDecided, Delta, Outcome, Step, ToolCalled, ToolReturned

if TYPE_CHECKING:
    from knowledge.library import Library

logger = logging.getLogger(__name__)

RESULT_CHARACTERS = 700
"""Most of a tool's own words that are shown where a model had none that could be."""


@dataclass
class ActingTurn:
    """One turn under way. `say` turns text that this customer may read into a step, and keeps it for the answer."""

    acting: Acting
    model: LoadedModel
    library: "Library"
    asked: Asked
    say: Callable[[str, Allowed], Delta]
    company: str
    contact: str
    max_words: int
    stop: Event | None

    def __post_init__(self) -> None:
        if not self.asked.conversation:
            self.asked = replace(self.asked, conversation=f"once-{uuid.uuid4().hex}")
        self.language = self.asked.language
        self.visitor = self.acting.visitor(self.asked)
        self.context = ToolContext(
            library=self.library,
            audiences=self.asked.audiences,
            collections=self.asked.collections,
            language=self.language,
            history=self.asked.history,
            conversation=self.asked.conversation,
            visitor=self.visitor,
            home=self.acting.home,
            desk=self.acting.desk,
        )
        self.tools = (SEARCH_KNOWLEDGE, *self.acting.tools)
        self.caller = Caller(
            {tool.name: tool for tool in self.tools}, self.context, self.acting.log, owned=self.acting.owned
        )
        self.acting.owned.note(self.contact)
        self.who = words.who(
            self.caller.tools,
            self.language,
            named=(sure_order(self.visitor.said), named(self.visitor.said)[1]),
            signs_in=self.acting.signs_in,
            contact=self.contact,
        )
        self.writing = loop.Writing(self.acting.approvals, self.acting.saver, self.company)
        self.texts: list[str] = []
        self.deeds = 0
        self.unknown: list[Acted] = []
        """Writes whose end nobody knows."""

    def run(self) -> Generator[Step, None, Ended | None]:
        """Yield the steps; return how it ended, or None when the documents are to answer."""
        if self.asked.decision is not None:
            return (yield from self._decided(self.asked.decision))
        unknown = yield from self._settle_interrupted()
        if unknown is not None or not self.asked.message:  # nobody asked: that was all
            return unknown or Ended("acted" if self.deeds else "answered")
        ended = yield from self._answer_to_waiting()
        if ended is not None or self._is_courtesy:
            return ended
        if not self.model.acts:
            if not self.acting.router.is_plain_request(self.asked.message, self.library.embedder):
                return None
            yield self._told(words.with_contact(words.CANNOT_ACT[self.language], self.language, self.contact))
            return Ended("refused")
        if not self._needs_tools():
            return None
        not_recognised = yield from self._recognise()
        if not_recognised is not None:
            return not_recognised
        thread = f"{self.asked.conversation}/{uuid.uuid4().hex}"
        records = [text for tool, text in self.asked.results if self._is_own(tool)]
        steps = loop.run(
            self.asked.message,
            model=self.model,
            tools=tuple(tool for tool in self.tools if self.visitor.customer is None or tool.name != IDENTIFIES),
            context=self.context,
            caller=self.caller,
            writing=self.writing,
            thread=thread,
            records=records,
            options=loop.LoopOptions(context_tokens=self.model.context_tokens),
            stop=self.stop,
        )
        return (yield from self._follow(steps))

    def _needs_tools(self) -> bool:
        if self.acting.router.wants_tools(self.asked.message, self.library.embedder):
            return True
        return self.asked.follows_tools and not self.acting.router.is_question(
            self.asked.message, self.library.embedder
        )

    def _recognise(self) -> Generator[Step, None, Ended | None]:
        """Establish who it is where the message completes an order's number and its e-mail address; no model needed."""
        try:
            lacking = yield from recognising.recognise(self.caller, message=self.asked.message)
        finally:
            self.acting.visitors.save(self.asked.conversation, self.visitor)
        if isinstance(lacking, HandOver):
            return (yield from self._hand_over(str(lacking)))
        if lacking is not None:
            yield self._told(str(lacking))
            return Ended("clarify")
        return None

    def _settle_interrupted(self) -> Generator[Step, None, Ended | None]:
        """Tell what became of a write whose turn was cut off after its approval; one of two states is not known."""
        for pending in self.acting.approvals.open(self.asked.conversation):
            acted = self.acting.settle(pending) if pending.stage == "approved" else None
            if acted is None:
                continue
            yield acted
            if acted.state == "unknown":
                self.unknown.append(acted)
                return (yield from self._hand_over(f"{pending.tool} was cut off; action {pending.key}"))
            done = words.INTERRUPTED_DONE[self.language].format(text=acted.text) if acted.state == "done" else ""
            self.deeds += bool(done) and not self.asked.message  # a message is answered by what it leads to
            yield self._told(done or acted.text or words.FAILED[self.language])
            self.acting.note(acted)  # only now: what is cut off before is told at the next start
        return None

    def _answer_to_waiting(self) -> Generator[Step, None, Ended | None]:
        waiting = self.acting.approvals.open(self.asked.conversation)
        pending = next((one for one in waiting if one.stage == "customer"), None)
        agrees = pending is not None and says_yes_to(self.asked.message, pending.text)
        reply = "yes" if agrees else read_reply(self.asked.message)
        if self.asked.answers and (pending is None or pending.key != self.asked.answers):
            yield self._told(words.NOT_WAITING[self.language])
            return Ended("clarify")
        is_moment = approvals.asks_for_a_moment(self.asked.message)
        waits = (reply == "yes" and self.asked.unseen) or is_moment
        if pending is not None and waits and not self.asked.answers:
            yield self._told(f"{pending.text}\n\n{words.QUESTION[self.language]}")
            return Ended("awaiting_approval")
        if pending is not None and reply is not None:
            return (yield from (self._approve(pending) if reply == "yes" else self._decline(pending)))
        if pending is not None:
            if self.acting.approvals.move(pending.key, before="customer", after="withdrawn"):
                yield ApprovalDecided(pending.key, "withdrawn", "customer")
                more = begins_with_yes(self.asked.message) and not has_another_wish(self.asked.message)
                yield self._told((words.YES_AND_MORE if more else words.WITHDRAWN)[self.language])
            return None
        with_team = next((one for one in waiting if one.stage == "operator"), None)
        if with_team is not None and (reply == "yes" or (is_moment and reply is None)):  # a bare "wait" stops it
            yield self._told(words.STILL_WAITS[self.language])
            return Ended("awaiting_approval")
        if with_team is not None and (reply == "no" or has_another_wish(self.asked.message)):
            if self.acting.approvals.move(with_team.key, before="operator", after="withdrawn"):
                yield ApprovalDecided(with_team.key, "withdrawn", "customer")
                yield self._told(words.DECLINED[self.language])
            return Ended("answered") if reply == "no" else None
        deed = self.asked.follows_deed(self.acting.tools)
        if reply is None or waiting or self._is_courtesy or (self.asked.follows_tools and not deed):
            return None  # after another use of tools the model may have asked
        if deed and (reply == "yes" or approvals.takes_back(self.asked.message)):
            yield self._told((words.DONE_ALREADY if reply == "yes" else words.NOT_UNDONE)[self.language])
            return Ended("answered")
        yield self._told((words.NOT_WAITING if reply == "yes" else words.NOTHING_WAITS)[self.language])
        return Ended("clarify" if reply == "yes" else "answered")

    def _approve(self, pending: Pending) -> Generator[Step, None, Ended]:
        after: Any = "operator" if pending.operator else "approved"
        if not self.acting.can_go_on(pending):
            yield self._told(words.NOT_NOW[self.language])
            return Ended("awaiting_approval")
        if not self.acting.approvals.move(pending.key, before="customer", after=after):
            yield self._told(words.NOT_WAITING[self.language])
            return Ended("clarify")
        yield ApprovalDecided(pending.key, "approved", "customer")
        if pending.operator:
            try:
                yield from self._resumed(pending, "yes")  # it goes on to where it waits for the team
            except LoopsUnavailable as error:  # their yes brings it there as well
                logger.error("the write %s waits for the team before its place does", pending.key, exc_info=error)
            yield self._told(words.WAITS_FOR_TEAM[self.language])
            return Ended("awaiting_approval")
        return (yield from self._carried_out(pending))

    def _decline(self, pending: Pending) -> Generator[Step, None, Ended]:
        if not self.acting.approvals.move(pending.key, before="customer", after="declined"):
            yield self._told(words.NOT_WAITING[self.language])
            return Ended("clarify")
        yield ApprovalDecided(pending.key, "declined", "customer")
        yield self._told(words.DECLINED[self.language])
        try:
            return (yield from self._follow(self._resumed(pending, "no")))
        except AgentError as error:  # nothing more to go on with: it was declined all the same
            logger.info("the loop %s did not go on after a no: %s", pending.thread, error)
            return Ended("answered")

    def _decided(self, decision: OperatorDecision) -> Generator[Step, None, Ended]:
        """Go on after a person of the company decided."""
        pending = self.acting.approvals.get(decision.key)
        after: Any = "approved" if decision.approved else "declined"
        if decision.approved and pending and pending.stage == "operator" and not self.acting.can_go_on(pending):
            yield self._told(words.TEAM_NOT_NOW[self.language])
            return Ended("awaiting_approval")
        if pending is None or not self.acting.approvals.move(decision.key, before="operator", after=after):
            yield self._told(words.NOT_WAITING[self.language])
            return Ended("clarify")
        yield ApprovalDecided(decision.key, "approved" if decision.approved else "declined", "operator")
        if not decision.approved:
            yield self._told(words.TEAM_DECLINED[self.language].format(text=pending.text))
            return Ended("answered")
        ended = yield from self._carried_out(pending, ends_at_deed=decision.person_speaks)
        if decision.person_speaks:
            self.acting.let_go(pending.thread)  # nothing goes on with it
        return ended

    def _carried_out(self, pending: Pending, *, ends_at_deed: bool = False) -> Generator[Step, None, Ended]:
        """Go on with an approved write; where its place is lost meanwhile, the log of actions knows what was done."""
        told = len(self.texts)
        try:
            return (yield from self._follow(self._resumed(pending, "yes"), ends_at_deed=ends_at_deed))
        except LoopsUnavailable as error:
            logger.error("the write %s did not go on to its end", pending.key, exc_info=error)
        unknown = yield from self._settle_interrupted()
        if unknown is not None:
            return unknown
        stage = getattr(self.acting.approvals.get(pending.key), "stage", "")
        if len(self.texts) == told:
            again = {"customer": words.NOT_NOW, "operator": words.TEAM_NOT_NOW}
            yield self._told(again.get(stage, words.FAILED)[self.language])
        return Ended("acted" if stage == "done" else "answered" if stage == "failed" else "awaiting_approval")

    def _resumed(self, pending: Pending, decision: loop.Answered) -> Generator[Step, None, loop.LoopResult]:
        """Go on with the loop that asked; it may have to be told twice where it waits for two people."""
        while True:
            result = yield from loop.resume(
                decision,
                model=self.model,
                tools=self.tools,
                context=self.context,
                caller=self.caller,
                writing=self.writing,
                thread=pending.thread,
                options=loop.LoopOptions(context_tokens=self.model.context_tokens),
                stop=self.stop,
            )
            kept = self.acting.approvals.get(pending.key)
            same = result.ended == "approval" and result.pending is not None and result.pending.key == pending.key
            if not same or kept is None or kept.stage != "approved":
                return result

    def _follow(
        self, steps: Generator[Step, None, loop.LoopResult], *, ends_at_deed: bool = False
    ) -> Generator[Step, None, Ended]:
        """Pass on the loop's steps, tell each deed at once, and conclude, unless the first deed ends it."""
        told, refused, called = len(self.texts), list[str](), False
        try:
            while True:
                try:
                    step = next(steps)
                except StopIteration as end:
                    result: loop.LoopResult = end.value
                    break
                yield step
                called = called or isinstance(step, ToolCalled)
                if isinstance(step, ToolReturned) and self.deeds and not (called or step.ok):  # asked with the deed
                    refused += [step.content]
                if isinstance(step, Acted) and step.state == "unknown":
                    self.unknown.append(step)
                elif isinstance(step, Acted):
                    self.deeds += step.state == "done"
                    yield self._told(step.text or words.FAILED[self.language])
                    self.acting.note(step)  # only now: what is cut off before is told at the next start
                    if ends_at_deed:
                        steps.close()
                        return Ended("acted" if self.deeds else "answered")
        except (ModelUnavailable, LoopsUnavailable):
            if len(self.texts) == told:  # what was told before is no answer to this
                raise
            logger.warning("nothing more came after an approval was settled", exc_info=True)
            return Ended("acted" if self.deeds else "answered")
        finally:
            self.acting.visitors.save(self.asked.conversation, self.visitor)
        if result.ended not in ("approval", "stopped") and result.thread:
            self.acting.let_go(result.thread)
        for one in (one for one in refused if one in result.sayable):
            yield self._told(one)
        return (yield from self._conclude(result))

    def _conclude(self, result: loop.LoopResult) -> Generator[Step, None, Ended]:
        done: Outcome = "acted" if self.deeds else "answered"
        if result.ended in ("stopped", "declined"):
            return Ended(done)
        if result.ended == "handed_over":
            return (yield from self._hand_over(result.cause))
        if result.ended == "identify":
            yield self._told(self.who)
            return Ended("clarify")
        if result.ended == "approval" and result.pending is not None:
            yield self._told(result.pending.text)
            if result.pending.operator:
                yield self._told(words.OPERATOR_TOO[self.language])
            yield self._told(words.QUESTION[self.language])
            return Ended("awaiting_approval")
        return (yield from self._closing_words(result, done))

    def _closing_words(self, result: loop.LoopResult, done: Outcome) -> Generator[Step, None, Ended]:
        last = closing(
            result,
            said=self.visitor.said,
            tools=self.caller.tools,
            acted=self.deeds > 0,
            history=self.asked.history,
            language=self.language,
            max_words=self.max_words,
        )
        if last.text and not replies.all_said(last.text, self.texts):
            yield self._told(last.text)
        elif not self.texts or not self.deeds:
            shown = result.sayable[-1][:RESULT_CHARACTERS] if result.sayable else ""  # of the company's own tools
            if self.texts and not shown and has_another_wish(self.asked.message):  # instead of what was withdrawn
                return (yield from self._hand_over("another wish instead of what was shown"))
            lacking = words.with_contact(words.NO_ANSWER[self.language], self.language, self.contact)
            unknown = result.unidentified or recognising.is_half_known(self.caller, message=self.asked.message)
            yield self._told(shown or (self.who if unknown else lacking))
            return Ended(done if shown else "clarify")
        asks = last.asks and not self.deeds and not last.citations
        return Ended("clarify" if asks else done, last.citations, result.evidence)

    def _hand_over(self, cause: str) -> Generator[Step, None, Ended]:
        logger.warning("conversation %s is handed over: %s", self.asked.conversation, cause)
        sentence = (words.UNKNOWN if self.unknown else words.HANDED_OVER)[self.language]
        number = ""
        if self.acting.desk is not None and self.acting.opens_tickets:
            key = f"hand-over/{self.asked.conversation}/{cause}"
            number = self.acting.desk.open_ticket(
                conversation=self.asked.conversation, subject=cause, text=self.asked.transcript, key=key
            )
        if number:
            sentence += ("" if self.language == "zh" else " ") + words.TICKET[self.language].format(number=number)
        elif self.acting.opens_tickets:
            sentence = words.with_contact(sentence, self.language, self.contact)
        yield self._told(sentence)
        return Ended("handed_over", unknown=tuple(self.unknown))

    def _told(self, text: str) -> Delta:
        before = "\n\n" if self.texts else ""
        self.texts.append(text)
        allowed = Allowed(
            customer=self.visitor.customer.id if self.visitor.customer else NOBODY,
            owned=self.acting.owned,
            said=self.visitor.said,
            instructions=INSTRUCTIONS[self.language],
        )
        return self.say(before + text, allowed)

    @property
    def _is_courtesy(self) -> bool:
        return courtesies.read(self.asked.message, self.asked.history) is not None

    def _is_own(self, name: str) -> bool:
        tool = self.caller.tools.get(name)
        return tool is not None and (tool.own_data or tool.effect == "write")
