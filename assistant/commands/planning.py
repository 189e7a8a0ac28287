"""`finetune plan`: what tuning a model would take, before anything is downloaded.

base's configuration + this machine -> a table of full, LoRA and QLoRA, or one JSON object
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import AsJson, Base, Config, examples, print_json, settings_for
from knowledge.counting import counted

if TYPE_CHECKING:
    from finetune.footprint import Recipe
    from finetune.machine import Machine
    from finetune.plan import Planned
    from finetune.shapes import Shape

PLAN_EXAMPLES = examples(
    "frontdesk finetune plan",
    "frontdesk finetune plan --base mistralai/Mistral-7B-Instruct-v0.3",
    "frontdesk finetune plan --base ./Qwen2.5-7B-Instruct --recipe qlora --batch-size 8 --at-once 1 "
    "--max-length 1024 --gradient-checkpointing",
    "frontdesk finetune plan --base ./model.gguf --examples 500 --json",
)
OF_A_RECIPE = frozenset({"recipe", "batch", "gradient_checkpointing", "tight"})
"""What each recipe decides for itself."""
DAY_SECONDS = 86_400
LONG_SECONDS = 3 * DAY_SECONDS
"""From here on no command to train is told: nobody waits for it."""
ROWS = (
    ("weights", "weights"),
    ("gradients", "gradients"),
    ("optimizer", "optimizer"),
    ("activations", "activations"),
    ("logits", "logits"),
    ("working", "for a moment"),
    ("heap", "heap, not given back"),
    ("libraries", "libraries"),
    ("total", "in all, at the peak"),
)


def plan(
    base: Base = "embedded",
    recipe: Annotated[
        str | None, typer.Option("--recipe", metavar="NAME", help="qlora, lora or full; without it all three.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", metavar="N", min=1, help="Examples a step; else the recipe's 16.")
    ] = None,
    at_once: Annotated[
        int | None,
        typer.Option(
            "--at-once",
            metavar="N",
            min=1,
            help="Examples a pass through the model; else as many as fit into the memory that is free now.",
        ),
    ] = None,
    max_length: Annotated[
        int, typer.Option("--max-length", metavar="N", min=1, help="Tokens of the longest example.")
    ] = 512,
    learned: Annotated[
        float, typer.Option("--learned", metavar="SHARE", min=0.0, max=1.0, help="Share of tokens that are replies.")
    ] = 0.25,
    rank: Annotated[
        int | None, typer.Option("--rank", metavar="N", min=1, help="Of the adapters; else the recipe's 16.")
    ] = None,
    dropout: Annotated[
        float | None,
        typer.Option(
            "--dropout", metavar="SHARE", min=0.0, max=0.99, help="Of the adapters; else 0.05; 0 saves memory."
        ),
    ] = None,
    checkpointing: Annotated[
        bool | None,
        typer.Option(
            "--gradient-checkpointing/--no-gradient-checkpointing",
            help="Compute layers twice to keep less; without it, where it does not fit otherwise.",
        ),
    ] = None,
    count: Annotated[
        int, typer.Option("--examples", metavar="N", min=1, help="How many examples the time is told for.")
    ] = 1000,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Tell memory and time of tuning a model here; of a hub model only its config.json is fetched."""
    from finetune.footprint import RECIPES
    from finetune.machine import look, measure_speed
    from finetune.shapes import read_shape

    if recipe is not None and recipe not in RECIPES:
        raise typer.BadParameter(f"--recipe {recipe} cannot be planned; known are {', '.join(RECIPES)}")
    settings = settings_for(config)
    shape = read_shape(base, home=settings.home, offline=settings.offline)
    machine, speed = look(), measure_speed(shape.hidden, shape.intermediate)
    numbers = {
        "batch_size": batch_size,
        "at_once": at_once,
        "rank": rank,
        "dropout": dropout,
        "gradient_checkpointing": None if checkpointing is None else "on" if checkpointing else "off",
    }
    plans = [
        _as_trained(
            name,
            numbers,
            shape=shape,
            machine=machine,
            speed=speed,
            length=max_length,
            learned=learned,
            count=count,
        )
        for name in RECIPES
        if recipe in {None, name}
    ]
    if as_json:
        print_json(_data(base, shape, machine, speed, plans, count=count))
    else:
        print("\n".join([*_lines(base, shape, machine, plans, count=count), _advice(base, plans, config=config)]))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a recipe takes, and the words after `finetune train` that make it so."""

    item: "Planned"
    epochs: float
    words: tuple[str, ...]
    count: int
    """Of examples."""

    @property
    def seconds(self) -> float:
        """For all examples, each as long as the longest: an upper bound."""
        return self.count * self.epochs * self.item.choices.length / self.item.tokens_per_second


def _as_trained(
    name: "Recipe",
    numbers: Mapping[str, object],
    *,
    shape: "Shape",
    machine: "Machine",
    speed: float,
    length: int,
    learned: float,
    count: int,
) -> _Plan:
    """Plan a recipe with its own numbers, but for those that were given."""
    from finetune.footprint import OWN_TEXTS, Choices
    from finetune.plan import plan as make_plan
    from finetune.recipe import as_data, settings_of
    from finetune.recipes.adapting import chosen_epochs

    known = as_data(settings_of(name))
    longer = {"max_length": length} if length > known["max_length"] else {}
    wanted = {**numbers, **longer}
    words = tuple(f"{key}={value}" for key, value in wanted.items() if value is not None and key in known)
    settings = settings_of(name, words)
    adapter = {key: getattr(settings, key) for key in ("rank", "dropout") if key in known}
    (item,) = make_plan(
        shape,
        Choices(length=length, learned=learned, own_texts=OWN_TEXTS if known.get("keep") else (0, 0), **adapter),
        batch_size=settings.batch_size,
        at_once=settings.at_once or None,
        machine=machine,
        operations_per_second=speed,
        recipes=[name],
        checkpointing=settings.gradient_checkpointing,
    )
    return _Plan(item, chosen_epochs(settings, count), words, count)


def _data(
    base: str, shape: "Shape", machine: "Machine", speed: float, plans: Sequence[_Plan], *, count: int
) -> dict[str, Any]:
    recipes = [
        {
            "recipe": plan.item.choices.recipe,
            "at_once": plan.item.choices.batch,
            "accumulation": plan.item.accumulation,
            "gradient_checkpointing": plan.item.choices.gradient_checkpointing,
            "tight": plan.item.choices.tight,
            "memory": asdict(plan.item.memory)
            | {"standing": plan.item.memory.standing, "total": plan.item.memory.total},
            "trainable_parameters": plan.item.trainable,
            "trainable_share": plan.item.trainable_share,
            "tokens_per_second": plan.item.tokens_per_second,
            "seconds_per_step": plan.item.seconds_per_step,
            "epochs": plan.epochs,
            "seconds": plan.seconds,
            "fits": plan.item.fits,
        }
        for plan in plans
    ]
    last = plans[-1].item
    choices = {key: value for key, value in asdict(last.choices).items() if key not in OF_A_RECIPE}
    return {
        "base": base,
        "shape": asdict(shape) | {"parameters": shape.parameters},
        "machine": asdict(machine) | {"operations_per_second": speed},
        "choices": choices | {"batch_size": last.batch_size, "examples": count},
        "recipes": recipes,
    }


def _lines(base: str, shape: "Shape", machine: "Machine", plans: Sequence[_Plan], *, count: int) -> Iterator[str]:
    planned = [plan.item for plan in plans]
    yield f"{base}: {shape.family}, {shape.parameters / 1e9:.2f} billion parameters, {shape.layers} layers."
    yield _choices_line(planned[-1])
    yield ""
    yield f"  {'GB':<22}" + "".join(f"{item.choices.recipe:>10}" for item in planned)
    for name, label in ROWS:
        yield f"  {label:<22}" + "".join(f"{getattr(item.memory, name) / 1e9:>10.2f}" for item in planned)
    yield f"  {'weights tuned':<22}" + "".join(f"{item.trainable_share:>10.2%}" for item in planned)
    yield f"  {'examples at once':<22}" + "".join(f"{item.choices.batch:>10}" for item in planned)
    yield f"  {'layers computed':<22}" + "".join(f"{_how_often(item):>10}" for item in planned)
    yield f"  {'freed memory':<22}" + "".join(f"{_freed(item):>10}" for item in planned)
    yield f"  {'tokens a second':<22}" + "".join(f"{item.tokens_per_second:>10.0f}" for item in planned)
    yield f"  {'times each example':<22}" + "".join(f"{plan.epochs:>10g}" for plan in plans)
    label = f"hours, {counted(count, 'example')}"
    hours = "".join(f"{plan.seconds / 3600:>10.1f}" for plan in plans)
    yield f"  {label:<22}{hours}"
    yield f"  {'fits here':<22}" + "".join(f"{'yes' if item.fits else 'no':>10}" for item in planned)
    yield ""
    yield _machine_line(machine)


def _choices_line(item: "Planned") -> str:
    return (
        f"{counted(item.batch_size, 'example')} of {item.choices.length} tokens a step, {item.choices.learned:.0%} of "
        f"them learned, rank {item.choices.rank}."
    )


def _how_often(item: "Planned") -> str:
    return "twice" if item.choices.gradient_checkpointing else "once"


def _freed(item: "Planned") -> str:
    return "returned" if item.choices.tight else "kept"


def _machine_line(machine: "Machine") -> str:
    line = f"This machine: {machine.memory / 1e9:.0f} GB of memory, {machine.free / 1e9:.0f} GB of it free"
    if machine.card is None:
        return f"{line}; no NVIDIA graphics card."
    card = f"{machine.card.name} with {machine.card.memory / 1e9:.0f} GB"
    return f"{line}; {card}." if machine.trains_on_card else f"{line}; {card}, which the installed torch cannot use."


def _advice(base: str, plans: Sequence[_Plan], *, config: Path | None) -> str:
    """Return the command that trains as planned, or what takes less memory where nothing fits."""
    if fitting := [plan for plan in plans if plan.item.fits]:
        last = fitting[-1]
        if last.seconds > LONG_SECONDS:
            days = counted(round(last.seconds / DAY_SECONDS), "day")
            return (
                f"It fits, but would take {days} here. Next: a faster machine (with a graphics card), a smaller "
                f"--base, a shorter --max-length, or train with fewer passes than {last.epochs:g}: epochs=1"
            )
        words = ["frontdesk", "finetune", "train", "--data", "FILE", "--base", base]
        words += ["--config", str(config)] if config else []
        return f"Next: {shlex.join([*words, '--recipe', last.item.choices.recipe, *last.words])}"
    ways = ["--gradient-checkpointing"] if any("gradient_checkpointing=off" in plan.words for plan in plans) else []
    ways += ["--at-once 1"] if any(plan.item.choices.batch > 1 for plan in plans) else []
    return f"Nothing of this fits. Next: {', '.join([*ways, 'a shorter --max-length, or a smaller --base'])}"
