"""`ingest` and `search`: files in, passages out."""

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from assistant import foreign, internal_folders
from assistant.commands.options import (
    PARTLY,
    AsJson,
    Asked,
    Audience,
    AudienceOfFiles,
    Collection,
    Config,
    Out,
    Questions,
    check_one_form,
    examples,
    harmless,
    opened,
    print_batch,
    print_json,
    print_left_out,
    progress_bar,
    say,
    settings_for,
    warn,
    warn_if_nothing_read,
)
from knowledge.counting import counted

if TYPE_CHECKING:
    from assistant.batch import Question
    from knowledge.passages import Retrieval

PASSAGE_KEYS = ("document", "title", "page", "start", "end", "text", "score", "dated", "also_in", "supersedes")
INGEST_EXAMPLES = examples(
    "frontdesk ingest ./documents",
    "frontdesk ingest ./internal --audience staff --prune",
    "frontdesk ingest manual.pdf faq.csv --collection support --json",
    "frontdesk ingest --reindex",
    "frontdesk ingest --forget /srv/old-handbook",
)
SEARCH_EXAMPLES = examples(
    'frontdesk search "How long may I return a lamp?"',
    'frontdesk search "退货" -k 3 --json',
    'frontdesk search "returns" --language en --since 2025-01-01 --until 2025-12-31',
    "frontdesk search --questions questions.jsonl --out passages.jsonl",
)
Limit = Annotated[int, typer.Option("-k", "--limit", min=1, max=100, help="Passages at most.")]
Languages = Annotated[
    list[str] | None, typer.Option("--language", metavar="L", help="Only text in this language: en, zh; repeatable.")
]
Since = Annotated[
    str, typer.Option("--since", metavar="DATE", help="Only documents of this day (YYYY-MM-DD) or later.")
]
Until = Annotated[str, typer.Option("--until", metavar="DATE", help="Only documents of this day or earlier.")]


def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH…", help="Files and folders.")] = None,
    collection: Collection = "default",
    audience: AudienceOfFiles = None,
    prune: Annotated[bool, typer.Option(help="Forget documents whose files are gone from these folders.")] = False,
    prune_empty: Annotated[
        bool, typer.Option(help="Prune folders too that hold no file at all any more, as an unmounted drive does not.")
    ] = False,
    forget: Annotated[
        bool, typer.Option(help="Remove all that was read from these paths, which may be gone; nothing is read.")
    ] = False,
    reindex: Annotated[bool, typer.Option(help="Make all vectors anew, after a change of `embedder`.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Read files and folders into the catalogue and the index; unchanged files are skipped.

    Without --audience they are for everyone, but for folders named staff, internal, hr, 内部 or alike: these are
    read for the staff, and the output says so.

    Exit codes: 0 all is in, 3 some files could not be read and are named, the others are in, 1 it could not be done.
    """
    from assistant.running import sole_writer

    settings = settings_for(config)
    if forget and (not paths or prune or prune_empty or reindex):
        raise typer.BadParameter("--forget takes the paths to forget, and no other option but --collection")
    if not paths:
        if settings.documents is None and not reindex:
            raise typer.BadParameter("give a PATH, or set `documents` in frontdesk.toml")
        paths = [settings.documents] if settings.documents else []
    options: dict[str, Any] = {
        "collection": collection,
        "audience": audience,
        "prune": prune or prune_empty,
        "prune_empty": prune_empty,
        "reindex": reindex,
    }
    with sole_writer(settings.home, say=warn) as server, progress_bar("Reading") as progress:
        if server:
            if reindex:
                server.check_embedder(settings.embedder)
            say(f"The server at {server.url} reads them.")
            report = server.ingest(paths, progress=progress, say=warn, forget=forget, **options)
        else:
            with opened(settings) as application:
                library = application.library
                made = library.forget(paths, collection=collection) if forget else None
                report = asdict(made or library.ingest(paths, progress=progress, **options))
    print_json(report) if as_json else _print_report(report, collection)
    if report["failed"]:
        raise typer.Exit(PARTLY)


def _print_report(report: Mapping[str, Any], collection: str) -> None:
    print(
        f"{counted(report['documents'], 'document')} ({counted(report['chunks'], 'chunk')}) read, "
        f"{report['unchanged']} unchanged, {report['removed']} removed, {len(report['failed'])} failed, "
        f"in {report['seconds']:.1f} s."
    )
    for failed in report["failed"]:
        print(f"  failed: {failed['path']}: {failed['error']}")
    print_left_out(report.get("left_out", ()))
    for place in report.get("forgotten", ()):
        print(f"  forgotten: {place}")
    for sentence in internal_folders.sentences(report.get("internal", ()), collection=collection):
        print(f"  {sentence}")
    for gone in report.get("gone", ()):
        other = "" if gone["collection"] == "default" else f" --collection {gone['collection']}"
        print(
            f"  {gone['path']} is not there any more; documents of it that still answer: {gone['documents']}. If they "
            f"should not: frontdesk ingest --forget {shlex.quote(gone['path'])}{other}"
        )
    if report.get("foreign"):
        print(f"  {foreign.sentence(report['foreign'])}")


def search(
    question: Asked = None,
    limit: Limit = 5,
    collection: Collection = "default",
    audience: Audience = "public",
    language: Languages = None,
    since: Since = "",
    until: Until = "",
    questions: Questions = None,
    out: Out = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show the passages that may hold the answer; no language model is needed."""
    from agents.finding import search as search_in
    from knowledge.text import Language

    check_one_form(question, questions, out)
    if question is not None and not question.strip():
        raise typer.BadParameter("QUESTION is empty; give what you look for, in quotes")
    known = get_args(Language)
    if unknown := [name for name in language or () if name not in known]:
        raise typer.BadParameter(f"--language {unknown[0]}: text is stored as {' or '.join(known)} only")
    with opened(settings_for(config)) as application:
        audiences = tuple(dict.fromkeys(("public", audience)))

        def find(text: str, history: Any = ()) -> "Retrieval":
            return search_in(
                application.library,
                text,
                history=history,
                limit=limit,
                collections=(collection,),
                audiences=audiences,
                languages=language or (),
                since=since,
                until=until,
            )

        def find_data(line: "Question") -> dict[str, Any]:
            return retrieval_data(find(line.text, line.history))

        if questions and out:
            print_batch(questions, out, find_data, as_json=as_json)
            return
        retrieval = find(question or "")
        if not retrieval.passages:
            warn_if_nothing_read(application, collection=collection, audiences=audiences)
    if as_json:
        print_json(retrieval_data(retrieval))
        return
    for number, passage in enumerate(retrieval.passages, start=1):
        page = f", page {passage.page}" if passage.page else ""
        print(harmless(f"[{number}] {passage.title} ({passage.document}{page})  score {passage.score:.3f}"))
        print("    " + harmless(" ".join(passage.text.split())[:300]))
        for what, names in (("also in", passage.also_in), ("newer than", passage.supersedes)):
            if names:
                print(f"    {what}: {', '.join(names)}")
        print()
    passages = counted(len(retrieval.passages), "passage")
    print(f"Evidence {retrieval.evidence:.2f}, {passages} in {retrieval.seconds:.2f} s.")


def retrieval_data(retrieval: "Retrieval") -> dict[str, Any]:
    """Return what `--json` prints for a search."""
    passages = [{key: getattr(passage, key) for key in PASSAGE_KEYS} for passage in retrieval.passages]
    return {"passages": passages, "evidence": retrieval.evidence, "seconds": retrieval.seconds}
