"""Where a server's reply leaves the greedy one of another engine, and by how much.

    reply's bytes + greedy steps -> tokens in common, gap in logits where they part

Engines add the same numbers in another order, so two words that are all but equally likely may change places. A server
tells text and no tokens, so tokens are compared by the bytes they write: a sign of Chinese may take several tokens, and
replies may part within it. A small model at times begins a sign and goes on with something else. Ollama shows nothing
of such bytes nor of the token that broke them off (its `flushPending`), though it wrote the same tokens.
"""

import math
from collections.abc import Callable, Iterator, Sequence

from finetune.ollama.reference import Step
from finetune.ollama.served import Said


def parting(
    said: Said, steps: Sequence[Step], piece: Callable[[int], bytes], *, ends: set[int]
) -> tuple[int, float | None]:
    """Return how many tokens a reply shares with greedy ones, and the gap where they part, None where they do not.

    Args:
        piece: What a token writes; nothing for a control token.
        ends: The tokens that end a reply.
    """
    written, starts = said.text.rstrip("\ufffd").encode(), [0]
    place, shared, begun = 0, 0, b""
    while place < len(steps):
        step, rest = steps[place], written[starts[-1] :]
        size, shown = (0, b"") if begun else _hidden(steps[place:], piece, ends=ends)
        if size and rest.startswith(shown):
            starts += [starts[-1] + len(shown)] * size
            place += size
            continue
        own = b"" if step.token in ends else piece(step.token)
        if step.token in ends and not rest:
            return shared, None
        if step.token not in ends and rest.startswith(own) and not (said.ended == "stop" and not rest):
            starts.append(starts[-1] + len(own))
            place, shared, begun = place + 1, shared + 1, _begun(begun + own)
            continue
        if said.ended == "length" and own.startswith(rest) and step.token not in ends:
            return shared, None  # cut here, or within a sign of which the server shows nothing yet
        return shared, min(_gaps(written, steps[: place + 1], starts, piece, ends=ends), default=math.inf)
    return shared, None


def _hidden(steps: Sequence[Step], piece: Callable[[int], bytes], *, ends: set[int]) -> tuple[int, bytes]:
    """Return how many tokens from here on make bytes that are no text, and what is shown of them; 0 where none do."""
    held = b""
    for count, step in enumerate(steps, start=1):
        held += b"" if step.token in ends else piece(step.token)
        try:
            held.decode()
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                return count, held[: error.start]
        else:
            break
    return 0, b""


def _begun(held: bytes) -> bytes:
    """Return a sign's first bytes where text ends within it."""
    try:
        held.decode()
    except UnicodeDecodeError as error:
        return held[error.start :]
    return b""


def _gaps(
    written: bytes, steps: Sequence[Step], starts: Sequence[int], piece: Callable[[int], bytes], *, ends: set[int]
) -> Iterator[float]:
    """Yield the gap to each token that the other engine may have taken instead.

    That is one which writes on where they part, or one before it that writes the same beginning and more: a whole sign
    where the reference took it in parts. Within the sign that they part in, it may also have taken other parts.
    """
    parted = starts[-1]
    sign = parted
    while sign and sign < len(written) and written[sign] & 0xC0 == 0x80:  # a byte that continues a sign
        sign -= 1
    for step, start in zip(steps, starts, strict=True):
        for token in step.likelihoods.keys() - {step.token}:
            if token in ends:
                if start == parted == len(written) and step is steps[-1]:
                    yield step.gap(token)
                continue
            own = piece(token)
            if own and written.startswith(own, start) and (start + len(own) > parted or start >= sign):
                yield step.gap(token)
