"""`ask` and `chat`: a question in, a cited answer out."""

import secrets
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import typer

from agents.models.loading import SUGGESTED_OLLAMA_MODEL
from assistant.commands.options import (
    AsJson,
    Asked,
    Audience,
    Collection,
    Config,
    Model,
    Out,
    Questions,
    check_one_form,
    examples,
    harmless,
    opened,
    print_batch,
    print_json,
    settings_for,
    warn,
    warn_if_nothing_read,
)

if TYPE_CHECKING:
    from agents.transcript import Answer, Message, Step
    from assistant.app import Application
    from assistant.batch import Question

ANSWER_KEYS = ("pointed", "outcome", "evidence", "language", "model", "seconds", "first_token_seconds")
ASK_EXAMPLES = examples(
    'frontdesk ask "How long may I return a lamp?"',
    f'frontdesk ask "退货要多久？" --model ollama:{SUGGESTED_OLLAMA_MODEL} --json',
    "frontdesk ask --questions questions.jsonl --out answers.jsonl",
)
CHAT_EXAMPLES = examples("frontdesk chat", "frontdesk chat --model none", "frontdesk chat --audience staff")


def ask(
    question: Asked = None,
    model: Model = None,
    collection: Collection = "default",
    audience: Audience = "public",
    questions: Questions = None,
    out: Out = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Answer one question from the documents, with citations, or say that they do not hold the answer."""
    check_one_form(question, questions, out)
    if question is not None and not question.strip():
        raise typer.BadParameter("QUESTION is empty; give what you want to know, in quotes")
    with opened(settings_for(config, model=model)) as application:
        application.load_model_soon()

        def answer_data(line: "Question") -> dict[str, Any]:
            steps = list(_respond(application, line.text, line.history, collection=collection, audience=audience))
            return result_data(steps)

        if questions and out:
            print_batch(questions, out, answer_data, as_json=as_json)
            return
        steps = _respond(application, question or "", (), collection=collection, audience=audience)
        outcome = ""
        if as_json:
            data = result_data(list(steps))
            outcome = data["outcome"]
            print_json(data)
        else:
            outcome = print_answer(steps).outcome
        _warn_if_for_a_person(application, question or "")
        if outcome == "refused":
            warn_if_nothing_read(application, collection=collection, audiences=_audiences(audience))


def chat(
    model: Model = None, collection: Collection = "default", audience: Audience = "public", config: Config = None
) -> None:
    """Talk with the assistant in the terminal; an empty line or Ctrl-D ends it."""
    from agents.transcript import Message

    history: list[Message] = []
    talk = Talk(f"terminal-{secrets.token_urlsafe(12)}")
    with opened(settings_for(config, model=model)) as application:
        print(f"Model: {application.model.name}. An empty line ends the chat.", file=sys.stderr)
        while question := _read_line():
            steps = _respond(application, question, history, collection=collection, audience=audience, talk=talk)
            answer = print_answer(talk.noting(steps))
            print()
            _warn_if_for_a_person(application, question)
            history += [Message("user", question), Message("assistant", answer.text)]


@dataclass
class Talk:
    """What a conversation in the terminal keeps from turn to turn, for tools."""

    conversation: str
    results: list[tuple[str, str]] = field(default_factory=list)
    follows_tools: bool = False

    def noting(self, steps: "Iterable[Step]") -> "Iterator[Step]":
        """Pass the steps on, and keep what tools returned."""
        from agents.transcript import ToolReturned

        self.follows_tools = False
        for step in steps:
            if isinstance(step, ToolReturned) and step.tool != "search_knowledge":
                self.follows_tools = True
                self.results += [(step.tool, step.content)] * step.ok
            yield step


def print_answer(steps: "Iterable[Step]") -> "Answer":
    """Print an answer, as it comes on a terminal and whole in a pipe, and its sources."""
    from agents.transcript import Delta, Finished, ShortAnswer

    answer = None
    pointed = streamed = ""
    for step in steps:
        if isinstance(step, ShortAnswer):
            pointed = step.text
        elif isinstance(step, Delta) and is_terminal():
            before = _set_apart(streamed, pointed)
            streamed += harmless(step.text)
            print(_set_apart(streamed, pointed).removeprefix(before), end="", flush=True)
        elif isinstance(step, Finished):
            answer = step.answer
    answer = _present(answer)
    text = harmless(answer.text)
    if streamed.strip() != text.strip():
        print(("\n" if streamed else "") + _set_apart(text, answer.pointed))
    else:
        print()
    for citation in answer.citations:
        page = f", page {citation.page}" if citation.page else ""
        quote = " ".join(citation.quote.split())
        print(harmless(f"  [{citation.number}] {citation.title} ({citation.document}{page}): “{quote}”"))
    return answer


def result_data(steps: "list[Step]") -> dict[str, Any]:
    """Return what `--json` prints for an answer; `steps` leaves out the streamed pieces, which `answer` holds."""
    from agents.transcript import Delta, Finished, ShortAnswer, step_to_data

    answer = _present(next((step.answer for step in steps if isinstance(step, Finished)), None))
    kept = [step_to_data(step) for step in steps if not isinstance(step, Delta | ShortAnswer | Finished)]
    return {
        "answer": answer.text,
        "citations": [asdict(citation) for citation in answer.citations],
        **{key: getattr(answer, key) for key in ANSWER_KEYS},
        "steps": kept,
    }


def _set_apart(text: str, pointed: str) -> str:
    """Return an answer with an empty line below the few words that it begins with."""
    return text.replace("\n", "\n\n", 1) if pointed and text.startswith(pointed) else text


def is_terminal() -> bool:
    """Whether a person watches the answer come."""
    return sys.stdout.isatty()


def _respond(
    application: "Application",
    question: str,
    history: "Iterable[Message]",
    *,
    collection: str,
    audience: str,
    talk: Talk | None = None,
) -> "Iterable[Step]":
    from agents.turn import Request

    language = application.settings.language
    return application.responder.respond(
        Request(
            question,
            history=tuple(history),
            audiences=_audiences(audience),
            collections=(collection,),
            language=None if language == "auto" else language,
            conversation=talk.conversation if talk else "",
            results=tuple(talk.results) if talk else (),
            follows_tools=talk is not None and talk.follows_tools,
        )
    )


def _warn_if_for_a_person(application: "Application", question: str) -> None:
    """Say that the chat would have called a person: at a command line there is none, and the answer looks as if not."""
    from agents.handover import from_words

    if reason := from_words(question, hears_danger=application.hears_danger):
        warn(f"In the chat this message calls a person ({reason}); the command line has none. Next: frontdesk serve")


def _audiences(audience: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(("public", audience)))


def _present(answer: "Answer | None") -> "Answer":
    from agents.errors import AgentError

    if answer is None:
        raise AgentError("The turn ended without an answer. Next: frontdesk doctor")
    return answer


def _read_line() -> str:
    try:
        return input("> " if sys.stdin.isatty() else "").strip()
    except EOFError:
        return ""
