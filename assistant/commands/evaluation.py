"""`evaluate rag` and `evaluate answers`: scores, each with n and a 95 % interval.

questions -> evaluation -> failures and tables on stdout, one JSON object, a stored result, a page
"""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import (
    AsJson,
    Collection,
    Config,
    Model,
    examples,
    opened,
    print_json,
    progress_bar,
    settings_for,
)
from assistant.commands.score_tables import comparison_lines, flat_lines, report_lines

if TYPE_CHECKING:
    from knowledge.evaluation import RagReport
    from knowledge.library import Library
    from knowledge.questions import Question
    from knowledge.results import Result
    from knowledge.trial import Trial

app = typer.Typer(no_args_is_help=True)
RAG_EXAMPLES = examples(
    "frontdesk evaluate rag --questions examples/brindlemoor/questions.jsonl --report report.html",
    "frontdesk evaluate rag --questions examples/brindlemoor/questions.jsonl --compare mode=lexical",
    "frontdesk evaluate rag --questions examples/brindlemoor/questions.jsonl --out before.json",
    "frontdesk evaluate rag --questions examples/brindlemoor/questions.jsonl --compare before.json",
)
ANSWERS_EXAMPLES = examples(
    "frontdesk evaluate answers --questions examples/brindlemoor/questions.jsonl",
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


@app.command("rag", epilog=RAG_EXAMPLES)
def rag(
    questions: QuestionFile,
    mode: Annotated[Mode | None, typer.Option(help="Both halves fused, or one half alone; as --set mode=….")] = None,
    changed: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Search with this setting instead; may be repeated."),
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            "--compare",
            metavar="KEY=VALUE|RESULT.json",
            help="Compare with a search that has this setting (may be repeated), or with a result that --out wrote.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="RESULT.json", help="Store the result for a later --compare.")
    ] = None,
    page: Annotated[
        Path | None, typer.Option("--report", metavar="FILE.html", help="Write a page to read, failures first.")
    ] = None,
    failures: Annotated[int, typer.Option("--failures", metavar="N", min=0, help="How many failures to print.")] = 10,
    collection: Collection = "default",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure retrieval: are the documents that hold the answer found, and how high do they stand?"""
    from knowledge import results
    from knowledge.comparison import compare as compare_rows
    from knowledge.evaluation import check_measurable
    from knowledge.questions import read
    from knowledge.report import page as render
    from knowledge.trial import Trial, vary

    settings = settings_for(config)
    asked = read(questions)
    check_measurable(asked)
    results.check_places(out, page)
    earlier, other_pairs = _compared_with(compare or [])
    with opened(settings) as application:
        library = application.library
        usual = Trial(library.retrieval_options, refuse_below=settings.refuse_below)
        trial = vary(usual, ([f"mode={mode.value}"] if mode else []) + (changed or []))
        other = vary(trial, other_pairs) if other_pairs else None
        report = _evaluated(library, asked, collection, trial, label="Questions")
        used = {**trial.shown(), "collection": collection, "embedder": library.embedder.name}
        if other is not None:
            rows = results.rows_of(_evaluated(library, asked, collection, other, label=other.label))
            earlier = results.Result(other.label, rows)
    comparison = (
        compare_rows(results.rows_of(report), earlier.rows, names=(trial.label, earlier.label)) if earlier else None
    )
    made = datetime.now().astimezone()
    used |= {"questions": str(questions), "made": made.isoformat(timespec="seconds")}
    if out is not None:
        results.write(out, report=report, label=trial.label, settings=used)
    if page is not None:
        command, when = shlex.join(["frontdesk", *sys.argv[1:]]), made.strftime("%Y-%m-%d %H:%M %Z")
        text = render(report, comparison=comparison, settings=used, command=command, made=when)
        results.write_text(page, text)
    if as_json:
        extra = {"comparison": asdict(comparison)} if comparison else {}
        print_json({**results.scores_of(report), "settings": used, **extra})
        return
    print("\n".join(report_lines(report, failures=failures)))
    if comparison is not None:
        print("\n" + "\n".join(comparison_lines(comparison, limit=failures)))


def _compared_with(given: Sequence[str]) -> tuple["Result | None", Sequence[str]]:
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
        raise typer.BadParameter("--compare takes one stored result, or settings such as mode=lexical, but not both")
    return replace(results.read(Path(files[0])), label=Path(files[0]).name), ()


def _evaluated(
    library: "Library", asked: Sequence["Question"], collection: str, trial: "Trial", *, label: str
) -> "RagReport":
    from knowledge.evaluation import evaluate

    with progress_bar(label) as progress:
        return evaluate(
            library,
            asked,
            collections=(collection,),
            options=trial.options,
            history=trial.history,
            refuse_below=trial.refuse_below,
            progress=lambda done, total: progress("", done, total),
        )


@app.command("answers", epilog=ANSWERS_EXAMPLES)
def answers(
    questions: QuestionFile,
    model: Model = None,
    collection: Collection = "default",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure answers: facts, citations, refusals, length, seconds. `--model none` leaves the model out."""
    from agents.evaluation import evaluate
    from knowledge.questions import read

    settings = settings_for(config, model=model)
    asked = read(questions)
    with opened(settings) as application, progress_bar("Questions") as progress:
        report = evaluate(
            application.responder,
            application.library,
            asked,
            collections=(collection,),
            contact=settings.contact,
            progress=lambda done, total: progress("", done, total),
        )
    scores: dict[str, Any] = {"overall": asdict(report.overall)}
    scores["languages"] = {language: asdict(part) for language, part in report.languages.items()}
    scores["kinds"] = {kind: asdict(part) for kind, part in report.kinds.items()}
    if as_json:
        print_json(scores)
    else:
        print("\n".join(flat_lines(scores)))
