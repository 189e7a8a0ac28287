"""llama.cpp's C interface, in the shared object that serving uses already.

    float rows -> quantized bytes            (`quantize`, all types, with an importance matrix)
    FILE.gguf [+ ADAPTER.gguf] -> Reader: text -> tokens -> logits of every position

`xllamacpp` offers a server; quantizing and full logits are symbols of the same object, called here through ctypes. No
compiler is needed and what is measured is exactly what serves. The structures that llama.cpp passes by value change
between versions: only fields at the head of them are set, a buffer larger than the structure is handed over, and
`Reader` checks what came of it. Where the symbols are missing (Windows) callers are told by `problem()`.

Knows nothing of releases, of Hugging Face folders or of what is measured.
"""

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finetune.errors import FinetuneError
from knowledge.environment import PIP
from knowledge.errors import cause_of

STRUCTURE_BYTES = 1024
"""More than either structure of parameters takes; both are last arguments, so what is beyond them is not read."""
NO_GRAPHICS, VOCABULARY_ONLY = 16, 72
"""Where `llama_model_params` keeps n_gpu_layers (int32) and vocab_only (bool)."""
CONTEXT_TOKENS, BATCH, MICRO_BATCH, SEQUENCES = 0, 4, 8, 12
"""Where `llama_context_params` keeps n_ctx, n_batch, n_ubatch and n_seq_max (uint32 each)."""
DEFAULTS = (512, 2048, 512, 1)
"""What these four are by default; another answer means another layout."""
QUANTIZING = ("ggml_quantize_chunk", "ggml_quantize_init", "ggml_row_size")
ERROR_LEVEL = 4
Floats = NDArray[np.float32]


class Parameters(ctypes.Structure):
    """Parameters of a version of llama.cpp; its true fields are fewer bytes than these."""

    _fields_ = [("content", ctypes.c_uint8 * STRUCTURE_BYTES)]

    def read(self, place: int, kind: Any = ctypes.c_uint32) -> int:
        """Return the number at a byte."""
        return int(kind.from_buffer(self, place).value)

    def write(self, place: int, value: int, kind: Any = ctypes.c_uint32) -> None:
        """Set the number at a byte."""
        kind.from_buffer(self, place).value = value


class Batch(ctypes.Structure):
    """Tokens to decode, as `llama_batch` has them."""

    _fields_ = [
        ("n_tokens", ctypes.c_int32),
        ("token", ctypes.POINTER(ctypes.c_int32)),
        ("embd", ctypes.POINTER(ctypes.c_float)),
        ("pos", ctypes.POINTER(ctypes.c_int32)),
        ("n_seq_id", ctypes.POINTER(ctypes.c_int32)),
        ("seq_id", ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))),
        ("logits", ctypes.POINTER(ctypes.c_int8)),
    ]


Log = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_POINTER, _COUNT = ctypes.c_void_p, ctypes.c_int32
_SIGNATURES: dict[str, tuple[list[Any], Any]] = {
    "llama_backend_init": ([], None),
    "llama_log_get": ([_POINTER, _POINTER], None),
    "llama_log_set": ([Log, _POINTER], None),
    "llama_model_default_params": ([], Parameters),
    "llama_context_default_params": ([], Parameters),
    "llama_model_load_from_file": ([ctypes.c_char_p, Parameters], _POINTER),
    "llama_init_from_model": ([_POINTER, Parameters], _POINTER),
    "llama_model_get_vocab": ([_POINTER], _POINTER),
    "llama_vocab_n_tokens": ([_POINTER], _COUNT),
    "llama_n_ctx": ([_POINTER], ctypes.c_uint32),
    "llama_set_n_threads": ([_POINTER, _COUNT, _COUNT], None),
    "llama_get_memory": ([_POINTER], _POINTER),
    "llama_memory_clear": ([_POINTER, ctypes.c_bool], None),
    "llama_tokenize": (
        [_POINTER, ctypes.c_char_p, _COUNT, _POINTER, _COUNT, ctypes.c_bool, ctypes.c_bool],
        _COUNT,
    ),
    "llama_token_to_piece": (
        [_POINTER, _COUNT, ctypes.c_char_p, _COUNT, _COUNT, ctypes.c_bool],
        _COUNT,
    ),
    "llama_vocab_is_eog": ([_POINTER, _COUNT], ctypes.c_bool),
    "llama_batch_init": ([_COUNT, _COUNT, _COUNT], Batch),
    "llama_batch_free": ([Batch], None),
    "llama_decode": ([_POINTER, Batch], _COUNT),
    "llama_adapter_lora_init": ([_POINTER, ctypes.c_char_p], _POINTER),
    "llama_set_adapters_lora": (
        [_POINTER, ctypes.POINTER(_POINTER), ctypes.c_size_t, ctypes.POINTER(ctypes.c_float)],
        _COUNT,
    ),
    "llama_get_logits_ith": ([_POINTER, _COUNT], ctypes.POINTER(ctypes.c_float)),
    "llama_free": ([_POINTER], None),
    "llama_model_free": ([_POINTER], None),
}
"""What is called to read a model: name -> its arguments and result."""
READING = tuple(_SIGNATURES)


