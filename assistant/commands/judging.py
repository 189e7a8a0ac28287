"""`evaluate model` and `finetune compare`: what a model does with examples, alone or beside others.

examples + models -> predictions -> scores with n and 95 % intervals -> a table, one JSON object, a page
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.options import AsJson, Config, examples, now, print_json, progress_bar, settings_for, typed
from assistant.settings import Settings
from knowledge.counting import counted

if TYPE_CHECKING:
    from finetune.evaluation import Report
    from finetune.examples import Example
    from finetune.judging.comparing import Comparison
    from knowledge.scores import Score

MODEL_EXAMPLES = examples(
    "frontdesk evaluate model embedded --examples heldout.jsonl",
    "frontdesk evaluate model replies --examples heldout.jsonl --out predictions.jsonl",
    "frontdesk evaluate model ./model-q4_K_M.gguf --examples heldout.jsonl --json",
)
COMPARE_EXAMPLES = examples(
    "frontdesk finetune compare base:replies replies --examples heldout.jsonl --out report.html",
    "frontdesk finetune compare base:replies replies --retention shipped --text ordinary.txt",
    "frontdesk finetune compare embedded replies other-run --examples heldout.jsonl --json",
)
SHIPPED = "shipped"

ExampleFiles = Annotated[
    list[Path] | None,
    typer.Option("--examples", metavar="FILE", help="Examples that were never learned from; may be given again."),
]
Labels = Annotated[
    Path | None,
    typer.Option("--labels", metavar="FILE", help="Choose among the labels of these examples; else the run's own."),
]


def model(
    name: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="A run, a release, embedded, a folder, a .gguf, ollama:NAME, base:RUN."),
    ],
    files: ExampleFiles = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PREDICTIONS.jsonl", help="Write what the model said, one a line.")
    ] = None,
    labels: Labels = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure a model on examples: what it says, greedily, in the place of each one's last message."""
    from assistant.app import model_options
    from finetune.evaluation import judge
    from finetune.judging.comparing import plain_report
    from finetune.judging.predicting import open_subject, predict, write

    settings = settings_for(config)
    asked = read_examples(files)
    subject = open_subject(name, home=settings.home)
    with progress_bar("Examples") as progress:
        said = predict(
            subject,
            asked,
            options=model_options(settings),
            labels=_labels(labels),
            progress=lambda done, all_: progress("", done, all_),
        )
    if out is not None:
        write(said, out)
    report = judge(name, asked, said)
    if as_json:
        data = plain_report(report)
        print_json({**data, "exact_match": data["exact_match"]["value"], "exact_match_interval": data["exact_match"]})
    else:
        print("\n".join(report_lines(report)))


