"""What quantizing cost, and which file to take.

    held-out text and examples -> samples
    F16 and quantized files + samples -> losses -> the smallest inside the band that fits

Text is read in windows of 512 tokens of which the second half is judged, as llama.cpp's own tool does; of an example
only what the assistant says.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.exporting.measuring import Loss, Sample, measure
from finetune.rendering import render

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

WINDOW = 512
MOST_TOKENS = 2048
"""How many tokens are read of text, and as many of examples."""
MOST_REFERENCE_BYTES = 1 << 30
"""What the F16's log-probabilities may take on the disk; a large vocabulary judges fewer tokens."""
LEAST_TOKENS = 200
"""Fewer than these tell quantizations apart by chance."""
SERVING_CONTEXT = 4096
"""What memory is reckoned for when a file is recommended."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Band:
    """What a quantization may cost."""

    kl: float = 0.05
    """Mean KL divergence from the F16, nats."""
    perplexity_rise: float = 0.02
    """Share by which perplexity may rise."""
    same_top: float = 0.9
    """Share of tokens that must stay the same."""

    def holds(self, loss: Loss, reference: Loss) -> bool:
        """Whether a loss lies inside."""
        return (
            loss.kl <= self.kl
            and loss.same_top >= self.same_top
            and loss.perplexity <= reference.perplexity * (1 + self.perplexity_rise)
        )

    def __str__(self) -> str:
        return (
            f"KL at most {self.kl:g} nats, perplexity at most +{self.perplexity_rise:.0%}, "
            f"same top token at least {self.same_top:.0%}"
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """A file of a release and what it was measured at."""

    quantization: str
    file: str
    bytes: int
    loss: Loss
    serving_bytes: int
    """Peak memory and a cache for 4,096 tokens."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Which file to serve."""

    quantization: str
    in_band: bool
    why: str


def text_samples(
    ids: Sequence[int], *, most_tokens: int = MOST_TOKENS, window: int = WINDOW, bos: int | None = None
) -> list[Sample]:
    """Return windows of a text, the second half of each judged.

    Args:
        bos: What the model expects at the head of a text; None where it expects nothing.
    """
    room = window - (bos is not None)
    samples = []
    for first in range(0, min(len(ids), most_tokens), room):
        piece = list(ids[first : first + room])
        if len(piece) < min(window // 2, len(ids)):
            continue
        whole = ([bos] if bos is not None else []) + piece
        half = len(whole) // 2
        samples.append(Sample(tuple(whole), tuple(place >= max(1, half) for place in range(len(whole)))))
    return samples


def example_samples(
    examples: Iterable[Example], tokenizer: "PreTrainedTokenizerBase", *, most_tokens: int = MOST_TOKENS
) -> list[Sample]:
    """Return examples as they were rendered in training, what the assistant says judged; in order, while room lasts."""
    samples, used = [], 0
    for example in examples:
        rendered = render(example, tokenizer)
        scored = (False, *rendered.labelled[1:])
        if not any(scored) or len(rendered.ids) > most_tokens:
            continue
        if used + len(rendered.ids) > most_tokens:
            break
        used += len(rendered.ids)
        samples.append(Sample(rendered.ids, scored, reply=example.task != "text"))
    return samples


def fitting(samples: Sequence[Sample], *, vocabulary: int) -> list[Sample]:
    """Return samples whose log-probabilities fit on the disk, in their order.

    Where not all fit, text and replies get as many tokens each, so that neither is judged by nothing.

    Raises:
        FinetuneError: too few tokens to tell files apart.
    """
    most = MOST_REFERENCE_BYTES // (4 * vocabulary)
    chosen: set[int] = set()
    used = 0
    for place in _in_turns(samples):
        size = sum(samples[place].scored)
        if used + size <= most or not chosen:
            chosen.add(place)
            used += size
    kept = [samples[place] for place in sorted(chosen)]
    if (count := sum(sum(sample.scored) for sample in kept)) < LEAST_TOKENS:
        raise FinetuneError(
            f"Only {count} tokens could be judged, and quantizations are told apart from {LEAST_TOKENS} on. Next: give "
            "more of the company's own text: --text FILE"
        )
    return kept


def _in_turns(samples: Sequence[Sample]) -> Iterator[int]:
    """Yield the places of text and of replies in their order, always of what has had fewer tokens."""
    waiting = [
        [place for place, sample in enumerate(samples) if sample.reply is is_reply] for is_reply in (False, True)
    ]
    given = [0, 0]
    while waiting[0] or waiting[1]:
        side = 0 if waiting[0] and (not waiting[1] or given[0] <= given[1]) else 1
        place = waiting[side].pop(0)
        given[side] += sum(samples[place].scored)
        yield place


def measure_all(
    files: Mapping[str, Path],
    samples: Sequence[Sample],
    *,
    cache_bytes: int,
    folder: Path,
    threads: int = 1,
    known: Mapping[str, Measured] | None = None,
    done: Callable[[Measured], None] = lambda _measured: None,
    progress: Progress = lambda _name, _done, _all: None,
) -> dict[str, Measured]:
    """Measure the F16 and each quantized file against it.

    Args:
        files: Quantization -> file; `F16` is among them and is measured first.
        cache_bytes: What a cache for serving takes beside the peak.
        folder: Where the F16's log-probabilities lie meanwhile.
        known: What an earlier run has measured already, over the same samples.
        done: Called with each result, so that it can be kept.
    """
    results = dict(known or {})
    missing = [name for name in files if name not in results]
    if not missing:
        return {name: results[name] for name in files}
    reference = folder / "f16-log-probabilities.part"
    said: tuple[bool, ...] | None = None
    order = ["F16", *(name for name in missing if name != "F16")]
    try:
        for number, name in enumerate(order):
            progress(f"measure {name}", number, len(order))
            loss = measure(files[name], samples, reference=reference, said=said, threads=threads)
            said = loss.said if name == "F16" else said
            size = files[name].stat().st_size
            if name in missing:
                results[name] = Measured(name, files[name].name, size, loss, loss.memory_bytes + cache_bytes)
                done(results[name])
    finally:
        reference.unlink(missing_ok=True)
    return {name: results[name] for name in files}


def recommend(
    measured: Mapping[str, Measured], *, memory_bytes: int | None = None, band: Band | None = None
) -> Recommendation:
    """Return the smallest file inside the band that fits the memory; where none is inside, the closest that fits.

    Raises:
        FinetuneError: no file fits.
    """
    band = band or Band()
    reference = measured["F16"].loss
    fits = [one for one in measured.values() if memory_bytes is None or one.serving_bytes <= memory_bytes]
    if not fits:
        least = min(measured.values(), key=lambda one: one.serving_bytes)
        raise FinetuneError(
            f"No file fits {memory_bytes} bytes of memory: the least, {least.quantization}, takes "
            f"{least.serving_bytes}. Next: --quantize {least.quantization},q4_0 or more --memory."
        )
    within = " that fits the memory" if memory_bytes is not None else ""
    inside = [one for one in fits if one.quantization == "F16" or band.holds(one.loss, reference)]
    if inside:
        best = min(inside, key=lambda one: one.bytes)
        return Recommendation(best.quantization, True, f"the smallest file{within} inside the band: {band}")
    best = min(fits, key=lambda one: one.loss.kl)
    return Recommendation(
        best.quantization, False, f"no file{within} is inside the band ({band}); this one loses least"
    )
