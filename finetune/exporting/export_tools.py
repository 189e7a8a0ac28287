"""Is what merges, converts, quantizes and measures here, and of a version that was tried?

    installed packages + llama.cpp's symbols -> Tool(name, ok, detail, fix), one for each part

Converters and quantizers that went missing or got another name are a frequent end of a day's training, so they are
asked for before it. A machine that only serves needs none of them and is told so. Nothing heavy is imported.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from finetune.exporting.llama_library import QUANTIZING, READING, layout_problem, problem
from knowledge.environment import PIP, get_extra

GET_EXTRA = get_extra("train")
ONLY_FOR_EXPORT = "not installed; needed only to export"
TRIED = {
    "torch": "2.13.0",
    "transformers": "5.24.0",
    "peft": "0.21.2",
    "gguf": "0.19.0",
    "xllamacpp": "2026.10.11549",
}
"""Package -> the version that the tests ran with."""
LEAST = {"torch": "2.13", "transformers": "5.23", "peft": "0.21.2", "gguf": "0.17", "xllamacpp": "2026.10.11549"}
BELOW = {"torch": "3", "transformers": "6", "peft": "1", "gguf": "1", "xllamacpp": "2026.10.11550"}
"""What pyproject.toml allows: from the least on, and below the other."""
NEEDED_OF_GGUF = ("GGUFReader", "GGUFWriter", "MODEL_ARCH", "get_tensor_name_map", "quants")
TRAINS = ("peft", "trl")
"""Whoever has one of these does more than serve; torch may be here for an embedder alone."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One part of what export needs."""

    name: str
    ok: bool
    detail: str
    fix: str = ""


def examine() -> tuple[Tool, ...]:
    """Return every part and whether it will do; on a machine that only serves what is missing is no fault."""
    serves_only = not any(_installed(name) for name in TRAINS)
    if serves_only:
        return (Tool("export", True, f"{ONLY_FOR_EXPORT}: {GET_EXTRA}"),)
    return (*(_package(name) for name in TRIED), *_functions())


def _package(name: str) -> Tool:
    label, fix = f"export: {name}", f"{GET_EXTRA} '{name}=={TRIED[name]}'"
    try:
        found = version(name)
    except PackageNotFoundError:
        return Tool(label, False, ONLY_FOR_EXPORT, GET_EXTRA)
    if not _numbers(LEAST[name]) <= _numbers(found) < _numbers(BELOW[name]):
        return Tool(label, False, f"{found} was not tried; tried is {TRIED[name]}", fix)
    if name == "gguf" and (lacking := _lacking_of_gguf()):
        detail = f"{found}, but without {', '.join(lacking)}: another package has written over it"
        return Tool(label, False, detail, f"{PIP} install --force-reinstall 'gguf=={TRIED[name]}'")
    return Tool(label, True, found if found.startswith(TRIED[name]) else f"{found}, tried with {TRIED[name]}")


def _functions() -> Iterator[Tool]:
    """Yield whether llama.cpp's functions can be called: they are symbols of xllamacpp's shared object."""
    for what, symbols, without in (
        ("quantizing", QUANTIZING, "export --quantize q8_0,q4_0, which needs none of them"),
        ("measuring", READING, "export on Linux"),
    ):
        fault = problem(symbols)
        fix = f"{PIP} install --force-reinstall 'xllamacpp=={TRIED['xllamacpp']}', else {without}"
        yield Tool(
            f"export: {what}", not fault, fault or f"llama.cpp's {len(symbols)} functions are there", fix * bool(fault)
        )
    if problem(READING) is None:
        fault = layout_problem()
        fix = f"{PIP} install 'xllamacpp=={TRIED['xllamacpp']}'" if fault else ""
        yield Tool("export: parameters", not fault, fault or "laid out as expected", fix)


def _installed(name: str) -> bool:
    return find_spec(name) is not None


def _lacking_of_gguf() -> list[str]:
    try:
        import gguf
    except ImportError:
        return list(NEEDED_OF_GGUF)
    return [name for name in NEEDED_OF_GGUF if not hasattr(gguf, name)]


def _numbers(text: str) -> tuple[int, ...]:
    """Return a version's numbers, so that two can be compared.

    >>> _numbers("2.13.0+cpu") < _numbers("3"), _numbers("0.17") <= _numbers("0.17.1")
    (True, True)
    """
    return tuple(int(number) for number in re.findall(r"\d+", text.partition("+")[0])[:3])
