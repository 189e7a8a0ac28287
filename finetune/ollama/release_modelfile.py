"""A release's Modelfile, for whoever makes the Ollama model by hand: `ollama create NAME -f Modelfile`.

folder with a model file and its chat template -> template and stops, probed on llama.cpp -> Modelfile
"""

from pathlib import Path

from finetune.ollama.modelfile import compose
from finetune.ollama.reference import Reference
from finetune.ollama.register import plan
from finetune.releases import Release

CONTEXT_TOKENS = 4096
"""What our prompts fit into, unless the owner sets more; the model's own limit bounds it."""


def write(release: Release, file: Path) -> Path:
    """Write the Modelfile that serves one of a release's files, and return its path.

    Args:
        release: May be in the making: its folder, its chat template and what the manifest will say.

    Raises:
        FinetuneError: the chat template lost its generation prompt.
        ModelUnavailable: llama.cpp cannot read the file.
    """
    reference = Reference.load(file, context_tokens=CONTEXT_TOKENS)
    try:
        planned = plan(release, reference, file=file, context_tokens=CONTEXT_TOKENS)
    finally:
        reference.close()
    text = compose(
        f"./{file.name}", planned.template, context_tokens=planned.context_tokens, system=planned.release.system
    )
    path = release.folder / "Modelfile"
    path.write_text(text, encoding="utf-8")
    return path
