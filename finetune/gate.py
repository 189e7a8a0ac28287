"""May a release take over? A comparison with the one in use in, a verdict with its reasons out.

    home/releases/NEW/comparisons/CURRENT.json -> better at its own task, no worse at the rest -> Verdict

Better: the deciding measure of one of the tasks it was trained on is shown to be higher (interval and p, as everywhere
here). No worse: the whole 95 % interval of a difference lies above minus the margin, so too few examples prove nothing
(non-inferiority). Speed and memory are compared by what the exports measured. What was not compared is named.

It knows neither models nor files, so that the same verdict can be reached again from the stored numbers.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finetune.evaluation import COUNTED, DECIDING, LESS_IS_BETTER, MEANINGS

MARGIN = 0.05
"""By how much a measure may be worse, as a share: five points."""
SLOWER, LARGER = 0.2, 0.1
"""Shares by which writing may be slower and memory larger. Exports are made on different days."""
GUARDED: Mapping[str, tuple[str, ...]] = {
    "intent": ("exact_match",),
    "answer": ("facts", "citations", "refusal", "strays"),
    "agent": ("tool", "arguments"),
    "extract": ("valid", "fields"),
    "voice": ("token_f1", "style_distance"),
}
"""Task -> the measures that must not be worse."""
ANSWERED = ("facts_held", "citation_right", "supported", "answered_when_answerable", "refused_when_unanswerable")
"""Of answers to questions over the company's documents."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a release may take over."""

    better: tuple[str, ...]
    """What it is shown to do better, of its own tasks."""
    faults: tuple[str, ...]
    """What speaks against it."""
    unmeasured: tuple[str, ...]
    """What nobody compared."""

    @property
    def passes(self) -> bool:
        """Whether it is better and nothing speaks against it."""
        return bool(self.better) and not self.faults


def judge(comparison: Mapping[str, Any]) -> Verdict:
    """Return the verdict on a comparison that `finetune.release_comparison` made."""
    margin = float(comparison["margin"])
    better, faults = _at_its_tasks(comparison)
    faults += [fault for row in comparison["measures"] if (fault := _worse(row, margin))]
    faults += [fault for row in comparison["answers"] or () if (fault := _worse(row, margin))]
    if comparison["forgot"]:
        faults.append(f"it knows less than before: {comparison['memory_said']}")
    faults += list(_costs(comparison))
    return Verdict(tuple(better), tuple(faults), tuple(_unmeasured(comparison)))


def guarded(task: str, measure: str) -> bool:
    """Whether a measure of a task must not get worse."""
    return measure in GUARDED.get(task, ())


def _at_its_tasks(comparison: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    own = list(comparison["tasks"])
    deciding = [
        row for row in comparison["measures"] if row["task"] in own and row["measure"] == DECIDING.get(row["task"])
    ]
    deciding = [row for row in deciding if row["difference"] is not None]
    better = [_said(row) for row in deciding if row["better"]]
    if better:
        return better, []
    if not deciding:
        return [], [f"no example of what it was trained on ({', '.join(own) or 'unknown'}) was compared"]
    return [], [f"it is not shown to be better at what it was trained on: {'; '.join(map(_said, deciding))}"]


def _worse(row: Mapping[str, Any], margin: float) -> str:
    """Return what a difference says against the new one; "" where it says nothing."""
    if row["difference"] is None:
        return ""
    worst = -row["high"] if row["measure"] in LESS_IS_BETTER else row["low"]
    if worst >= -margin:
        return ""
    word = "is worse" if row["better"] is False else "may be worse, which more examples would tell"
    allowed = margin if row["measure"] in LESS_IS_BETTER else -margin
    return f"{word}: {_said(row)}, allowed {_as_shown(row['measure'])(allowed)}"


def _said(row: Mapping[str, Any]) -> str:
    label = MEANINGS[row["measure"]][0] if row["measure"] in MEANINGS else row["measure"].replace("_", " ")
    difference, low, high = map(_as_shown(row["measure"]), (row["difference"], row["low"], row["high"]))
    unit = "an answer" if row["measure"] in COUNTED else "points"
    return f"{row['task']}, {label} {difference} {unit} [{low}, {high}], n={row['n']}"


def _as_shown(measure: str) -> Callable[[float], str]:
    """Return what writes a difference: of shares in points, of what is counted as it is."""
    return (lambda value: f"{value:+.2f}") if measure in COUNTED else (lambda value: f"{100 * value:+.1f}")


def _costs(comparison: Mapping[str, Any]) -> Iterator[str]:
    speed, memory = comparison["speed"], comparison["memory"]
    if speed and speed["new"] < (1 - SLOWER) * speed["current"]:
        yield (
            f"it writes {speed['new']:.1f} tokens a second instead of {speed['current']:.1f}, allowed {-SLOWER:+.0%}"
        )
    if memory and memory["new"] > (1 + LARGER) * memory["current"]:
        new, current = (memory[side] / 1e6 for side in ("new", "current"))
        yield f"it takes {new:.0f} MB of memory instead of {current:.0f}, allowed {LARGER:+.0%}"


def _unmeasured(comparison: Mapping[str, Any]) -> Iterator[str]:
    asked = {row["measure"] for row in comparison["answers"] or () if row["difference"] is not None}
    rows = [row for row in comparison["measures"] if row["difference"] is not None]
    tasks, names = {row["task"] for row in rows}, {row["measure"] for row in rows}
    found: Sequence[tuple[str, bool]] = (
        ("answers", "answer" in tasks or "facts_held" in asked),
        ("citations", "citations" in names or "citation_right" in asked),
        ("refusal", "refusal" in names or "refused_when_unanswerable" in asked),
        ("tool calls", "agent" in tasks),
        ("injection", False),  # held by gates around the model, which `evaluate agent` attacks
        ("retention", comparison["forgot"] is not None),
        ("speed", bool(comparison["speed"])),
        ("memory", bool(comparison["memory"])),
    )
    for name, measured in found:
        if not measured:
            yield name
