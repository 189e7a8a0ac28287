"""What says where to read, behind what says it.

    ["Please read the part about what cannot be returned …", "Gift cards."] -> ["Gift cards.", …]

A line that sends its reader elsewhere in the documents repeats the words of what is asked, and holds no answer.
"""

import re
from collections.abc import Sequence

from agents.quotes.statements import Statement
from knowledge.traditional import simplified

AMONG = 6
"""Statements, best first, among which one that says something is looked for."""
NEAR_BEST = 0.6
"""Share 0-1 of the best score that it must have."""
_SENDS_ELSEWHERE = re.compile(
    r"^\W*(?:(?:for|to|if|before|in)\b[^.:]{0,60}, )?(?:please )?(?:also )?(?:read|see|refer to|consult|turn to)\b"
    r"[^.:]{0,40}\b(?:part|section|chapter|page|paragraph|clause|appendix|annex|overleaf)\b[^:]*$"
    r"|^\W*(?:详情|具体|细则|更多)?[^，,：:。]{0,12}?(?:请)?(?:参见|参阅|详见|另见|请见|请看|请查看|请阅读)[^：:\d]{0,40}$",
    re.IGNORECASE,
)


def said_first(ranked: Sequence[Statement]) -> list[Statement]:
    """Return the statements, the best that says something first, where the first only says where to read."""
    if not ranked or not sends_elsewhere(ranked[0].text):
        return list(ranked)
    enough = NEAR_BEST * ranked[0].score
    near = (s for s in ranked[1:AMONG] if s.score >= enough and not s.asks and not s.leads_in)
    first = next((s for s in near if not sends_elsewhere(s.text)), None)
    return list(ranked) if first is None else [first, *(s for s in ranked[1:] if s is not first), ranked[0]]


def sends_elsewhere(text: str) -> bool:
    """Say whether a text is an order to read elsewhere, and holds no address to follow."""
    return "://" not in text and "@" not in text and _SENDS_ELSEWHERE.search(simplified(text)) is not None
