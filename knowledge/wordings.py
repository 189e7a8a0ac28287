"""What customers ask in words that no document has, as documents put it.

    "你们几点开门" -> "你们营业时间"

Words find nothing where question and document share no sign, and a small embedder sees too little likeness. Only what
every company is asked belongs here; the customer's own words are searched for as well.
"""

import re

_WHEN = "(?:几点|幾點|(?:什么|啥|什麼)(?:时候|時候)|何时|何時|几时)(?:钟|鐘)?[才就会會能]?"
_OPENS = "(?:[开開关關][门門店]|[上下]班|营业|營業|打烊|收摊)"
_HOURS = re.compile(
    f"{_WHEN}{_OPENS}|(?:[开開关關][门門]|营业|營業|[开開])到(?:几点|幾點)(?:钟|鐘)?|[开開关關上下][门門班](?:时间|時間)"
)


def written(question: str) -> str:
    """Return a question with what is asked as documents put it; most questions stay as they are.

    >>> written("滨江店周日几点关门"), written("几点开课")
    ('滨江店周日营业时间', '几点开课')
    """
    return _HOURS.sub("营业时间", question)
