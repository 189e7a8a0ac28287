"""Where a server's reply leaves the greedy one of another engine, and by how much.

    reply's text + greedy steps -> tokens in common, gap in logits where they part

Engines add the same numbers in another order, so two words that are all but equally likely may change places.
"""

import math
from collections.abc import Callable, Sequence

from finetune.reference import Step
from finetune.served import Said


def parting(
    said: Said, steps: Sequence[Step], text: Callable[[Sequence[int]], str], *, ends: set[int]
) -> tuple[int, float | None]:
    """Return how many tokens a reply shares with greedy ones, and the gap where they part, None where they do not.

    The server tells text and no tokens, so tokens are compared by what they write; an unfinished sign is left out.
    """
    ids: list[int] = []
    written = ""
    for step in steps:
        shown = text([*ids, step.token])
        if step.token in ends and said.text == written:
            return len(ids), None
        if step.token not in ends and said.text.startswith(shown):
            ids.append(step.token)
            written = shown
            continue
        if said.ended == "length" and shown.startswith(said.text):
            return len(ids), None
        gap = _end_gap(step, ends) if said.text == written else _rival_gap(said.text, steps, ids, text)
        return len(ids), gap
    return len(ids), None


def _end_gap(step: Step, ends: set[int]) -> float:
    return min((step.gap(token) for token in ends - {step.token}), default=math.inf)


def _rival_gap(said: str, steps: Sequence[Step], ids: Sequence[int], text: Callable[[Sequence[int]], str]) -> float:
    """Return the gap to the token that another engine may have taken; a sign of several may have parted earlier."""
    written = text(ids)
    first = len(ids)
    while first and text(ids[: first - 1]) == written:
        first -= 1
    gaps = [math.inf]
    for place in range(first, len(ids) + 1):
        for token in steps[place].likelihoods.keys() - {steps[place].token}:
            shown = text([*ids[:place], token])
            if said.startswith(shown):  # the word itself, or what writes nothing yet: part of a sign, a control token
                gaps.append(steps[place].gap(token))
    return min(gaps)
