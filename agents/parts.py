"""A message that asks two or three things, as the questions that it is made of.

    "what do you need from me and how quick?" -> "what do you need from me" · "how quick?"

A passage that answers one part holds but half of the whole question's words, and the best sentence for the whole is
often the best for neither. Rules, no model: what is not surely two questions stays one.
"""

import re

from agents import courtesies
from knowledge.text import count_cjk

MOST = 3
"""A message with more questions is taken as a whole: each would get but a sentence."""
LEAST_WORDS = 2
LEAST_CHINESE = 3
"""Words and Chinese characters of a part."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ENDS = re.compile(r"(?<=[?!.。？！])\s+|(?<=[。？！])|\n+")
"""Where one sentence ends; a point within a number or an address ends none."""
_AUXILIARY = r"(?:is|are|was|were|am|do|does|did|can|could|will|would|should|shall|may|must|has|have|had)(?:n['’]?t)?"
_SUBJECT = (
    r"(?:I|you|we|it|they|he|she|there|the|a|an|my|your|our|their|his|her|this|that|these|those|any|all|someone"
    r"|anyone|somebody|anybody)\b"
)
_ASKING = (
    rf"(?:(?:what|how)(?:['’]s)?\b(?! about\b)|(?:when|where|who|whom|whose|which|why)(?:['’]s\b|\s+{_AUXILIARY}\b)"
    rf"|which\s+\w+\s+{_AUXILIARY}\b)"
)
"""A question word; "when I come back" has none."""
_BEGINS = rf"{_AUXILIARY}\s+{_SUBJECT}"
"""A question that begins with its verb; "is still new" does not."""
_JOINED = re.compile(
    rf"\s*[,;–-]?\s+(?:and|plus|also)\s+(?:also\s+|then\s+)?(?={_ASKING}|{_BEGINS})|[,;]\s+(?={_ASKING}|{_BEGINS})",
    re.IGNORECASE,
)
_ASKS = re.compile(rf"\b{_ASKING}|(?:^|[,:;–]\s*){_BEGINS}", re.IGNORECASE)
_FILLER = re.compile(
    r"\W*(?:(?:can|could|would) (?:you|anyone|someone|somebody) (?:please )?(?:help|assist)(?: me)?(?: out)?"
    r"(?: with (?:this|that|something))?|(?:can|may|could) i ask(?: you)?(?: something| a question)?|is anyone there"
    r"|(?:do )?you know|你?能帮(?:我|个忙|忙)吗?|(?:可以|能)?(?:请问|问)(?:一下|个问题)?吗?|在吗)\W*",
    re.IGNORECASE,
)
_CHINESE_ASKS = re.compile(
    "几|多少|多[久长大远高宽深重快]|什么|哪|吗|怎么|怎样|如何|是否|谁|为什么|[能可会要有][不没][能可会要有]|是不是|呢"
)
_CHINESE_PAUSE = re.compile("[，；,;]")


def parts_of(message: str) -> tuple[str, ...]:
    """Return the questions of a message in their order, two to `MOST`; empty where it asks one thing, or far too many.

    >>> parts_of("Gold members: is overnight shipping free for them, and how long can they return things?")
    ('Gold members: is overnight shipping free for them', 'how long can they return things?')
    >>> parts_of("What happens if the lamp breaks and is still under warranty?")
    ()
    """
    found: list[str] = []
    said = ""
    for sentence in _ENDS.split(message):
        asked = [part for part in _split(sentence.strip()) if not _says_nothing(part)]
        if not asked:
            said = f"{said} {sentence}".strip() if not found and not _says_nothing(sentence) else said
            continue
        found += [f"{said} {asked[0]}".strip(" /"), *asked[1:]]
        said = ""
    return tuple(found) if 2 <= len(found) <= MOST else ()


def _split(sentence: str) -> list[str]:
    """Return the questions of one sentence; none where it asks nothing."""
    if _CHINESE_ASKS.search(sentence):
        return _split_at(_CHINESE_PAUSE, _CHINESE_ASKS, sentence)
    told = sentence.endswith((".", "!"))  # "I know what it costs." asks nothing, nor does "Mr."
    if told or not (sentence.endswith("?") or _ASKS.search(sentence)):
        return []
    return _split_at(_JOINED, _ASKS, sentence)


def _split_at(joint: re.Pattern[str], asks: re.Pattern[str], sentence: str) -> list[str]:
    """Cut a sentence at its joints, so that each piece asks something; what does not stays with the piece after it."""
    pieces: list[str] = []
    begun = 0
    for found in joint.finditer(sentence):
        piece = sentence[begun : found.start()]
        if asks.search(piece) and asks.search(sentence[found.end() :]) and not _is_short(piece):
            pieces.append(piece.strip())
            begun = found.end()
    return [*pieces, sentence[begun:].strip()]


def _says_nothing(part: str) -> bool:
    """Say whether a part is none: a greeting, "can you help me?", one word."""
    return not part or _FILLER.fullmatch(part) is not None or courtesies.read(part) is not None or _is_short(part)


def _is_short(part: str) -> bool:
    """Say whether a part is too short to ask anything; Chinese says much in few signs."""
    return len(_WORD.findall(part)) < LEAST_WORDS and count_cjk(part) < LEAST_CHINESE
