"""`evaluate rag` and `evaluate answers`: scores, each with n and a 95 % interval.

questions -> evaluation -> failures and tables on stdout, one JSON object, a stored result, a page
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import (
    AsJson,
    Collection,
    Config,
    Failures,
    Model,
    examples,
    now,
    opened,
    print_json,
    progress_bar,
    settings_for,
    typed,
    warn,
)
from assistant.commands.score_tables import absent_line, answer_lines, comparison_lines, report_lines

if TYPE_CHECKING:
    from agents.evaluation import AnswerReport
    from agents.trials.trial import AnswerTrial
    from assistant.app import Application
    from knowledge.comparison import Comparison
    from knowledge.evaluation import RagReport
    from knowledge.library import Library
    from knowledge.questions import Question
    from knowledge.results import Result
    from knowledge.trial import Trial
    from knowledge.yardstick import Yardstick

app = typer.Typer(no_args_is_help=True)
RAG_EXAMPLES = examples(
    "frontdesk evaluate rag --questions examples/brindlemoor/questions.jsonl --report report.html",
    "frontdesk evaluate rag --questions examples/brindlemoor/questions.jsonl --compare mode=lexical",
    "frontdesk evaluate rag --questions examples/brindlemoor/questions.jsonl --out before.json",
    "frontdesk evaluate rag --questions examples/brindlemoor/questions.jsonl --compare before.json",
)
ANSWERS_EXAMPLES = examples(
    "frontdesk evaluate answers --questions examples/brindlemoor/questions.jsonl --report report.html",
    "frontdesk evaluate answers --questions examples/brindlemoor/questions.jsonl --compare model=none",
    "frontdesk evaluate answers --questions examples/brindlemoor/questions.jsonl --model none --json",
)


class Mode(StrEnum):
    """Which half of retrieval ranks."""

    fused = "fused"
    dense = "dense"
    lexical = "lexical"


QuestionFile = Annotated[
    Path, typer.Option("--questions", metavar="FILE", help="Questions with gold and facts, one JSON object a line.")
]
Changed = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Measure with this setting instead; may be repeated."),
]
Compared = Annotated[
    list[str] | None,
    typer.Option(
        "--compare",
        metavar="KEY=VALUE|RESULT.json",
        help="Compare with this setting (may be repeated), or with a result that --out wrote.",
    ),
]
Stored = Annotated[
    Path | None, typer.Option("--out", metavar="RESULT.json", help="Store the result for a later --compare.")
]
Page = Annotated[
    Path | None, typer.Option("--report", metavar="FILE.html", help="Write a page to read, failures first.")
]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where an evaluation goes beside the terminal."""

    questions: Path
    out: Path | None
    page: Path | None
    as_json: bool
    failures: int


