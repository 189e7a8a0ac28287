"""How far a reply goes where it is served: an example in, its bounds out, so that it is measured as it will be used.

    example -> most tokens, whether its first line is all, the schema that it is bound to

A model that may write on, or as it likes, is another one than the one that serves. What only serving knows, such as
the words of an answer that the owner set, stands in the prompt and is checked there.
"""

import json
import re

from jsonschema import Draft202012Validator

from agents import extraction, voicing
from agents.loop_state import LoopOptions
from agents.prompts import READ
from agents.quotes import reading
from finetune.examples import Example, Task

_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*"')
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


def fault(example: Example) -> str:
    """Return why a served model could not write what an example teaches, as the end of a sentence; "" where it could.

    Only what is bound to a schema is looked at: it is written without white space (`compact_json_grammar`).
    """
    if example.schema is None:
        return ""
    reply = str(example.messages[-1]["content"])
    try:
        said = json.loads(reply)
    except ValueError as error:
        return f"has a reply that is no JSON, to which its schema binds it ({error})"
    wrong = next(iter(Draft202012Validator(dict(example.schema)).iter_errors(said)), None)
    if wrong is not None:
        return f"has a reply that its schema refuses: {wrong.message[-200:]}"
    return "" if is_compact(reply) else "has white space in a reply that is bound to a schema, which is written without"


def is_compact(reply: str) -> bool:
    """Return whether JSON is written without white space around its values.

    >>> is_compact('{"a":"b c","b":12.50}'), is_compact('{"a": 1}')
    (True, False)
    """
    return re.search(r"\s", _TEXTS.sub("", reply)) is None


def copies(example: Example) -> bool:
    """Return whether the answer is copied from excerpts: one line, looked up in the documents."""
    return example.task == "answer" and example.messages[0]["content"] in READ.values()


def heard(text: str, example: Example) -> str:
    """Return what serving hears of a reply: of one that copies, its first line."""
    return text.partition("\n")[0].strip() if copies(example) else text
