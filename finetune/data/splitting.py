"""What is held out: whole conversations, drawn by a seed, from every task.

    candidates -> (training, held out)

A conversation is on one side only. The draw depends on the seed and the conversation's name, so that a data set that
has grown keeps what it held out, as far as it can. A label is held out only where training keeps an example of it.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence

from finetune.data.candidates import Candidate


def split(
    candidates: Sequence[Candidate], *, share: float, seed: int
) -> tuple[tuple[Candidate, ...], tuple[Candidate, ...]]:
    """Return what is trained on and what is held out, each in the order given.

    Args:
        share: Of the examples of each task, 0-1, that is held out; at least one stays on the side of training.
    """
    conversations: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        conversations[candidate.example.conversation].append(candidate)
    wanted = {task: int(share * count) for task, count in Counter(c.example.task for c in candidates).items()}
    left = Counter(_kept_apart(candidate) for candidate in candidates)
    held: set[str] = set()
    for name in sorted(conversations, key=lambda name: _draw(name, seed)):
        own = conversations[name]
        taken = Counter(_kept_apart(candidate) for candidate in own)
        tasks = Counter(candidate.example.task for candidate in own)
        if all(wanted[task] >= count for task, count in tasks.items()) and all(
            left[part] > count for part, count in taken.items()
        ):
            held.add(name)
            left -= taken
            for task, count in tasks.items():
                wanted[task] -= count
    training = tuple(candidate for candidate in candidates if candidate.example.conversation not in held)
    return training, tuple(candidate for candidate in candidates if candidate.example.conversation in held)


def _kept_apart(candidate: Candidate) -> tuple[str, str]:
    """Return what must not be held out whole: a label, or else a task."""
    task = candidate.example.task
    return task, candidate.reply if task == "intent" else ""


def _draw(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{name}".encode()).digest()
