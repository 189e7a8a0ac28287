"""What a training step keeps in memory, by arithmetic.

    Shape + Choices + Precision -> Memory(weights, gradients, optimizer, activations, logits, working, …)

Activations are counted tensor by tensor, as autograd keeps them in the decoders of transformers with fused attention
(scaled_dot_product_attention): tests compare the count with what is really kept, and the sum with the peak of real
steps. Sizes are bytes; a GB is 10^9 of them, as in the published tables.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from finetune.shapes import Shape

Recipe = Literal["full", "lora", "qlora"]
RECIPES: tuple[Recipe, ...] = get_args(Recipe)
NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)
"""A weight in 4-bit NormalFloat: 8 bits of constant for 64 weights, 32 more for 256 of these (arXiv 2305.14314, 3)."""
WIDE = 4
"""Bytes of float32, in which norms, loss and adapters are always computed."""
LIBRARIES_BYTES = 505_000_000
"""An interpreter with torch, transformers, peft, bitsandbytes, a model's code and tokenizer: resident on Linux, with
torch 2.13 for processors."""
CUDA_CONTEXT_BYTES = 550_000_000
"""What the driver and its libraries take of a graphics card; from experience elsewhere, not measured here."""
HEAP_SHARE = 1.0
"""On a processor glibc's heap keeps about as much again as the activations (finetune/allocator.py)."""


@dataclass(frozen=True, slots=True)
class Precision:
    """Bytes a number; what a device stores and computes in."""

    frozen: int
    """A weight that is not learned and not quantized."""
    learned: int
    gradients: int
    optimizer: int
    """Both of Adam's moments of a learned weight together."""
    compute: int
    """Activations."""


PUBLISHED = Precision(frozen=2, learned=2, gradients=2, optimizer=4, compute=2)
"""What published tables for full fine-tuning count: everything in 16 bits. 7.0 billion times 2 + 2 + 4 bytes are the
56 GB that are said of 7B; LoRA's 14 GB are its 16-bit weights, QLoRA's 5 the 4-bit ones with embedding and output
layer in 16 bits, adapters on top (`precision_of`). What is trained here in full keeps 32 bits and takes twice as much,
for in 16 bits small updates are lost."""


def precision_of(recipe: Recipe, compute: int) -> Precision:
    """Return what the recipes keep: learned weights and their moments in 32 bits, frozen ones as they are computed in.

    Args:
        compute: bytes, 2 or 4.
    """
    frozen = WIDE if recipe == "full" else compute
    return Precision(frozen=frozen, learned=WIDE, gradients=WIDE, optimizer=2 * WIDE, compute=compute)


OWN_TEXTS = (2, 64)
"""Rows and tokens of the base's own texts that a step of an adapter reads besides (finetune/recipes/keeping.py)."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What is decided about a step."""

    recipe: Recipe = "qlora"
    batch: int = 4
    """Examples computed at once; accumulated batches cost time, not memory."""
    length: int = 512
    """Tokens of the longest example of a batch."""
    learned: float = 0.25
    """Share of the tokens that carry loss: only for these are logits computed."""
    rank: int = 16
    dropout: float = 0.05
    """Share of an adapter's inputs left out; anything above 0 makes each keep its inputs and what was drawn."""
    gradient_checkpointing: bool = False
    """Whether layers are computed again in the backward pass instead of kept."""
    padded: bool = True
    """Whether examples of unlike length are filled up, which takes a mask and repeated keys."""
    one_mask: bool = False
    """Whether all layers read the same mask, as in a shared batch (finetune/batches.py), rather than make their own."""
    tight: bool = False
    """Whether freed blocks are given back at once (`allocator.give_back_large_blocks`)."""

    own_texts: tuple[int, int] = (0, 0)
    """Rows and tokens that a pass reads beside the examples, and predicts throughout; not with the recipe `full`."""

    @property
    def tokens(self) -> int:
        """Tokens of a batch, padding included."""
        return self.batch * self.length

    @property
    def learned_tokens(self) -> int:
        """Tokens of a batch that carry loss, at least one an example."""
        return max(self.batch, round(self.tokens * self.learned))


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes at the peak of a step."""

    weights: int
    gradients: int
    optimizer: int
    activations: int
    """What is kept from the forward pass for the backward one, logits apart."""
    logits: int
    """Scores of the vocabulary for the learned tokens, their logarithms and gradients."""
    working: int
    """What lives for a moment: a layer's gradients, a weight that is de-quantized."""
    heap: int
    """What the C library holds and does not give back."""
    libraries: int

    @property
    def standing(self) -> int:
        """Weights, gradients and optimizer: what published tables count."""
        return self.weights + self.gradients + self.optimizer

    @property
    def total(self) -> int:
        """The peak."""
        rest = self.activations + self.logits + self.working + self.heap + self.libraries
        return self.standing + rest


def estimate(shape: Shape, choices: Choices, precision: Precision, *, on_card: bool = False) -> Memory:
    """Return what a step takes at its peak.

    Args:
        on_card: Whether it runs on a graphics card, whose allocator keeps no torn heap.
    """
    trainable = trainable_parameters(shape, choices)
    activations = _kept(shape, choices, precision, on_card=on_card)
    logits = _logits(shape, choices, precision)
    rows, length = choices.own_texts
    if rows and choices.recipe != "full":
        own = replace(choices, batch=rows, length=length, learned=1.0, padded=True, one_mask=False)
        activations += _kept(shape, own, precision, on_card=on_card)
        logits += _logits(shape, own, precision)
    heap = 0 if on_card or choices.tight else round(HEAP_SHARE * activations)
    return Memory(
        weights=_weights(shape, choices, precision),
        gradients=trainable * precision.gradients,
        optimizer=trainable * precision.optimizer,
        activations=activations,
        logits=logits,
        working=_working(shape, choices, precision),
        heap=heap,
        libraries=CUDA_CONTEXT_BYTES if on_card else LIBRARIES_BYTES,
    )


