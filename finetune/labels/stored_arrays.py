"""A trained model's arrays in one safetensors file: written whole or not at all, and nothing in it can run.

    format, arrays, facts -> FILE -> the same, or one clear message

It knows the file, not what is in it: `classifier.py`, `word_model.py` and `label_head.py` say which arrays and facts
theirs have.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finetune.errors import FinetuneError

Array = NDArray[np.float32]
ANEW = "Next: frontdesk intents train --data FILE"


def save(path: Path, arrays: Mapping[str, Array], facts: Mapping[str, str]) -> Path:
    """Write a file and return its path; an older one is replaced only when the new one is whole.

    Raises:
        FinetuneError: the folder cannot be written to.
    """
    from safetensors.numpy import save_file

    # The format knows no other order of an array's numbers.
    ordered = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(ordered, part, metadata=dict(facts))
        part.replace(path)
    except OSError as error:
        raise FinetuneError(f"The intents cannot be written to {path} ({error}). Next: check the home.") from error
    return path


@contextmanager
def opened(
    path: Path, *, names: Sequence[str], form: str, anew: str = ANEW
) -> Iterator[tuple[list[Array], Mapping[str, Any]]]:
    """Hand out a file's arrays, in the order of their names, and its facts.

    What the caller finds wrong with them (KeyError, ValueError) is a damaged file too.

    Args:
        form: The `format` that the file must say it has.
        anew: What to do about a file that is missing or damaged.

    Raises:
        FinetuneError: there is no such file, or it is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            facts = file.metadata() or {}
            arrays = [file.get_tensor(name) for name in names]
        if facts["format"] != form:
            raise ValueError(f"it is of the form {facts['format']}")
        yield arrays, facts
    except FileNotFoundError as error:
        raise FinetuneError(f"No intents were trained: {path} is missing. {anew}") from error
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise FinetuneError(f"The intents in {path} cannot be read ({error}). {anew}") from error
