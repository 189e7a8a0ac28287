"""Names by their form: a letter or few with a number, T20, E3, A5 Pro.

    "T20pro 报E3" -> ("t", "20"), ("e", "3")

Codes of the same letters name things of one kind: T10 is another robot than T20, E3 another fault than E9. Sums of
money, editions and classes of protection have such a form and name no thing.
"""

import re
import unicodedata

from knowledge.traditional import simplified

_NO_NAMES = "ver|rev|ip|no|nr|rmb|cny|eur|usd|gbp|chf|hkd|jpy"
_VERSIONS = r"v-?\d(?!\d)|v-?\d+\s?版|(?:(?<=policy[ _-])|(?<=version )|(?<=政策)|(?<=版)|(?<=版本))v"
"""Of V10 and V12 each may be a thing; V2 and 政策V12 are editions."""
CODE = re.compile(
    rf"(?<![a-z\d])(?!(?:{_NO_NAMES})-?\d|{_VERSIONS})([a-z]{{1,3}})[-_]?(\d{{1,4}})(?![\d.])", re.IGNORECASE
)
_AND = r"(?:[和跟与]|或者?)(?:[^，。？,?用起玩]{0,6}?[a-z]|\s?[它那这上\d])"
"""And what may be another thing: 和家人一起用 sets nothing side by side."""
_WHICH = "哪[个款种台只边]"
_COMPARES = re.compile(
    rf"(?<!性价)比(?![例如方较])|{_AND}[^，。？]{{0,12}}比较|{_WHICH}更|[和跟与或][^，。？,?用起玩]{{0,12}}{_WHICH}(?:好|大|小|吵|贵|便宜|划算|强)|[区差]别|不同|一样"
    r"|\b(?:than (?![€£$]?\d)|compar\w+|differ(?:s|ences?)?\b|different (?:from|to)\b|versus\b|vs\b"
    r"|same (?:\w+ )?as\b|which (?:one )?is (?:(?!under|over|after|never)\w{2,20}er|more)\b)",
    re.IGNORECASE,
)
"""Not "more than 300 euros", "the same day" and "which colour"."""
_COMPARE_TOGETHER = tuple(
    (re.compile(first, re.IGNORECASE), re.compile(then, re.IGNORECASE))
    for first, then in ((_AND, _WHICH), (_WHICH, f"还是|{_AND}"), (r"\bwhich (?:one )?is\b", r"\bor\b"))
)
"""What does so where the other stands behind it."""
_FROM_TO = re.compile(r"\d\s?(?:[-–—~]|到|至|to\b)\s?[a-z]{0,3}-?\d", re.IGNORECASE)
_REST_OF_NAME = r"[a-z]*(?: [A-Z][a-z]+)?"
"""Of "T20pro" and "T10 Lite"."""
Code = tuple[str, str]
"""Its letters and its number."""


def codes(text: str) -> set[Code]:
    """Return the codes of a text.

    >>> sorted(codes("T20pro 报E3，滤网FY-A5P，PM2.5"))
    [('a', '5'), ('e', '3'), ('t', '20')]
    """
    return {(found[1].casefold(), found[2]) for found in CODE.finditer(unicodedata.normalize("NFKC", text))}


def names_those_between(text: str) -> bool:
    """Say whether a text has codes from one to another, "E1 to E9", which mean those between them too."""
    return _FROM_TO.search(unicodedata.normalize("NFKC", text)) is not None


def compares(question: str) -> bool:
    """Say whether a question sets things side by side: in "is it larger than the T20?" T20 takes nothing's place."""
    asked = simplified(question)
    firsts = ((first.search(asked), then) for first, then in _COMPARE_TOGETHER)
    return bool(_COMPARES.search(asked)) or any(found and then.search(asked, found.end()) for found, then in firsts)


def without_those_of_its_kind(text: str, question: str) -> str:
    """Return a text without the names whose place the question's codes take.

    >>> without_those_of_its_kind("T10 Lite吸力多少", "那T20呢")
    ' 吸力多少'
    """
    kinds = set() if compares(question) else {letters for letters, _ in codes(question)}
    whole = re.compile(CODE.pattern + f"(?-i:{_REST_OF_NAME})", re.IGNORECASE)
    return whole.sub(lambda found: " " if found[1].casefold() in kinds else found[0], text) if kinds else text
