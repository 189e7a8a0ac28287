"""The lines of a letter or a mail that tell a customer nothing: who writes to whom, the salutation, the closing words.

    line -> is it a formality?

They are rich in the words that questions share with every mail ("dear students"), so they would be quoted as answers.
"""

import re

_GREETED = (
    r"dear|hello|hi|hey|good (?:morning|afternoon|evening)|to whom it may concern"
    r"|sehr geehrte\w*|liebe[rs]?|guten tag|hallo|chers?|chère?s?|bonjour|madame|monsieur|estimad[oa]s?|querid[oa]s?"
    r"|hola|gentil[ei]|egregi[oa]?|beste|geachte"
)
_CLOSED = (
    r"(?:with )?(?:my |our )?(?:(?:kind|kindest|best|warm|warmest|many)(?: (?:and|&) \w+)? )?(?:regards|wishes"
    r"|greetings)"
    r"|yours(?: (?:sincerely|faithfully|truly))?|(?:yours )?sincerely(?: yours)?|best|cheers"
    r"|(?:many )?thanks(?: again)?"
    r"|(?:mit )?(?:freundliche[nr]?|beste[nr]?|liebe[nr]?|herzliche[nr]?|viele[nr]?) gr(?:ü|ue)(?:ß|ss)en?"
    r"|cordialement|bien à vous|(?:un )?saludos?(?: cordial(?:es)?)?|cordiali saluti|met vriendelijke groet(?:en)?"
)
_FORMALITY = re.compile(
    rf"(?:{_GREETED})\b[^.?!]{{0,80}}[,:!]|(?:{_CLOSED})[ ,.!]*|(?:from|to|cc):.*@\S+"
    r"|(?:尊敬的|亲爱的)[^。？！]{0,30}[，：！,:!]|(?:此致|敬礼|祝好|顺颂商祺)[ ，。！,.!]*",
    re.IGNORECASE,
)


def is_formality(line: str) -> bool:
    """Say whether a line only greets, takes leave or names who writes to whom.

    >>> [is_formality(line) for line in ("Dear families,", "Kind regards", "Dear readers, we are closed on Monday.")]
    [True, True, False]
    """
    return _FORMALITY.fullmatch(line.strip()) is not None
