"""The one file that loads and saves models with transformers, peft and bitsandbytes.

    Base -> Loaded(model, tokenizer): 16-bit, 32-bit or NF4, perhaps with an adapter
    FILE.gguf -> a folder with 16-bit weights

On a graphics processor weights are bfloat16. A processor trains in float32 unless told otherwise: most have no fast
16-bit arithmetic. NF4 with double quantization is QLoRA's (arXiv 2305.14314, section 3).
"""

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from logging import ERROR, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.models.threads import choose_threads, usable_cores
from finetune.bases import TEMPLATE, Base
from finetune.errors import FinetuneError
from knowledge.environment import get_extra

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

GET_EXTRA = f"This needs torch, transformers, peft and others that serving does not. Next: {get_extra('train')}"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory and its tokenizer."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"


@contextmanager
def libraries() -> Iterator[None]:
    """Say what to install where a library is missing, and keep the others' chatter off the terminal."""
    try:
        from transformers.utils import logging
    except ImportError as error:
        raise FinetuneError(GET_EXTRA) from error
    getLogger("bitsandbytes").setLevel(ERROR)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except OSError as error:
            raise FinetuneError(f"The model's files cannot be read ({error}). Next: check the folder.") from error


def load(
    base: Base, *, quantized: bool = False, adapter: Path | None = None, dtype: "torch.dtype | None" = None
) -> Loaded:
    """Return a base in memory, ready to read (in evaluation mode).

    Args:
        quantized: Hold the linear layers in NF4 with double quantization.
        adapter: A peft folder to put on top.
        dtype: What weights are kept and computed in; None chooses by device.

    Raises:
        FinetuneError: torch is missing, or the files cannot be read.
    """
    with libraries():
        import torch
        from transformers import AutoModelForCausalLM

        device = "cuda" if torch.cuda.is_available() else "cpu"
        _leave_a_core()
        dtype = dtype or (torch.bfloat16 if device == "cuda" else torch.float32)
        extra: dict[str, Any] = {"quantization_config": nf4(dtype)} if quantized else {}
        model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=dtype, device_map=device, **extra)
        _keep_layout(model)
        if adapter is not None:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, str(adapter))
    return Loaded(model.eval(), load_tokenizer(base.folder))


def load_tokenizer(folder: Path) -> "PreTrainedTokenizerBase":
    """Return the tokenizer of a model's folder.

    Raises:
        FinetuneError: its files are missing or damaged.
    """
    with libraries():
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(folder)


def nf4(dtype: "torch.dtype") -> Any:
    """Return the quantization that QLoRA uses: 4-bit NormalFloat, its constants quantized once more."""
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _leave_a_core() -> None:
    """Let torch use as many threads as the machine has to spare, unless OMP_NUM_THREADS says how many.

    Its threads wait for one another after every operation: when another program takes one of their cores, all of them
    stand still, and training is many times slower than with a thread less.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        import torch

        torch.set_num_threads(choose_threads(most=usable_cores()))


def _keep_layout(model: "PreTrainedModel") -> None:
    """Keep 4-bit weights as they were stored.

    On some processors bitsandbytes rearranges them the first time a model is evaluated, which rounds their constants
    anew: a run that was stopped and gone on with would then end elsewhere than one that was not.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def save_dequantized(file: Path, target: Path) -> None:
    """Write a GGUF's model as a folder with float16 weights, its tokenizer and chat template.

    Raises:
        FinetuneError: the file's architecture or tokenizer is none that transformers reads.
    """
    with libraries():
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        known: dict[str, Any] = {"gguf_file": file.name}
        try:
            with redirect_stderr(io.StringIO()):  # a progress bar that cannot be turned off
                model = AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.float16, **known)
                tokenizer = AutoTokenizer.from_pretrained(file.parent, **known)
        except (ValueError, KeyError, NotImplementedError) as error:
            raise FinetuneError(
                f"{file} cannot be de-quantized ({error}). Next: name the folder of the 16-bit model instead."
            ) from error
        del model.config.quantization_config
        model.hf_quantizer = None
        model.is_quantized = False
        _give_padding_of_its_own(tokenizer)
        model.config.pad_token_id = model.generation_config.pad_token_id = tokenizer.pad_token_id
        model.save_pretrained(target)
        tokenizer.save_pretrained(target)
    if not (target / TEMPLATE).is_file():
        raise FinetuneError(f"{file} brings no chat template. Next: name the folder of an instruction-tuned model.")


def _give_padding_of_its_own(tokenizer: "PreTrainedTokenizerBase") -> None:
    """Pad with another token than the closing one: what masks padding would mask the end of each reply too."""
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        others = [token for token in tokenizer.all_special_tokens if token != tokenizer.eos_token]
        fit = [token for token in others if token == tokenizer.unk_token] or [
            token for token in others if token != tokenizer.bos_token
        ]
        if fit:
            tokenizer.pad_token = fit[0]
