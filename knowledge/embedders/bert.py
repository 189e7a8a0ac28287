"""A BERT on OpenVINO, which uses what the processor has: bfloat16, half precision, AVX2.

    weights by name -> graph -> one stream a thread
    texts -> word pieces -> sorted by length -> batches of like length -> mean token states -> unit vectors

Texts of like length go together, so that next to nothing is padding. Each batch runs on one thread and several at once,
because threads within one batch wait for one another when the machine is busy (docs/benchmarks.md, "Embedding").
Knows no files, no way to cut texts into pieces and no particular model.
"""

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from knowledge import quiet_openvino
from knowledge.embedders import PairReader, Vectors, unit_length

if TYPE_CHECKING:
    from openvino import Model

T = TypeVar("T")

BATCH_TOKENS = 512
"""Word pieces in one batch: a longer one does not stay in the processor's cache."""
ALONE_STEP = 8
"""A text alone is padded to a multiple of so many word pieces: whenever the length is another than the last one's,
OpenVINO prepares its graph anew, a tenth of a question's time. 16 and 32 pad more than they save."""
MASKED = -1e9
"""Added to the attention that a text would pay to padding."""
NORM_EPSILON = 1e-12

Weights = Mapping[str, NDArray[Any]]
Words = Callable[[NDArray[np.int32]], Vectors]
"""From the numbers of word pieces, of any shape, to their embeddings: one dimension more."""
Cut = Callable[[Sequence[str]], list[list[int]]]
"""From texts to the numbers of their word pieces, none empty, none longer than the model reads."""


class Encoder(Protocol):
    """What turns word pieces into mean token states."""

    dimension: int

    def means(self, texts: Sequence[Sequence[int]]) -> Vectors: ...

    def batch_means(self, texts: Sequence[Sequence[int]]) -> Vectors: ...


def fastest(weights: Weights, words: Words, *, heads: int, threads: int | None) -> Encoder:
    """Return the quickest way that this machine has to run the model; the vectors are the same."""
    from knowledge.embedders import bert_cuda

    if bert_cuda.has_gpu():
        return bert_cuda.CudaBert(weights, words, heads=heads)
    return Bert(weights, words, heads=heads, threads=threads)


class Bert:
    """A compiled model; any number of threads may use it at the same time."""

    def __init__(self, weights: Weights, words: Words, *, heads: int, threads: int | None = None) -> None:
        """Compile the model.

        Args:
            weights: as Hugging Face names them, without a prefix; all float32; those of words are not needed.
            words: looked up here, because a table of all languages' words is large and few of them are in a text.
            heads: attention heads of a layer.
            threads: batches that run at once; None for one a core.

        Raises:
            KeyError: a weight is missing.
            ValueError: a weight has another shape than its neighbours ask for.
        """
        quiet_openvino.silence()
        from openvino import Core

        self.dimension = int(weights["embeddings.position_embeddings.weight"].shape[1])
        workers = threads or os.cpu_count() or 1
        # What is not said here, such as the precision, OpenVINO chooses by the processor.
        properties = {"NUM_STREAMS": workers, "INFERENCE_NUM_THREADS": workers, "ENABLE_CPU_PINNING": False}
        try:
            self._compiled = Core().compile_model(_graph(weights, heads=heads), "CPU", properties)
        except RuntimeError as error:
            raise ValueError(str(error).strip().splitlines()[-1]) from error
        self._words = words
        self._longest = int(weights["embeddings.position_embeddings.weight"].shape[0])
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="embed")
        self._own = threading.local()

    @property
    def precision(self) -> str:
        """What the processor calculates in, such as `bf16`."""
        return str(self._compiled.get_property("INFERENCE_PRECISION_HINT").to_string())

    def means(self, texts: Sequence[Sequence[int]]) -> Vectors:
        """Return the mean token state of each text, `(len(texts), dimension)`; texts are word pieces, none empty."""
        means = np.zeros((len(texts), self.dimension), dtype=np.float32)
        batches = list(batches_of([len(text) for text in texts]))
        results = self._pool.map(lambda rows: self.batch_means([texts[row] for row in rows]), batches)
        for rows, result in zip(batches, results, strict=True):
            means[rows] = result
        return means

    def batch_means(self, texts: Sequence[Sequence[int]]) -> Vectors:
        """Return the same for one batch, calculated while the caller waits: the quickest way for a single text."""
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        alone = -(-len(texts[0]) // ALONE_STEP) * ALONE_STEP if len(texts) == 1 else 0
        numbers, kept = padded(texts, at_least=min(alone, self._longest))
        self._own.request.infer([self._words(numbers), kept])
        sums = self._own.request.get_output_tensor(0).data
        return np.asarray(sums / kept.sum(axis=1, keepdims=True), dtype=np.float32)


class Once(Generic[T]):
    """What is made when it is first asked for, once however many threads ask."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make: Callable[[], T] | None = make
        self._made: list[T] = []
        self._making = threading.Lock()

    def get(self) -> T:
        """Return it; whoever asks while it is made waits."""
        with self._making:
            if self._make is not None:
                self._made.append(self._make())
                self._make = None  # what it was made of may go
            return self._made[0]


class BertEmbedder:
    """An embedder made of a BERT, a way to cut texts and, where the model wants them, words put before each text."""

    def __init__(
        self,
        bert: Encoder,
        cut: Cut,
        *,
        name: str,
        languages: frozenset[str] | None,
        before_passage: str = "",
        before_question: str = "",
        tuned: Callable[[], Encoder] | None = None,
        reads_pairs: Callable[[], PairReader] | None = None,
    ) -> None:
        """Take the parts.

        Args:
            tuned: makes the same model tuned to place questions near the sentences that answer them; None for none.
            reads_pairs: makes the same model tuned to read a question and a sentence together; None for none.
        """
        self.name = name
        self.languages = languages
        self.dimension = bert.dimension
        self._bert = bert
        self._cut = cut
        self._before_passage = before_passage
        self._before_question = before_question
        self._for_answers = None if tuned is None else Once(lambda: self._with(tuned()))
        self._cross_encoder = None if reads_pairs is None else Once(reads_pairs)

    @property
    def for_answers(self) -> "BertEmbedder | None":
        """The same tuned to place a question near the sentence that answers it; None where there is none.

        It is made when first asked for, once however many threads ask.
        """
        return None if self._for_answers is None else self._for_answers.get()

    @property
    def cross_encoder(self) -> PairReader | None:
        """The same tuned to read a question and a sentence together; None where there is none. Made as the other is."""
        return None if self._cross_encoder is None else self._cross_encoder.get()

    def _with(self, bert: Encoder) -> "BertEmbedder":
        return BertEmbedder(
            bert,
            self._cut,
            name=f"{self.name}, for answers",
            languages=self.languages,
            before_passage=self._before_passage,
            before_question=self._before_question,
        )

    def embed(self, texts: list[str]) -> Vectors:
        """Embed each different text once."""
        rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        means = self._bert.means(self._cut([self._before_passage + text for text in rows]))
        return np.asarray(unit_length(means)[[rows[text] for text in texts]])

    def embed_question(self, question: str) -> Vectors:
        return np.asarray(unit_length(self._bert.batch_means(self._cut([self._before_question + question])))[0])


def padded(texts: Sequence[Sequence[int]], *, at_least: int = 0) -> tuple[NDArray[np.int32], Vectors]:
    """Return the texts as rows of equal length, and 1 where a piece is a text's own, 0 where it is padding."""
    shape = (len(texts), max(at_least, *map(len, texts)))
    numbers, kept = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.float32)
    for row, text in enumerate(texts):
        numbers[row, : len(text)] = text
        kept[row, : len(text)] = 1.0
    return numbers, kept


