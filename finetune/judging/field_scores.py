"""How well a model takes fields out of documents: precision, recall and F1 over fields, and the valid share.

    labelled documents -> extraction -> fields compared after normalisation -> FieldReport

A field counts as found when the document states it (the label is not null) and the value is the same: texts without
case, white space and punctuation, numbers and dates by value. Items of a list are paired, each with the one that agrees
in most parts. Sums are micro-averaged; intervals come from drawing whole documents (Efron 1979), because fields of one
document go wrong together.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.extraction import Extraction, extract
from agents.extraction_schema import ExtractionSchema, Field, leaves
from agents.models import LoadedModel
from finetune.data.extract_examples import Labelled
from finetune.errors import FinetuneError
from knowledge.scores import Score, mean, ratio
from knowledge.text import normalise

LARGEST_NUMBER = 1e300
"""From here on numbers are compared digit by digit; a model can write integers that no float holds."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Fields of one document; those that are rightly null are in none of them."""

    right: int = 0
    given: int = 0
    """What the model gave and the extraction kept."""
    stated: int = 0
    """What the label says that the document states."""

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.right + other.right, self.given + other.given, self.stated + other.stated)


@dataclass(frozen=True, slots=True)
class FieldScore:
    """Precision, recall and F1 with their intervals; n is the number of documents."""

    precision: Score
    recall: Score
    f1: Score


@dataclass(frozen=True, slots=True)
class DocumentScore:
    """One document's result."""

    document: str
    counts: Counts
    valid: bool
    dropped: int
    """Values that the model gave and that the document does not show."""
    wrong: tuple[tuple[str, Any, Any], ...]
    """(field, expected, given) of each that differs."""
    error: str


@dataclass(frozen=True, slots=True)
class FieldReport:
    """How well a model did."""

    model: str
    schema: str
    overall: FieldScore
    fields: Mapping[str, FieldScore]
    """By the field's path; items of lists as `lines/*/article`."""
    valid: Score
    """Share of documents that gave a valid object."""
    dropped: Score
    """Values a document that were given and dropped, because the document does not show them."""
    cut: Score
    """Share of documents whose reply was longer than a reply may be."""
    seconds: Score
    documents: tuple[DocumentScore, ...]


