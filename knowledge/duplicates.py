"""The same text twice, and an old version beside its new one: recognised among what a question found.

    hits -> shingles -> the same text: one hit, also in the others;  versions: the newest first, the others behind it

The same is what differs in small words, case and punctuation only: a number, a "not", the name of a country make
another text, however alike the rest is. Versions are texts that resemble each other in shingles (Broder: "On the
Resemblance and Containment of Documents", 1997) and whose names say which is newer. An old version steps behind the
new one but stays: what looks like one may be the right page for another product, shop or month.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations, permutations

from knowledge.passages import Passage
from knowledge.selection import Hit
from knowledge.text import CJK_CLASS, STOP_WORDS, normalise, tokens, without_signs
from knowledge.today import today
from knowledge.versions import Version, has_editions, is_newer, is_of_all, replaces, says_out_of_date, version_of

COMPARED = 30
"""Best hits that are compared with one another."""
SHINGLE_WORDS = 3
ALIKE_ABOVE = 0.4
"""Resemblance 0-1, the share of common shingles, from which texts may be versions or the same."""
EDITION_ALIKE_ABOVE = 0.15
"""The same for one section in two years' editions of a document: of a rule that changed less is left."""
OLD_FACTOR = 0.8
"""An old version has at most this share of the new one's score, so that others nearly as good pass it."""
_WORD = re.compile(f"[{CJK_CLASS}]|[^\\W_{CJK_CLASS}]+")
_ASCII_WORD = re.compile("[a-z0-9]+")
"""What the same finds in a text of ASCII, in a fraction of the time."""
_MAIL = re.compile(r"\.(?:eml|msg|mbox|emlx)(?=$|[#!])")
_DENIALS = frozenset(
    """
    not no never none nor without ain't aren't can't cannot couldn't didn't doesn't don't hadn't hasn't haven't isn't
    shouldn't wasn't weren't won't wouldn't
    dont doesnt didnt cant couldnt wouldnt shouldnt isnt arent wasnt hasnt havent 不可 不能 不是 没有
    """.split()  # noqa: SIM905, read as a text
)
_SMALL = STOP_WORDS - _DENIALS

Shingles = frozenset[int]


def fold(hits: Sequence[Hit], question: str) -> list[Hit]:
    """Return the hits without copies, old versions behind the new ones; a hit names those that it stands for.

    An old version that the question names, by year or number, keeps its place.
    """
    compared = hits[:COMPARED]
    alike = _alike(compared) | _of_two_editions(compared)
    folded = _superseding(_without_copies(compared, alike, question) if alike else compared, question)
    return sorted([*folded, *hits[COMPARED:]], key=lambda hit: -hit.passage.score)


def _without_copies(compared: Sequence[Hit], alike: set[tuple[int, int]], question: str) -> list[Hit]:
    kept: list[Hit] = []
    copies: dict[int, list[Passage]] = {}
    for hit in _newest_first(compared, _newer_places(compared, alike, question)):
        original = next((other for other in kept if (other.chunk, hit.chunk) in alike and _is_copy(other, hit)), None)
        if original is None:
            kept.append(hit)
        else:
            copies.setdefault(original.chunk, []).append(hit.passage)
    return [_standing_for(hit, copies.get(hit.chunk, ())) for hit in kept]


def _superseding(hits: Sequence[Hit], question: str) -> list[Hit]:
    """Return the hits, of which the best of a newer version names each older one that is surely out of date.

    Such a one needs no like passage: its table of charges is out of date where today's are told in a sentence.
    """
    named = list(hits)
    for old in (hit.passage for hit in hits if _says_when(hit.passage)):
        at = next((place for place, hit in enumerate(named) if _surely_replaces(hit.passage, old)), None)
        if at is not None and not _is_asked_for(old, question):
            supersedes = tuple(dict.fromkeys([*named[at].passage.supersedes, old.document]))
            named[at] = replace(named[at], passage=replace(named[at].passage, supersedes=supersedes))
    return named


def _surely_replaces(new: Passage, old: Passage) -> bool:
    """Say whether the older one calls itself old, or both are rules: of these one holds at a time.

    Rules are the same by their file and by their title: another town has prices of its own, and other members a policy.
    """
    if new.collection != old.collection or _file(new) == _file(old) or _is_mail(new) or _is_mail(old):
        return False
    if _calls_itself_old(old) and _is_newer(new, old) is True:
        return True
    files = _version(_file(new)), _version(_file(old))
    titles = _version(new.title), _version(old.title)
    sections = [[heading for heading in each.headings if heading != each.title] for each in (new, old)]
    is_one_section = not all(sections) or sections[0] == sections[1]
    are_the_same = is_one_section and is_of_all(*files) and is_of_all(*titles)
    return are_the_same and any(replaces(*pair, today=today()) for pair in (files, titles))


def _says_when(passage: Passage) -> bool:
    return any(_version(name).is_marked for name in (_file(passage), passage.title))


def _calls_itself_old(passage: Passage) -> bool:
    """Say whether a name says surely that it is out of date: a museum's archive is no old version of its first page."""
    names = (_file(passage), passage.title)
    versions = [_version(name) for name in names]
    return any(one.is_old and (one.date or one.number) for one in versions) or any(map(says_out_of_date, names))


def _alike(compared: Sequence[Hit]) -> set[tuple[int, int]]:
    """Return the pairs of chunks, either way round, of different documents whose texts resemble each other.

    Only a text that shares enough with all before it together is compared with each, which of most questions' passages
    is none.
    """
    alike: set[tuple[int, int]] = set()
    before: list[Shingles] = []
    together: set[int] = set()
    for hit in compared:
        own = shingles_of(hit.passage.text)
        if len(own & together) / len(own) >= ALIKE_ABOVE:
            for other, its in zip(compared, before, strict=False):
                if other.document_id != hit.document_id and resemblance(own, its) >= ALIKE_ABOVE:
                    alike |= {(hit.chunk, other.chunk), (other.chunk, hit.chunk)}
        before.append(own)
        together |= own
    return alike


