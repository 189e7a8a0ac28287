"""What no answer may hold: keys, tokens, passwords, and the instructions that the machine was given.

    text, known secrets, instructions -> spans that must not be shown

Known secrets are found however they are spaced; unknown ones by the forms that providers give them. A secret that is
written in another form, such as backwards or in words, is not found: keep secrets out of prompts and documents.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from knowledge.traditional import simplified

SHORTEST_SECRET = 6
"""Characters; shorter values would be found in ordinary words."""
SHINGLE_WORDS = 8
"""So many words in a row, taken from the instructions, count as a quote; one Chinese character is a word."""
_NAMED = r"\b(?:pass(?:word|wd|phrase)|(?:api|private)[ _-]?key|secret(?:[ _-]?key)?|(?:access|auth)[ _-]?token)\b"
_FORMS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.*?-----END [A-Z ]*PRIVATE KEY-----|.*)"
    r"|\b(?:sk|pk|rk)[-_](?:live[-_]|test[-_]|proj[-_]|ant[-_])?[A-Za-z0-9_-]{16,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bhf_[A-Za-z0-9]{20,}"
    r"|\bxox[abeprs]-[\w-]{10,}|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}|\bnpm_[A-Za-z0-9]{30,}|\bSG\.[\w-]{16,}\.[\w-]{16,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"
    r"|\b\w{2,12}://[^\s/:@]+:[^\s/@]+@\S+"
    # "Basic troubleshooting", "Your password is case-sensitive" are prose: a key has digits, signs, capitals within.
    r"|\bbearer\s+(?=[a-z0-9+/.-]*(?:[0-9_=]|(?-i:[a-z][A-Z])))[a-z0-9+/._=-]{16,}"
    r"|\bbasic\s+(?=[a-z+/]*(?:[0-9=]|(?-i:[a-z][A-Z])))[a-z0-9+/]{16,}={0,2}"
    rf"|{_NAMED}\s*[:=：]\s*[\"'`]?(?=[^\s\"'`]*[\d!@#$%^&*_-])[^\s\"'`，。；]{{6,}}"
    rf"|{_NAMED}\s*is\b\s*[\"'`]?(?=[^\s\"'`]*(?:[\d@#$%^&*_]|!\w|(?:-\w+){{3}}))[^\s\"'`，。；]{{6,}}"
    r"|(?:密码|口令|密钥|令牌)\s*(?:是|为|[:=：])\s*[\"“'`]?(?=[!-~]*[\d!@#$%^&*_-])[!-~]{6,}",
    re.IGNORECASE | re.DOTALL,
)
_NAME = re.compile(rf"(?:{_NAMED}|密码|口令|密钥|令牌)\s*(?:is\b|[是为:=：])\s*[\"“'`]?", re.IGNORECASE)
"""What stands before a secret's value."""
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")


def secret_spans(text: str, *, known: Iterable[str] = (), published: Sequence[str] = ()) -> Iterator[tuple[int, int]]:
    """Yield where a text holds a secret.

    Args:
        known: secrets of this installation, such as its keys; at least `SHORTEST_SECRET` characters each.
        published: texts that whoever asks may read: the guests' password in one is no secret, a known one is.
    """
    shown: set[str] | None = None
    for span, value in _formed(text):
        if shown is None:
            shown = {other for each in published for _, other in _formed(each)}
        if value not in shown:
            yield span
    for secret in known:
        if len(secret) >= SHORTEST_SECRET:
            spaced = r"[\s\-_.*`]{0,3}".join(map(re.escape, "".join(secret.split())))
            for match in re.finditer(spaced, text, re.IGNORECASE):
                yield match.span()


def _formed(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield what has the form of a secret: where it stands with its name, and its value."""
    folded = simplified(text)
    for match in _FORMS.finditer(folded):
        named = _NAME.match(folded, match.start())
        value = text[named.end() if named else match.start() : match.end()]
        yield match.span(), value.rstrip(".,;:!?)\"'”") or value


def quoted_spans(text: str, *, instructions: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield where a text repeats `SHINGLE_WORDS` words in a row of the instructions, whatever stands between them."""
    shingles = {shingle for told in instructions for shingle in _shingles([word for word, _ in _words(told)])}
    words = list(_words(text))
    for position, shingle in enumerate(_shingles([word for word, _ in words])):
        if shingle in shingles:
            yield words[position][1][0], words[position + SHINGLE_WORDS - 1][1][1]


def _words(text: str) -> Iterator[tuple[str, tuple[int, int]]]:
    for match in _WORD.finditer(text):
        yield match[0].casefold(), match.span()


def _shingles(words: list[str]) -> Iterator[tuple[str, ...]]:
    for start in range(len(words) - SHINGLE_WORDS + 1):
        yield tuple(words[start : start + SHINGLE_WORDS])
