"""How the items of a list are numbered, which tells where a list goes on.

"（一）质量问题…；" + "（二）其他…；"  ->  one list, be there a blank line between them
"""

import re

_NUMBERED = re.compile(r"\s*([(（]?)(?:[一二三四五六七八九十]{1,3}|\d{1,2}|[a-z])([)）]|[.、．](?!\d))")


def numbered_alike(one: str, other: str) -> bool:
    """Say whether two items are both numbered, and in the same way.

    >>> numbered_alike("（一）质量问题", "（十二）其他"), numbered_alike("（一）质量问题", "1. 其他")
    (True, False)
    """
    form = _form(one)
    return form is not None and form == _form(other)


def _form(text: str) -> tuple[str, str] | None:
    found = _NUMBERED.match(text)
    return None if found is None else (found[1], found[2])
