"""A run's adapter as vLLM takes it: the peft folder itself, and the command that serves it.

    run -> refused, or: vllm serve BASE --enable-lora --max-lora-rank 16 --lora-modules NAME=FOLDER

What is refused follows vLLM's own reader of adapters (vllm/lora/peft_helper.py) and its ranks (vllm/config/lora.py). It
was read, not run: no vLLM was at hand.
"""

import json
import shlex

from finetune.bases import TEMPLATE
from finetune.errors import FinetuneError
from finetune.exporting.lora_gguf import CONFIG
from finetune.runs import Run

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What `--max-lora-rank` may be."""
NO_THOUGHTS = '{"enable_thinking": false}'


def serve_command(run: Run, *, name: str) -> str:
    """Return the command that serves a run's adapter under a name, beside its base.

    Raises:
        FinetuneError: vLLM would refuse the adapter, or read other strengths out of it; all that is wrong is told.
    """
    if run.adapter is None:
        raise FinetuneError(f"The run {run.name} tuned the whole model. Next: vllm serve {run.base.folder}")
    try:
        settings = json.loads((run.adapter / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FinetuneError(f"{run.adapter} is no adapter ({error}). Next: train the run anew.") from error
    faults = [
        f"{key}={json.dumps(settings[key])}"
        for key in ("use_dora", "modules_to_save", "lora_bias", "rank_pattern", "alpha_pattern")
        if settings.get(key)
    ]
    faults += [f"bias={settings['bias']}"] if settings.get("bias", "none") != "none" else []
    faults += [f"peft_type={settings.get('peft_type')}"] if settings.get("peft_type") != "LORA" else []
    rank = next((most for most in RANKS if most >= int(settings.get("r", 0))), None)
    faults += [f"r={settings.get('r')}, more than {RANKS[-1]}"] if rank is None else []
    if faults:
        raise FinetuneError(
            f"vLLM does not take the adapter of {run.name}: {', '.join(faults)}. Next: frontdesk export {run.name}, "
            "and serve the merged model."
        )
    modules = shlex.quote(f"{name}={run.adapter.resolve()}")
    base = shlex.quote(str(run.base.folder))
    command = f"vllm serve {base} --enable-lora --max-lora-rank {rank} --lora-modules {modules}"
    return command + (f" --default-chat-template-kwargs {shlex.quote(NO_THOUGHTS)}" if _may_think(run) else "")


def _may_think(run: Run) -> bool:
    """Return whether the chat template opens thoughts unless it is told not to, as in training."""
    places = (run.folder / TEMPLATE, run.base.folder / TEMPLATE)
    template = next((path.read_text(encoding="utf-8") for path in places if path.is_file()), "")
    return "enable_thinking" in template