def batches_of(lengths: Sequence[int], *, tokens: int = BATCH_TOKENS) -> list[list[int]]:
    """Return the rows of each batch, longest texts first; like lengths together, within so many tokens if it can be."""
    batches: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batches and (len(batches[-1]) + 1) * lengths[batches[-1][0]] <= tokens:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches


def _graph(weights: Weights, *, heads: int) -> "Model":
    """Return BERT's encoder from word pieces to the sum of each text's token states (Devlin et al., 2018)."""
    quiet_openvino.silence()
    import openvino.opset14 as op
    from openvino import Model, PartialShape, Type

    def constant(value: Any) -> Any:
        return op.constant(np.asarray(value))

    def linear(states: Any, name: str) -> Any:
        product = op.matmul(states, op.constant(weights[f"{name}.weight"]), False, True)
        return op.add(product, op.constant(weights[f"{name}.bias"]))

    def normal(states: Any, name: str) -> Any:
        scaled = op.mvn(states, constant([-1]), True, NORM_EPSILON, "inside_sqrt")
        return op.add(op.multiply(scaled, op.constant(weights[f"{name}.weight"])), op.constant(weights[f"{name}.bias"]))

    def split(states: Any) -> Any:
        """(texts, pieces, dimension) -> (texts, heads, pieces, dimension of a head)."""
        return op.transpose(
            op.reshape(states, constant([0, 0, heads, dimension // heads]), True), constant([0, 2, 1, 3])
        )

    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    dimension = int(places.shape[1])
    words = op.parameter(PartialShape([-1, -1, dimension]), Type.f32, "words")
    kept = op.parameter(PartialShape([-1, -1]), Type.f32, "kept")
    length = op.gather(op.shape_of(words), constant([1]), constant(0))
    place = op.slice(op.constant(places), constant([0]), length, constant([1]), constant([0]))
    states = normal(op.add(words, place), "embeddings.LayerNorm")
    masked = op.multiply(op.subtract(constant(np.float32(1)), kept), constant(np.float32(MASKED)))
    masked = op.unsqueeze(masked, constant([1, 2]))
    for number in range(sum(name.endswith(".intermediate.dense.weight") for name in weights)):
        layer = f"encoder.layer.{number}"
        asked, offered, said = (
            split(linear(states, f"{layer}.attention.self.{part}")) for part in ("query", "key", "value")
        )
        heard = op.scaled_dot_product_attention(asked, offered, said, masked, causal=False)
        joined = op.reshape(op.transpose(heard, constant([0, 2, 1, 3])), constant([0, 0, dimension]), True)
        attended = op.add(states, linear(joined, f"{layer}.attention.output.dense"))
        states = normal(attended, f"{layer}.attention.output.LayerNorm")
        inner = op.gelu(linear(states, f"{layer}.intermediate.dense"), "erf")
        states = normal(op.add(states, linear(inner, f"{layer}.output.dense")), f"{layer}.output.LayerNorm")
    sums = op.reduce_sum(op.multiply(states, op.unsqueeze(kept, constant(2))), constant(1), False)
    return Model([sums], [words, kept], "bert")