def evaluate(
    model: LoadedModel,
    labels: Sequence[Labelled],
    schema: ExtractionSchema,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> FieldReport:
    """Extract from every labelled document, greedily, and compare.

    Raises:
        FinetuneError: there are no labels.
        AgentError: there is no model, or the model fails.
    """
    if not labels:
        raise FinetuneError("There are no labelled documents. Next: name a labels file with documents of this schema.")
    found: list[Extraction] = []
    seconds: list[float] = []
    for done, label in enumerate(labels, 1):
        begun = time.monotonic()
        found.append(extract(label.text, schema, model=model, language=label.language))
        seconds.append(time.monotonic() - begun)
        progress(done, len(labels))
    return report(found, labels, schema, model=model.name, seconds=seconds)


def report(
    found: Sequence[Extraction],
    labels: Sequence[Labelled],
    schema: ExtractionSchema,
    *,
    model: str,
    seconds: Sequence[float] = (),
) -> FieldReport:
    """Return the scores of extractions that were made already, one for each label."""
    paths = [_path_of(schema.root, leaf) for leaf in leaves(schema.root)]
    by_field: dict[str, list[Counts]] = {path: [] for path in paths}
    documents = []
    for extraction, label in zip(found, labels, strict=True):
        counts, wrong = compare(schema.root, extraction.data or {}, label.data)
        for path in paths:
            by_field[path].append(counts.get(path, Counts()))
        total = sum(counts.values(), Counts())
        documents.append(
            DocumentScore(
                label.document,
                total,
                extraction.data is not None,
                len(extraction.unsupported),
                tuple(wrong),
                extraction.error,
            )
        )
    return FieldReport(
        model=model,
        schema=schema.name,
        overall=_scored([document.counts for document in documents]),
        fields={path: _scored(counts) for path, counts in by_field.items()},
        valid=mean([float(document.valid) for document in documents]),
        dropped=mean([float(document.dropped) for document in documents]),
        cut=mean([float(extraction.cut) for extraction in found]),
        seconds=mean(list(seconds)),
        documents=tuple(documents),
    )


def compare(
    field: Field, given: Any, expected: Any, *, path: str = ""
) -> tuple[dict[str, Counts], list[tuple[str, Any, Any]]]:
    """Return counts by field path, and what differs: (path, expected, given)."""
    if field.kind == "object":
        counts: dict[str, Counts] = {}
        wrong: list[tuple[str, Any, Any]] = []
        for part in field.fields:
            place = f"{path}/{part.name}".removeprefix("/")
            parts = compare(part, _member(given, part.name), _member(expected, part.name), path=place)
            _add(counts, parts[0])
            wrong += parts[1]
        return counts, wrong
    if field.kind == "list" and field.item is not None:
        return _compare_items(field.item, given or [], expected or [], path=f"{path}/*")
    same = given is not None and expected is not None and _same(field, given, expected)
    counted = {path: Counts(int(same), int(given is not None), int(expected is not None))}
    differs = not same and not (given is None and expected is None)
    return counted, [(path, expected, given)] if differs else []


def _compare_items(
    item: Field, given: Sequence[Any], expected: Sequence[Any], *, path: str
) -> tuple[dict[str, Counts], list[tuple[str, Any, Any]]]:
    """Pair the items that agree in most parts, best pairs first; what is left over has no partner."""

    def agreement(one: int, other: int) -> int:
        return sum(counts.right for counts in compare(item, given[one], expected[other], path=path)[0].values())

    paired = [
        (None if one is None else given[one], None if other is None else expected[other])
        for one, other in _partners(len(given), len(expected), agreement)
    ]
    counts: dict[str, Counts] = {}
    wrong: list[tuple[str, Any, Any]] = []
    for left, right in paired:
        parts = compare(item, left, right, path=path)
        _add(counts, parts[0])
        wrong += parts[1]
    return counts, wrong


def counted(given: Any, expected: Any) -> Counts:
    """Return how many fields of a JSON value are right, given and stated, without a schema.

    Values are told apart by what they are: a number is compared with a number by value, a text with a text. Null states
    nothing.

    >>> counted({"lines": [{"article": "A", "price": 99}]}, {"lines": [{"article": "a", "price": 10}]})
    Counts(right=1, given=2, stated=2)
    """
    if _both(Mapping, given, expected):
        given, expected = given or {}, expected or {}
        return sum((counted(given.get(key), expected.get(key)) for key in {**given, **expected}), Counts())
    if _both(list, given, expected):
        return _counted_items(given or [], expected or [])
    if isinstance(given, Mapping | list) or isinstance(expected, Mapping | list):  # an object where a text should be
        return counted(given, None) + counted(None, expected)
    same = given is not None and expected is not None and _same_value(given, expected)
    return Counts(int(same), int(given is not None), int(expected is not None))


def _both(kind: type, given: Any, expected: Any) -> bool:
    """Say whether both are of a kind; one of them may be missing."""
    return (isinstance(given, kind) or isinstance(expected, kind)) and all(
        value is None or isinstance(value, kind) for value in (given, expected)
    )


def _counted_items(given: Sequence[Any], expected: Sequence[Any]) -> Counts:
    # Kept, so that lists within lists are not counted again at every depth.
    known = {
        (one, other): counted(left, right) for one, left in enumerate(given) for other, right in enumerate(expected)
    }
    total = Counts()
    for one, other in _partners(len(given), len(expected), lambda one, other: known[one, other].right):
        if one is None or other is None:
            total += counted(None if one is None else given[one], None if other is None else expected[other])
        else:
            total += known[one, other]
    return total


def _partners(given: int, expected: int, agreement: Callable[[int, int], int]) -> list[tuple[int | None, int | None]]:
    """Pair the places of two lists that agree in most parts, best pairs first; what is left over has no partner.

    Args:
        given: How many items were given.
        expected: How many items are expected.
        agreement: Returns how many fields of two items are the same.
    """
    pairs = [(one, other) for one in range(given) for other in range(expected)]
    agreed = {pair: agreement(*pair) for pair in pairs}
    partners: dict[int, int] = {}
    for one, other in sorted(pairs, key=lambda pair: (-agreed[pair], abs(pair[0] - pair[1]), pair)):
        if one not in partners and other not in partners.values() and agreed[one, other]:
            partners[one] = other
    alone = [(None, other) for other in range(expected) if other not in partners.values()]
    return [*((one, partners.get(one)) for one in range(given)), *alone]


def _same_value(given: Any, expected: Any) -> bool:
    numbers = [isinstance(value, int | float) and not isinstance(value, bool) for value in (given, expected)]
    if all(numbers):
        return _same_number(given, expected)
    if isinstance(given, str) and isinstance(expected, str):
        return normalise(given) == normalise(expected)
    return type(given) is type(expected) and bool(given == expected)


def _same_number(given: float, expected: float) -> bool:
    if max(abs(given), abs(expected)) >= LARGEST_NUMBER:
        return given == expected
    return abs(float(given) - float(expected)) <= 1e-6 * max(1.0, abs(float(expected)))


def _same(field: Field, given: Any, expected: Any) -> bool:
    match field.kind:
        case "number" | "integer":
            return _same_number(given, expected)
        case "text":
            return normalise(str(given)) == normalise(str(expected))
        case _:
            return bool(given == expected)


def _scored(counts: Sequence[Counts]) -> FieldScore:
    right = [counted.right for counted in counts]
    given = [counted.given for counted in counts]
    stated = [counted.stated for counted in counts]
    both = [one + other for one, other in zip(given, stated, strict=True)]
    return FieldScore(ratio(right, given), ratio(right, stated), ratio([2 * one for one in right], both))


def _path_of(root: Field, wanted: Field) -> str:
    """Return the path of a leaf below the root."""

    def walk(field: Field, path: str) -> str | None:
        if field is wanted:
            return path
        if field.kind == "list" and field.item is not None:
            return walk(field.item, f"{path}/*")
        found = (walk(part, f"{path}/{part.name}".removeprefix("/")) for part in field.fields)
        return next((place for place in found if place is not None), None)

    return walk(root, "") or ""


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _add(counts: dict[str, Counts], more: Mapping[str, Counts]) -> None:
    for path, counted in more.items():
        counts[path] = counts.get(path, Counts()) + counted
