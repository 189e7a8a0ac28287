"""The company's documents in, questions with answers out: made by a model, kept only if they hold.

    passage -> model: question, answer, quote
            -> the quote stands in the passage, its sentences support the answer, the question finds the passage
            -> answer example; for some, the same question without its passage -> refusal example (a hard negative)

Whatever model is set up makes the questions; none is believed. A document's questions stay together, so that what is
held out is asked of documents that were not trained on.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agents.answering import READ_PASSAGES
from agents.checks.support import support
from agents.prompts import NOT_FOUND, Asking, render
from agents.prompts.asking import LONGEST_QUESTION, SCHEMA
from agents.protocols import first_object, without_thinking
from agents.transcript import Language
from finetune.data import citing
from finetune.data.candidates import Candidate, Dropped, Reason
from finetune.examples import Example, answer_example
from finetune.serving import Serving
from knowledge.passages import Passage
from knowledge.text import detect_language, locate, sentences

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

SOURCE = "documents"
SHORTEST_PASSAGE: dict[Language, int] = {"en": 60, "zh": 15}
"""In characters; a heading alone answers nothing."""
SHORTEST_QUESTION: dict[Language, int] = {"en": 12, "zh": 5}
REPLY_TOKENS = 400
ABOUT_THE_TEXT = re.compile(
    r"\b(?:the|this|above|following|given) (?:passage|text|excerpt|paragraph|section|document|quote|sentence)\b"
    r"|\baccording to (?:the|this)\b|\bmentioned\b|段落|上文|文中|本文|该文|引文|上述",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class MakingOptions:
    """How many questions are made."""

    questions: int = 200
    """Passages that the model is asked about, at most."""
    refusals: float = 0.25
    """Share 0-1 of the kept questions of which a refusal is made too."""
    seed: int = 0
    """Chooses the passages."""


@dataclass(frozen=True, slots=True)
class _Made:
    """What the model said of a passage."""

    question: str
    answer: str
    quote: str


class _Unfit(Exception):
    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.detail = detail


def candidates(
    passages: Sequence[Passage],
    *,
    chat: "BaseChatModel",
    serving: Serving,
    options: MakingOptions | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[Candidate | Dropped]:
    """Yield what may be learned of passages, and every question that did not hold.

    Args:
        passages: Of the whole library, as its audience may see it.
        chat: Any of `agents.models`.
        progress: Called with the document's name, the number of the passage, and how many there are.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    options = options or MakingOptions()
    chosen = choose(passages, options)
    for number, passage in enumerate(chosen, 1):
        if progress is not None:
            progress(passage.document, number, len(chosen))
        said = _ask(passage, chat)
        made = read_made(said)
        if made is None:
            yield Dropped("model said nothing usable", said[:80], passage.document)
            continue
        try:
            candidate, quoted = _answer(made, passage, serving)
        except _Unfit as unfit:
            yield Dropped(unfit.reason, made.question, passage.document, unfit.detail)
            continue
        yield candidate
        if _share_of(made.question, options.seed) < options.refusals:
            yield _refusal(made, quoted, serving)


def choose(passages: Sequence[Passage], options: MakingOptions) -> tuple[Passage, ...]:
    """Return the passages that are asked about, drawn by the seed, one document after another in turn.

    A long document has many passages; drawn in turn, it does not crowd out the short ones.
    """
    queues: dict[tuple[str, str], list[Passage]] = {}
    for passage in sorted(passages, key=lambda one: _share_of(f"{one.document}\0{one.start}", options.seed)):
        if len(passage.text.strip()) >= SHORTEST_PASSAGE[detect_language(passage.text)]:
            queues.setdefault((passage.collection, passage.document), []).append(passage)
    chosen: list[Passage] = []
    while queues and len(chosen) < options.questions:
        for key in list(queues)[: options.questions - len(chosen)]:
            chosen.append(queues[key].pop())
            if not queues[key]:
                del queues[key]
    return tuple(chosen)


def read_made(said: str) -> _Made | None:
    """Return what a model made; None when it is no question with an answer and a quote."""
    found = first_object(said)
    values = [found.get(key) for key in ("question", "answer", "quote")] if found else []
    if not values or not all(isinstance(value, str) and value.strip() for value in values):
        return None
    question, answer, quote = (" ".join(str(value).split()) for value in values)
    return _Made(question, answer, quote)


