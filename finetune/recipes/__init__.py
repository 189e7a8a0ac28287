"""The recipes by name; each is a file here, its numbers in a TOML beside it."""

RECIPES = {
    "qlora": "finetune.recipes.qlora:RECIPE",
    "lora": "finetune.recipes.lora:RECIPE",
    "full": "finetune.recipes.full:RECIPE",
    "continue": "finetune.recipes.continued:RECIPE",
    "embedder": "finetune.recipes.embedder:RECIPE",
}
