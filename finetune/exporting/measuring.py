"""One GGUF read by llama.cpp in a process of its own: how far its words are from the F16's, how fast, how large.

    request.json -> python -m finetune.exporting.measuring -> Loss as JSON on stdout

A process of its own, because llama.cpp ends its process on a fault, and because only so is peak memory one file's. It
imports numpy and ctypes, nothing else.

Perplexity and KL divergence are over all tokens of the vocabulary (llama.cpp's `llama-perplexity --kl-divergence`
measures the same). The F16's log-probabilities are kept in a file and read back row by row.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from finetune.errors import FinetuneError
from finetune.exporting.llama_library import Reader

PROMPT_TOKENS, REPLY_TOKENS = 256, 32
"""What speed is measured over."""
ROUNDS = 3
PATIENCE_SECONDS = 3600.0
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sample:
    """Tokens to read, and which of them are judged."""

    ids: tuple[int, ...]
    scored: tuple[bool, ...]
    """As long as `ids`; True where the token is foretold from those before it (never the first)."""
    reply: bool = False
    """Whether what is judged is one reply, which the model would say or not."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What was measured of one file."""

    tokens: int
    """How many tokens were judged."""
    perplexity: float
    kl: float
    """Mean KL divergence from the F16, in nats; 0 is no loss."""
    kl_error: float
    """Half the width of its 95 % interval."""
    kl_99: float
    """What it exceeds at one token of a hundred."""
    same_top: float
    """Share of tokens of which both files would say the same."""
    replies: int
    flips: int
    """Replies that one file would say word for word and the other would not."""
    prompt_tokens_per_second: float
    tokens_per_second: float
    memory_bytes: int
    """Peak, while reading with a context of the longest sample; what Python needs is not counted."""
    said: tuple[bool, ...] = ()
    """For each reply, whether the file would say it word for word."""


def measure(
    file: Path, samples: Sequence[Sample], *, reference: Path, said: Sequence[bool] | None = None, threads: int = 1
) -> Loss:
    """Measure a file in a process of its own.

    Args:
        reference: Where the F16's log-probabilities are, or go when `said` is None.
        said: What the F16 said of each reply; None measures the F16 itself.
        threads: For reading.

    Raises:
        FinetuneError: llama.cpp could not read the file or ended its process.
    """
    request = {
        "file": str(file),
        "samples": [asdict(sample) for sample in samples],
        "reference": str(reference),
        "said": None if said is None else list(said),
        "threads": threads,
    }
    root = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        done = subprocess.run(
            [sys.executable, "-m", "finetune.exporting.measuring"],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": paths},
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FinetuneError(
            f"{file} was not read within {PATIENCE_SECONDS:.0f} s. Next: measure fewer tokens."
        ) from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise FinetuneError(f"llama.cpp could not measure {file} (exit code {done.returncode}): {last}")
    found = json.loads(done.stdout.splitlines()[-1])
    return Loss(**found | {"said": tuple(found["said"])})


def measure_here(
    file: Path, samples: Sequence[Sample], *, reference: Path, said: Sequence[bool] | None = None, threads: int = 1
) -> Loss:
    """Do what `measure` does in this process."""
    before = _memory()
    context = max([len(sample.ids) for sample in samples] + [PROMPT_TOKENS + REPLY_TOKENS])
    with Reader(file, context_tokens=context, threads=threads) as reader:
        prompt, reply = _speeds(reader)
        memory = max(0, _memory(peak=True) - before)  # before the comparison, whose tables are not the model's
        loss = _compare(reader, samples, reference, said)
    return replace(loss, prompt_tokens_per_second=prompt, tokens_per_second=reply, memory_bytes=memory)


def _compare(reader: Reader, samples: Sequence[Sample], reference: Path, said: Sequence[bool] | None) -> Loss:
    count = sum(sum(sample.scored) for sample in samples)
    size = reader.vocabulary_size
    mode: Literal["w+", "r"] = "w+" if said is None else "r"
    kept = np.memmap(reference, dtype=np.float32, mode=mode, shape=(count, size))
    surprise, divergence, same, word_for_word, place = [], [], [], [], 0
    for sample in samples:
        # The logits after a token foretell the next one.
        wanted = [*sample.scored[1:], False]
        rows = _log_probabilities(reader.logits(sample.ids, wanted=wanted))
        right = np.array([token for token, scored in zip(sample.ids, sample.scored, strict=True) if scored])
        surprise.append(-rows[np.arange(len(rows)), right])
        if said is None:
            kept[place : place + len(rows)] = rows
        theirs = np.asarray(kept[place : place + len(rows)])
        divergence.append((np.exp(theirs) * (theirs - rows)).sum(axis=-1, dtype=np.float64))
        same.append(rows.argmax(axis=-1) == theirs.argmax(axis=-1))
        if sample.reply:
            word_for_word.append(bool((rows.argmax(axis=-1) == right).all()))
        place += len(rows)
    every = np.concatenate(divergence)
    return Loss(
        tokens=count,
        perplexity=float(np.exp(np.concatenate(surprise).mean(dtype=np.float64))),
        kl=float(max(0.0, every.mean())),
        kl_error=float(1.96 * every.std() / np.sqrt(len(every))),
        kl_99=float(max(0.0, np.quantile(every, 0.99))),
        same_top=float(np.concatenate(same).mean()),
        replies=len(word_for_word),
        flips=sum(a != b for a, b in zip(word_for_word, said or word_for_word, strict=True)),
        prompt_tokens_per_second=0.0,
        tokens_per_second=0.0,
        memory_bytes=0,
        said=tuple(word_for_word),
    )


def _log_probabilities(logits: Floats) -> Floats:
    highest = logits.max(axis=-1, keepdims=True)
    shifted = logits - highest
    total = np.log(np.exp(shifted).sum(axis=-1, keepdims=True, dtype=np.float64))
    return np.asarray(shifted - total, dtype=np.float32)


def _speeds(reader: Reader) -> tuple[float, float]:
    """Return tokens a second while reading a prompt and while writing; the best of a few rounds, others may be busy."""
    prompt = [(7 * place) % min(reader.vocabulary_size, 1000) for place in range(PROMPT_TOKENS)]
    reading, writing = [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        reader.logits(prompt)
        reading.append(time.perf_counter() - started)
        started = time.perf_counter()
        for place in range(REPLY_TOKENS):
            reader.logits([prompt[place]], first=PROMPT_TOKENS + place)
        writing.append(time.perf_counter() - started)
    return PROMPT_TOKENS / min(reading), REPLY_TOKENS / min(writing)


def _memory(*, peak: bool = False) -> int:
    """Return this process's memory in bytes, its peak so far where the system tells."""
    import psutil

    info = psutil.Process().memory_info()
    if not peak:
        return int(info.rss)
    if sys.platform == "win32":
        return int(info.peak_wset)
    if (status := Path("/proc/self/status")).is_file():  # getrusage counts what the parent had before this one began
        peaks = [line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:")]
        return int(peaks[0].split()[1]) * 1024
    import resource

    scale = 1 if sys.platform == "darwin" else 1024
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * scale


def main() -> int:
    """Read a request from stdin and print what was measured; 1 with one line on stderr when it could not be."""
    request = json.load(sys.stdin)
    samples = [
        Sample(tuple(sample["ids"]), tuple(sample["scored"]), bool(sample["reply"])) for sample in request["samples"]
    ]
    try:
        loss = measure_here(
            Path(request["file"]),
            samples,
            reference=Path(request["reference"]),
            said=request["said"],
            threads=int(request["threads"]),
        )
    except FinetuneError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(asdict(loss)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
