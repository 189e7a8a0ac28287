"""`evaluate agent`: gold calls through the tool runner, or a model's next call against the gold one.

tasks + domain -> replay | next calls -> a table or one JSON object
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import AsJson, Config, Model, examples, opened, print_json, progress_bar, settings_for
from knowledge.counting import counted

if TYPE_CHECKING:
    from agents.trials.next_call import NextCallReport
    from agents.trials.replay import Replayed
    from knowledge.scores import Score

AGENT_EXAMPLES = examples(
    "frontdesk evaluate agent --domain bench.tau2_retail --tasks tasks.jsonl --replay",
    "frontdesk evaluate agent --domain bench.tau2_retail --tasks tasks.jsonl --model embedded --limit 50",
    "frontdesk evaluate agent --domain ourshop.domain:DOMAIN --tasks tasks.jsonl --replay --json",
)
SHOWN = 10
TEXT_CHARACTERS = 200


def agent(
    domain: Annotated[str, typer.Option("--domain", metavar="DOTTED", help="A domain pack: package.module[:NAME].")],
    tasks: Annotated[
        Path, typer.Option("--tasks", metavar="FILE", help="Tasks with gold calls, one JSON object a line.")
    ],
    replay: Annotated[
        bool, typer.Option("--replay", help="Run the gold calls; compare results and database. No model.")
    ] = False,
    model: Model = None,
    limit: Annotated[
        int | None, typer.Option("--limit", metavar="N", min=1, help="A random N of the calls, the same every time.")
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure an agent that acts: do its tools do what they should, and does a model know the next call?"""
    from agents.domain import load_domain
    from agents.trials.tasks import read_tasks

    if replay and (model is not None or limit is not None):
        raise typer.BadParameter("--replay takes no --model and no --limit: it runs every gold call itself")
    settings = settings_for(config, model=model)
    pack, asked = load_domain(domain), read_tasks(tasks)
    data = tasks.resolve().parent
    if replay:
        from agents.trials.replay import replay as replay_all

        with progress_bar("Tasks") as progress:
            replayed = replay_all(pack, asked, data=data, progress=lambda done, total: progress("", done, total))
        _print_replayed(replayed, as_json=as_json)
        return
    from agents.trials.next_call import cases_of, evaluate, sample

    cases = sample(cases_of(pack, asked, data=data), limit)
    with (
        opened(settings) as application,
        closing(application.load_model(settings.model)) as loaded,
        progress_bar("Calls") as progress,
    ):
        loaded.check()
        report = evaluate(loaded, cases, progress=lambda done, total: progress("", done, total))
    if as_json:
        print_json(_plain(report))
    else:
        print("\n".join(_next_call_lines(report)))


def _print_replayed(replayed: "Sequence[Replayed]", *, as_json: bool) -> None:
    right = sum(task.ok for task in replayed)
    if as_json:
        print_json({"tasks": [asdict(task) for task in replayed], "ok": right, "n": len(replayed)})
        return
    for task in [task for task in replayed if not task.ok][:SHOWN]:
        print(f"{task.id}: {counted(len(task.differences), 'difference')}")
        for found in task.differences[:SHOWN]:
            place = "/".join(found.get("path", ()))
            print(f"  {found['where']} {place}: {_short(found['expected'])} expected, {_short(found['found'])} found")
    print(f"{right} of {counted(len(replayed), 'task')} came out right.")


def _plain(report: "NextCallReport") -> dict[str, Any]:
    data = asdict(report)
    return {"model": data.pop("model"), "n": report.tool.n, **data}


def _next_call_lines(report: "NextCallReport") -> "Iterator[str]":
    yield f"{report.model}, {counted(report.tool.n, 'call')} of {counted(report.tasks, 'task')}:"
    for name, score in (
        ("right tool", report.tool),
        ("and right arguments", report.arguments),
        ("readable steps", report.read),
        ("prompts cut to fit", report.cut),
    ):
        yield f"  {name:<20} {_score(score)}"


def _score(score: "Score") -> str:
    return f"{score.value:.3f} [{score.low:.3f}, {score.high:.3f}], n={score.n}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= TEXT_CHARACTERS else text[:TEXT_CHARACTERS] + "…"