def problem(symbols: Sequence[str] = QUANTIZING) -> str | None:
    """Return why llama.cpp's functions cannot be called on this machine, or None when they can."""
    try:
        library = _library()
    except FinetuneError as error:
        return cause_of(str(error)).rstrip(".")
    missing = [name for name in symbols if not hasattr(library, name)]
    return f"xllamacpp exports no {', '.join(missing)} on this system" if missing else None


def layout_problem() -> str | None:
    """Return why llama.cpp's parameters cannot be set by their places, or None when they lie as expected."""
    parameters = _reading_library().llama_context_default_params()
    found = tuple(parameters.read(place) for place in (CONTEXT_TOKENS, BATCH, MICRO_BATCH, SEQUENCES))
    if found != DEFAULTS:
        return f"this xllamacpp lays out its parameters otherwise ({found} where {DEFAULTS} was expected)"
    return None


def quantize(rows: Floats, kind: int, *, importance: Floats | None = None) -> NDArray[np.uint8]:
    """Return rows in a quantized type, byte for byte as llama.cpp's own tool would write them.

    Args:
        rows: `(n, columns)`, columns a multiple of the type's block.
        kind: A `ggml_type`, such as 12 for Q4_K.
        importance: `(columns,)`, how much an error in each column matters; None weighs them alike.

    Returns:
        `(n, bytes of a row)`.

    Raises:
        FinetuneError: the functions are missing here, or llama.cpp wrote another size than it announced.
    """
    if fault := problem(QUANTIZING):
        raise FinetuneError(f"Quantizing is not possible: {fault}. Next: export --quantize q8_0,q4_0")
    library = _library()
    count, columns = rows.shape
    data = np.ascontiguousarray(rows, dtype=np.float32)
    weights = None if importance is None else np.ascontiguousarray(importance, dtype=np.float32)
    if weights is not None and weights.shape != (columns,):
        raise ValueError(f"{weights.shape} importances for {columns} columns")
    out = np.zeros((count, int(library.ggml_row_size(kind, columns))), dtype=np.uint8)
    written = library.ggml_quantize_chunk(
        kind, data.ctypes.data, out.ctypes.data, 0, count, columns, None if weights is None else weights.ctypes.data
    )
    if written != out.nbytes:
        raise FinetuneError(f"llama.cpp wrote {written} bytes of type {kind} where {out.nbytes} were announced.")
    return out


