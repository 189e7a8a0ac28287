"""`dataset build` and `dataset check`: examples to fine-tune on, and what is wrong with them.

stored conversations, documents, files -> finetune.data.building -> examples, held-out examples, a data card
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import (
    AsJson,
    Collection,
    Config,
    Model,
    examples,
    now,
    opened,
    print_json,
    progress_bar,
    settings_for,
    typed,
)
from knowledge.counting import counted

if TYPE_CHECKING:
    from assistant.app import Application
    from finetune.data.building import Built
    from finetune.data.candidates import Candidate, Dropped
    from finetune.data.checking import Measure
    from finetune.data.leakage import Exam
    from finetune.imports.files import Imported
    from finetune.serving import Serving

BUILD_EXAMPLES = examples(
    "frontdesk dataset build --out examples.jsonl --heldout heldout.jsonl",
    "frontdesk dataset build --from documents --questions 300 --out examples.jsonl --evaluation questions.jsonl",
    "frontdesk dataset build --from tickets.json --from labels.csv --out examples.jsonl --json",
)
CHECK_EXAMPLES = examples(
    "frontdesk dataset check examples.jsonl heldout.jsonl",
    "frontdesk dataset check labels.csv --base ./models/mistral-7b-instruct --longest 2048 --json",
)
TRANSCRIPTS, DOCUMENTS = "transcripts", "documents"
SHOWN_FAULTS = 200

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

CountedAs = Annotated[
    str | None,
    typer.Option("--base", metavar="NAME", help="Count tokens as this base does: a folder, a hub id, embedded."),
]
Evaluation = Annotated[
    list[Path] | None,
    typer.Option("--evaluation", metavar="FILE", help="Questions that nothing may be learned of; may be repeated."),
]
Longest = Annotated[int, typer.Option("--longest", metavar="TOKENS", min=16, help="Most tokens of an example.")]


@dataclass(frozen=True, slots=True)
class Sources:
    """Where examples come from, read as far as no model is needed."""

    transcripts: bool
    documents: bool
    files: tuple["Imported", ...]
    exam: "Exam"


@app.command("build", epilog=BUILD_EXAMPLES)
def build(
    out: Annotated[Path, typer.Option("--out", metavar="FILE.jsonl", help="Where the examples go.")],
    heldout: Annotated[
        Path | None, typer.Option("--heldout", metavar="FILE.jsonl", help="Where those go that are not trained on.")
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="SOURCE", help="transcripts, documents, or a FILE; may be repeated."),
    ] = None,
    evaluation: Evaluation = None,
    share: Annotated[float, typer.Option(min=0, max=0.9, help="Share that is held out, with --heldout.")] = 0.1,
    questions: Annotated[int, typer.Option(min=1, help="With documents: passages that are asked about.")] = 200,
    refusals: Annotated[float, typer.Option(min=0, max=0.9, help="Most share of refusals among answers.")] = 0.3,
    unrated: Annotated[bool, typer.Option("--unrated", help="Take answers that nobody rated as good.")] = False,
    card: Annotated[
        Path | None, typer.Option("--card", metavar="FILE.html", help="The data card; else beside the examples.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws passages and what is held out.")] = 0,
    longest: Longest = 4096,
    base: CountedAs = None,
    model: Model = None,
    collection: Collection = "default",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make examples from conversations, documents and files: without personal data, copies and leaks."""
    from finetune import examples
    from finetune.data import data_card
    from finetune.data.building import BuildOptions, counts
    from finetune.data.building import build as build_all
    from finetune.data.from_documents import MakingOptions

    started = time.perf_counter()
    page = card or out.with_suffix(".html")
    _check_places(out, heldout, page, read=[*map(Path, sources or ()), *(evaluation or ())])
    chosen = _read(sources or [TRANSCRIPTS], evaluation or [])
    settings = settings_for(config, model=model)
    options = BuildOptions(
        heldout=share if heldout else 0.0,
        refusals=refusals,
        longest_tokens=longest,
        seed=seed,
        own=tuple(text for text in (settings.contact, settings.company) if text),
    )
    making = MakingOptions(questions=questions, refusals=refusals, seed=seed)
    measure = _measure(base, settings.home, offline=settings.offline)
    with opened(settings) as application, progress_bar("Passages") as progress:
        serving = _serving(application, collection)
        found = _found(application, chosen, serving, making, unrated=unrated, collection=collection, progress=progress)
        built = build_all(found, exam=chosen.exam, options=options, measure=measure)
    _require_some(built, sources or [TRANSCRIPTS])
    examples.write((candidate.example for candidate in built.training), out)
    if heldout:
        examples.write((candidate.example for candidate in built.heldout), heldout)
    made = data_card.page(
        built,
        command=typed(),
        made=now(),
        evaluations=[path.name for path in evaluation or []],
    )
    data_card.write(made, page)
    seconds = time.perf_counter() - started
    if as_json:
        files = {"out": str(out), "heldout_file": str(heldout) if heldout else None, "card": str(page)}
        print_json({**counts(built), **files, "seconds": round(seconds, 2)})
    else:
        _tell(built, out, heldout, page)


