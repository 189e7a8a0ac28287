"""Examples about nothing in particular, to measure speed and memory with: `python -m bench.filler FILE.jsonl`.

a fixed draw of words -> questions and replies of about 512 tokens -> one example a line
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

from finetune.examples import Example, write

EXAMPLES = 800
"""Fifty steps of sixteen."""
QUESTION_WORDS, REPLY_WORDS = 300, 100
WORDS = [
    "parcel",
    "order",
    "lamp",
    "shade",
    "return",
    "refund",
    "invoice",
    "delivery",
    "Tuesday",
    "warranty",
    "repair",
    "price",
    "colour",
    "cable",
    "switch",
    "box",
]


def examples(count: int = EXAMPLES) -> Iterator[Example]:
    """Yield the same examples every time, no two alike."""
    dice = random.Random(7)
    for number in range(count):
        question, reply = (" ".join(dice.choices(WORDS, k=length)) for length in (QUESTION_WORDS, REPLY_WORDS))
        messages = ({"role": "user", "content": f"{question}?"}, {"role": "assistant", "content": f"{reply}."})
        yield Example(messages, "voice", "bench", f"filler:{number}")


if __name__ == "__main__":
    write(examples(), Path(sys.argv[1]))
