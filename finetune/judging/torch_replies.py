"""Greedy replies of a model in torch: prompts in, texts out, in batches of like length.

    prompt ids -> [shared prefix once][the rest, padded on the left] -> step by step -> reply ids -> texts
                                                                     -> or the state in which a reply would begin

Where the answer is one of a closed set of labels, decoding walks a trie of their tokens and finds the label with the
highest likelihood, exactly: a batch first walks greedily and notes what every branch that it passed by is worth. A
label's likelihood only falls as it grows, so a path that ends above all of them is the best one. Where it does not,
all labels below the branches above it are weighed. A tuned model needs that where it is unsure.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finetune.examples import Example
from finetune.judging import as_served
from finetune.rendering import prompt_ids, render
from finetune.weights import Loaded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

BATCH_TOKENS = 8192
"""Prompt tokens that are held at once, padding included; bounds the memory of a batch."""
BATCH_ROWS = 32
LABEL_ROWS = 64
"""Labels that are weighed at once."""
Tokens = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trie:
    """A closed set of replies as tokens, the closing one included."""

    replies: dict[Tokens, str]
    """Tokens -> label."""
    branches: dict[Tokens, tuple[int, ...]]
    """Tokens so far -> the tokens that may come next."""


@dataclass(slots=True)
class _Search:
    """What is known of one prompt's labels: each branch's log-likelihood, and the best whole label."""

    open: dict[Tokens, float] = field(default_factory=lambda: {(): 0.0})
    best: Tokens = ()
    best_value: float = float("-inf")


def replies(
    loaded: Loaded,
    examples: Sequence[Example],
    *,
    labels: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[str]:
    """Return what the model says in the place of each example's last message.

    Args:
        labels: the closed set that replies are taken from; () lets the model write what it likes.

    Raises:
        FinetuneError: the chat template refuses an example's messages.
    """
    import torch

    prompts = [prompt_ids(one.messages[:-1], loaded.tokenizer, tools=one.tools) for one in examples]
    prefix = shared_prefix(prompts)
    trie = trie_of(labels, loaded) if labels else None
    said: list[str] = [""] * len(examples)
    done = 0
    with torch.inference_mode():
        for places in _batches(prompts):
            batch = [prompts[place] for place in places]
            if trie is not None:
                found = _labels(loaded, batch, prefix, trie)
            else:
                most = [as_served.most_tokens(examples[place]) for place in places]
                texts = [_text(ids, loaded) for ids in _free(loaded, batch, prefix, most=most)]
                found = [as_served.heard(text, examples[place]) for text, place in zip(texts, places, strict=True)]
            for place, text in zip(places, found, strict=True):
                said[place] = text
            done += len(places)
            progress(done, len(examples))
    return said


def states(
    loaded: Loaded,
    examples: Sequence[Example],
    *,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> "NDArray[np.float32]":
    """Return what the model has in mind where each example's last message would begin.

    Returns:
        `(len(examples), width)`: the last layer's output, of which the next word is made.

    Raises:
        FinetuneError: the chat template refuses an example's messages.
    """
    import numpy as np
    import torch

    prompts = [prompt_ids(one.messages[:-1], loaded.tokenizer, tools=one.tools) for one in examples]
    prefix = shared_prefix(prompts)
    seen: list[Any] = []
    makes_words = loaded.model.get_output_embeddings()
    watching = makes_words.register_forward_pre_hook(lambda _module, given: seen.append(given[0][:, -1]))
    found: dict[int, Any] = {}
    try:
        with torch.inference_mode():
            for places in _batches(prompts):
                seen.clear()
                _Read(loaded, [prompts[place] for place in places], prefix)
                found |= zip(places, seen[-1].float().cpu().numpy(), strict=True)
                progress(len(found), len(examples))
    finally:
        watching.remove()
    return np.stack([found[place] for place in range(len(examples))])


def shared_prefix(prompts: Sequence[Sequence[int]]) -> int:
    """Return how many first tokens all prompts share, leaving each at least one of its own."""
    if len(prompts) < 2:
        return 0
    # What the first and the last in order share, all between them share too.
    first, last = min(map(tuple, prompts)), max(map(tuple, prompts))
    most = min(len(prompt) for prompt in prompts) - 1
    same = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), most)
    return min(same, most)


def trie_of(labels: Sequence[str], loaded: Loaded) -> Trie:
    """Return the labels as the tokens that the model learned to say, closing token included."""
    replies: dict[Tokens, str] = {}
    branches: dict[Tokens, set[int]] = {}
    for label in labels:
        messages = ({"role": "user", "content": "?"}, {"role": "assistant", "content": label})
        shown = render(Example(messages, "intent", "", ""), loaded.tokenizer)
        path = tuple(token for token, is_learned in zip(shown.ids, shown.labelled, strict=True) if is_learned)
        replies[path] = label
        for at, token in enumerate(path):
            branches.setdefault(path[:at], set()).add(token)
    return Trie(replies, {path: tuple(sorted(tokens)) for path, tokens in branches.items()})


def _batches(prompts: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Yield places of prompts of like length, the longest first, so that what does not fit fails at once."""
    order = sorted(range(len(prompts)), key=lambda place: (-len(prompts[place]), place))
    while order:
        longest = max(len(prompts[order[0]]), 1)
        rows = max(1, min(BATCH_ROWS, BATCH_TOKENS // longest))
        yield order[:rows]
        order = order[rows:]


class _Reader:
    """A model and the cache of what it has read."""

    def __init__(self, loaded: Loaded) -> None:
        from transformers import DynamicCache

        self.model = loaded.model
        self.device = loaded.model.device
        self.cache = DynamicCache(config=self.model.config)
        inner: Any = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        # transformers 5.24 calls it `cache`, and before that `past_key_values`.
        known = inspect.signature(inner.forward).parameters
        self.cache_name = "cache" if "cache" in known else "past_key_values"

    def call(self, ids: "Tensor", mask: Any, places: Any, *, keep: int = 1) -> "Tensor":
        """Read tokens and return the logits after the last `keep` of them, `(rows, keep, vocabulary)` float32."""
        out = self.model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=places,
            use_cache=True,
            logits_to_keep=keep,
            **{self.cache_name: self.cache},
        )
        return out.logits[:, -keep:].float()


class _Read(_Reader):
    """A batch of prompts that the model has read, ready to go on."""

    def __init__(self, loaded: Loaded, prompts: Sequence[Sequence[int]], prefix: int) -> None:
        import torch

        super().__init__(loaded)
        rows, widest = len(prompts), max(len(prompt) for prompt in prompts) - prefix
        if prefix:
            self.call(torch.tensor([list(prompts[0][:prefix])], device=self.device), None, None)
            self.cache.batch_repeat_interleave(rows)
        padding = self.model.config.get_text_config().pad_token_id or 0
        own = [list(prompt[prefix:]) for prompt in prompts]
        ids = torch.tensor([[padding] * (widest - len(row)) + row for row in own], device=self.device)
        real = torch.tensor([[0] * (widest - len(row)) + [1] * len(row) for row in own], device=self.device)
        self.mask = torch.cat([torch.ones((rows, prefix), dtype=real.dtype, device=self.device), real], dim=1)
        self.lengths = self.mask.sum(dim=1)
        places = (self.mask.cumsum(dim=1) - 1).clamp(min=0)[:, prefix:]
        self.logits = self.call(ids, self.mask, places)[:, -1]

    def go_on(self, tokens: Sequence[int]) -> None:
        """Read one more token in each row."""
        import torch

        new = torch.tensor(tokens, device=self.device)[:, None]
        self.mask = torch.cat([self.mask, torch.ones_like(new, dtype=self.mask.dtype)], dim=1)
        self.logits = self.call(new, self.mask, self.lengths[:, None])[:, -1]
        self.lengths = self.lengths + 1

    def keep(self, rows: Sequence[int]) -> None:
        """Forget all rows but these."""
        import torch

        chosen = torch.tensor(rows, device=self.device)
        self.cache.batch_select_indices(chosen)
        self.mask, self.lengths, self.logits = self.mask[chosen], self.lengths[chosen], self.logits[chosen]


def _free(loaded: Loaded, prompts: Sequence[Sequence[int]], prefix: int, *, most: Sequence[int]) -> list[list[int]]:
    """Return greedy replies without their closing tokens.

    Args:
        most: How many tokens each may have.
    """
    ends = end_tokens(loaded)
    read = _Read(loaded, prompts, prefix)
    said: list[list[int]] = [[] for _ in prompts]
    going = list(range(len(prompts)))
    room = int(getattr(loaded.model.config.get_text_config(), "max_position_embeddings", 0) or 2**31)
    for _ in range(max(most)):
        tokens = read.logits.argmax(dim=-1).tolist()
        stays = []
        for at, row in enumerate(going):
            fits = len(said[row]) < most[row] and len(prompts[row]) + len(said[row]) < room
            if fits and tokens[at] not in ends:
                said[row].append(tokens[at])
                stays.append(at)
        if not stays:
            break
        if len(stays) < len(going):
            read.keep(stays)
            going = [going[at] for at in stays]
        read.go_on([tokens[at] for at in stays])
    return said


def end_tokens(loaded: Loaded) -> frozenset[int]:
    """Return the tokens that close a reply."""
    known = loaded.model.generation_config.eos_token_id if loaded.model.generation_config is not None else None
    listed = known if isinstance(known, list) else [known]
    return frozenset(int(token) for token in (*listed, loaded.tokenizer.eos_token_id) if token is not None)


def _labels(loaded: Loaded, prompts: Sequence[Sequence[int]], prefix: int, trie: Trie) -> list[str]:
    """Return the most likely label of each prompt."""
    searches = [_Search() for _ in prompts]
    read = _Read(loaded, prompts, prefix)
    going = list(range(len(prompts)))
    paths: list[Tokens] = [()] * len(prompts)
    while going:
        values = read.logits.log_softmax(dim=-1)
        stays, tokens = [], []
        for at, row in enumerate(going):
            path = _expand(searches[row], paths[row], values[at], trie)
            if path is not None:
                paths[row] = path
                stays.append(at)
                tokens.append(path[-1])
        if not stays:
            break
        if len(stays) < len(going):
            read.keep(stays)
            going = [going[at] for at in stays]
        read.go_on(tokens)
    _finish(loaded, prompts, trie, searches)
    return [trie.replies[search.best] for search in searches]


def _expand(search: _Search, path: Tokens, values: "Tensor", trie: Trie) -> Tokens | None:
    """Note what each branch after `path` is worth, and return the best one if it goes on; None where a label ends."""
    so_far = search.open.pop(path)
    best: Tokens | None = None
    for token in trie.branches[path]:
        grown = (*path, token)
        value = so_far + float(values[token])
        if grown in trie.replies and value > search.best_value:
            search.best, search.best_value = grown, value
        if grown in trie.branches:
            search.open[grown] = value
            if best is None or value > search.open[best]:
                best = grown
    if best is None or search.open[best] <= search.best_value:
        return None
    return best


def _finish(loaded: Loaded, prompts: Sequence[Sequence[int]], trie: Trie, searches: Sequence[_Search]) -> None:
    """Weigh every label below a branch that might still hold a better one."""
    for prompt, search in zip(prompts, searches, strict=True):
        left = [path for path, value in search.open.items() if value > search.best_value]
        candidates = [reply for reply in trie.replies if any(reply[: len(path)] == path for path in left)]
        for reply, value in zip(candidates, _likelihoods(loaded, prompt, candidates), strict=True):
            if value > search.best_value:
                search.best, search.best_value = reply, value


def _likelihoods(loaded: Loaded, prompt: Sequence[int], candidates: Sequence[Tokens]) -> list[float]:
    """Return the log-likelihood of whole replies after one prompt, which is read once for all of a batch."""
    import torch

    device = loaded.model.device
    found: list[float] = []
    for start in range(0, len(candidates), LABEL_ROWS):
        rows = candidates[start : start + LABEL_ROWS]
        widest = max(map(len, rows))
        # The prompt's last token foretells the first of the reply; padding stands behind, where nothing is looked at.
        own = torch.tensor([[prompt[-1], *row[:-1], *[0] * (widest - len(row))] for row in rows], device=device)
        read = _Reader(loaded)
        if len(prompt) > 1:
            read.call(torch.tensor([list(prompt[:-1])], device=device), None, None)
            read.cache.batch_repeat_interleave(len(rows))
        values = read.call(own, None, None, keep=widest).log_softmax(dim=-1)
        for row, reply in enumerate(rows):
            found.append(sum(float(values[row, at, token]) for at, token in enumerate(reply)))
    return found


def _text(ids: Sequence[int], loaded: Loaded) -> str:
    return str(loaded.tokenizer.decode(ids, skip_special_tokens=True)).strip()
