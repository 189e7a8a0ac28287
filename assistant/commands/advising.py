"""`finetune advise` and `intents train|show|route`: what helps with the owner's data, and the intents that serve.

examples -> measured -> advice; labelled texts -> the model that measured best -> home/intents/
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.judging import shown
from assistant.commands.options import (
    AsJson,
    Config,
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
    from finetune.examples import Example
    from finetune.judging.advice import Advice, Method
    from finetune.judging.predicting import Subject
    from finetune.labels.classifier_training import Labelled
    from finetune.labels.intent_trial import Trial

app = typer.Typer(no_args_is_help=True)
ADVISE_EXAMPLES = examples(
    "frontdesk finetune advise --data examples.jsonl",
    "frontdesk finetune advise --data train.jsonl --heldout heldout.jsonl --run my-intents",
    "frontdesk finetune advise --data examples.jsonl --html advice.html",
    "frontdesk finetune advise --data examples.jsonl --quick --json",
)
TRAIN_EXAMPLES = examples(
    "frontdesk intents train --data messages.csv",
    "frontdesk intents train --data train.jsonl --heldout heldout.jsonl --run my-intents",
)
SHOW_EXAMPLES = examples("frontdesk intents show", "frontdesk intents show --text 'Where is my parcel?'")
ROUTE_EXAMPLES = examples(
    "frontdesk intents route cancel_order tools",
    "frontdesk intents route delivery_times documents",
    "frontdesk intents route small_talk none",
)

Data = Annotated[
    list[Path] | None, typer.Option("--data", metavar="FILE", help="Examples, or rows with text and label.")
]
Heldout = Annotated[
    list[Path] | None, typer.Option("--heldout", metavar="FILE", help="Examples that nothing learned from.")
]
Runs = Annotated[
    list[str] | None, typer.Option("--run", metavar="NAME", help="A tuned run or release, to be measured beside.")
]


def advise(
    data: Data = None,
    heldout: Heldout = None,
    run: Runs = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the untuned model, which takes a minute to ask.")
    ] = False,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE.html", help="Write a page to read.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Say what helps: retrieval, a classical model, tuning, or more data first; with reasons and numbers."""
    from finetune.judging.advice import advise as advise_on
    from finetune.judging.advice import labelled
    from finetune.judging.predicting import open_subject
    from knowledge import results

    if not data:
        raise typer.BadParameter("name the examples: --data FILE")
    results.check_places(None, html)
    settings = settings_for(config)
    known, held = _read(data), _read(heldout or [])
    methods: Sequence[Method] = ()
    texts = labelled(known)
    if _is_measurable(texts):
        with opened(settings) as application:
            methods = _measured(
                application,
                texts,
                labelled(held),
                [open_subject(name, home=settings.home) for name in run or []],
                untuned=None if quick else "embedded",
            ).methods
    advice = advise_on(known, has_heldout=bool(held), methods=methods)
    if html is not None:
        from finetune.judging import advice_report

        page = advice_report.page(advice, command=typed(), made=now(), heldout=bool(labelled(held).texts))
        results.write_text(html, page)
    if as_json:
        print_json({"verdict": advice.verdict, "tune": advice.tune, **asdict(advice)})
    else:
        print("\n".join(advice_lines(advice)))
        if html is not None:
            print(f"\nThe same as a page: {html}")


