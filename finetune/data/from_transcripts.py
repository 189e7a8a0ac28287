"""Stored conversations in, candidates out: what customers liked, what people of the company said instead.

    turn marked good   -> answer (passages as they are found today), or refusal (what was found did not answer)
    a person's reply   -> reply in the company's voice; an answer too, where the documents bear it out; to "a person,
                          please" it answers what was asked before that
    turn that acted    -> one step for each call that the model made and that went well

An answer is kept only where today's documents still say it: a fact that has changed must not be learned. What was said
before it is context: it may be a machine's or rated as bad, and each reply is learned once, from an example of its own.
Who signs a reply is cut from it, or the model would sign as that person; whose names are known is handed on, so that
they are found wherever they stand.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents.answering import HISTORY_MESSAGES
from agents.budget import HISTORY_SHARE, latest
from agents.handover import only_asks
from agents.loop_state import LoopOptions
from agents.models.tokens import estimate
from agents.prompts import NOT_FOUND
from agents.routing import named
from agents.said import Said, messages
from agents.tools import IDENTIFIES
from agents.transcript import Message, in_turns
from finetune.data import citing
from finetune.data.candidates import Candidate, Dropped, Kind
from finetune.data.conversations import Rating
from finetune.data.signatures import parted, told_as_thing
from finetune.data.steps import steps_of
from finetune.examples import Example, answer_example, as_context
from finetune.serving import Serving
from knowledge.passages import Passage
from knowledge.text import detect_language

SOURCE = "transcripts"
LOOP_HISTORY = int(HISTORY_SHARE * LoopOptions().context_tokens)
"""Tokens of what was said before that the loop shows its model."""
HELPED = ("answered", "acted")
"""How a turn ends that did what was asked."""


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A turn as it was stored."""

    question: str
    """"" where nobody asked: a person's reply, or a notice."""
    text: str
    """What the customer read."""
    outcome: str
    """One of `agents.transcript.Outcome`; "" for a turn that was stopped."""
    by_person: bool = False
    """Whether a person of the company wrote `text`."""
    with_decision: bool = False
    """Whether they wrote it with a decision on a write: it then answers nothing that was asked."""
    rating: Rating | None = None
    citations: tuple[Mapping[str, Any], ...] = ()
    steps: tuple[Mapping[str, Any], ...] = ()
    """As `agents.transcript.step_to_data` wrote them."""


@dataclass(frozen=True, slots=True)
class PastConversation:
    """A conversation as it was stored."""

    id: str
    turns: tuple[PastTurn, ...]
    identified: bool = False
    """Whether the customer was recognised."""
    names: frozenset[str] = frozenset()
    """Of the customer and of the people who wrote to them, as far as they are known."""


def candidates(
    conversations: Iterable[PastConversation], serving: Serving, *, unrated: bool = False
) -> Iterator[Candidate | Dropped]:
    """Yield what may be learned from stored conversations.

    Args:
        unrated: Whether answers that nobody rated are taken as good.
    """
    for conversation in map(_unsigned, conversations):
        for place, turn in enumerate(conversation.turns):
            if turn.question.strip():
                for one in _of_turn(conversation, place, serving, unrated):
                    yield replace(one, names=conversation.names) if isinstance(one, Candidate) else one


def answers_from(
    question: str,
    history: Sequence[Message],
    reply: str,
    *,
    serving: Serving,
    source: str,
    conversation: str,
    kind: Kind,
) -> Iterator[Candidate]:
    """Yield a person's reply in the company's voice, and as an answer where the documents bear it out."""
    before = [*history[-HISTORY_MESSAGES:], Message("user", question)]
    context = as_context({"role": message.role, "content": message.content} for message in before)
    messages = (*context, {"role": "assistant", "content": reply})
    yield Candidate(Example(messages, "voice", source, conversation), question, kind)
    if serving.exact_parts is not None and not citing.may_be_cited(reply, serving.exact_parts):
        return
    passages = serving.read_by_writer(question, history)
    written = citing.cited(reply, passages)
    language, most = serving.language_of(question), serving.answers.max_words
    if written is None or (serving.language and detect_language(written) != language):
        return  # asked for in the one language that all are answered in
    if citing.fits(written, passages, language=language, max_words=most):
        example = _answer(question, passages, history, written, serving, source=source, conversation=conversation)
        yield Candidate(example, question, kind)


def _unsigned(conversation: PastConversation) -> PastConversation:
    """Return a conversation whose people's replies are not signed, with the names that stood there.

    What a customer wrote stays as it was asked. A signature that is also spoken of as a thing names nobody.
    """
    questions = [parted(turn.question) for turn in conversation.turns]
    replies = [parted(turn.text) if turn.by_person else (turn.text, frozenset()) for turn in conversation.turns]
    texts = [text for text, _ in (*questions, *replies)]
    signed = {name for _, names in (*questions, *replies) for name in names if not told_as_thing(name, texts)}
    turns = tuple(replace(turn, text=text) for turn, (text, _) in zip(conversation.turns, replies, strict=True))
    return replace(conversation, turns=turns, names=conversation.names | signed)