def compare(
    names: Annotated[
        list[str], typer.Argument(metavar="MODEL MODEL…", help="The first is what the others are held against.")
    ],
    files: ExampleFiles = None,
    retention: Annotated[
        str | None,
        typer.Option("--retention", metavar="FILE", help=f"Multiple-choice items, or `{SHIPPED}` for our own."),
    ] = None,
    text: Annotated[Path | None, typer.Option("--text", metavar="FILE", help="Ordinary text, for perplexity.")] = None,
    voice: Annotated[
        Path | None,
        typer.Option("--voice", metavar="PAIRS.jsonl", help="Replies before and after: what the company sounds like."),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="REPORT.html", help="Write a page to read.")] = None,
    labels: Labels = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Set models side by side: what each does, what it still knows, and which difference is real."""
    from finetune.judging import comparing
    from knowledge import results

    if not files and retention is None and text is None:
        raise typer.BadParameter("say what to compare on: --examples FILE, --retention FILE or --text FILE")
    settings = settings_for(config)
    asked = read_examples(files) if files else ()
    closed, style = _labels(labels), _style(voice)
    results.check_places(None, out)
    comparison = side_by_side(names, settings, asked=asked, retention=retention, text=text, labels=closed, style=style)
    if out is not None:
        from finetune.judging import comparison_report

        results.write_text(out, comparison_report.page(comparison, examples=asked, command=typed(), made=now()))
    if as_json:
        print_json(comparing.plain(comparison))
    else:
        print("\n".join(comparison_lines(comparison)))


def side_by_side(
    names: Sequence[str],
    settings: Settings,
    *,
    asked: "Sequence[Example]",
    retention: str | None,
    text: Path | None,
    labels: Sequence[str] | None = None,
    style: "Callable[[str], float | None] | None" = None,
) -> "Comparison":
    """Measure models one after the other, with progress, and set them against the first."""
    from assistant.app import model_options
    from finetune.judging import comparing, likelihood
    from finetune.judging.predicting import open_subject, require

    items = likelihood.read_items(likelihood.SHIPPED if retention == SHIPPED else Path(retention)) if retention else ()
    ordinary = read_text(text)
    options = model_options(settings)
    subjects = [open_subject(name, home=settings.home) for name in names]
    require(subjects, options=options, replies=bool(asked), likelihoods=bool(items or ordinary))
    standings = []
    for subject in subjects:
        with progress_bar(subject.name) as progress:
            standings.append(
                comparing.measure(
                    subject,
                    asked,
                    home=settings.home,
                    options=options,
                    labels=labels,
                    items=items,
                    text=ordinary,
                    style=style,
                    progress=progress,
                )
            )
    return comparing.set_side_by_side(standings)


def report_lines(report: "Report") -> Iterator[str]:
    """Yield a model's scores for the terminal."""
    from finetune.evaluation import MEANINGS

    yield f"{report.model}, {counted(report.n, 'example')}"
    for task, scores in report.tasks.items():
        yield f"  {task}, n={scores.n}"
        for name, score in scores.measures.items():
            yield f"    {MEANINGS[name][0]:<18} {shown(score)}"


def comparison_lines(comparison: "Comparison") -> Iterator[str]:
    """Yield a comparison for the terminal."""
    for standing in comparison.standings:
        if standing.report is not None:
            yield from report_lines(standing.report)
        else:
            yield standing.name
        if standing.margins:
            yield f"    {'retention margin':<18} {shown(standing.margin)} nats a byte"
            yield f"    {'items solved':<18} {shown(standing.solved)}"
        if standing.windows is not None:
            yield f"    {'perplexity':<18} {shown(standing.perplexity)}"
    yield ""
    yield from comparison.verdicts


def shown(score: "Score") -> str:
    """Return a score with its interval."""
    return "–" if score.value is None else f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}], n={score.n}"


def read_examples(files: Sequence[Path] | None) -> "tuple[Example, ...]":
    """Return the examples of some files; none named is wrong usage."""
    from finetune.examples import read

    if not files:
        raise typer.BadParameter("name the examples: --examples FILE")
    return tuple(example for path in files for example in read(path))


def _labels(path: Path | None) -> Sequence[str] | None:
    """Return the answers of a file's intent examples; None without a file."""
    if path is None:
        return None
    from finetune.examples import read

    return sorted({str(one.messages[-1]["content"]) for one in read(path) if one.task == "intent"})


def _style(path: Path | None) -> "Callable[[str], float | None] | None":
    """Return what measures a reply's distance from the voice of a file's pairs; None without a file."""
    if path is None:
        return None
    from finetune.data.voice_pairs import read_pairs
    from finetune.errors import FinetuneError
    from finetune.judging.voice import learn

    voice = learn([pair for pair in read_pairs(path) if pair.split == "train"])

    def distance(text: str) -> float | None:
        try:
            return voice.distance(text).value
        except FinetuneError:  # a reply in a language that the voice was not learnt in
            return None

    return distance


def read_text(path: Path | None) -> str:
    """Return a text; "" without a file.

    Raises:
        FinetuneError: it cannot be read.
    """
    from finetune.errors import FinetuneError

    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FinetuneError(f"The text in {path} cannot be read ({error}). Next: check path and encoding.") from error