class Reader:
    """A model in llama.cpp, read token by token; close it when done."""

    def __init__(
        self, file: Path, *, context_tokens: int = 512, threads: int = 1, vocabulary_only: bool = False
    ) -> None:
        """Load a file, its vocabulary alone when so asked.

        Raises:
            FinetuneError: llama.cpp refuses the file, or its functions are missing or of another version.
        """
        self.file, self.context_tokens, self.threads = file, context_tokens, threads
        self._library = _reading_library()
        self._context: Any = None
        self._batch: Any = None
        with _log_kept(self._library) as complaints:
            self._model = self._load(vocabulary_only)
            if not self._model:
                raise FinetuneError(
                    f"llama.cpp cannot load {file}: {' '.join(complaints) or 'no reason given'}. Next: export anew."
                )
            self._vocabulary = self._library.llama_model_get_vocab(self._model)
            self.vocabulary_size = int(self._library.llama_vocab_n_tokens(self._vocabulary))
            if not vocabulary_only:
                self._start(complaints)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free the model's memory."""
        with _log_kept(self._library):
            self._free()

    def _free(self) -> None:
        if self._batch is not None:
            self._library.llama_batch_free(self._batch)
        if self._context:
            self._library.llama_free(self._context)
        if self._model:
            self._library.llama_model_free(self._model)
        self._batch = self._context = self._model = None

    def tokens(self, text: str, *, special: bool = True, add_special: bool = False) -> list[int]:
        """Return a text's tokens.

        Args:
            special: Read marks such as `<|im_end|>` as the tokens they name.
            add_special: Open with what the vocabulary says opens a text.
        """
        data = text.encode("utf-8", "surrogatepass")
        room = (ctypes.c_int32 * (len(data) + 8))()
        count = self._library.llama_tokenize(self._vocabulary, data, len(data), room, len(room), add_special, special)
        if count < 0:
            raise FinetuneError(f"llama.cpp cannot tokenize a text of {len(data)} bytes with {self.file}.")
        return list(room[:count])

    def piece(self, token: int) -> bytes:
        """Return what a token writes: part of a sign for some, nothing for a control token."""
        room = ctypes.create_string_buffer(256)
        count = self._library.llama_token_to_piece(self._vocabulary, token, room, len(room), 0, False)
        if count < 0:
            room = ctypes.create_string_buffer(-count)
            count = self._library.llama_token_to_piece(self._vocabulary, token, room, len(room), 0, False)
        return room.raw[:count]

    def ends(self, token: int) -> bool:
        """Whether a token ends a reply."""
        return bool(self._library.llama_vocab_is_eog(self._vocabulary, token))

    def logits(self, ids: Sequence[int], *, wanted: Sequence[bool] | None = None, first: int = 0) -> Floats:
        """Return the logits after each wanted token, as (n_wanted, n_vocabulary).

        Args:
            ids: At most `context_tokens` with those before.
            wanted: As long as `ids`; None wants the last one only.
            first: The place of the first token; 0 forgets what was read before.
        """
        wanted = wanted if wanted is not None else [False] * (len(ids) - 1) + [True]
        if first == 0:
            self._library.llama_memory_clear(self._library.llama_get_memory(self._context), True)
        self._fill(ids, wanted, first)
        if code := self._library.llama_decode(self._context, self._batch):
            raise FinetuneError(f"llama.cpp cannot decode {len(ids)} tokens with {self.file} (code {code}).")
        rows = [
            np.ctypeslib.as_array(self._library.llama_get_logits_ith(self._context, place), (self.vocabulary_size,))
            for place, asked in enumerate(wanted)
            if asked
        ]
        return np.stack(rows) if rows else np.empty((0, self.vocabulary_size), np.float32)

    def adapt(self, adapter: Path, *, scale: float = 1.0) -> None:
        """Lay a LoRA over the model, in the place of one before; what was read is forgotten.

        Raises:
            FinetuneError: llama.cpp refuses the file: it is none, or for another model.
        """
        with _log_kept(self._library) as complaints:
            handle = self._library.llama_adapter_lora_init(self._model, str(adapter).encode())
            if not handle:
                raise FinetuneError(
                    f"llama.cpp cannot lay {adapter} over {self.file}: {' '.join(complaints) or 'no reason given'}. "
                    "Next: make the adapter anew on this model."
                )
            one, scales = (ctypes.c_void_p * 1)(handle), (ctypes.c_float * 1)(scale)
            if self._library.llama_set_adapters_lora(self._context, one, 1, scales):
                raise FinetuneError(f"llama.cpp refuses {adapter} at scale {scale:g}.")
            self.logits([0])  # what it plans anew at the next token, and tells of, is done now

    def _load(self, vocabulary_only: bool) -> Any:
        parameters = self._library.llama_model_default_params()
        parameters.write(NO_GRAPHICS, 0, ctypes.c_int32)
        if vocabulary_only:
            parameters.write(VOCABULARY_ONLY, 1, ctypes.c_bool)
        return self._library.llama_model_load_from_file(str(self.file).encode(), parameters)

    def _start(self, complaints: list[str]) -> None:
        parameters = self._library.llama_context_default_params()
        if fault := layout_problem():
            raise FinetuneError(
                f"Models cannot be measured: {fault}. Next: install the pinned version: {PIP} install -c "
                "constraints/base.txt xllamacpp"
            )
        parameters.write(CONTEXT_TOKENS, self.context_tokens)
        parameters.write(BATCH, self.context_tokens)
        self._context = self._library.llama_init_from_model(self._model, parameters)
        if not self._context:
            raise FinetuneError(f"llama.cpp cannot start {self.file}: {' '.join(complaints) or 'no reason given'}.")
        if (given := int(self._library.llama_n_ctx(self._context))) < self.context_tokens:
            raise FinetuneError(f"llama.cpp gave {given} tokens of context where {self.context_tokens} were asked for.")
        self._library.llama_set_n_threads(self._context, self.threads, self.threads)
        self._batch = self._library.llama_batch_init(self.context_tokens, 0, 1)

    def _fill(self, ids: Sequence[int], wanted: Sequence[bool], first: int) -> None:
        batch = self._batch
        if batch is None or not 0 < len(ids) <= self.context_tokens - first or len(wanted) != len(ids):
            raise ValueError(f"{len(ids)} tokens from {first} on do not fit into {self.context_tokens}")
        if min(ids) < 0 or max(ids) >= self.vocabulary_size:
            raise ValueError(f"tokens {min(ids)} to {max(ids)} where the vocabulary has {self.vocabulary_size}")
        batch.n_tokens = len(ids)
        for place, (token, asked) in enumerate(zip(ids, wanted, strict=True)):
            batch.token[place] = token
            batch.pos[place] = first + place
            batch.n_seq_id[place] = 1
            batch.seq_id[place][0] = 0
            batch.logits[place] = asked