def _of_two_editions(compared: Sequence[Hit]) -> set[tuple[int, int]]:
    """Return the pairs of chunks, either way round, that are one section of rules in two years.

    They stand in one folder, under the same title and headings, in files whose names differ in the year alone. What a
    report says of a year holds the next year too.
    """
    sections: dict[tuple[object, ...], list[Hit]] = {}
    for hit in compared:
        passage = hit.passage
        folder, _, name = _file(passage).rpartition("/")
        version = _version(name)
        is_edition = version.family and len(version.date) == 1 and not version.number
        if passage.headings and is_edition and any(map(has_editions, (version.family, passage.title.casefold()))):
            place = (passage.collection, folder, version.family, _said(passage.title), passage.headings)
            sections.setdefault(place, []).append(hit)
    return {
        (left.chunk, right.chunk)
        for hits in sections.values()
        for left, right in permutations(hits, 2)
        if left.document_id != right.document_id
        and resemblance(shingles_of(left.passage.text), shingles_of(right.passage.text)) >= EDITION_ALIKE_ABOVE
    }


def _newer_places(compared: Sequence[Hit], alike: Container[tuple[int, int]], question: str) -> dict[int, int]:
    """Return place -> place of the newest version of it, for hits that have a newer one."""
    newer: dict[int, int] = {}
    followers: dict[int, set[int]] = {}
    for (i, left), (j, right) in combinations(enumerate(compared), 2):
        if (left.chunk, right.chunk) not in alike:
            continue
        left_is_newer = _is_newer(left.passage, right.passage)
        if left_is_newer is None:
            continue
        old, new = (j, i) if left_is_newer else (i, j)
        old_document, new_document = compared[old].document_id, compared[new].document_id
        # Names and days may contradict one another in a ring: the relation that would close it is dropped.
        if not _is_asked_for(compared[old].passage, question) and not _leads(new_document, old_document, followers):
            followers.setdefault(old_document, set()).add(new_document)
            newer[old] = new
    return {place: _end_of(place, newer) for place in newer}


def _leads(document: int, to: int, followers: Mapping[int, set[int]]) -> bool:
    return document == to or any(_leads(newer, to, followers) for newer in followers.get(document, ()))


def _end_of(place: int, newer: Mapping[int, int]) -> int:
    while place in newer:
        place = newer[place]
    return place


def _newest_first(compared: Sequence[Hit], newest: Mapping[int, int]) -> list[Hit]:
    """Return the hits anew in order: the newest stands where the best of its versions stood, these behind it."""
    passages = [hit.passage for hit in compared]
    best = {new: max(passages[place].score for place in [new, *_places_of(new, newest)]) for new in newest.values()}
    moved: list[Hit] = []
    for place, hit in enumerate(compared):
        passage = hit.passage
        if place in newest:
            above = best[newest[place]]
            passage = replace(passage, score=min(passage.score, above - (1 - OLD_FACTOR) * abs(above)))
        elif place in best:
            older = [passages[old].document for old in _places_of(place, newest)]
            passage = replace(
                passage, score=best[place], supersedes=tuple(dict.fromkeys([*passage.supersedes, *older]))
            )
        moved.append(replace(hit, passage=passage))
    return [moved[place] for place in sorted(range(len(moved)), key=lambda p: (-moved[p].passage.score, p in newest))]


def _places_of(new: int, newest: Mapping[int, int]) -> list[int]:
    return [place for place, end in newest.items() if end == new]


def _is_copy(kept: Hit, hit: Hit) -> bool:
    return says_the_same(kept.passage, hit.passage)


def _standing_for(hit: Hit, copies: Sequence[Passage]) -> Hit:
    """Return a hit that names what it stands for."""
    own = hit.passage
    supersedes = dict.fromkeys([*own.supersedes, *(name for copy in copies for name in copy.supersedes)])
    names = [*own.also_in, *(name for copy in copies for name in (copy.document, *copy.also_in))]
    also_in = dict.fromkeys(name for name in names if name != own.document and name not in supersedes)
    return replace(hit, passage=replace(own, also_in=tuple(also_in), supersedes=tuple(supersedes)))


@lru_cache(maxsize=1000)
def shingles_of(text: str) -> Shingles:
    """Return the runs of three words, or of three Chinese characters, each as a number that this process gives it.

    Kept, some 12 MB at most for chunks of the usual length, because good passages come again.
    """
    folded = without_signs(text.casefold())
    words = (_ASCII_WORD if folded.isascii() else _WORD).findall(folded)
    if len(words) < SHINGLE_WORDS:
        return frozenset({hash(tuple(words))})
    return frozenset(map(hash, zip(*(words[start:] for start in range(SHINGLE_WORDS)), strict=False)))


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
    if left.collection != right.collection or _file(left) == _file(right) or _is_mail(left) or _is_mail(right):
        return None
    for mine, other in ((_file(left), _file(right)), (left.title, right.title)):
        newer = is_newer(
            _version(mine),
            _version(other),
            left_dated=left.dated,
            right_dated=right.dated,
            today=today(),
        )
        if newer is not None:
            return newer
    return None


def _is_mail(passage: Passage) -> bool:
    """Say whether a passage is from a mail: mails on one subject differ by their days, and none replaces another."""
    return bool(_MAIL.search(passage.document.casefold()))


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