@app.command("rag", epilog=RAG_EXAMPLES)
def rag(
    questions: QuestionFile,
    mode: Annotated[Mode | None, typer.Option(help="Both halves fused, or one half alone; as --set mode=….")] = None,
    changed: Changed = None,
    compare: Compared = None,
    out: Stored = None,
    page: Page = None,
    failures: Failures = 10,
    collection: Collection = "default",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure retrieval: are the documents that hold the answer found, and how high do they stand?"""
    from knowledge import report as pages
    from knowledge import results
    from knowledge.evaluation import check_measurable
    from knowledge.measures import RETRIEVAL
    from knowledge.questions import read
    from knowledge.trial import Trial, vary

    settings = settings_for(config)
    asked = read(questions)
    check_measurable(asked)
    results.check_places(out, page)
    earlier, other_pairs = _compared_with(compare or [], RETRIEVAL)
    with opened(settings) as application:
        library = application.library
        usual = Trial(library.retrieval_options, refuse_below=settings.refuse_below)
        trial = vary(usual, ([f"mode={mode.value}"] if mode else []) + (changed or []))
        other = vary(trial, other_pairs) if other_pairs else None
        report = _found(library, asked, collection, trial, label="Questions")
        used = {**trial.shown(), "collection": collection, "embedder": library.embedder.name}
        if other is not None:
            rows = results.rows_of(_found(library, asked, collection, other, label=other.label))
            earlier = results.Result(other.label, rows)
    _deliver(
        Delivery(questions, out, page, as_json, failures),
        RETRIEVAL,
        results.Result(trial.label, results.rows_of(report)),
        earlier,
        scores=results.scores_of(report),
        settings=used,
        render=lambda **parts: pages.page(report, **parts),
        lines=report_lines(report, failures=failures),
    )


@app.command("answers", epilog=ANSWERS_EXAMPLES)
def answers(
    questions: QuestionFile,
    model: Model = None,
    changed: Changed = None,
    compare: Compared = None,
    out: Stored = None,
    page: Page = None,
    failures: Failures = 10,
    collection: Collection = "default",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure answers: facts, citations, support, refusals, length, seconds. `--model none` leaves the model out."""
    from agents.evaluation import check_measurable, rows_of, scores_of
    from agents.trials import report as pages
    from agents.trials.measures import ANSWERS
    from agents.trials.trial import AnswerTrial, vary
    from knowledge import results
    from knowledge.evaluation import absent_gold
    from knowledge.questions import read

    settings = settings_for(config, model=model)
    asked = read(questions)
    check_measurable(asked)
    results.check_places(out, page)
    earlier, other_pairs = _compared_with(compare or [], ANSWERS)
    with opened(settings) as application:
        if absent := absent_gold(application.library, asked, (collection,)):
            warn(f"Warning: {absent_line(absent)}")  # no answer could be rightly cited
        usual = AnswerTrial(application.responder_options, model=settings.model)
        trial = vary(usual, changed or [])
        other = vary(trial, other_pairs) if other_pairs else None
        report, cut_short = _answered(application, asked, collection, trial, label="Questions")
        embedder = application.library.embedder.name
        used = {**trial.shown(), "model": report.model, "collection": collection, "embedder": embedder}
        if cut_short:
            used["cut_short"] = cut_short
        if other is not None and not cut_short:
            compared, cut_short = _answered(application, asked, collection, other, label=other.label)
            earlier = results.Result(other.label, rows_of(compared))
    _deliver(
        Delivery(questions, out, page, as_json, failures),
        ANSWERS,
        results.Result(trial.label, rows_of(report)),
        earlier,
        scores=scores_of(report),
        settings=used,
        render=lambda **parts: pages.page(report, **parts),
        lines=answer_lines(report, failures=failures),
    )
    if cut_short:
        warn(f"Error: {cut_short}")  # beside --json's one object
        raise typer.Exit(1)


def _compared_with(given: Sequence[str], yardstick: "Yardstick") -> tuple["Result | None", Sequence[str]]:
    """Return the stored result that `--compare` names, or the settings that it holds.

    Raises:
        KnowledgeError: the stored result cannot be read.
        typer.BadParameter: a file beside settings, or two files; exit code 2.
    """
    from knowledge import results

    files = [text for text in given if "=" not in text or Path(text).is_file()]
    if not files:
        return None, given
    if len(given) > 1:
        raise typer.BadParameter("--compare takes one stored result, or settings such as history=off, but not both")
    return replace(results.read(Path(files[0]), yardstick), label=Path(files[0]).name), ()


def _found(
    library: "Library", asked: Sequence["Question"], collection: str, trial: "Trial", *, label: str
) -> "RagReport":
    from agents.finding import search
    from knowledge.evaluation import evaluate

    with progress_bar(label) as progress:
        return evaluate(
            library,
            asked,
            collections=(collection,),
            options=trial.options,
            history=trial.history,
            refuse_below=trial.refuse_below,
            search=partial(search, library),
            progress=lambda done, total: progress("", done, total),
        )


def _answered(
    application: "Application", asked: Sequence["Question"], collection: str, trial: "AnswerTrial", *, label: str
) -> tuple["AnswerReport", str]:
    """Ask every question with a trial's model, loaded for it and given back after; and why not all were answered."""
    from agents.evaluation import CutShort, evaluate
    from agents.turn import Responder

    with progress_bar(label) as progress, closing(application.load_model(trial.model)) as model:
        model.check()
        try:
            report = evaluate(
                Responder(application.library, model, trial.options),
                application.library,
                asked,
                collections=(collection,),
                history=trial.history,
                contact=trial.options.contact,
                refuse_below=trial.options.decides_at(model),
                progress=lambda done, total: progress("", done, total),
            )
        except CutShort as error:
            return error.report, str(error)
    return report, ""


def _deliver(
    delivery: Delivery,
    yardstick: "Yardstick",
    result: "Result",
    earlier: "Result | None",
    *,
    scores: Mapping[str, Any],
    settings: Mapping[str, Any],
    render: Callable[..., str],
    lines: Iterator[str],
) -> None:
    """Store, render and print an evaluation, compared with another where there is one.

    Args:
        render: returns the page, given `comparison`, `settings`, `command` and `made`.
        lines: what a person reads in the terminal.
    """
    from knowledge import results
    from knowledge.comparison import compare

    comparison: Comparison | None = None
    if earlier is not None:
        comparison = compare(result.rows, earlier.rows, yardstick=yardstick, names=(result.label, earlier.label))
    made = datetime.now().astimezone()
    used = {**settings, "questions": str(delivery.questions), "made": made.isoformat(timespec="seconds")}
    if delivery.out is not None:
        results.write(delivery.out, yardstick, rows=result.rows, scores=scores, label=result.label, settings=used)
    if delivery.page is not None:
        command, when = typed(), now()
        results.write_text(delivery.page, render(comparison=comparison, settings=used, command=command, made=when))
    if delivery.as_json:
        extra = {"comparison": asdict(comparison)} if comparison else {}
        print_json({**scores, "settings": used, **extra})
        return
    print("\n".join(lines))
    if comparison is not None:
        print("\n" + "\n".join(comparison_lines(comparison, yardstick, limit=delivery.failures)))
