"""What a training recipe is: numbers in a TOML file, a function beside it.

    recipes/NAME.toml < KEY=VALUE… -> Settings -> train(Job) -> Outcome

A recipe's numbers live in its own file; what was really used goes into the run's manifest. Reading settings needs no
torch: everything that can be wrong is told before a model is loaded.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, get_args, get_type_hints

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.recipes import RECIPES

FOLDER = Path(__file__).parent / "recipes"


@dataclass(frozen=True, slots=True)
class Job:
    """One run as a recipe sees it."""

    base: Base
    train: Sequence[Example]
    heldout: Sequence[Example]
    """Never learned from: its loss says when to stop. May be empty."""
    folder: Path
    """Where checkpoints, log and results go."""
    seed: int
    settings: Any
    """An instance of the recipe's Settings."""
    progress: Callable[[Mapping[str, Any]], None] | None = None
    """Called with each line of the run's log."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a recipe measured; the results themselves lie in the job's folder."""

    steps: int
    epochs: float
    trainable: int
    """Parameters that were tuned."""
    parameters: int
    """Parameters of the model in all."""
    train_loss: float
    """Mean over the last epoch, nats a token."""
    heldout_loss: float | None
    """Of the weights that were kept, nats a token; None without held-out examples."""
    tokens_per_second: float
    """Tokens of examples (no padding) learned from, a second of training alone."""
    peak_memory_bytes: int
    """Of this process, or of the graphics processor where one trained."""
    seconds: float
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What only this recipe has to say, for the manifest."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to train."""

    settings: type
    """A frozen dataclass, a docstring under every field; its defaults are the TOML's to give."""
    train: Callable[[Job], Outcome]
    summary: str
    """One line for people."""


def open_recipe(name: str) -> Recipe:
    """Return a recipe by its name in the table, or by a dotted name `package.module:RECIPE`.

    Raises:
        FinetuneError: there is none of this name.
    """
    dotted = RECIPES.get(name, name if ":" in name else "")
    if not dotted:
        raise FinetuneError(f"There is no recipe {name!r}. Next: --recipe with one of {', '.join(RECIPES)}.")
    try:
        recipe = resolve_name(dotted)
    except (ImportError, AttributeError) as error:
        raise FinetuneError(f"The recipe {dotted} cannot be imported ({error}). Next: check its name.") from error
    if not isinstance(recipe, Recipe):
        raise FinetuneError(f"{dotted} is no Recipe. Next: give the name of a finetune.recipe.Recipe.")
    return recipe


def settings_of(name: str, overrides: Sequence[str] = ()) -> Any:
    """Return a recipe's settings: its TOML, then `KEY=VALUE` words over it.

    Raises:
        FinetuneError: a word is no KEY=VALUE, its key is unknown or its value does not fit; all faults at once.
    """
    recipe = open_recipe(name)
    values = _table(name)
    hints = get_type_hints(recipe.settings)
    faults = []
    for word in overrides:
        key, equals, text = word.partition("=")
        if not equals:
            faults.append(f"{word!r} is no KEY=VALUE.")
        elif key not in hints:
            known = ", ".join(entry.name for entry in fields(recipe.settings))
            faults.append(f"The recipe {name} has no setting {key!r}; it has {known}.")
        else:
            try:
                values[key] = _parse(text, hints[key])
            except ValueError as error:
                faults.append(f"{key}={text}: {error}.")
    if faults:
        raise FinetuneError("\n".join(faults) + f"\nNext: mend these; what they mean: finetune/recipes/{name}.toml")
    return recipe.settings(**values)


def as_data(settings: Any) -> dict[str, Any]:
    """Return settings as they stand in a manifest."""
    return asdict(settings)


def _table(name: str) -> dict[str, Any]:
    path = FOLDER / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _parse(text: str, hint: Any) -> Any:
    """Return a value from its text; a ValueError says what would fit."""
    choices = get_args(hint)
    if choices and all(isinstance(choice, str) for choice in choices):
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text
    if hint is bool:
        if text not in {"true", "false"}:
            raise ValueError("must be true or false")
        return text == "true"
    if hint in {int, float}:
        try:
            return hint(text)
        except ValueError:
            raise ValueError(f"must be {'a whole' if hint is int else 'a'} number") from None
    return text