@app.command("check", epilog=CHECK_EXAMPLES)
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", show_default=False, help="Files of examples.")],
    evaluation: Evaluation = None,
    base: CountedAs = None,
    longest: Longest = 4096,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Name everything that is wrong with files of examples, by line, before a model is loaded."""
    from finetune.data import checking, leakage

    settings = settings_for(config)
    measure = _measure(base, settings.home, offline=settings.offline)
    exam = leakage.read(evaluation or [])
    found = checking.check(files, measure=measure, longest=longest, exam=exam)
    if as_json:
        print_json(
            {
                "ok": not found.faults,
                "examples": len(found.examples),
                "tasks": found.counts,
                "longest_tokens": found.longest,
                "tokens_are": "counted" if measure else "estimated",
                "faults": [_data(one) for one in found.faults],
                "doubts": [_data(one) for one in found.doubts],
            }
        )
    else:
        for one in found.faults[:SHOWN_FAULTS]:
            print(f"fault: {one}")
        if len(found.faults) > SHOWN_FAULTS:
            print(f"… and {counted(len(found.faults) - SHOWN_FAULTS, 'more fault')}; --json has all.")
        for one in found.doubts[:SHOWN_FAULTS]:
            print(f"doubt: {one}")
        tasks = ", ".join(f"{count} {task}" for task, count in found.counts.items()) or "no examples"
        unit = "tokens" if measure else "tokens (estimated)"
        print(f"{tasks}; the longest has {found.longest:,} {unit}; {counted(len(found.faults), 'fault')}")
    if found.faults:
        raise typer.Exit(1)


def _read(names: Sequence[str], evaluation: Sequence[Path]) -> Sources:
    """Read all files, so that every fault is told before anything long begins."""
    from finetune.data import leakage
    from finetune.errors import FinetuneError
    from finetune.imports import files

    faults: list[str] = []
    imported = []
    for name in names:
        if name in (TRANSCRIPTS, DOCUMENTS):
            continue
        path = Path(name).expanduser()
        if not path.is_file():
            faults.append(f"--from {name}: this is no file. Next: name transcripts, documents, or a file.")
            continue
        try:
            imported.append(files.read(path))
        except FinetuneError as error:
            faults.append(str(error))
    exam = leakage.exam([])
    try:
        exam = leakage.read(evaluation)
    except FinetuneError as error:
        faults.append(str(error))
    if faults:
        raise FinetuneError("\n".join(faults))
    return Sources(TRANSCRIPTS in names, DOCUMENTS in names, tuple(imported), exam)


def _found(
    application: "Application",
    sources: Sources,
    serving: "Serving",
    making: Any,
    *,
    unrated: bool,
    collection: str,
    progress: Any,
) -> Iterator["Candidate | Dropped"]:
    """Yield what all sources give; what people wrote comes before what a model made, so that it wins over copies."""
    from assistant.past_conversations import past_conversations
    from finetune.data import from_conversations, from_documents, from_examples, from_transcripts

    if sources.transcripts:
        past = past_conversations(application.store)
        yield from from_transcripts.candidates(past, serving, unrated=unrated)
    for imported in sources.files:
        yield from from_examples.candidates(imported.examples)
        yield from from_conversations.candidates(imported.conversations, serving)
    if sources.documents:
        chat = application.model.chat
        if chat is None:
            from agents.errors import AgentError

            raise AgentError(
                "Questions are made by a model, and none is set. Next: add --model embedded or ollama:NAME"
            )
        passages = application.library.passages(collections=(collection,))
        if not passages:
            from knowledge.errors import KnowledgeError

            raise KnowledgeError(f"The collection {collection!r} holds no documents. Next: frontdesk ingest PATH")
        yield from from_documents.candidates(passages, chat=chat, serving=serving, options=making, progress=progress)


def _serving(application: "Application", collection: str) -> "Serving":
    """Return how this company's assistant is asked; only what every visitor may read is ever learned."""
    from agents.answering import AnswerOptions
    from agents.checks.support import parts_of
    from agents.finding import find
    from agents.tools.search_knowledge import TOOL as SEARCH_KNOWLEDGE
    from agents.transcript import Message
    from finetune.serving import Serving
    from knowledge.passages import Passage

    settings = application.settings

    def search(question: str, history: Sequence[Message]) -> tuple[Passage, ...]:
        found = find(
            application.library,
            question,
            history,
            collections=(collection,),
            audiences=("public",),
            passages=application.responder_options.passages,
            passages_per_document=application.responder_options.passages_per_document,
        )
        return found.passages

    tools = (SEARCH_KNOWLEDGE, *application.acting.tools) if application.acting else ()
    answers = AnswerOptions(max_words=settings.max_words, company=settings.company)
    passages = application.library.passages(collections=(collection,))
    parts = frozenset[str]().union(*(parts_of(passage) for passage in passages))
    return Serving(
        search if passages else lambda *_: (),
        answers,
        tools,
        language=None if settings.language == "auto" else settings.language,
        exact_parts=parts,
    )


