"""A message that asks two or three things, as the questions that it is made of.

    "what do you need from me and how quick are you?" -> "what do you need from me" · "how quick are you?"

A passage that answers one part holds but half of the whole question's words, and the best sentence for the whole is
often the best for neither. Rules for English and Chinese, no model: what is not surely two questions stays one.
"""

import re

from agents import courtesies
from knowledge.text import CJK_CLASS, count_cjk
from knowledge.traditional import simplified

MOST = 3
"""A message with more questions is taken as a whole: each would get but a sentence."""
LONGEST = 2_000
"""Characters of a message that is taken apart: whether each piece of it asks is looked up in all that follows it."""
LEAST_WORDS = 2
LEAST_CHINESE = 3
"""Words and Chinese characters of a part; 谁付 has its verb in fewer."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ENDS = re.compile(r"(?<=[?!。？！])\s*|(?<=[^\W\d_]{3}\.)(?<!\bMrs\.)\s+|\n\s*\n")
"""Where one sentence ends: a point after fewer letters may stand for an abbreviation or within a number."""
_PRONOUN = r"(?:I|you|we|it|they|he|she|there|this|that|these|those|anyone|anybody|someone|somebody)\b"
_OWNED = r"(?:the|my|your|our|their|his|her)\b"
_NOT = r"(?:n['’]?t)?"
_BEGINS = (
    rf"(?:(?:do|does|did|can|could|will|would|should|shall|may|must){_NOT}\s(?:{_PRONOUN}|{_OWNED}|(?:a|an|any|all)\b)"
    rf"|(?:is|are|was|were|am){_NOT}\s(?:{_PRONOUN}|{_OWNED})|(?:has|have|had){_NOT}\s{_PRONOUN})"
)
"""A question that begins with its verb; "is still new", "is a gift" and "have the receipt" go on with one."""
_AUXILIARY = rf"(?:is|are|was|were|am|do|does|did|can|could|will|would|should|shall|may|must|has|have|had){_NOT}\b"
_WHAT = rf"(?:what|how)(?:['’]s)?\b(?!\sabout\b)|(?:when|where|why)(?:['’]s\b|\s{_AUXILIARY})"
_WHO = rf"(?:who|whom|whose|which)(?:['’]s\b|\s{_AUXILIARY})|which\s\w+\s{_AUXILIARY}"
"""What else asks, but after a comma tells: "a lamp, which was a gift"."""
_WHO_DOES = r"who\s(?:else\s)?(?:[a-z]{2,}(?:s|ed)|got|made|paid|sent|took)\b"
"""A question with a verb of its own, however short: "who pays?"."""
_JOINED = re.compile(
    rf",?\s(?:and|plus|also)\s(?:also\s|then\s)?(?={_WHAT}|{_WHO}|{_WHO_DOES}|{_BEGINS})|[,;]\s(?={_WHAT}|{_BEGINS})",
    re.IGNORECASE,
)
_WANTED = (
    r"(?:(?:want|like|need) to know|tell me|let me know|wondering|wonder|ask(?:ing)?|explain|find out|check"
    r"|at|by|for|from|in|of|on|to|with|below|above|until|since|under|after|before|within)"
)
"""What a question word may follow within its clause; after "not" and "no idea" it asks nothing."""
_ASKS = re.compile(
    rf"(?:^|[,:;–-]\s|\b(?:and|then|so|but)\s|\b{_WANTED}\s)(?:{_WHAT}|{_WHO})|^{_WHO_DOES}"
    rf"|(?:^|[,:;–-]\s|\b(?:and|so|but)\s){_BEGINS}|(?:^|:\s){_AUXILIARY}\s\w",
    re.IGNORECASE,
)
_TELLS_WHICH = re.compile(
    rf"\b(?!(?:{_WANTED}|know|me|us|him|her|them|you|say|see|out|sure)\s)\w+\s(who|which)\b", re.IGNORECASE
)
"""What tells of the thing before it, and with "and" goes on to: "a guest who cancels and who pays late"."""
_TELLS_WHO = re.compile(
    r"\b(?:by|for|of|to|with)\s(?:\w+\s)?(?:some|any)(?:one|body)\b|\b(?:for|of)\s(?:\w+\s)?(?:people|guests)\b",
    re.IGNORECASE,
)
"""The same where more stands between: "for someone in a wheelchair and who needs help"."""
_FILLER = re.compile(
    r"\W*(?:(?:can|could|would) (?:you|anyone|someone|somebody) (?:please )?(?:help|assist)\b.*"
    r"|(?:can|may|could) i ask(?: you)?(?: something| a question)?|is (?:anyone|someone|somebody) (?:there|here)"
    r"|你?能帮(?:我|个忙|忙)吗?|(?:可以|能)?(?:请问|问)(?:一下|个问题)?吗?|在吗)\W*",
    re.IGNORECASE,
)
_CHINESE_TELLS = re.compile(
    "[前这没好]几|几乎|哪怕|没什么|[不无][管论][^，,；;？?]*|不知道[^，,；;？?]*|怎么[都也]|什么[都也]|谁[都也]|哪[儿里]?[都也]"
)
"""Words that ask elsewhere, and here tell: "bought a few days ago", "whatever the reason"."""
_CHINESE_ASKS = re.compile(
    r"几|多少|多[久长大远高宽深重快]|什么|啥|哪|吗|怎么|怎样|咋|如何|是否|谁|为什么"
    r"|[能可会要有][不没][能可会要有]|([是行用])[不没]\1|呢"
)
_CHINESE_WHO_DOES = re.compile("谁[付出管修装送取寄]")
_CHINESE_PAUSE = re.compile(f"[，；,;]|(?<=[{CJK_CLASS}]) (?=[{CJK_CLASS}])")
"""On a telephone a space is typed for a comma."""


def parts_of(message: str) -> tuple[str, ...]:
    """Return the questions of a message in their order, two to `MOST`; empty where it asks one thing, or far too many.

    >>> parts_of("Gold members: is overnight shipping free for them, and how long can they return things?")
    ('Gold members: is overnight shipping free for them', 'how long can they return things?')
    >>> parts_of("Which lamp is dimmable and has a metal shade?")
    ()
    """
    if len(message) > LONGEST:
        return ()
    found: list[str] = []
    told = ""
    for sentence in (" ".join(piece.split()) for piece in _ENDS.split(message)):
        asked = [part for part in _split(sentence) if not _says_nothing(part)]
        if asked:
            found += [f"{told} {asked[0]}".strip(), *asked[1:]]
            told = ""
        elif not found and not _says_nothing(sentence):
            told = f"{told} {sentence}".strip()
    return tuple(found) if 2 <= len(found) <= MOST else ()


def _split(sentence: str) -> list[str]:
    """Return the questions of one sentence; none where it asks nothing."""
    if sentence.endswith((".", "!", "。", "！")):
        return []
    if _asks_in_chinese(sentence):
        return _pieces(_CHINESE_PAUSE, sentence)
    return _pieces(_JOINED, sentence) if _asks(sentence) else []


def _pieces(joint: re.Pattern[str], sentence: str) -> list[str]:
    """Cut a sentence at its joints, so that each piece asks something; what does not stays with the piece after it."""
    pieces: list[str] = []
    begun = 0
    for found in joint.finditer(sentence):
        piece, behind = sentence[begun : found.start()], sentence[found.end() :]
        told = {word.casefold() for word in (*_TELLS_WHICH.findall(piece), *["who"][: bool(_TELLS_WHO.search(piece))])}
        if _asks(piece) and _asks(behind) and not _is_short(piece) and behind.split()[0].casefold() not in told:
            pieces.append(piece)
            begun = found.end()
    return [*pieces, sentence[begun:]]


def _asks(text: str) -> bool:
    return _asks_in_chinese(text) or _ASKS.search(text) is not None


def _asks_in_chinese(text: str) -> bool:
    return bool(count_cjk(text)) and _CHINESE_ASKS.search(_CHINESE_TELLS.sub("", simplified(text))) is not None


def _says_nothing(part: str) -> bool:
    """Say whether a part is none: a greeting, "can you help me?", one word."""
    return _is_short(part) or _FILLER.fullmatch(simplified(part)) is not None or courtesies.read(part) is not None


def _is_short(part: str) -> bool:
    """Say whether a part is too short to ask anything; Chinese says much in few signs."""
    has_verb = _CHINESE_WHO_DOES.match(simplified(part)) is not None
    return len(_WORD.findall(part)) < LEAST_WORDS and count_cjk(part) < LEAST_CHINESE and not has_verb
