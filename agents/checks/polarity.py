"""Does a written sentence say no where its source says yes, or the other way round?

    written clause -> the source clause that shares most terms -> negated alike?

Words in common cannot tell "can be returned" from "cannot be returned", nor "before" from "after". This compares
whether a clause is negated and which of two opposites it says, and rather finds a difference too many: the sentence is
then left out, never shown.
"""

import re
import unicodedata
from collections.abc import Sequence

from knowledge.text import STOP_WORDS, tokens
from knowledge.traditional import simplified

_NOT_ENGLISH = (
    r"\b(?:not(?! (?:only|just|later than|more than|less than))|no(?! (?:more|later|less|fewer|sooner) than|\. ?\d)"
    r"|never|nor|neither|none|nobody|nothing|cannot|without|unable|impossible|unavailable|refus\w+|declin\w+"
    r"|exclud\w+|except(?:ing)?|prohibit\w*|forbid\w*|forbidden)\b|n't\b"
)
_NOT_CHINESE = (
    r"(?P<asked>.)不(?P=asked)|不(?:锈|同|仅|但|过|管|论|久|断|止|只|超过|少于|低于|高于|迟于|晚于|多于|大于|小于)|无(?:线|论)|未来"
    r"|(?P<zh>[不没无未勿免]|禁止|拒绝|谢绝|并非)"
)
_NEGATION = re.compile(f"(?P<en>{_NOT_ENGLISH})|{_NOT_CHINESE}", re.IGNORECASE)
_MAY_CHINESE = re.compile("可以|能够|[可能会]")
_OPPOSITES = tuple(
    (re.compile(one, re.IGNORECASE), re.compile(other, re.IGNORECASE))
    for one, other in (
        (
            r"\b(?:over|above|exceed\w*|(?<!no )(?<!not )more than|at least|(?:no|not) (?:less|fewer) than|minimum"
            r"|or more|upwards?)\b|(?<!不)超过|以上|至少|最少|起码|不(?:少于|低于|小于)|(?<!不)[高多大]于|满",
            r"\b(?:under|below|(?<!no )(?<!not )(?:less|fewer) than|at most|(?:no|not) (?:more|later) than|up to"
            r"|maximum"
            r"|or (?:less|fewer)|within)\b|不足|以下|[以之]内|"
            r"不(?:超过|高于|多于|大于|迟于|晚于)|至多|最多|(?<!不)[低少小]于|不满",
        ),
        (
            r"\b(?:before|prior to|beforehand|in advance|earlier)\b|[之以]前|提前|事先|(?<![目提当之以])前(?![台往])",
            r"\b(?:after|afterwards|following|later(?! than)|since)\b|[之以]后|(?<![然最之以])后(?![台续面])",
        ),
        (r"\bmore\b(?! than)|更多|增加", r"\b(?:less|fewer)\b(?! than)|更少|减少"),
        (
            r"\b(?:longer|higher|larger|bigger|faster)\b|更[长高大快]",
            r"\b(?:shorter|lower|smaller|slower)\b|更[短低小慢]",
        ),
        (r"\bopen(?:s|ed|ing)?\b|营业|开[门放]", r"\b(?:clos(?:e|es|ed|ing)|unopened|shut)\b|关[门闭]|休息|打烊|停业"),
        (r"\bwith\b(?! no\b)", r"\b(?:without|with no)\b"),
        (r"\b(?:switch|turn)\w*(?: \w+){0,2} on\b|打开", r"\b(?:switch|turn)\w*(?: \w+){0,2} off\b|关[掉上]"),
        (r"\bfirst\b|首", r"\blast\b|最后"),
        (r"\b(?:start|begin)\w*|开始", r"\b(?:end|ends|ended|ending|finish\w*)\b|结束"),
        (r"\b(?:free|complimentary)\b|免费", r"\b(?:charged?|paid)\b(?<!of charge)|收费"),
        (
            r"\b(?:all|any|each|entire|whole)\b|所有|全部|一切|任何",
            r"\b(?:some|certain|selected|(?<!at )most|several|part of)\b|部分|有些|某些|个别",
        ),
        (r"\b(?:always|every)\b|总是", r"\b(?:sometimes|occasionally)\b|有时"),
        (r"\b(?:must|required|mandatory|obligatory)\b|必须", r"\b(?:optional\w*|voluntary)\b|可选|自愿"),
        (r"\binclud\w+|\binclusive\b|包括", r"\bexclud\w+|\bexcept\b|\bexclusive\b|除外|不(?:包括|含)"),
    )
)
"""Words of which a clause and its source must say the same."""
_OPPOSING_PREFIX = re.compile(r"(?:un|in|im|ir|il|dis|non)(?=\w{3})")
_NON = re.compile(r"\bnon[- ](?=\w{3})")
"""Written apart, the denial of "non-refundable" would be a word of its own."""
_CLAUSE = re.compile(
    r"[;；，。？！?!\n]|\s\|\s|,?\s+(?=(?:but|however|yet|while|whereas|although|though|except)\b)"
    r"|,\s+(?=(?:and|or|so|not|no|never)\b)|\s+(?=and (?:it |they |you )?(?:cannot|can't|not|no|never|is not|isn't)\b)"
    r"|(?=但)",
    re.IGNORECASE,
)


