"""What a model file says in llama.cpp, and in transformers: what the live server is compared with.

    .gguf -> Reference: its tokens, its chat template, greedy tokens, how near the runner-up was

Both engines compute the same sums in another order, so two words that are equally likely may change places; `gap`
tells how far apart two tokens are in logits.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.models.llama_engine import Engine

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

    @classmethod
    def load(cls, file: Path, *, context_tokens: int, threads: int | None = None) -> "Reference":
        """Load a file.

        Raises:
            ModelUnavailable: llama.cpp cannot.
        """
        return cls(Engine.load(file, context_tokens=context_tokens, conversations=1, threads=threads))

    def close(self) -> None:
        """Give the memory back."""
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

    def text(self, ids: Sequence[int]) -> str:
        """Return what tokens write, without a sign that is not finished yet."""
        for token in set(ids) - self.pieces.keys():
            self.pieces[token] = str(self.engine.post("/detokenize", {"tokens": [token]})["content"]).encode()
        return b"".join(self.pieces[token] for token in ids).decode("utf-8", "ignore")

    def adds_bos(self) -> bool:
        """Return whether the file asks for BOS before each prompt."""
        return len(self.ids("a", opened=True)) > len(self.ids("a"))

    def controls(self, tokens: Sequence[str]) -> tuple[str, ...]:
        """Return those of some texts that are one token here."""
        return tuple(token for token in tokens if len(self.ids(token)) == 1)

    def greedy(self, prompt: Sequence[int], *, tokens: int) -> list[Step]:
        """Return the likeliest tokens one after another; the end token is the last where the reply ends."""
        body = {"prompt": list(prompt), "n_predict": tokens, "temperature": 0.0, "n_probs": NEAR, "cache_prompt": True}
        told = self.engine.post("/completion", {**body, "return_tokens": True})
        return list(self._steps([int(token) for token in told["tokens"]], told["completion_probabilities"]))

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


def greedy_in_transformers(
    folder: Path, prompts: Sequence[Sequence[int]], *, tokens: int
) -> tuple[list[list[Step]], Callable[[Sequence[int]], str]]:
    """Return the same from transformers for a model's folder, and how its tokenizer writes tokens.

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
                row = loaded.model(torch.tensor([ids])).logits[0, -1].float().log_softmax(-1)
            best = row.topk(NEAR)
            likely = dict(zip(best.indices.tolist(), best.values.tolist(), strict=True))
            steps.append(Step(int(best.indices[0]), likely))
            ids.append(steps[-1].token)
            if steps[-1].token == loaded.tokenizer.eos_token_id:
                break
        replies.append(steps)

    def text(ids: Sequence[int]) -> str:
        written = loaded.tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return str(written).rstrip("\ufffd")

    return replies, text