def trainable_parameters(shape: Shape, choices: Choices) -> int:
    """Return how many weights are learned."""
    return shape.parameters if choices.recipe == "full" else shape.adapter_parameters(choices.rank)


def layer_bytes(shape: Shape, choices: Choices, precision: Precision, *, on_card: bool = False) -> int:
    """Return what autograd keeps of one layer, in bytes a token, without gradient checkpointing."""
    compute, full = precision.compute, choices.recipe == "full"
    norm_inputs = shape.norms * (shape.hidden * WIDE + WIDE)
    # With 32-bit weights computed in 16, what lies between the layers is 32 bits wide.
    normed = shape.norms * shape.hidden * max(compute, precision.learned) if full else 0
    adapters = 0 if full else len(shape.linears) * choices.rank * compute
    return (
        norm_inputs
        + normed
        + _input_bytes(shape, choices, precision, on_card=on_card)
        + _attention_bytes(shape, choices, compute)
        + _head_norm_bytes(shape, choices, compute)
        + 3 * shape.intermediate * compute
        + adapters
    )


def _input_bytes(shape: Shape, choices: Choices, precision: Precision, *, on_card: bool) -> int:
    """Return what linear layers keep of what goes in, in bytes a token."""
    every = sum(linear.columns for linear in shape.linears)
    # What attention gives is counted with attention, but for fused layers it is laid out anew.
    output = shape.query if shape.fused else 0
    # Query, key and value read the same; so do gate and up.
    once = 2 * shape.hidden + shape.intermediate + output
    if choices.recipe == "full":
        if precision.learned > precision.compute:  # each casts its input for itself
            return (every - shape.query + output) * precision.compute
        return once * precision.compute
    if choices.dropout:
        drawn = 1 if on_card else WIDE  # torch fuses dropout on cards and keeps a mask of bytes
        return every * (precision.compute + drawn)
    # Adapters cast what goes in to 32 bits and are computed in 16 again: each keeps a copy.
    return (every if precision.compute < WIDE else once) * precision.compute


def _attention_bytes(shape: Shape, choices: Choices, compute: int) -> int:
    """Return queries, keys, values, what comes out, and the logarithm of each head's sum."""
    repeats = choices.padded and shape.key < shape.query
    keys_and_values = 2 * shape.query if repeats else 2 * shape.key
    mask = choices.length * compute if choices.padded and not choices.one_mask else 0
    # Fused layers leave queries, keys and values in one block, of which the values keep all alive unless repeated.
    fused = shape.query + shape.key if shape.fused and not repeats else 0
    return (2 * shape.query + keys_and_values + fused) * compute + mask + shape.heads * WIDE


def _head_norm_bytes(shape: Shape, choices: Choices, compute: int) -> int:
    """Return what the norms of queries and keys keep: their input and, where they learn, what they made of it."""
    if not shape.head_norms:
        return 0
    made = WIDE if shape.family.startswith("gemma") else compute  # Gemma scales before it casts back
    kept = WIDE + (made if choices.recipe == "full" else 0)
    return (shape.query + shape.key) * kept + (shape.heads + shape.key_heads) * WIDE


def _kept(shape: Shape, choices: Choices, precision: Precision, *, on_card: bool) -> int:
    """Return what the whole forward pass keeps: all layers, or with checkpointing their inputs and one layer."""
    layer = layer_bytes(shape, choices, precision, on_card=on_card)
    around = 3 * shape.hidden * max(precision.compute, WIDE)  # embedding, last norm
    around += choices.length * precision.compute if choices.one_mask else 0
    if choices.gradient_checkpointing:
        return choices.tokens * (shape.layers * shape.hidden * precision.compute + layer + around)
    return choices.tokens * (shape.layers * layer + around)


def _weights(shape: Shape, choices: Choices, precision: Precision) -> int:
    rest = shape.embedding_parameters + shape.small_parameters
    # Under automatic mixed precision the 16-bit copies of what learns live until the step ends.
    copies = precision.compute if precision.learned > precision.compute else 0
    if choices.recipe == "full":
        output = shape.vocabulary * shape.hidden
        return shape.parameters * precision.learned + (shape.linear_parameters + output) * copies
    linear = shape.linear_parameters * (NF4_BYTES if choices.recipe == "qlora" else precision.frozen)
    adapters = shape.adapter_parameters(choices.rank) * (precision.learned + copies)
    return round(linear) + rest * precision.frozen + adapters


def _logits(shape: Shape, choices: Choices, precision: Precision) -> int:
    """Return scores as computed and in 32 bits, their logarithms, and two gradients while one becomes the other."""
    cast = precision.compute if precision.compute < WIDE else 0
    return choices.learned_tokens * shape.vocabulary * (cast + 4 * WIDE)


def _working(shape: Shape, choices: Choices, precision: Precision) -> int:
    """Return a layer's gradients on their way back, and the largest matrix that is made for a moment."""
    gradients = 6 * choices.tokens * shape.intermediate * precision.compute
    largest = max(linear.weights for linear in shape.linears) * precision.compute
    if choices.recipe == "qlora":
        return gradients + largest
    # The gradient of the embedding, or of the output layer, before it is added to what was accumulated.
    embedding = shape.vocabulary * shape.hidden * precision.gradients
    return gradients + (max(largest, embedding) if choices.recipe == "full" else 0)
