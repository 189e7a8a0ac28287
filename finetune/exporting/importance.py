"""Which columns of a weight matter for the company's own text: an importance matrix.

    merged folder + text -> mean squares of what each linear layer is given -> weight's name in the GGUF -> (columns,)

An error in a column costs as much as what is multiplied with it, so quantization is told their mean squares, as
llama.cpp's `llama-imatrix` tells it. The text must be other than what the loss is measured on.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.exporting.gguf import FAMILIES, Source
from finetune.exporting.measuring import Sample
from finetune.weights import GET_EXTRA, load

LEAST_TOKENS = 256
"""Fewer say more about themselves than about the domain."""
Matrix = Mapping[str, NDArray[np.float32]]


def importance(source: Source, samples: Sequence[Sample]) -> Matrix:
    """Return for each quantized weight how much each of its columns matters.

    Raises:
        FinetuneError: too little text, or torch is missing.
    """
    count = sum(len(sample.ids) for sample in samples)
    if count < LEAST_TOKENS:
        raise FinetuneError(
            f"{count} tokens are too few for an importance matrix; it takes {LEAST_TOKENS}. Next: --text FILE"
        )
    try:
        import torch
    except ImportError as error:
        raise FinetuneError(GET_EXTRA) from error

    model = load(Base("merged", source.folder, "")).model
    sums: dict[str, Any] = {}
    hooks = [
        module.register_forward_pre_hook(_adding(sums, name))
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear)
    ]
    with torch.inference_mode():
        for sample in samples:
            model(input_ids=torch.tensor([sample.ids], device=model.device), use_cache=False)
    for hook in hooks:
        hook.remove()
    return _named(source, {name: (total / count).cpu().numpy() for name, total in sums.items()})


def _adding(sums: dict[str, Any], name: str) -> Any:
    def add(_: Any, given: tuple[Any, ...]) -> None:
        squares = given[0].detach().float().reshape(-1, given[0].shape[-1]).square().sum(0)
        sums[name] = sums[name] + squares if name in sums else squares

    return add


def _named(source: Source, squares: Mapping[str, Any]) -> Matrix:
    from gguf import MODEL_ARCH, get_tensor_name_map

    names = get_tensor_name_map(MODEL_ARCH[FAMILIES[source.family]], int(source.config["num_hidden_layers"]))
    found: dict[str, NDArray[np.float32]] = {}
    for name, values in squares.items():
        theirs = names.get_name(f"{name}.weight", try_suffixes=(".weight",))
        if theirs is None:
            continue
        found[theirs] = np.asarray(values, dtype=np.float32)
        if theirs == "output.weight" and source.tied:
            found["token_embd.weight"] = found[theirs]
    return found
