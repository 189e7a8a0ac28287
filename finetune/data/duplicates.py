"""The same twice, and nearly the same twice, out of a data set.

    candidates -> the very same: the first stays; nearly the same: MinHash finds, Jaccard decides -> kept, Dropped

Texts are compared by shingles: runs of four letters, or of two Chinese characters (Broder, "On the Resemblance and
Containment of Documents", 1997). MinHash with locality-sensitive hashing (`datasketch`) says which pairs are worth
comparing, so that the work grows with the number of examples and not with its square; the exact share of common
shingles decides. What differs in a number is another text however alike the rest is: "5 years" is not "2 years". So
numbers are mixed into the hashes: a macro that was sent ten thousand times, each time with another order's number, is
compared with nothing. The hashes are the same in every process, so the same candidates give the same data set.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from agents.checks.figures import exact_parts
from finetune.data.candidates import Candidate, Dropped
from finetune.errors import FinetuneError
from finetune.examples import all_of, said_by
from knowledge.environment import get_extra
from knowledge.text import count_cjk, detect_language, without_signs

if TYPE_CHECKING:
    import numpy as np
    from datasketch import MinHash

ALIKE = 0.8
"""Share 0-1 of common shingles from which two texts are nearly the same: other words for it are none."""
SOUGHT = 0.6
"""What MinHash looks for; lower, because it only estimates."""
ESTIMATED = 0.65
"""Share of equal hashes from which texts are compared; at `ALIKE`, four standard deviations more are expected."""
PERMUTATIONS = 128
Shingles = frozenset[str]
Hashes: TypeAlias = "np.ndarray[Any, np.dtype[np.uint32]]"
_WORD = re.compile(r"\w+")
GET_EXTRA = f"Near duplicates are found with datasketch, which is not installed. Next: {get_extra('train')}"


def without_duplicates(candidates: Sequence[Candidate]) -> Iterator[Candidate | Dropped]:
    """Yield each candidate, or why it is left out; the first of several stays.

    Raises:
        FinetuneError: datasketch is not installed.
    """
    seen: dict[str, Candidate] = {}
    index = NearIndex()
    for candidate in _without_contradictions(candidates):
        if isinstance(candidate, Dropped):
            yield candidate
            continue
        whole = "\0".join(f"{message['role']}\0{all_of(message)}" for message in candidate.example.messages)
        first = seen.setdefault(f"{candidate.example.task}\0{whole}", candidate)
        if first is not candidate:
            yield _dropped(candidate, "duplicate", first)
            continue
        near = index.nearest_or_add(candidate)
        yield candidate if near is None else _dropped(candidate, "near duplicate", near)


class NearIndex:
    """Candidates that are kept, by what they say: about 10 KB each, for there may be a hundred thousand."""

    def __init__(self) -> None:
        self._lsh = new_index()
        self._kept: list[Candidate] = []
        self._hashes: list[Hashes] = []
        self._sketches: list[Hashes] = []

    def nearest_or_add(self, candidate: Candidate) -> Candidate | None:
        """Return a kept candidate that is nearly the same; where there is none, keep this one.

        Steps of one conversation repeat one another by nature and are no duplicates.
        """
        hashes = hashes_of(said_of(candidate), kind=_kind(candidate))
        mine = sketch(hashes)
        values = mine.hashvalues.astype("uint32")
        for place in self._alike(self._lsh.query(mine), values):
            other = self._kept[place]
            if other.example.task == "agent" and other.example.conversation == candidate.example.conversation:
                continue
            if _share_in_common(hashes, self._hashes[place]) >= ALIKE and _say_the_same_numbers(candidate, other):
                return other
        self._lsh.insert(len(self._kept), mine)
        self._kept.append(candidate)
        self._hashes.append(hashes)
        self._sketches.append(values)
        return None

    def _alike(self, places: Sequence[int], values: Hashes) -> list[int]:
        """Return the places whose sketches are alike enough to compare the texts themselves, in order."""
        if not places:
            return []
        import numpy as np

        ordered = sorted(places)
        equal = (np.stack([self._sketches[place] for place in ordered]) == values).mean(axis=1)
        return [place for place, share in zip(ordered, equal, strict=True) if share >= ESTIMATED]


def new_index(threshold: float = SOUGHT) -> Any:
    """Return an empty index of sketches.

    Raises:
        FinetuneError: datasketch is not installed.
    """
    try:
        from datasketch import MinHashLSH
    except ImportError as error:
        raise FinetuneError(GET_EXTRA) from error
    return MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)


def shingles_of(text: str) -> Shingles:
    """Return the runs of letters that a text holds, without case and punctuation."""
    folded = " ".join(_WORD.findall(without_signs(text.casefold())))
    length = 2 if detect_language(text) == "zh" else 4
    runs = {folded[start : start + length] for start in range(max(1, len(folded) - length + 1))}
    return frozenset(run for run in runs if length == 4 or count_cjk(run) or run.isalnum())


def resemblance(one: Shingles, other: Shingles) -> float:
    """Return which share 0-1 of all shingles both texts have (Jaccard)."""
    return len(one & other) / len(one | other) if one | other else 0.0


def sketch(hashes: Hashes) -> "MinHash":
    """Return the MinHash of a text's hashes."""
    found = _empty_sketch().copy()
    found.update_batch(hashes)
    return found