def _measure(base: str | None, home: Path, *, offline: bool) -> "Measure | None":
    """Return what counts an example's tokens as a base's template and tokenizer do; None without a base."""
    if base is None:
        return None
    from finetune.bases import open_base
    from finetune.rendering import render
    from finetune.weights import load_tokenizer

    tokenizer = load_tokenizer(open_base(base, home=home, offline=offline).folder)
    return lambda example: len(render(example, tokenizer).ids)


def _check_places(out: Path, heldout: Path | None, card: Path, *, read: Sequence[Path]) -> None:
    places = [place.absolute() for place in (out, heldout, card) if place]
    if len(set(places)) != len(places):
        raise typer.BadParameter("--out, --heldout and --card must be different files")
    if lost := {path.expanduser().resolve() for path in read} & {place.resolve() for place in places}:
        raise typer.BadParameter(f"{min(lost)} is read here, and would be replaced by what is made of it")
    for place in places:
        if not place.parent.is_dir():
            raise typer.BadParameter(f"the folder {place.parent} does not exist")


def _require_some(built: "Built", sources: Sequence[str]) -> None:
    """Refuse to replace files by empty ones; say what stood in the way."""
    from finetune.errors import FinetuneError

    if built.training:
        return
    reasons = ", ".join(f"{reason} ({count})" for reason, count in built.dropped_by_reason.items())
    ways = {
        "transcripts": "--unrated takes answers that nobody rated",
        "documents": "--model NAME asks a better model for questions, --questions N asks about more passages",
    }
    known = [ways[source] for source in sources if source in ways]
    others = [f"--from {name} reads your {name}" for name in ways if name not in sources]
    nothing = ": no rated answer, and no reply that one of your people wrote" if "transcripts" in sources else ""
    raise FinetuneError(
        f"Nothing to learn was found in {', '.join(sources)}"
        + (f"; left out: {reasons}" if reasons else nothing)
        + f". Next: {'; '.join([*known, *others, '--from FILE reads what you have'])}"
    )


def _tell(built: "Built", out: Path, heldout: Path | None, card: Path) -> None:
    from finetune.data.building import by_task

    tasks = ", ".join(f"{count} {task}" for task, count in by_task(built.training).items()) or "none"
    print(f"{counted(len(built.training), 'example')} ({tasks}): {out}")
    if heldout:
        few = "" if built.heldout else "; too few to hold any back. Next: train without --heldout, or raise --share"
        print(f"{len(built.heldout)} held out: {heldout}{few}")
    for reason, count in built.dropped_by_reason.items():
        print(f"{count} left out: {reason}")
    print(f"Data card: {card}")


def _data(found: Any) -> dict[str, Any]:
    return {"file": str(found.file), "line": found.line or None, "text": found.text}
