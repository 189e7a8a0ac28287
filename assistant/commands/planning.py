"""`finetune plan`: what tuning a model would take, before anything is downloaded.

base's configuration + this machine -> a table of full, LoRA and QLoRA, or one JSON object
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import AsJson, Base, Config, examples, print_json, settings_for
from knowledge.counting import counted

if TYPE_CHECKING:
    from finetune.footprint import Choices, Recipe
    from finetune.machine import Machine
    from finetune.plan import Planned
    from finetune.shapes import Shape

PLAN_EXAMPLES = examples(
    "frontdesk finetune plan",
    "frontdesk finetune plan --base mistralai/Mistral-7B-Instruct-v0.3",
    "frontdesk finetune plan --base ./Qwen2.5-7B-Instruct --recipe qlora --batch-size 1 --max-length 1024 "
    "--gradient-checkpointing",
    "frontdesk finetune plan --base ./model.gguf --examples 500 --json",
)
EPOCHS = 3
"""How often the recipes show each example unless told otherwise."""
OF_A_RECIPE = frozenset({"recipe", "gradient_checkpointing", "tight"})
"""What each recipe decides for itself."""
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
        int, typer.Option("--batch-size", metavar="N", min=1, help="Examples a pass through the model.")
    ] = 4,
    max_length: Annotated[
        int, typer.Option("--max-length", metavar="N", min=1, help="Tokens of the longest example.")
    ] = 512,
    learned: Annotated[
        float, typer.Option("--learned", metavar="SHARE", min=0.0, max=1.0, help="Share of tokens that are replies.")
    ] = 0.25,
    rank: Annotated[int, typer.Option("--rank", metavar="N", min=1, help="Of the adapters.")] = 16,
    dropout: Annotated[
        float, typer.Option("--dropout", metavar="SHARE", min=0.0, max=0.99, help="Of the adapters; 0 saves memory.")
    ] = 0.05,
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
    from finetune.footprint import OWN_TEXTS, RECIPES, Choices
    from finetune.machine import look, measure_speed
    from finetune.plan import plan as make_plan
    from finetune.shapes import read_shape

    if recipe is not None and recipe not in RECIPES:
        raise typer.BadParameter(f"--recipe {recipe} cannot be planned; known are {', '.join(RECIPES)}")
    settings = settings_for(config)
    shape = read_shape(base, home=settings.home, offline=settings.offline)
    machine = look()
    choices = Choices(
        batch=batch_size,
        length=max_length,
        learned=learned,
        rank=rank,
        dropout=dropout,
        own_texts=OWN_TEXTS,
    )
    speed = measure_speed(shape.hidden, shape.intermediate)
    chosen: Sequence[Recipe] = [name for name in RECIPES if recipe in {None, name}]
    planned = make_plan(
        shape, choices, machine=machine, operations_per_second=speed, recipes=chosen, checkpointing=checkpointing
    )
    if as_json:
        print_json(_data(base, shape, machine, speed, planned, count=count))
    else:
        print("\n".join(_lines(base, shape, machine, planned, count=count)))


def _data(
    base: str, shape: "Shape", machine: "Machine", speed: float, planned: "Sequence[Planned]", *, count: int
) -> dict[str, Any]:
    recipes = [
        {
            "recipe": item.choices.recipe,
            "gradient_checkpointing": item.choices.gradient_checkpointing,
            "memory": asdict(item.memory) | {"standing": item.memory.standing, "total": item.memory.total},
            "trainable_parameters": item.trainable,
            "trainable_share": item.trainable_share,
            "tokens_per_second": item.tokens_per_second,
            "seconds_per_step": item.seconds_per_step,
            "seconds": _seconds(item, count),
            "fits": item.fits,
        }
        for item in planned
    ]
    choices = {key: value for key, value in asdict(planned[0].choices).items() if key not in OF_A_RECIPE}
    return {
        "base": base,
        "shape": asdict(shape) | {"parameters": shape.parameters},
        "machine": asdict(machine) | {"operations_per_second": speed},
        "choices": choices | {"examples": count, "epochs": EPOCHS},
        "recipes": recipes,
    }


def _lines(base: str, shape: "Shape", machine: "Machine", planned: "Sequence[Planned]", *, count: int) -> Iterator[str]:
    choices = planned[0].choices
    yield f"{base}: {shape.family}, {shape.parameters / 1e9:.2f} billion parameters, {shape.layers} layers."
    yield _choices_line(choices)
    yield ""
    yield f"  {'GB':<22}" + "".join(f"{item.choices.recipe:>10}" for item in planned)
    for name, label in ROWS:
        yield f"  {label:<22}" + "".join(f"{getattr(item.memory, name) / 1e9:>10.2f}" for item in planned)
    yield f"  {'weights tuned':<22}" + "".join(f"{item.trainable_share:>10.2%}" for item in planned)
    yield f"  {'layers computed':<22}" + "".join(f"{_how_often(item):>10}" for item in planned)
    yield f"  {'tokens a second':<22}" + "".join(f"{item.tokens_per_second:>10.0f}" for item in planned)
    hours = "".join(f"{_seconds(item, count) / 3600:>10.1f}" for item in planned)
    yield f"  {f'hours, {count} x {EPOCHS}':<22}{hours}"
    yield f"  {'fits here':<22}" + "".join(f"{'yes' if item.fits else 'no':>10}" for item in planned)
    yield ""
    yield _machine_line(machine)
    yield from _advice(planned)


def _choices_line(choices: "Choices") -> str:
    return (
        f"{counted(choices.batch, 'example')} of {choices.length} tokens at once, {choices.learned:.0%} of them "
        f"learned, rank {choices.rank}."
    )


def _how_often(item: "Planned") -> str:
    return "twice" if item.choices.gradient_checkpointing else "once"


def _machine_line(machine: "Machine") -> str:
    line = f"This machine: {machine.memory / 1e9:.0f} GB of memory, {machine.free / 1e9:.0f} GB of it free"
    if machine.card is None:
        return f"{line}; no NVIDIA graphics card."
    card = f"{machine.card.name} with {machine.card.memory / 1e9:.0f} GB"
    return f"{line}; {card}." if machine.trains_on_card else f"{line}; {card}, which the installed torch cannot use."


def _advice(planned: "Sequence[Planned]") -> Iterator[str]:
    if any(item.fits for item in planned):
        return
    choices = planned[-1].choices
    ways = [] if all(item.choices.gradient_checkpointing for item in planned) else ["--gradient-checkpointing"]
    ways += ["--batch-size 1"] if choices.batch > 1 else []
    yield f"Nothing of this fits. Next: {', '.join([*ways, 'a shorter --max-length, or a smaller --base'])}"


def _seconds(item: "Planned", count: int) -> float:
    """Return the time for all examples, each as long as the longest: an upper bound."""
    return count * EPOCHS * item.choices.length / item.tokens_per_second
