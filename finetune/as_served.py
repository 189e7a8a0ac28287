"""How far a reply goes where it is served: an example in, its bounds out, so that it is measured as it will be used.

    example -> most tokens, whether its first line is all, the schema that it is bound to

A model that may write on, or as it likes, is another one than the one that serves. What only serving knows, such as
the words of an answer that the owner set, stands in the prompt and is checked there.
"""

from agents import extraction, reading, voicing
from agents.loop_state import LoopOptions
from agents.prompts import READ
from finetune.examples import Example, Task

LONGEST = 400
"""In tokens, where serving sets no limit of its own."""
_TOKENS: dict[Task, int] = {
    "extract": extraction.REPLY_TOKENS,
    "voice": voicing.REPLY_TOKENS,
    "agent": LoopOptions().reply_tokens,
}


def most_tokens(example: Example) -> int:
    """Return how long a reply may be, in tokens."""
    return reading.REPLY_TOKENS if copies(example) else _TOKENS.get(example.task, LONGEST)


def copies(example: Example) -> bool:
    """Return whether the answer is copied from excerpts: one line, looked up in the documents."""
    return example.task == "answer" and example.messages[0]["content"] in READ.values()


def heard(text: str, example: Example) -> str:
    """Return what serving hears of a reply: of one that copies, its first line."""
    return text.partition("\n")[0].strip() if copies(example) else text
