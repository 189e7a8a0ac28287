"""Replies before and after somebody who knows the company's voice rewrote them; training examples of the task `voice`.

    pairs.jsonl -> read_pairs -> Pair -> Example

    {"id", "question", "before", "after", "split": "train|heldout"}

A rewriting changes how something is said and nothing of what is said: a number, date, link or code that stands in
`after` and neither in `before` nor in the question is a fault, because a model would learn from it to make things up.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from agents.checks.figures import exact_parts
from agents.prompts import Voicing, render
from finetune.errors import FinetuneError
from finetune.examples import ROLES, Example
from knowledge.text import Language, detect_language

Split = Literal["train", "heldout"]
KEYS = ("id", "question", "before", "after", "split")


@dataclass(frozen=True, slots=True)
class Pair:
    """One reply, before and after."""

    id: str
    question: str
    before: str
    after: str
    split: Split

    @property
    def language(self) -> Language:
        """The language of the reply."""
        return detect_language(self.after)

    def with_texts(self, part: Callable[[str], str]) -> "Pair":
        """Return the pair with a part of both replies only."""
        return replace(self, before=part(self.before), after=part(self.after))


def read_pairs(path: Path) -> tuple[Pair, ...]:
    """Return the pairs of a file in order.

    Raises:
        FinetuneError: the file cannot be read, or lines are no pairs or state in `after` what stands nowhere before;
            every faulty line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FinetuneError(f"The pairs in {path} cannot be read ({error}). Next: check path and encoding.") from error
    pairs: list[Pair] = []
    faults = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            pair = _pair(json.loads(line))
        except json.JSONDecodeError as error:
            faults.append(f"{path}:{number} is not JSON ({error.msg}).")
            continue
        except ValueError as error:
            faults.append(f"{path}:{number} {error}.")
            continue
        if pair.id in {known.id for known in pairs}:
            faults.append(f"{path}:{number} has the id {pair.id!r} a second time.")
        if added := added_facts(pair.question, pair.before, pair.after):
            faults.append(f"{path}:{number} states in `after` what stands nowhere before: {', '.join(added)}.")
        pairs.append(pair)
    if faults:
        raise FinetuneError("\n".join(faults) + "\nNext: mend these lines; docs/voice.md has the format.")
    if not pairs:
        raise FinetuneError(f"{path} holds no pairs. Next: name a file with one JSON object a line.")
    return tuple(pairs)


def added_facts(question: str, before: str, after: str) -> list[str]:
    """Return a reply's numbers, dates, links and codes that stand neither in the one before nor in the question."""
    return sorted(exact_parts(after) - exact_parts(before) - exact_parts(question))


def lost_facts(before: str, after: str) -> list[str]:
    """Return those of the reply before that the one after lacks."""
    return sorted(exact_parts(before) - exact_parts(after))


def voice_examples(pairs: Iterable[Pair], *, guide: str, source: str) -> Iterator[Example]:
    """Yield an example for each pair: the prompt that serves, and the reply after.

    Args:
        guide: the company's rules of style.
    """
    for pair in pairs:
        prompt = render(Voicing(pair.question, pair.before, guide, pair.language))
        messages = [{"role": ROLES[message.type], "content": message.text} for message in prompt]
        messages.append({"role": "assistant", "content": pair.after})
        yield Example(tuple(messages), "voice", source, f"{source}:{pair.id}")


def _pair(data: Any) -> Pair:
    """Return the pair that a line's JSON describes; a ValueError says what is wrong with it."""
    if not isinstance(data, dict):
        raise ValueError("is no JSON object")
    if unknown := sorted(set(data) - {*KEYS, "lang"}):
        raise ValueError(f"has the unknown key {unknown[0]!r}; known are {', '.join(KEYS)}")
    if missing := [key for key in KEYS if not isinstance(data.get(key), str) or not data[key].strip()]:
        raise ValueError(f"lacks {', '.join(missing)}, or has no text there")
    if data["split"] not in get_args(Split):
        raise ValueError(f"has the split {data['split']!r}; known are {', '.join(get_args(Split))}")
    return Pair(*(data[key] for key in KEYS))
