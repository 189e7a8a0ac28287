"""What a model file says in llama.cpp, and in transformers: what the live server is compared with.

    .gguf -> Reference: its tokens, its chat template, greedy tokens, how near the runner-up was

Both engines compute the same sums in another order, so two words that are equally likely may change places; `gap`
tells how far apart two tokens are in logits. Logits are read from llama.cpp itself, of each token: its server tells
nothing of a token that is but part of a sign, and is asked only where its functions cannot be called.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from agents.models.llama_engine import Engine
from finetune.exporting.llama_library import READING, Reader, problem

NEAR = 20
"""How many of the likeliest tokens are looked at for another engine's choice."""


@dataclass(frozen=True, slots=True)
class Step:
    """One greedy token and its likeliest rivals."""

    token: int
    likelihoods: Mapping[int, float]
    """Token -> log-probability, of the likeliest ones."""

    def gap(self, other: int) -> float:
        """Return by how many logits this token leads another; infinite where that one is not among the likeliest."""
        if other not in self.likelihoods:
            return math.inf
        return self.likelihoods[self.token] - self.likelihoods[other]


@dataclass(frozen=True, slots=True)
class Reference:
    """A model file in llama.cpp."""

    engine: Engine
    pieces: dict[int, bytes] = field(default_factory=dict, repr=False)
    """What the tokens seen so far write; a sign may need several, and a control token writes nothing."""
    readers: list[Reader] = field(default_factory=list, repr=False)
    """The file's logits, once they were asked for; it shares the engine's memory of the weights."""

    @classmethod
    def load(cls, file: Path, *, context_tokens: int, threads: int | None = None) -> "Reference":
        """Load a file.

        Raises:
            ModelUnavailable: llama.cpp cannot.
        """
        return cls(Engine.load(file, context_tokens=context_tokens, conversations=1, threads=threads))

    def close(self) -> None:
        """Give the memory back."""
        for reader in self.readers:
            reader.close()
        self.readers.clear()
        Engine.unload(self.engine.path)

    def properties(self) -> dict[str, Any]:
        """Return llama.cpp's view of the file: `chat_template`, `bos_token`, `eos_token`."""
        return self.engine.post("/props", None)

    def ids(self, text: str, *, opened: bool = False) -> list[int]:
        """Return a text's tokens, control tokens recognised.

        Args:
            opened: Open with BOS where the file says so, as a server does.
        """
        body = {"content": text, "add_special": opened, "parse_special": True}
        return [int(token) for token in self.engine.post("/tokenize", body)["tokens"]]

    def piece(self, token: int) -> bytes:
        """Return what a token writes; nothing for a control token, part of a sign for some."""
        if token not in self.pieces:
            if (reader := self._reader()) is not None:
                self.pieces[token] = reader.piece(token)
            else:
                self.pieces[token] = str(self.engine.post("/detokenize", {"tokens": [token]})["content"]).encode()
        return self.pieces[token]

    def adds_bos(self) -> bool:
        """Return whether the file asks for BOS before each prompt."""
        return len(self.ids("a", opened=True)) > len(self.ids("a"))

    def controls(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """Return those of some texts that are one token here."""
        return tuple(token for token in tokens if len(self.ids(token)) == 1)

    def greedy(self, prompt: Sequence[int], *, tokens: int) -> list[Step]:
        """Return the likeliest tokens one after another; the end token is the last where the reply ends."""
        reader = self._reader()
        if reader is None:
            body = {"prompt": list(prompt), "n_predict": tokens, "temperature": 0.0, "n_probs": NEAR}
            told = self.engine.post("/completion", {**body, "cache_prompt": True, "return_tokens": True})
            return list(self._steps([int(token) for token in told["tokens"]], told["completion_probabilities"]))
        steps: list[Step] = []
        read, first = list(prompt), 0
        while len(steps) < tokens:
            steps.append(_step(reader.logits(read, first=first)[0]))
            first += len(read)
            read = [steps[-1].token]
            if reader.ends(steps[-1].token):
                break
        return steps

    def _reader(self) -> Reader | None:
        if not self.readers and problem(READING) is None:
            room = self.engine.context_tokens
            self.readers.append(Reader(self.engine.path, context_tokens=room, threads=self.engine.threads))
        return self.readers[0] if self.readers else None

    def _steps(self, tokens: Sequence[int], told: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
        """Yield a reply's steps. Where a sign takes several tokens the server tells of its last one alone."""
        waiting: list[int] = []
        entries = iter(told)
        entry = next(entries, None)
        for token in tokens:
            if entry is None or int(entry["id"]) != token:
                waiting.append(token)
                continue
            rivals = entry["top_logprobs"]
            self.pieces.update({int(rival["id"]): bytes(rival["bytes"]) for rival in rivals})
            whole, own = bytes(entry["bytes"]), self.pieces.setdefault(token, bytes(entry["bytes"]))
            for place, earlier in enumerate(waiting):
                self.pieces.setdefault(earlier, whole[: len(whole) - len(own)] if not place else b"")
                yield Step(earlier, {earlier: 0.0})
            waiting = []
            yield Step(token, {int(rival["id"]): float(rival["logprob"]) for rival in rivals})
            entry = next(entries, None)


def greedy_in_transformers(folder: Path, prompts: Sequence[Sequence[int]], *, tokens: int) -> list[list[Step]]:
    """Return the same from transformers for a model's folder.

    Raises:
        FinetuneError: torch is missing, or the folder cannot be read.
    """
    from finetune.bases import Base
    from finetune.weights import load

    loaded = load(Base(folder.name, folder, "float16"))
    import torch

    replies = []
    for prompt in prompts:
        ids, steps = list(prompt), []
        for _ in range(tokens):
            with torch.inference_mode():
                row = loaded.model(torch.tensor([ids])).logits[0, -1].float().numpy()
            steps.append(_step(row))
            ids.append(steps[-1].token)
            if steps[-1].token == loaded.tokenizer.eos_token_id:
                break
        replies.append(steps)
    return replies


def _step(logits: "np.ndarray") -> Step:
    best = np.argsort(-logits, kind="stable")[:NEAR]
    highest = float(logits[best[0]])
    total = highest + math.log(float(np.exp(logits.astype(np.float64) - highest).sum()))
    return Step(int(best[0]), {int(token): float(logits[token]) - total for token in best})