@contextmanager
def _log_kept(library: Any) -> Iterator[list[str]]:
    """Keep llama.cpp quiet while a model loads, and hand out what it complained of."""
    complaints: list[str] = []

    def note(level: int, text: bytes, _: object) -> None:
        if level == ERROR_LEVEL and text:
            complaints.append(text.decode("utf-8", "replace").strip())

    callback, before, owner = Log(note), ctypes.c_void_p(), ctypes.c_void_p()
    library.llama_log_get(ctypes.byref(before), ctypes.byref(owner))
    library.llama_log_set(callback, None)
    try:
        yield complaints
    finally:
        # What was there before may be the server's own; a quiet one of ours would outlive its callback.
        library.llama_log_set(ctypes.cast(before, Log), owner)


@lru_cache(maxsize=1)
def _library() -> Any:
    spec = find_spec("xllamacpp")
    places = list(spec.submodule_search_locations or ()) if spec else []
    files = [file for place in places for ending in ("so", "dylib", "pyd") for file in Path(place).glob(f"*.{ending}")]
    if not files:
        raise FinetuneError(f"xllamacpp is not installed. Next: {PIP} install xllamacpp")
    try:
        library = ctypes.CDLL(str(files[0]))
    except OSError as error:
        raise FinetuneError(
            f"{files[0]} cannot be loaded ({error}). Next: {PIP} install --force-reinstall xllamacpp"
        ) from error
    with suppress(AttributeError):
        _declare_quantizing(library)
    with suppress(AttributeError):
        _declare_reading(library)
    return library


def _reading_library() -> Any:
    if fault := problem(READING):
        raise FinetuneError(f"Models cannot be measured on this system: {fault}. Next: export on Linux.")
    return _library()


def _declare_quantizing(library: Any) -> None:
    pointer, whole = ctypes.c_void_p, ctypes.c_int64
    library.ggml_row_size.argtypes, library.ggml_row_size.restype = [ctypes.c_int, whole], ctypes.c_size_t
    library.ggml_quantize_chunk.argtypes = [ctypes.c_int, pointer, pointer, whole, whole, whole, pointer]
    library.ggml_quantize_chunk.restype = ctypes.c_size_t


def _declare_reading(library: Any) -> None:
    for name, (arguments, result) in _SIGNATURES.items():
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, result
    library.llama_backend_init()
