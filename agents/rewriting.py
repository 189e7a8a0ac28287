"""A question that leans on the conversation in, the same question in full out, to search with as well.

    question + history -> model -> one line, made of the conversation's own words -> a second search
                                -> anything else, or too late: None, and the turn goes on without it

What a model writes here is searched for and never more: it is no evidence, and nobody reads it as the customer's words.
Text of the conversation may hold instructions; since code lets no word through that was not said, they add nothing.
"""

import logging
import re
import threading
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agents.checks.figures import exact_parts, in_figures
from agents.errors import ModelUnavailable
from agents.models import LoadedModel
from agents.prompts import Rewriting, render
from agents.prompts.rewriting import LONGEST_REWRITTEN, REWRITTEN_SCHEMA, shown
from agents.protocols import first_object
from agents.transcript import Language, Message
from knowledge import follow_ups
from knowledge.passages import Passage, Retrieval, current
from knowledge.text import CJK_CLASS, STOP_WORDS, count_cjk, tokens
from knowledge.traditional import simplified

MOST_SECONDS = 4.0
"""Wall time that a rewriting may take; a model that needs longer is slow enough without it."""
MOST_TOKENS = 120
LOOKS_A_SECOND = 20
KEPT_SHARE = 0.5
"""Share 0-1 of the question's own terms that its rewriting must hold, or it asks something else."""
_ASKING_WORDS = (
    *("多长时间", "什么时候", "多少钱", "为什么", "哪一种", "怎么样", "怎么办", "什么", "怎么", "多少", "多久"),
    *("几天", "几个", "哪里", "哪些", "哪个", "可以", "能否", "是否", "请问"),
)
_ASKING = frozenset(tokens("long many often soon far old " + " ".join(_ASKING_WORDS)))
"""Terms that ask and are no stop words."""
_POINTING = frozenset(tokens("one ones same such other others another else instead these those there")) | set(
    "那这个些它他她们呢还也"
)
"""Terms that point at something said before: what a rewriting replaces."""
_CJK_RUN = re.compile(f"[{CJK_CLASS}]+")
_ASKING_RUN = re.compile("|".join(_ASKING_WORDS))

logger = logging.getLogger(__name__)


def standalone(
    question: str,
    history: Sequence[Message],
    *,
    model: LoadedModel,
    language: Language,
    seconds: float,
    stop: threading.Event | None = None,
) -> str | None:
    """Return the question so that it is understood alone; None when it is already, or no such question came in time."""
    said = shown(history)
    asked_before = any(message.role == "user" for message in said)
    if not model.writes or not asked_before or not follow_ups.leans_on_history(question):
        return None
    started = time.monotonic()
    reply = _reply(Rewriting(question, said, language), model=model, seconds=seconds, stop=stop)
    if reply is None:
        logger.info("no rewriting of a question by %s after %.1f s", model.name, time.monotonic() - started)
        return None
    return read(reply, question, said)


def read(reply: str, question: str, history: Sequence[Message]) -> str | None:
    """Return the rewritten question in a model's reply; None unless it is one line of the conversation's words.

    It must also keep what the question itself names, and add something to it.
    """
    written = (first_object(reply) or {}).get("question")
    text = written.strip() if isinstance(written, str) else ""
    if not text or len(text) > LONGEST_REWRITTEN or len(text.splitlines()) > 1 or not text.isprintable():
        return None
    own, new = _content(question), _content(text)
    said = "\n".join([question, *(message.content for message in history)])
    if new <= own or len(own & new) < KEPT_SHARE * len(own) or not has_only_words_of(said, text):
        return None
    return text


def has_only_words_of(said: str, text: str) -> bool:
    """Say whether every term and number of a text was said before; words that only ask are free.

    Of Chinese, where words have no borders, each character must stand beside one that it stood beside before.
    """
    known = STOP_WORDS | _ASKING | set(tokens(said)) | set(tokens(in_figures(said)))
    words = {term for term in tokens(in_figures(text)) if not count_cjk(term) and not term[0].isdigit()}
    if not words <= known or not exact_parts(text) <= exact_parts(said):
        return False
    return all(_is_covered(run, known) for run in _CJK_RUN.findall(_plain(text)))


def merge(asked: Retrieval, *others: Retrieval, limit: int) -> Retrieval:
    """Return the passages of all searches in turns, each once; the evidence stays that of the question as asked."""
    passages: list[Passage] = []
    for rank in range(max(len(found.passages) for found in (asked, *others))):
        for found in (asked, *others):
            if rank < len(found.passages) and not any(_overlap(found.passages[rank], p) for p in passages):
                passages.append(found.passages[rank])
    return replace(asked, passages=current(passages)[:limit])


def _reply(prompt: Rewriting, *, model: LoadedModel, seconds: float, stop: threading.Event | None) -> str | None:
    """Return what the model says within the time; the thread of one that is late ends with its next word."""
    said: list[str] = []
    whole, ended, abandoned = threading.Event(), threading.Event(), threading.Event()

    def listen() -> None:
        call: dict[str, Any] = {"max_tokens": MOST_TOKENS, "temperature": 0.0, "schema": REWRITTEN_SCHEMA}
        assert model.chat is not None
        try:
            for chunk in model.chat.stream(render(prompt), **call, stop_event=abandoned):
                said.append(chunk.text)
            whole.set()
        except ModelUnavailable as error:  # the answer's own call tells it, if the model is still gone by then
            logger.info("a question was not rewritten: %s", error)
        except RuntimeError:
            if not abandoned.is_set():  # else the model may be closed meanwhile, and nobody listens
                raise
        finally:
            ended.set()

    threading.Thread(target=listen, name="rewriting", daemon=True).start()
    deadline = time.monotonic() + seconds
    while not ended.wait(1 / LOOKS_A_SECOND):
        if time.monotonic() > deadline or (stop is not None and stop.is_set()):
            abandoned.set()
            return None
    return "".join(said) if whole.is_set() else None


def _content(text: str) -> set[str]:
    """Return the terms that name something; of Chinese, its characters."""
    text = _ASKING_RUN.sub(" ", _plain(text))
    terms = {term for term in tokens(text) if not count_cjk(term)}
    characters = {character for run in _CJK_RUN.findall(text) for character in run}
    return (terms | characters) - STOP_WORDS - _ASKING - _POINTING


def _plain(text: str) -> str:
    return simplified(unicodedata.normalize("NFKC", text))


def _is_covered(run: str, known: set[str] | frozenset[str]) -> bool:
    return all(
        character in known or run[max(0, place - 1) : place + 1] in known or run[place : place + 2] in known
        for place, character in enumerate(run)
    )


def _overlap(left: Passage, right: Passage) -> bool:
    same = (left.collection, left.document) == (right.collection, right.document)
    return same and left.start < right.end and right.start < left.end
