"""The lines of a letter or a mail that tell a customer nothing: who writes to whom, the salutation, the closing words.

    text -> spans of such lines

They are rich in the words that questions share with every mail ("dear students"), so they would be quoted as answers.
"""

import re

_GREETED = (
    r"hello|hi|hey|good (?:morning|afternoon|evening)"
    r"|liebe[rs]?|guten tag|hallo|chers?|chère?s?|bonjour|madame|monsieur|estimad[oa]s?|querid[oa]s?"
    r"|hola|gentil[ei]|egregi[oa]?|geachte"
)
_CLOSED = (
    r"(?:with )?(?:my |our )?(?:(?:kind|kindest|best|warm|warmest|many)(?: (?:and|&) \w+)? )?(?:regards|wishes"
    r"|greetings)"
    r"|yours(?: (?:sincerely|faithfully|truly))?|(?:yours )?sincerely(?: yours)?|best|cheers"
    r"|(?:many )?thanks(?: again)?"
    r"|(?:mit )?(?:freundliche[nr]?|beste[nr]?|liebe[nr]?|herzliche[nr]?|viele[nr]?) gr(?:ü|ue)(?:ß|ss)en?"
    r"|cordialement|bien à vous|(?:un )?saludos?(?: cordial(?:es)?)?|cordiali saluti|met vriendelijke groet(?:en)?"
)
_TO_WHOM = r"(?:[^.?!]|\b(?:mrs?|ms|dr|prof)\.){0,80}"
_OPENING = re.compile(
    rf"(?:{_GREETED})(?:[ ,]{_TO_WHOM})?[,!]|(?:dear|to whom|sehr geehrte\w*) {_TO_WHOM}[,:!]"
    r"|(?:from|to|cc):.*@\S+|(?:尊敬的|亲爱的)[^。？！]{0,30}[，：！,:!]",
    re.IGNORECASE,
)
_CLOSING = re.compile(rf"(?:{_CLOSED})[ ,.!]*|(?:此致|敬礼|祝好|顺颂商祺)[ ，。！,.!]*", re.IGNORECASE)
_LINE = re.compile(r"[^\n\r\f]+")
SIGNATURE_LINES = 5
"""Lines below the closing words, up to a blank one, that say who wrote."""


def formal_spans(text: str) -> list[tuple[int, int]]:
    r"""Return the half-open spans of the lines that only greet, take leave, sign or name who writes to whom.

    >>> text = "Dear families, dear students,\nthe lift works again.\nKind regards\nAda Berg"
    >>> [text[start:end] for start, end in formal_spans(text)]
    ['Dear families, dear students,', 'Kind regards', 'Ada Berg']
    """
    found: list[tuple[int, int]] = []
    signs, last = 0, 0
    for line in _LINE.finditer(text):
        said = line.group().strip()
        if not said or text.count("\n", last, line.start()) > 1:
            signs = 0
        last = line.end()
        if _CLOSING.fullmatch(said):
            signs = SIGNATURE_LINES + 1
        if said and (signs or _OPENING.fullmatch(said)):
            found.append(line.span())
            signs = max(0, signs - 1)
    return found
