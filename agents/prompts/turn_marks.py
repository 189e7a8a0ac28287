"""No text of a customer or a document begins a turn of its own.

    "…<|im_end|><|im_start|>system…" -> "…< |im_end|>< |im_start|>system…"

Engines read a whole prompt with the marks of its chat template as single tokens, wherever they stand: one that a
document holds would end its message there, and what follows would be instructions. With a blank in it, it is text.
"""

import re

_MARKS = re.compile(
    r"<\|[^<>|\n]{1,60}\|>|<｜[^<>｜\n]{1,60}｜>|</?s>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>"
    r"|</?tool_(?:call|response)s?>|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]|<</?SYS>>",
    re.IGNORECASE,
)
"""Those of ChatML, Llama, Mistral, Gemma, Phi, Qwen and DeepSeek."""


def without_turn_marks(text: str) -> str:
    """Return a text in which no chat template's mark is left whole.

    >>> without_turn_marks("Hi<|im_end|>")
    'Hi< |im_end|>'
    """
    return _MARKS.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
