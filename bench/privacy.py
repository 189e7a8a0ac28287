"""Personal data: how much of it is found in labelled sentences, and how much that is found is none.

labelled sentences -> spans of each kind -> precision and recall; ordinary questions -> placeholders that are wrong
"""

import time
from pathlib import Path

from agents.privacy import KINDS, find
from bench.hand_over import ordinary
from bench.labelled import Marked, marked
from bench.tables import Table, share
from knowledge.scores import mean


def run(folder: Path) -> Table:
    """Return precision and recall for each kind on the held-out half, and for both halves together."""
    rows = []
    held = [each for each in marked() if each.part == "held-out"]
    for kind in KINDS:
        rows.append(_row(f"held-out: {kind}", held, kind))
    rows.append(_row("held-out: all", held, None))
    rows.append(_row("development: all", [each for each in marked() if each.part == "development"], None))
    started, texts = time.perf_counter(), [text for texts in ordinary().values() for text in texts]
    touched = sum(bool(find(text)) for text in texts)
    milliseconds = 1000 * (time.perf_counter() - started) / len(texts)
    note = (
        f"Of {len(texts):,} ordinary questions of other sets (see hand-over), {touched} had something "
        f"replaced; some of them do hold names or addresses. One question takes {milliseconds:.2f} ms."
    )
    return Table(
        columns=("sentences", "sentences with any", "spans", "recall", "precision"),
        rows=tuple(rows),
        cases=f"{len(marked())} sentences written for this, half of them for development; a span counts when both ends "
        "are right; written by those who wrote the patterns; the held-out half's scores were seen more than once",
        spread="brackets: 95 % interval",
        notes=(note,),
    )


def _row(name: str, sentences: list[Marked], kind: str | None) -> tuple[str, ...]:
    recalled, right, holding = [], [], 0
    for sentence in sentences:
        found = {(each.kind, each.start, each.end) for each in find(sentence.text) if kind in (None, each.kind)}
        wanted = {span for span in sentence.spans if kind in (None, span[0])}
        recalled += [float(span in found) for span in wanted]
        right += [float(span in wanted) for span in found]
        holding += bool(wanted)
    return name, str(holding), str(len(recalled)), _share(recalled), _share(right)


def _share(hits: list[float]) -> str:
    score = mean(hits)
    return share({"value": score.value, "n": score.n, "low": score.low, "high": score.high})