@app.command("train", epilog=TRAIN_EXAMPLES)
def train(
    data: Data = None,
    heldout: Heldout = None,
    run: Runs = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Train what tells a message's intent, measure it, and keep whatever measured best."""
    from finetune.errors import FinetuneError
    from finetune.judging.advice import labelled
    from finetune.labels import intents

    if not data:
        raise typer.BadParameter("name the labelled texts: --data FILE")
    settings = settings_for(config)
    texts, held = labelled(_read(data)), labelled(_read(heldout or []))
    if not texts.texts:
        raise FinetuneError(
            f"{', '.join(map(str, data))} holds no intents. Next: rows with the columns text and label, or examples of "
            "the task intent."
        )
    tuned = _as_served(run or [], settings.home)
    with opened(settings) as application:
        trial = _measured(application, texts, held, tuned, untuned=None)
        chosen = intents.keep_best(
            trial,
            texts,
            embedder=application.library.embedder,
            home=settings.home,
            tuned=tuned,
            opening=held.opening,
        )
        routes = intents.read_routes(settings.home)
    if as_json:
        print_json({**asdict(chosen), "methods": [asdict(method) for method in trial.methods]})
        return
    on = "held-out texts" if trial.heldout else "texts left out in turn"
    print("\n".join(method_lines(trial.methods, on=on)))
    print(f"In use from now on: {chosen.method}, for {len(chosen.labels)} intents. {chosen.note}".rstrip())
    print(f"It is sure of {100 * chosen.sure_share:.0f} of 100 messages; only those lead anywhere.")
    if not routes:
        print(f"Next: say what an intent leads to, such as frontdesk intents route {chosen.labels[0]} tools|documents")


@app.command("show", epilog=SHOW_EXAMPLES)
def show(
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="What would this message be?")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show the intents in use and what they lead to; with --text, what a message is taken for."""
    from assistant.app import model_options
    from finetune.labels import intents

    settings = settings_for(config)
    in_use = intents.open_intents(settings.home, options=model_options(settings))
    result: dict[str, Any] = {**asdict(in_use.record), "routes": dict(in_use.routes)}
    if text is not None:
        with closing(in_use), opened(settings) as application:
            result["reading"] = asdict(in_use.model.read(text, application.library.embedder))
    if as_json:
        print_json(result)
        return
    print(f"{in_use.record.method}: {shown(in_use.record.score)} right")
    for label in in_use.record.labels:
        print(f"  {label:<32} {in_use.routes.get(label, '')}")
    if text is not None:
        reading = result["reading"]
        print(f"{text!r}: {reading['label']}, {reading['chance']:.2f}{'' if reading['sure'] else ', not sure'}")


@app.command("route", epilog=ROUTE_EXAMPLES)
def route(
    label: Annotated[str, typer.Argument(metavar="LABEL", help="An intent.")],
    target: Annotated[str, typer.Argument(metavar="tools|documents|none", help="What it leads to.")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Say what an intent leads to, whenever it is told with certainty."""
    from finetune.labels import intents

    routes = intents.set_route(label, target, home=settings_for(config).home)
    if as_json:
        print_json({"routes": routes})
    else:
        print(f"{label} → {routes.get(label, 'as before')}. A running server takes it up when it starts again.")


def advice_lines(advice: "Advice") -> Iterator[str]:
    """Yield an advice for the terminal."""
    yield advice.verdict
    for one in advice.tasks:
        yield f"\n{one.task}, {counted(one.figures['n'], 'example')}"
        yield f"  {one.says}"
        yield from (f"  · {reason}" for reason in one.reasons)
    if advice.warnings:
        yield ""
        yield from (f"Warning: {line}" for line in advice.warnings)


def method_lines(methods: "Sequence[Method]", *, on: str) -> Iterator[str]:
    """Yield what was measured for the terminal."""
    yield f"Right, on {on}:"
    for one in methods:
        gap = one.against_best
        behind = "" if gap is None or gap.difference is None else f"; {100 * gap.difference:+.1f} points, p={gap.p}"
        yield f"  {one.name:<42} {shown(one.score)}, {one.seconds:.0f} s{behind}"


def _measured(
    application: "Application", texts: "Labelled", held: "Labelled", tuned: "Sequence[Subject]", *, untuned: str | None
) -> "Trial":
    from assistant.app import model_options
    from finetune.judging.predicting import open_subject
    from finetune.labels.intent_trial import measure

    settings = application.settings
    with progress_bar("Texts") as progress:
        return measure(
            texts,
            embedder=application.library.embedder,
            heldout=held if held.texts else None,
            untuned=open_subject(untuned, home=settings.home) if untuned else None,
            tuned=tuned,
            options=model_options(settings),
            progress=progress,
        )


def _as_served(names: Sequence[str], home: Path) -> "list[Subject]":
    """Return tuned models as they would serve; a run becomes a file first, which takes the most of the time."""
    from finetune.judging.predicting import open_subject
    from finetune.labels.tuned_intents import as_served

    found = []
    for name in names:
        with progress_bar(name) as progress:
            found.append(as_served(open_subject(name, home=home), home=home, progress=progress))
    return found


def _is_measurable(texts: "Labelled") -> bool:
    from collections import Counter

    counts = Counter(texts.labels)
    return len(counts) >= 2 and min(counts.values()) >= 2


def _read(paths: Sequence[Path]) -> "tuple[Example, ...]":
    from finetune.examples import read

    return tuple(example for path in paths for example in read(path))
