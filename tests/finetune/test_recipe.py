import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from finetune.errors import FinetuneError
from finetune.recipe import FOLDER, Recipe, as_data, open_recipe, settings_of
from finetune.recipes import RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_has_numbers_for_all_its_settings(name: str) -> None:
    recipe = open_recipe(name)
    assert isinstance(recipe, Recipe)
    table = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    assert set(table) == {field.name for field in fields(recipe.settings)}
    assert as_data(settings_of(name)) == table


def test_every_table_belongs_to_a_recipe() -> None:
    assert {path.stem for path in Path(FOLDER).glob("*.toml")} == set(RECIPES)


def test_words_override_the_table() -> None:
    settings = settings_of("qlora", ["rank=8", "learning_rate=2e-4", "variant=dora"])
    assert (settings.rank, settings.learning_rate, settings.variant) == (8, 2e-4, "dora")


def test_all_faults_are_told_at_once() -> None:
    words = ["rank=many", "colour=red", "variant=huge", "epochs"]
    with pytest.raises(FinetuneError) as caught:
        settings_of("qlora", words)
    text = str(caught.value)
    for fault in ("rank=many", "no setting 'colour'", "variant=huge: must be one of plain", "'epochs' is no KEY=VALUE"):
        assert fault in text


def test_unknown_recipes_name_the_known() -> None:
    with pytest.raises(FinetuneError, match="one of qlora, lora"):
        open_recipe("magic")
    with pytest.raises(FinetuneError, match="is no Recipe"):
        open_recipe("finetune.recipe:FOLDER")
    with pytest.raises(FinetuneError, match="cannot be imported"):
        open_recipe("finetune.nowhere:RECIPE")
