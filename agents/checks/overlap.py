"""How much two short texts say in the same words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from agents.checks.figures import MARKER
from knowledge.text import CJK_CLASS

ARTICLES = frozenset({"a", "an", "the"})
_TOKEN = re.compile(f"[{CJK_CLASS}]|[^\\s{CJK_CLASS}]+")


def token_f1(text: str, references: Sequence[str], *, language: str) -> float:
    """Return the harmonic mean of precision and recall of tokens, for the best of the right answers.

    As in SQuAD (Rajpurkar et al. 2016): case, punctuation and English articles do not count. A token is a word, but
    each Chinese character is one, as in CMRC 2018 (Cui et al. 2019). Markers such as [1] are no part of the text.

    Args:
        references: the right answers; with none the mark is 0.
        language: of the question, `en` or `zh`.
    """
    return max((_f1(_tokens(text, language), _tokens(other, language)) for other in references), default=0.0)


def _f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    if not said or not wanted:
        return float(said == wanted)
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted))


def _tokens(text: str, language: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", MARKER.sub("", text)).casefold()
    kept = "".join(character for character in folded if unicodedata.category(character)[0] not in "PS")
    found = _TOKEN.findall(kept)
    return [token for token in found if token not in ARTICLES] if language == "en" else found