def contradicts(written: str, source: str, *, above: Sequence[str] = ()) -> bool:
    """Say whether a clause of `written` is negated and its nearest clause of `source` is not, or the reverse.

    A clause that affirms all of what `source` denies somewhere contradicts it too, and so does one that says the
    opposite of a word of its nearest clause: "over" and "under", "plugged" and "unplugged".

    Args:
        above: what `source` stands under, such as headings and the line that opens its list: "What cannot be returned".
    """
    clauses = _clauses(source)
    denied = [_terms(clause) for clause in clauses if is_negated(clause)]
    for clause in _clauses(written):
        terms = _terms(clause)
        if says_opposite(clause, source):
            return True
        nearest = max(clauses, key=lambda other: (len(terms & _terms(other)), is_negated(other)), default="")
        if not terms & _terms(nearest) and clauses != [nearest]:
            continue
        if says_opposite(clause, nearest):
            return True
        denied_above = [line for line in above if is_negated(line)]
        if is_negated(clause):
            if not is_negated(nearest) and not denied_above:
                return True
        elif (
            is_negated(nearest)
            or any(what <= terms for what in denied)
            or any(terms & _terms(line) - _terms(nearest) for line in denied_above)
        ):
            return True
    return False


def is_negated(text: str) -> bool:
    """Say whether a text holds a word that denies, in English or Chinese."""
    return any(match["en"] or match["zh"] for match in _NEGATION.finditer(_plain(text)))


def says_opposite(text: str, other: str) -> bool:
    """Say whether, of two opposites, one text says one only and the other text the other only."""
    here, there = _folded(text), _folded(other)
    for pair in _OPPOSITES:
        said = tuple(bool(word.search(here)) for word in pair)
        if sum(said) == 1 and tuple(bool(word.search(there)) for word in pair) == said[::-1]:
            return True
    words, others = set(tokens(here)), set(tokens(there))
    return bool(_prefixed(words - others) & (others - words) or _prefixed(others - words) & (words - others))


def _prefixed(words: set[str]) -> set[str]:
    """Return what is left of the words that begin like a denial: "plug" of "unplug"."""
    return {word[found.end() :] for word in words if (found := _OPPOSING_PREFIX.match(word))}


def _folded(text: str) -> str:
    return _NON.sub("non", _plain(text).casefold())


def _plain(text: str) -> str:
    return simplified(unicodedata.normalize("NFKC", text)).replace("’", "'")


def _clauses(text: str) -> list[str]:
    return [clause for clause in _CLAUSE.split(text) if _terms(clause)]


def _terms(text: str) -> set[str]:
    """Return what a clause is about: its search terms without those that ask, allow or deny."""
    return set(tokens(_MAY_CHINESE.sub(" ", _NEGATION.sub(" ", _plain(text))))) - STOP_WORDS
