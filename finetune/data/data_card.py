"""A data set as one page to read: what is in it, what was left out and why, with samples.

    Built -> counts, balance, lengths, samples, what was dropped -> HTML

The page is one file without scripts that loads nothing from elsewhere; texts of customers and documents are data in it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from finetune.data.building import Built
from finetune.data.candidates import REASONS, Candidate, Dropped
from finetune.data.leakage import asked_of
from finetune.errors import FinetuneError
from finetune.examples import all_of, said_by
from knowledge.counting import counted
from knowledge.report_parts import frame, table, text

SAMPLES = 4
"""Of each task; and of each reason."""
SAMPLE_CHARACTERS = 700
LABELS = 30
"""Labels that the table shows, the most and the least frequent first."""
BARS = 14
STYLE = Path(__file__).with_name("data_card.css")
LANGUAGES = {"en": "English", "zh": "Chinese"}
TASKS = {
    "answer": "answers from passages, with citations, and refusals",
    "agent": "the next call of a tool",
    "intent": "a label for a text",
    "extract": "structured data from a document",
    "voice": "replies in the company's own words",
    "text": "plain text",
}


def page(built: Built, *, command: str, made: str, evaluations: Sequence[str]) -> str:
    """Return the page.

    Args:
        command: What the owner typed.
        made: Date and time, as it shall be read.
        evaluations: The files that were kept clear of.
    """
    body = [
        *_head(built, made),
        *_tiles(built),
        *_tasks(built),
        *_labels(built),
        *_lengths(built),
        *_samples(built),
        *_left_out(built, evaluations),
        "<h2>Made with</h2>",
        f"<p><code>{text(command)}</code></p>",
    ]
    return frame("Data card", body, style=STYLE.read_text(encoding="utf-8"))


def write(page: str, path: Path) -> None:
    """Write the page.

    Raises:
        FinetuneError: it cannot be written.
    """
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise FinetuneError(
            f"The data card cannot be written to {path} ({error.strerror}). Next: name another file: --card FILE.html"
        ) from error


def _head(built: Built, made: str) -> Iterator[str]:
    yield "<h1>What the model will learn from</h1>"
    yield f'<p class="when">{text(made)}</p>'
    yield (
        f'<p class="lead">{counted(len(built.training), "example")} to train on, {len(built.heldout):,} held out, '
        f"{len(built.dropped):,} left out.</p>"
    )
    if not built.all:
        yield '<p class="verdicts"><span class="gone">There is nothing to train on.</span> Below is why.</p>'


def _tiles(built: Built) -> Iterator[str]:
    languages = Counter(candidate.language for candidate in built.all)
    answers = [candidate for candidate in built.all if candidate.example.task == "answer"]
    refusals = sum(candidate.kind == "refusal" for candidate in answers)
    conversations = len({candidate.example.conversation for candidate in built.all})
    yield '<div class="tiles">'
    yield _tile("Conversations", f"{conversations:,}", "or documents, or lines: each on one side of the split only")
    for language, count in languages.most_common():
        says = f"{count:,} of {counted(len(built.all), 'example')}, by the customer's words"
        yield _tile(f"In {LANGUAGES[language]}", _share(count, len(built.all)), says)
    if answers:
        says = f"{refusals:,} of {counted(len(answers), 'answer')}: the documents do not say it"
        yield _tile("Refusals", _share(refusals, len(answers)), says)
    yield "</div>"


def _share(count: int, of: int) -> str:
    """Return a share that is never rounded to nothing or to all."""
    percent = 100 * count / of
    if 0 < percent < 1 or 99 < percent < 100:
        return "under 1 %" if percent < 1 else "over 99 %"
    return f"{percent:.0f} %"


def _tile(name: str, value: str, says: str) -> str:
    return (
        f'<div class="tile"><div class="name">{text(name)}</div><div class="value">{text(value)}</div>'
        f'<p class="says">{text(says)}</p></div>'
    )


def _tasks(built: Built) -> Iterator[str]:
    training = Counter(candidate.example.task for candidate in built.training)
    heldout = Counter(candidate.example.task for candidate in built.heldout)
    if not built.all:
        return
    yield "<h2>By task</h2>"
    yield table(
        ("task", "to train on", "held out", "what it is"),
        [
            (text(task), f"{training[task]:,}", f"{heldout[task]:,}", text(TASKS[task]))
            for task, _ in (training + heldout).most_common()
        ],
        name="Examples by task",
    )
    sources = Counter((candidate.example.source, candidate.kind) for candidate in built.all)
    yield "<h2>By source</h2>"
    yield table(
        ("source", "what", "examples"),
        [(text(source, limit=80), text(kind), f"{count:,}") for (source, kind), count in sources.most_common(40)],
        name="Examples by source",
    )


def _labels(built: Built) -> Iterator[str]:
    labels = Counter(candidate.reply for candidate in built.all if candidate.example.task == "intent")
    if not labels:
        return
    most, fewest = max(labels.values()), min(labels.values())
    ranked = labels.most_common()
    shown = ranked if len(ranked) <= LABELS else [*ranked[: LABELS // 2], *ranked[-LABELS // 2 :]]
    yield f'<h2>Labels <span class="count">{len(labels)}</span></h2>'
    yield (
        f'<p class="soft">The most frequent has {most:,}, the rarest {fewest:,}. '
        f"{'A model learns the frequent ones best: add examples of the rare.' if most > 4 * fewest else ''}</p>"
    )
    yield table(
        ("label", "examples", ""),
        [(text(label, limit=80), f"{count:,}", _bar(count / most)) for label, count in shown],
        name="Examples by label",
    )
    if len(shown) < len(ranked):
        between = counted(len(ranked) - len(shown), "label in between is", "labels in between are")
        yield f'<p class="soft">{between} not shown.</p>'


def _lengths(built: Built) -> Iterator[str]:
    if not built.all:
        return
    yield "<h2>Length</h2>"
    yield '<p class="soft">In characters; a Chinese character says about what an English word says.</p>'
    yield '<div class="lengths">'
    for name, lengths in (
        ("Questions", [len(candidate.asked) for candidate in built.all]),
        ("Replies", [len(candidate.reply) for candidate in built.all]),
        ("Whole examples", [sum(len(all_of(m)) for m in c.example.messages) for c in built.all]),
    ):
        yield _histogram(name, lengths)
    yield "</div>"


def _histogram(name: str, lengths: Sequence[int]) -> str:
    """Return how lengths are spread, as a drawing of 300 × 130 with a table's worth of words below."""
    longest, middle = max(lengths), median(lengths)
    width = max(1, -(-(longest + 1) // BARS))
    bars = Counter(length // width for length in lengths)
    highest = max(bars.values())
    step = 300 / BARS
    drawn = [
        f'<rect x="{place * step + 1:.1f}" y="{100 - 92 * bars[place] / highest:.1f}" width="{step - 2:.1f}" '
        f'height="{92 * bars[place] / highest:.1f}"><title>{place * width} to {(place + 1) * width - 1} characters: '
        f"{bars[place]}</title></rect>"
        for place in range(BARS)
        if bars[place]
    ]
    says = f"{name}: half have up to {middle:.0f} characters, the longest {longest:,}"
    return (
        f'<figure><svg class="histogram" viewBox="0 0 300 120" role="img" aria-label="{text(says)}">{"".join(drawn)}'
        f'<line class="grid" x1="0" x2="300" y1="100" y2="100"/><text x="0" y="115">0</text>'
        f'<text x="300" y="115" text-anchor="end">{BARS * width:,}</text></svg>'
        f"<figcaption>{text(says)}</figcaption></figure>"
    )


def _bar(share: float) -> str:
    return (
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="mean" width="{max(100 * share, 1):.1f}" height="8"/></svg>'
    )


def _samples(built: Built) -> Iterator[str]:
    if not built.all:
        return
    yield "<h2>Samples</h2>"
    for task in dict.fromkeys(candidate.example.task for candidate in built.all):
        of_task = [candidate for candidate in built.all if candidate.example.task == task]
        yield f'<h3>{text(task)} <span class="count">{len(of_task):,}</span></h3>'
        for candidate in _spread(of_task):
            yield _sample(candidate)


def _spread(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return a few from the beginning to the end, of every kind one at least where that fits."""
    kinds = list({candidate.kind: candidate for candidate in candidates}.values())
    step = max(1, len(candidates) // SAMPLES)
    chosen = [*kinds, *(candidate for candidate in candidates[::step] if candidate not in kinds)]
    return chosen[: max(SAMPLES, len(kinds))]


def _sample(candidate: Candidate) -> str:
    language = candidate.language
    whole = "".join(
        f'<p class="said"><b>{text(message["role"])}</b> {text(said_by(message), limit=4 * SAMPLE_CHARACTERS)}</p>'
        for message in candidate.example.messages[:-1]
    )
    asked = candidate.asked or asked_of(candidate.example)
    return (
        f'<div class="case"><div class="top"><span class="tag">{text(candidate.kind)}</span>'
        f"<span>{text(candidate.example.source, limit=80)}</span></div>"
        f'<p class="asked" lang="{language}" dir="auto">{text(asked, limit=SAMPLE_CHARACTERS)}</p>'
        f'<p class="answer" lang="{language}" dir="auto">{text(candidate.reply, limit=SAMPLE_CHARACTERS)}</p>'
        f"<details><summary>All that the model is shown</summary>{whole}</details></div>"
    )


def _left_out(built: Built, evaluations: Sequence[str]) -> Iterator[str]:
    yield f'<h2>Left out <span class="count">{len(built.dropped):,}</span></h2>'
    names = ", ".join(f"<code>{text(name, limit=80)}</code>" for name in evaluations)
    yield (
        f"<p>Kept clear of {names}: nothing that stands there is learned.</p>"
        if names
        else '<p><span class="gone">No evaluation file was named.</span> With --evaluation FILE, no question that you '
        "examine the model with gets into what it learns.</p>"
    )
    by_reason: dict[str, list[Dropped]] = {}
    for one in built.dropped:
        by_reason.setdefault(one.reason, []).append(one)
    if by_reason:
        yield table(
            ("why", "how many", "what it means"),
            [
                (text(reason), f"{len(found):,}", text(REASONS[found[0].reason]))
                for reason, found in sorted(by_reason.items(), key=lambda item: -len(item[1]))
            ],
            name="What was left out",
        )
    for reason, found in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        rows = "".join(
            f'<li dir="auto">{text(one.asked, limit=200) or "(nothing asked)"} '
            f'<span class="soft">{text(one.source, limit=60)} {text(one.detail, limit=160)}</span></li>'
            for one in found[:SAMPLES]
        )
        yield f"<details><summary>{text(reason)}: samples</summary><ul>{rows}</ul></details>"
