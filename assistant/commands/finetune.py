"""`finetune train`: examples in, a measured adapter out.

examples + base + recipe -> runs/NAME/ -> its manifest
"""

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import AsJson, Base, Config, examples, print_json, settings_for, signs_of_life, warn
from knowledge.counting import counted

if TYPE_CHECKING:
    from finetune.training import Request

TRAIN_EXAMPLES = examples(
    "frontdesk finetune train --data examples.jsonl",
    "frontdesk finetune train --data examples.jsonl --heldout heldout.jsonl --recipe qlora --run replies",
    "frontdesk finetune train --data examples.jsonl --base ./Mistral-7B-Instruct-v0.3 epochs=2 rank=8 --json",
)
AVERAGE_EXAMPLES = examples(
    "frontdesk finetune average replies-0 replies-1 replies-2 --run replies",
    "frontdesk finetune average replies-0 replies-1 --run replies --json",
)
DATA_NAMES = 3
"""How many data files a run is named after."""

app = typer.Typer(no_args_is_help=True)


@app.command(epilog=TRAIN_EXAMPLES)
def train(
    overrides: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE…]", help="Numbers of the recipe, such as epochs=2.")
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option("--data", metavar="FILE", help="Examples to learn from; may be given again.")
    ] = None,
    heldout: Annotated[
        list[Path] | None, typer.Option("--heldout", metavar="FILE", help="Examples to measure on, never learned from.")
    ] = None,
    base: Base = "embedded",
    recipe: Annotated[
        str, typer.Option("--recipe", metavar="NAME", help="qlora, lora, full, continue, or embedder.")
    ] = "qlora",
    run: Annotated[
        str | None, typer.Option("--run", metavar="NAME", help="The run's name; the same name again goes on with it.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of all that is drawn by chance.")] = 0,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Tune a model on your examples. Stopped or killed, the same command goes on where it was."""
    from finetune import processes
    from finetune.going_on import command_of
    from finetune.training import Request, prepare
    from finetune.training import train as train_now

    if not data:
        raise typer.BadParameter("name the examples: --data FILE")
    settings = settings_for(config)
    name = run or "-".join((*(path.stem for path in data[:DATA_NAMES]), recipe))
    request = Request(
        tuple(data),
        name,
        heldout=tuple(heldout or ()),
        base=base,
        recipe=recipe,
        seed=seed,
        overrides=tuple(overrides or ()),
        offline=settings.offline,
    )
    prepared = prepare(request, home=settings.home)
    if processes.is_first():
        held = f", {len(prepared.heldout)} held out" if prepared.heldout else ", none held out"
        warn(f"{counted(len(prepared.train), 'example')} to learn from{held}; run {name}: {prepared.folder}")
    command = command_of(words_for(request, config=config))
    try:
        with training_bar() as progress:
            finished = train_now(prepared, home=settings.home, progress=progress, command=command)
    except KeyboardInterrupt:
        warn(f"Stopped. The same command goes on with the run {name}.")
        raise
    if not processes.is_first():
        return
    if as_json:
        print_json(finished.manifest)
    else:
        print("\n".join(summary(finished.manifest)))


@app.command(epilog=AVERAGE_EXAMPLES)
def average(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN…", help="Finished runs of one base, other seeds say.")],
    run: Annotated[str, typer.Option("--run", metavar="NAME", help="What their mean is called.")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make one run of the mean of several adapters: nothing is learned anew, and it serves at the price of one."""
    from finetune.averaging import average as average_now

    made = average_now(runs, run, home=settings_for(config).home)
    if as_json:
        print_json(made.manifest)
    else:
        print(f"Run {made.name}: the mean of {', '.join(made.manifest['averaged'])}, in {made.folder}")
        print(f"Next: frontdesk finetune compare {runs[0]} {made.name} --examples FILE")


def words_for(request: "Request", *, config: Path | None) -> list[str]:
    """Return a command that asks for this request from anywhere: paths are absolute, nothing is left to defaults."""
    words = [sys.executable, "-m", "assistant.cli", "finetune", "train", *request.overrides]
    for option, paths in (("--data", request.data), ("--heldout", request.heldout)):
        words += [word for path in paths for word in (option, str(path.absolute()))]
    words += ["--base", request.base, "--recipe", request.recipe, "--run", request.name, "--seed", str(request.seed)]
    return [*words, *(["--config", str(config.absolute())] if config else [])]


@contextmanager
def training_bar() -> Iterator[Callable[[Mapping[str, Any]], None] | None]:
    """Hand out what shows a run's log as it grows: a bar on a terminal, a line now and then in a pipe."""
    from finetune import processes

    if not processes.is_first():
        yield None
        return
    seen: dict[str, Any] = {}
    if not sys.stderr.isatty():
        with signs_of_life("Training") as turn_to:
            turn_to("getting ready")

            def tell(line: Mapping[str, Any]) -> None:
                seen.update(line)
                turn_to(f"step {seen['step']} of {seen['steps']}, {described(seen)}")

            yield tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("step {task.completed}/{task.total}"), BarColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("getting ready", total=None)

        def show(line: Mapping[str, Any]) -> None:
            seen.update(line)
            bar.update(task, completed=seen["step"], total=seen["steps"], description=described(seen))

        yield show


def described(line: Mapping[str, Any]) -> str:
    """Return a line of a run's log for people."""
    if "seconds_left" not in line:
        return "going on" if line["step"] else "the first step"
    minutes, seconds = divmod(int(line["seconds_left"]), 60)
    parts = [f"{minutes}:{seconds:02} left"]
    if "loss" in line:
        parts.append(f"loss {line['loss']:.3f}, rate {line['learning_rate']:.1e}")
    if "heldout_loss" in line:
        parts.append(f"held out {line['heldout_loss']:.3f}")
    return ", ".join((*parts, f"{line['tokens_per_second']:.0f} tokens/s, {line['memory_bytes'] / 1e9:.1f} GB"))


def summary(manifest: Mapping[str, Any]) -> list[str]:
    """Return what a person wants to know of a finished run."""
    names = {"train_loss": "loss", "heldout_loss": "held out"}
    losses = [f"{name} {manifest[key]:.3f}" for key, name in names.items() if manifest[key] is not None]
    steps, examples = counted(manifest["steps"], "step"), counted(manifest["data"]["train"], "example")
    lines = [
        f"Run {manifest['run']}: {manifest['recipe']} on {manifest['base']['name']}, {steps}.",
        f"  learned from {examples}; {manifest['trainable_share']:.2%} of the weights tuned",
        f"  {manifest['tokens_per_second']:.0f} tokens/s, {manifest['seconds']:.0f} s, "
        f"at most {manifest['peak_memory_bytes'] / 1e9:.1f} GB of memory",
        f"  {', '.join(losses) or 'no loss was measured'}",
        f"  in {manifest['path']}",
    ]
    if manifest["base"]["precision"].startswith("dequantized"):
        lines.append(
            f"Warning: the base was {manifest['base']['precision'].removeprefix('dequantized ')}-quantized; what that "
            "lost stays lost. The 16-bit model of its makers is the better base."
        )
    return [*lines, f"Next: frontdesk evaluate model {manifest['run']} --examples {_held_out(manifest)}"]


def _held_out(manifest: Mapping[str, Any]) -> str:
    """Return where the examples lie that a run kept to be measured on; FILE where it kept none."""
    from finetune.runs import HELD_OUT

    return shlex.quote(str(Path(manifest["path"]) / HELD_OUT)) if manifest["data"].get("heldout") else "FILE"