def _of_turn(
    conversation: PastConversation, place: int, serving: Serving, unrated: bool
) -> Iterator[Candidate | Dropped]:
    turn = conversation.turns[place]
    history = _history(conversation.turns[:place])
    corrected = _corrected(conversation, place)
    reply = _persons_reply(conversation.turns[place + 1 :])
    if turn.outcome in (*HELPED, "awaiting_approval") and turn.rating != "down":
        identified, steps = _as_the_loop_began(conversation.turns, place, identified=conversation.identified)
        yield from steps_of(
            steps,
            _later_steps(conversation, place),
            asked=turn.question,
            history=latest(history, count=estimate, room=LOOP_HISTORY),
            serving=serving,
            conversation=conversation.id,
            identified=identified,
        )
    if reply:
        yield from answers_from(
            conversation.turns[corrected].question,
            _history(conversation.turns[:corrected]),
            reply,
            serving=serving,
            source=SOURCE,
            conversation=conversation.id,
            kind="correction",
        )
    elif turn.rating == "down":
        yield Dropped("rated down", turn.question, SOURCE)
    elif turn.outcome not in ("answered", "refused") or not turn.text.strip():
        if turn.outcome not in (*HELPED, "awaiting_approval"):
            yield Dropped("not answered", turn.question, SOURCE, turn.outcome or "stopped")
    elif turn.rating is None and not unrated:
        yield Dropped("not rated", turn.question, SOURCE)
    else:
        yield _answered(turn, history, serving, conversation.id)


def _as_the_loop_began(
    turns: Sequence[PastTurn], place: int, *, identified: bool
) -> tuple[bool, Sequence[Mapping[str, Any]]]:
    """Return whether the customer was known when a turn's loop began, and the steps that were the loop's.

    A message that completes an order's number and its address is looked up by code, before the model is asked
    (`agents.acting`): its prompt then knows the customer, and never shows that call.

    Args:
        identified: Whether the customer was known at the conversation's end.
    """
    recognised = [at for at, turn in enumerate(turns) if any(_recognises(step) and step["ok"] for step in turn.steps)]
    if (recognised[0] < place) if recognised else identified:
        return True, turns[place].steps
    steps, asked = turns[place].steps, turns[place].question
    parts = named([turn.question for turn in turns[: place + 1]])
    called = next((at for at, step in enumerate(steps) if step["kind"] == "tool_called"), len(steps))
    returned = next((at for at, step in enumerate(steps) if _recognises(step)), len(steps))
    by_code = all(parts) and any(part in asked for part in parts) and returned == called + 1
    if not by_code:
        return False, steps
    return bool(steps[returned]["ok"]), (*steps[:called], *steps[returned + 1 :])


def _recognises(step: Mapping[str, Any]) -> bool:
    return bool(step["kind"] == "tool_returned" and step["tool"] == IDENTIFIES)


def _corrected(conversation: PastConversation, place: int) -> int:
    """Return the turn that a person's reply is about: who only asks for a person wants what they asked before that."""
    while place > 0 and only_asks(conversation.turns[place].question):
        before = next((at for at in reversed(range(place)) if conversation.turns[at].question.strip()), None)
        if before is None:
            break
        place = before
    return place


def _answered(turn: PastTurn, history: Sequence[Message], serving: Serving, conversation: str) -> Candidate | Dropped:
    passages = serving.read_by_writer(turn.question, history)
    kind: Kind = "answer" if turn.outcome == "answered" else "refusal"
    reply: str | None = NOT_FOUND
    if kind == "answer":
        language = serving.language_of(turn.question)
        reply = citing.renumbered(turn.text, turn.citations, passages, language=language)
    if reply is None or not passages:
        return Dropped("documents no longer say it", turn.question, SOURCE)
    if not citing.fits(
        reply, passages, language=serving.language_of(turn.question), max_words=serving.answers.max_words
    ):
        return Dropped("not as served", turn.question, SOURCE, f"more than {serving.answers.max_words} words")
    example = _answer(turn.question, passages, history, reply, serving, source=SOURCE, conversation=conversation)
    return Candidate(example, turn.question, kind)


def _answer(
    question: str,
    passages: Sequence[Passage],
    history: Sequence[Message],
    reply: str,
    serving: Serving,
    *,
    source: str,
    conversation: str,
) -> Example:
    language = serving.language_of(question)
    return answer_example(
        question, passages, history, reply=reply, language=language, options=serving.answers, source=source,
        conversation=conversation,
    )  # fmt: skip


def _history(turns: Sequence[PastTurn]) -> tuple[Message, ...]:
    said = (Said(turn.question, turn.text, turn.outcome, turn.by_person) for turn in turns if turn.outcome)
    return in_turns(messages(said))


def _persons_reply(later: Sequence[PastTurn]) -> str:
    """Return what people of the company wrote before the customer's next message; "" for nothing."""
    replies = []
    for turn in later:
        if turn.question.strip():
            break
        if turn.by_person and not turn.with_decision:
            replies.append(turn.text.strip())
    return "\n".join(replies)


def _later_steps(conversation: PastConversation, place: int) -> tuple[Mapping[str, Any], ...]:
    return tuple(step for turn in conversation.turns[place + 1 :] for step in turn.steps)
