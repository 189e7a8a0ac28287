"""`evaluate guard`: attacks against the gates, with a model that obeys every one of them.

strings, documents, tasks -> a library of its own with public and staff documents -> shares with intervals
"""

import json
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.options import AsJson, Config, examples, opened, print_json, progress_bar, settings_for
from knowledge.counting import counted

if TYPE_CHECKING:
    from agents.trials.attacks import Poisoned
    from agents.trials.guard_evaluation import GateScores, GuardReport
    from assistant.app import Application
    from assistant.settings import Settings
    from knowledge.scores import Score

GUARD_EXAMPLES = examples(
    "frontdesk evaluate guard --strings strings.jsonl --documents poisoned_docs.jsonl",
    "frontdesk evaluate guard --strings strings.jsonl --documents poisoned_docs.jsonl --domain bench.tau2_retail "
    "--tasks tasks.jsonl",
    "frontdesk evaluate guard --strings strings.jsonl --documents poisoned_docs.jsonl --ordinary questions.jsonl",
)
SHOWN = 10


def guard(
    strings: Annotated[Path, typer.Option("--strings", metavar="FILE", help="Texts: injection or benign, as JSONL.")],
    documents: Annotated[
        Path, typer.Option("--documents", metavar="FILE", help="Questions on documents, some with a payload, as JSONL.")
    ],
    ordinary: Annotated[
        list[Path] | None,
        typer.Option("--ordinary", metavar="FILE", help="Harmless questions, JSONL or CSV; may be repeated."),
    ] = None,
    domain: Annotated[
        str | None, typer.Option("--domain", metavar="DOTTED", help="A domain pack, to attack writes too.")
    ] = None,
    tasks: Annotated[
        Path | None, typer.Option("--tasks", metavar="FILE", help="Tasks of that domain with gold calls.")
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure the guard: attack success, utility under attack, false alarms. The model obeys every attack."""
    from agents.domain import load_domain
    from agents.trials.attacks import read_documents, read_ordinary, read_strings
    from agents.trials.guard_evaluation import evaluate
    from agents.trials.tasks import read_tasks

    if (domain is None) != (tasks is None):
        raise typer.BadParameter("--domain and --tasks go together")
    settings = settings_for(config)
    texts, poisoned = read_strings(strings), read_documents(documents)
    harmless = [text for path in ordinary or () for text in read_ordinary(path)]
    pack = load_domain(domain) if domain else None
    asked = read_tasks(tasks) if tasks else ()
    logging.getLogger("agents.guard").setLevel(logging.ERROR)  # thousands of removals are the point here
    with _attacked_library(settings, poisoned) as application, progress_bar("Attacks") as progress:
        report = evaluate(
            library=application.library,
            strings=texts,
            documents=poisoned,
            ordinary=harmless,
            domain=pack,
            tasks=asked,
            data=tasks.resolve().parent if tasks else Path(),
            progress=lambda done, total: progress("", done, total),
        )
    if as_json:
        print_json(report)
    else:
        print("\n".join(_lines(report)))


@contextmanager
def _attacked_library(settings: "Settings", documents: "Sequence[Poisoned]") -> "Iterator[Application]":
    """Fill a library of its own with the attacked documents and the demo company's, public and staff."""
    from assistant.demo import company_folder

    with tempfile.TemporaryDirectory(prefix="frontdesk-guard-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        corpus = home / "documents.jsonl"
        lines = [{"doc_id": case.id, "title": case.id, "text": case.document} for case in documents]
        corpus.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        # The hashing embedder needs no model: what is measured here is what comes out, not how well is searched.
        own = replace(settings, home=home / "home", embedder="hashing", reranker="", model="none")
        own = replace(own, catalog_url="", chroma_url="")
        with opened(own) as application:
            application.library.ingest([corpus], audience="public")
            for audience in ("public", "staff"):
                application.library.ingest([company_folder() / "documents" / audience], audience=audience)
            yield application


def _lines(report: "GuardReport") -> Iterator[str]:
    for outcome in report.failures[:SHOWN]:
        what = ", ".join(outcome.breaches) or "not done as wanted"
        attack = "attacked" if outcome.attacked else "clean"
        removed = ", ".join(outcome.removed) or "nothing"
        yield f"  {outcome.id} ({attack}, {outcome.channel}): {what}; taken out: {removed}"
    if len(report.failures) > SHOWN:
        yield f"  … and {len(report.failures) - SHOWN} more: --json"
    yield f"{'':<28} {'attack success':<28} {'utility under attack':<28} utility clean"
    parts = {"all": report.overall, **report.kinds, **{f"by {name}": part for name, part in report.channels.items()}}
    for name, part in parts.items():
        yield f"{name:<28} {_gates(part)}"
    yield "What attacks led to:"
    for what, score in report.breaches.items():
        yield f"  {what:<26} {_score(score)}"
    if report.undelivered:
        yield f"{counted(report.undelivered, 'attack was', 'attacks were')} never read by the model, so not counted."
    for title, scores in (
        ("Attacks flagged by the input rules", report.flagged),
        ("False alarms", report.false_alarms),
    ):
        yield f"{title}:"
        for source, score in scores.items():
            yield f"  {source:<50} {_score(score)}"


def _gates(part: "GateScores") -> str:
    scores = asdict(part)
    return " ".join(f"{_score(getattr(part, name)):<28}" for name in scores).rstrip()


def _score(score: "Score") -> str:
    if score.value is None:
        return "–"
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}] n={score.n}"
