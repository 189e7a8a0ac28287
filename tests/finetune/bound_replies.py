"""Would a served model be let say a reply? llama.cpp's own grammar is asked, token by token, and no model.

reply + grammar -> the tokens that were learned, each allowed? -> "" or where it is stopped
"""

import ctypes
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from agents.models.llamacpp import compact_json_grammar
from finetune.exporting.llama_library import Reader, _library

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""`llama_token_data`."""


class _Candidates(ctypes.Structure):
    """`llama_token_data_array`."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("size", ctypes.c_size_t),
        ("selected", ctypes.c_int64),
        ("sorted", ctypes.c_bool),
    ]


def stopped_at(reply: str, reader: Reader, *, schema: Mapping[str, Any] | None = None, grammar: str = "") -> str:
    """Return what of a reply a model bound to a schema, or to a grammar, could not say: "" when it may say it whole.

    Args:
        reader: A vocabulary; the tokens are those that it cuts the reply into, which are those that were learned.
    """
    with _bound(grammar or compact_json_grammar(schema or {}), reader) as sampler:
        said = b""
        for token in reader.tokens(reply, special=False):
            if not _allowed(sampler, token):
                return (
                    f"after {said.decode('utf-8', 'replace')!r} not {reader.piece(token).decode('utf-8', 'replace')!r}"
                )
            _library().llama_sampler_accept(sampler, token)
            said += reader.piece(token)
        ends = [token for token in range(reader.vocabulary_size) if reader.ends(token)]
        return "" if any(_allowed(sampler, token) for token in ends) else f"it may not end after {reply[-20:]!r}"


@contextmanager
def _bound(grammar: str, reader: Reader) -> Iterator[Any]:
    library = _library()
    begin = library._Z22llama_sampler_init_llgPK11llama_vocabPKcS3_
    if not grammar.startswith("%llguidance"):
        begin = library.llama_sampler_init_grammar
    begin.argtypes, begin.restype = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p], ctypes.c_void_p
    kind, text = (b"lark", grammar) if grammar.startswith("%llguidance") else (grammar.encode(), "root")
    sampler = begin(reader._vocabulary, kind, text.encode())
    if not sampler:
        raise ValueError(f"llama.cpp refuses the grammar {json.dumps(grammar)[:200]}")
    library.llama_sampler_accept.argtypes = [ctypes.c_void_p, ctypes.c_int32]
    library.llama_sampler_apply.argtypes = [ctypes.c_void_p, ctypes.POINTER(_Candidates)]
    library.llama_sampler_free.argtypes = [ctypes.c_void_p]
    try:
        yield sampler
    finally:
        library.llama_sampler_free(sampler)


def _allowed(sampler: Any, token: int) -> bool:
    # llguidance masks by place, so every token below it has one too.
    row = np.zeros(token + 1, dtype=_CANDIDATE)
    row["id"] = np.arange(token + 1)
    array = _Candidates(row.ctypes.data, len(row), -1, False)
    _library().llama_sampler_apply(sampler, ctypes.byref(array))
    kept = row[: array.size]
    return bool((kept["logit"][kept["id"] == token] > -np.inf).any())
