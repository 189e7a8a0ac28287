"""A release's Modelfile, for whoever makes the Ollama model by hand: `ollama create NAME -f Modelfile`.

folder with a model file and its chat template -> template and stops, probed on llama.cpp -> Modelfile
"""

from pathlib import Path

from finetune.modelfile import compose
from finetune.reference import Reference
from finetune.register import Release, plan

CONTEXT_TOKENS = 4096
"""What our prompts fit into, unless the owner sets more; the model's own limit bounds it."""


def write(folder: Path, file: str, *, template: str) -> Path:
    """Write the Modelfile that serves a file of this folder, and return its path.

    Raises:
        FinetuneError: the chat template lost its generation prompt, or llama.cpp cannot read the file.
    """
    reference = Reference.load(folder / file, context_tokens=CONTEXT_TOKENS)
    try:
        planned = plan(
            Release(folder.name, folder, folder / file, template, {}), reference, context_tokens=CONTEXT_TOKENS
        )
    finally:
        reference.close()
    text = compose(f"./{file}", planned.template, context_tokens=planned.context_tokens)
    path = folder / "Modelfile"
    path.write_text(text, encoding="utf-8")
    return path
