"""A question and its passages in, what a model wrote out; or quotes, where nothing that it wrote could be checked."""

import threading
from collections.abc import Generator, Sequence
from dataclasses import replace

from agents.answering import READ_PASSAGES, AnswerOptions, Draft, quote, write
from agents.checks.figures import exact_parts
from agents.checks.support import parts_of
from agents.models import LoadedModel
from agents.prompts import NOT_FOUND
from agents.transcript import Language, Message, ShortAnswer
from knowledge.embedders import Embedder
from knowledge.passages import Passage, Retrieval


def write_else_quote(
    question: str,
    retrieval: Retrieval,
    history: Sequence[Message] = (),
    *,
    model: LoadedModel,
    language: Language,
    read_as: Language,
    embedder: Embedder | None,
    options: AnswerOptions,
    stop: threading.Event | None = None,
) -> Generator[str | ShortAnswer, None, Draft]:
    """Let the model write; quote where all that it wrote was dropped, in another language than the passages.

    Of a sentence in one language and a passage in another only what is exact can be compared, so that nothing an
    English sentence says of a Chinese page can be shown to stand there. Where its numbers and days do, the page is
    quoted in its stead.

    Args:
        read_as: the language in which the question is compared with the documents.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    passages = retrieval.passages[:READ_PASSAGES]
    draft = yield from write(question, passages, history, model=model, language=language, options=options, stop=stop)
    unchecked = draft.dropped and not draft.citations and not any(NOT_FOUND in said for said in draft.dropped)
    if not unchecked or any(passage.language == read_as for passage in passages) or (stop and stop.is_set()):
        return draft
    if not any(_holds_exact_parts(passage, said) for said in draft.dropped for passage in passages):
        return draft
    quoted = yield from quote(
        question,
        retrieval,
        history,
        language=read_as,
        said_in=language,
        embedder=embedder,
        options=options,
        stop=stop,
    )
    return replace(quoted, dropped=draft.dropped)


def _holds_exact_parts(passage: Passage, said: str) -> bool:
    """Say whether a sentence has numbers, days, links or the like, and a passage all of them."""
    parts = exact_parts(said)
    return bool(parts) and parts <= parts_of(passage)