def is_fit(question: str, language: Language) -> bool:
    """Say whether it is a question that a customer could ask."""
    asks = question.endswith(("?", "？")) or (language == "zh" and question.rstrip("。").endswith(("吗", "呢")))
    long_enough = SHORTEST_QUESTION[language] <= len(question) <= LONGEST_QUESTION
    return asks and long_enough and detect_language(question) == language and not ABOUT_THE_TEXT.search(question)


def _ask(passage: Passage, chat: "BaseChatModel") -> str:
    prompt = render(Asking(passage, detect_language(passage.text)))
    heard = chat.stream(prompt, max_tokens=REPLY_TOKENS, temperature=0.0, schema=SCHEMA)
    return "".join(without_thinking(chunk.text for chunk in heard)).strip()


def _answer(made: _Made, passage: Passage, serving: Serving) -> tuple[Candidate, Passage]:
    """Return the candidate and the quoted sentences as a passage of their own; raises `_Unfit`."""
    language = detect_language(passage.text)
    if not is_fit(made.question, language):
        raise _Unfit("question unfit")
    if serving.language and language != serving.language:
        raise _Unfit("not as served", "in another language than all are answered in")
    quoted = _quoted(made.quote, passage)
    if quoted is None:
        raise _Unfit("quote not in the passage", made.quote[:80])
    parts = [made.answer[start:end] for start, end in sentences(made.answer)]
    if not parts or any(support(part, [quoted]) is None for part in parts):
        raise _Unfit("quote does not support the answer", made.answer[:80])
    found = serving.read_by_writer(made.question, ())
    number = next((place for place, one in enumerate(found, 1) if _overlaps(one, quoted)), None)
    if number is None:
        raise _Unfit("question does not find the passage")
    reply = " ".join(citing.with_marker(part, number) for part in parts)
    if not citing.is_borne_out(reply, found, language=language):
        raise _Unfit("quote does not support the answer", "beside the other passages found")
    if not citing.fits(reply, found, language=language, max_words=serving.answers.max_words):
        raise _Unfit("not as served", f"more than {serving.answers.max_words} words")
    return Candidate(
        _example(made.question, found, reply=reply, serving=serving, made_from=passage), made.question, "answer"
    ), quoted


def _refusal(made: _Made, quoted: Passage, serving: Serving) -> Candidate | Dropped:
    """Return the same question where what answers it is missing, with what is found in its place."""
    others = [one for one in serving.search(made.question, ()) if not _overlaps(one, quoted)][:READ_PASSAGES]
    parts = [made.answer[start:end] for start, end in sentences(made.answer)]
    if not others or any(support(part, others) is not None for part in parts):
        return Dropped("no hard negative", made.question, quoted.document)
    return Candidate(
        _example(made.question, others, reply=NOT_FOUND, serving=serving, made_from=quoted), made.question, "refusal"
    )


def _example(
    question: str, passages: Sequence[Passage], *, reply: str, serving: Serving, made_from: Passage
) -> Example:
    return answer_example(
        question,
        passages,
        reply=reply,
        language=serving.language_of(question),
        options=serving.answers,
        source=SOURCE,
        conversation=f"{SOURCE}:{made_from.collection}/{made_from.document}",
    )


def _quoted(quote: str, passage: Passage) -> Passage | None:
    """Return the whole sentences that a quote stands in, as a passage; None when it does not stand there."""
    span = locate(quote, passage.text)
    if span is None:
        return None
    touched = [one for one in sentences(passage.text) if one[0] < span[1] and span[0] < one[1]]
    start, end = min(span[0], touched[0][0]), max(span[1], touched[-1][1])
    return replace(passage, start=passage.start + start, end=passage.start + end, text=passage.text[start:end])


def _overlaps(one: Passage, other: Passage) -> bool:
    same = (one.collection, one.document) == (other.collection, other.document)
    return same and one.start < other.end and other.start < one.end


def _share_of(text: str, seed: int) -> float:
    """Return a number 0-1 that a text always draws with this seed."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{text}".encode()).digest()[:8]) / 2**64
