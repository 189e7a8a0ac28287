"""The same text twice, and an old version beside its new one: recognised among what a question found.

    hits -> shingles -> the same text: one hit, also in the others;  versions: the newest, in place of the others

The same is what differs in small words, case and punctuation only: a number, a "not", the name of a country make
another text, however alike the rest is. Versions are texts that resemble each other in shingles (Broder: "On the
Resemblance and Containment of Documents", 1997) and whose names say which is newer.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations

from knowledge.passages import Passage
from knowledge.selection import Hit
from knowledge.text import CJK_CLASS, STOP_WORDS, normalise, tokens
from knowledge.versions import Version, is_newer, version_of

COMPARED = 30
"""Best hits that are compared with one another."""
SHINGLE_WORDS = 3
ALIKE_ABOVE = 0.4
"""Resemblance 0-1, the share of common shingles, from which texts may be versions or the same."""
_WORD = re.compile(f"[{CJK_CLASS}]|[^\\W_{CJK_CLASS}]+")
_DENIALS = frozenset(
    """
    not no never none nor without ain't aren't can't cannot couldn't didn't doesn't don't hadn't hasn't haven't isn't
    shouldn't wasn't weren't won't wouldn't 不可 不能 不是 没有
    """.split()  # noqa: SIM905, read as a text
)
_SMALL = STOP_WORDS - _DENIALS

Shingles = frozenset[tuple[str, ...]]


def fold(hits: Sequence[Hit], question: str) -> list[Hit]:
    """Return the hits without those that another one stands for; that one says so in its passage.

    An old version that the question names, by year or number, stays.
    """
    first = [(hit, shingles_of(hit.passage.text)) for hit in hits[:COMPARED]]
    newest = _newest_versions(first, question)
    current = [(hit, shingles) for hit, shingles in first if hit.document_id not in newest]
    kept: list[tuple[Hit, Shingles]] = []
    copies: dict[int, list[Hit]] = {}
    for hit, shingles in current:
        original = next((other for other, theirs in kept if _is_copy(other, hit, theirs, shingles)), None)
        if original is None:
            kept.append((hit, shingles))
        else:
            copies.setdefault(original.chunk, []).append(hit)
    if len(kept) == len(first):
        return list(hits)
    old_hits = [hit for hit, _ in first if hit.document_id in newest]
    folded = []
    for hit, _ in kept:
        same = copies.get(hit.chunk, [])
        documents = {hit.document_id, *(copy.document_id for copy in same)}
        folded.append(_standing_for(hit, same, [old for old in old_hits if newest[old.document_id] in documents]))
    folded.sort(key=lambda hit: -hit.passage.score)
    return folded + [hit for hit in hits[COMPARED:] if hit.document_id not in newest]


def _newest_versions(first: Sequence[tuple[Hit, Shingles]], question: str) -> dict[int, int]:
    """Return document -> the newest version of it, for documents that have a newer one."""
    newer: dict[int, int] = {}
    for (left, mine), (right, theirs) in combinations(first, 2):
        if left.document_id == right.document_id or resemblance(mine, theirs) < ALIKE_ABOVE:
            continue
        left_is_newer = _is_newer(left.passage, right.passage)
        if left_is_newer is not None:
            old, new = (right, left) if left_is_newer else (left, right)
            if not _is_asked_for(old.passage, question):
                newer[old.document_id] = new.document_id
    return {document: _end_of(document, newer) for document in newer}


def _end_of(document: int, newer: dict[int, int]) -> int:
    for _ in newer:
        document = newer.get(document, document)
    return document


def _is_copy(kept: Hit, hit: Hit, mine: Shingles, theirs: Shingles) -> bool:
    if kept.document_id == hit.document_id or resemblance(mine, theirs) < ALIKE_ABOVE:
        return False
    return says_the_same(kept.passage, hit.passage)


def _standing_for(hit: Hit, copies: Sequence[Hit], older: Sequence[Hit]) -> Hit:
    """Return a hit that names what it stands for, and stands where the best of these stood."""
    names = [copy.passage.document for copy in copies if copy.passage.document != hit.passage.document]
    passage = replace(
        hit.passage,
        score=max([hit.passage.score, *(old.passage.score for old in older)]),
        also_in=tuple(dict.fromkeys(names)),
        supersedes=tuple(dict.fromkeys(old.passage.document for old in older)),
    )
    return replace(hit, passage=passage)


def shingles_of(text: str) -> Shingles:
    """Return the runs of three words, or of three Chinese characters."""
    words = _WORD.findall(text.casefold())
    return frozenset(tuple(words[i : i + SHINGLE_WORDS]) for i in range(max(1, len(words) - SHINGLE_WORDS + 1)))


def resemblance(left: Shingles, right: Shingles) -> float:
    """Return which share 0-1 of all shingles both texts have."""
    if not left or not right or min(len(left), len(right)) < ALIKE_ABOVE * max(len(left), len(right)):
        return 0.0
    common = len(left & right)
    return common / (len(left) + len(right) - common)


def says_the_same(kept: Passage, left_out: Passage) -> bool:
    """Say whether the one passage says all that the other says, under the same title and headings."""
    return _place(kept) == _place(left_out) and _said(left_out.text) in _said(kept.text)


def _place(passage: Passage) -> str:
    """Return what stands above a passage; a title that is only the file's name says nothing."""
    title = "" if normalise(passage.title) in normalise(passage.document) else passage.title
    return _said("\n".join([title, *passage.headings, passage.header]))


def _said(text: str) -> str:
    return f" {' '.join(token for token in tokens(text) if token not in _SMALL)} "


def _is_newer(left: Passage, right: Passage) -> bool | None:
    """Say whether the left document is the newer version; None when they are not versions of one another."""
    if left.collection != right.collection or _file(left) == _file(right):
        return None
    for mine, other in ((_file(left), _file(right)), (left.title, right.title)):
        newer = is_newer(_version(mine), _version(other), left_dated=left.dated, right_dated=right.dated)
        if newer is not None:
            return newer
    return None


def _is_asked_for(passage: Passage, question: str) -> bool:
    asked = set(tokens(question))
    for name in (_file(passage), passage.title):
        version = _version(name)
        if (version.date and str(version.date[0]) in asked) or (version.number and _dotted(version.number) in asked):
            return True
    return False


def _dotted(number: Sequence[int]) -> str:
    return ".".join(map(str, number))


@lru_cache(maxsize=10_000)
def _version(name: str) -> Version:
    return version_of(name)


def _file(passage: Passage) -> str:
    """Return the name of the file: rows of one table are not versions of one another."""
    return passage.document.partition("#")[0]