@lru_cache
def _empty_sketch() -> "MinHash":
    from datasketch import MinHash

    return MinHash(num_perm=PERMUTATIONS, seed=1, hashfunc=int)


def hashes_of(said: str, *, kind: str) -> Hashes:
    """Return a number of 32 bits for each shingle of a text; other ones where numbers in it or the kind are others."""
    import numpy as np
    from datasketch.hashfunc import sha1_hash32

    apart = sha1_hash32("\0".join([kind, *sorted(exact_parts(said))]).encode())
    return np.unique(np.array([sha1_hash32(one.encode()) for one in shingles_of(said)], dtype=np.uint32)) ^ np.uint32(
        apart
    )


def _share_in_common(one: Hashes, other: Hashes) -> float:
    """Return which share 0-1 of all hashes both texts have."""
    import numpy as np

    common = len(np.intersect1d(one, other, assume_unique=True))
    together = len(one) + len(other) - common
    return common / together if together else 0.0


def said_of(candidate: Candidate) -> str:
    """Return what a candidate is compared by: the question and the reply; of a step, all that was said before it."""
    if candidate.example.task == "agent":
        return "\n".join(said_by(message) for message in candidate.example.messages if message["role"] != "system")
    return f"{candidate.asked}\n{candidate.reply}"


def _without_contradictions(candidates: Sequence[Candidate]) -> Iterator[Candidate | Dropped]:
    """Yield candidates, without the labelled texts that stand there with more than one label."""
    labels: dict[str, set[str]] = defaultdict(set)
    for candidate in candidates:
        if candidate.example.task == "intent":
            labels[_folded(candidate.asked)].add(candidate.reply)
    for candidate in candidates:
        given = labels.get(_folded(candidate.asked), set()) if candidate.example.task == "intent" else set()
        if len(given) > 1:
            yield Dropped("contradicts", candidate.asked, candidate.example.source, " / ".join(sorted(given)))
        else:
            yield candidate


def _kind(candidate: Candidate) -> str:
    """Return what a candidate is compared within: a refusal and an answer to one question are no copies."""
    return f"{candidate.example.task} {candidate.kind == 'refusal'}"


def _say_the_same_numbers(one: Candidate, other: Candidate) -> bool:
    return exact_parts(said_of(one)) == exact_parts(said_of(other))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _dropped(candidate: Candidate, reason: Any, first: Candidate) -> Dropped:
    return Dropped(reason, candidate.asked, candidate.example.source, f"as “{first.asked[:80]}”")
