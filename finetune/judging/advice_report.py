"""An advice as one page to read: the verdict, what to do for each task, and the numbers that it rests on.

    Advice -> verdict, warnings, a section a task (what to do, why, scores with intervals, what the data are) -> HTML

The page is one file without scripts that loads nothing from elsewhere, in light and dark.
"""

from collections.abc import Iterator, Mapping, Sequence

from finetune.judging.advice import Advice, Method, Remedy, TaskAdvice
from finetune.judging.comparing import chance
from finetune.judging.comparison_report import plot
from knowledge.counting import counted
from knowledge.report_parts import NOTHING, frame, table, text

REMEDIES: Mapping[Remedy, str] = {
    "retrieval": "put the documents into the index",
    "classical": "a classical model",
    "tune": "tune",
    "prompt": "say it in the prompt",
    "more data": "gather examples first",
}
STYLE = "\nh3 {\n  font-size: 1rem;\n  margin: 1.5rem 0 0.25rem;\n}\n"
FIGURES: Mapping[str, str] = {
    "n": "examples",
    "labels": "labels",
    "fewest": "examples of the rarest label",
    "most": "examples of the most frequent label",
    "distinct_replies": "different replies",
    "duplicates": "examples that say what another one says",
    "replies_with_facts": "replies with numbers, dates, prices or links",
}
OF_REPLIES = ("distinct_replies", "replies_with_facts")
"""What is said of replies in words; a label is none."""


def page(advice: Advice, *, command: str, made: str, heldout: bool) -> str:
    """Return the page.

    Args:
        command: what the owner typed.
        made: date and time, as it shall be read.
        heldout: whether labels were measured on held-out texts; else by cross-validation.
    """
    total = sum(int(one.figures["n"]) for one in advice.tasks)
    body = [
        "<h1>Is tuning the medicine?</h1>",
        f'<p class="when">{counted(total, "example")}, {text(made)}</p>',
        f'<div class="verdicts"><p class="shown">{text(advice.verdict)}</p>',
        *(f'<p><span class="gone">Mind</span> {text(line)}</p>' for line in advice.warnings),
        "</div>",
        *(line for one in advice.tasks for line in _task(one, heldout=heldout)),
        "<h2>How this was made</h2>",
        f"<p><code>{text(command)}</code></p>",
        '<p class="soft">Only labels can be measured before anything is tuned. Elsewhere a rule decides: facts that '
        "change belong into documents; style, structure and next calls can be learned once there are examples enough, "
        "and how many are enough is a rule of thumb. Intervals are 95 % bootstrap intervals over the texts; methods "
        "are compared text by text, and a difference is called shown when its interval excludes zero and p is below "
        "0.05 (sign-flip permutation test).</p>",
    ]
    return frame("Is tuning the medicine?", body, style=STYLE)


def _task(one: TaskAdvice, *, heldout: bool) -> Iterator[str]:
    n = int(one.figures["n"])
    yield f'<h2>{text(one.task)} <span class="count">{counted(n, "example")}</span></h2>'
    yield f'<p><span class="tag">{text(REMEDIES[one.remedy])}</span></p>'
    yield f'<p class="lead">{text(one.says)}</p>'
    if one.methods:
        on = "held-out texts" if heldout else "texts that were left out in turn (cross-validation)"
        yield from plot(
            [(method.name, method.score) for method in one.methods],
            caption=f"Labels told right, in percent, on {on}. The line is the 95 % interval.",
            name=f"{one.task}: labels told right",
        )
        yield _methods(one.methods)
    yield "<h3>Why</h3>"
    # What was measured stands in the drawing already.
    measured = tuple(f"{method.name}: " for method in one.methods)
    reasons = [line for line in one.reasons if not line.startswith(measured)]
    yield "<ul>" + "".join(f"<li>{text(line)}</li>" for line in reasons) + "</ul>"
    yield "<h3>The examples</h3>"
    told = FIGURES if one.task != "intent" else {name: FIGURES[name] for name in FIGURES if name not in OF_REPLIES}
    rows = [(says, _figure(name, one.figures[name])) for name, says in told.items() if name in one.figures]
    yield table(("", "in the data"), [(text(name), value) for name, value in rows], name=f"Examples of {one.task}")


def _methods(methods: Sequence[Method]) -> str:
    rows = []
    for method in methods:
        gap = method.against_best
        behind, p = NOTHING, NOTHING
        if gap is not None and gap.difference is not None and gap.low is not None and gap.high is not None:
            colour = "worse" if gap.is_shown else "soft"
            spread = f"<small><span>[{100 * gap.low:+.1f}, {100 * gap.high:+.1f}]</span></small>"
            behind = f'<span class="{colour}">{100 * gap.difference:+.1f}</span> {spread}'
            p = text(chance(gap.p).removeprefix("p="))
        rows.append((text(method.name), behind, p, f"{method.score.n:,}", _seconds(method.seconds)))
    return table(("method", "points to the best", "p", "texts", "time"), rows, name="Methods compared")


def _seconds(seconds: float) -> str:
    return "under 1 s" if seconds < 1 else f"{seconds:.0f} s"


def _figure(name: str, value: float) -> str:
    return f"{100 * value:.0f} %" if name == "replies_with_facts" else f"{value:,}"
