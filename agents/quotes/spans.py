"""The stretches of a sentence that may be a short answer, each described in numbers.

    question + sentence -> words with their kinds -> spans of a few words -> one row of features a span

What a feature is worth is fitted (`agents.quotes.pointing`); here they are only taken. They are the classic ones of
question answering by features (Rajpurkar et al., "SQuAD", EMNLP 2016, section 5): where a span stands beside the
question's words, how it begins and ends, and whether it is the kind of thing asked for.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from agents.quotes.answer_types import WHICH_DATE
from agents.transcript import Language
from knowledge.text import CJK_CLASS, tokens
from knowledge.traditional import simplified, simplified_chinese

Kind = Literal["name", "number", "time", "verb", "noun", "word", "function", "mark"]
LONGEST = 8
"""Words of a span at most."""
FAR = 12
"""Words between a span and a question's word beyond which nearness no longer counts."""

_ENGLISH = re.compile(
    r"[€$£]?\d[\d,.:/–-]*\d(?:\s?%)?|[€$£]?\d(?:\s?%)?|(?:[A-Z]\.)+|[^\W\d_]+(?:['’-][^\W_]+)*|\w+|[^\w\s]"
)
_WHICH = re.compile(r"\b(?:which|what) (\w+)", re.IGNORECASE)
_FUNCTION_TEXT: dict[Language, str] = {
    "en": "a an the of in on at to for from by with and or but as is are was were be been being has have had do does "
    "did that which who whom whose this these those it its he she they their his her not also than then there when "
    "where while after before into over under between during about because since so if can could may might will would "
    "should must such some any all each both more most other no nor only own same too very just",
    "zh": "的 了 是 在 有 和 与 及 或 也 就 都 而 着 过 被 把 对 从 到 为 以 于 之 其 这 那 并 且 但 等 所 由 "
    "向 将 会 可 这个 一个 他 她 它 他们 我们 您 我 你 因为 由于 所以 但是 可以",
}
_FUNCTION_WORDS = {language: frozenset(words.split()) for language, words in _FUNCTION_TEXT.items()}
_ASKING_TEXT = (
    "what who whom whose which where when why how many much long often soon "
    "什么 哪 哪个 哪些 谁 多少 几 何 何时 为什么 怎么 如何 哪里 哪儿 吗 呢 多久 多长 哪位 哪家 哪年 何处 怎样 多大"
)
_ASKING = frozenset(_ASKING_TEXT.split())
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion|half"
    r"|twice|third|quarter)\b|[一二三四五六七八九十百千万两半]",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b1\d{3}s?\b|\b20\d\ds?\b|\b(?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December)\b|centur(?:y|ies)|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|\d\s?[年月日]|世纪|星期|周[一二三四五六日]"
)
ASKED: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("who", r"\bwho(?:m|se)?\b|谁|哪[位个]人|何人|什么人"),
        (
            "when",
            r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|decade|century|time)"
            rf"|(?:什么|啥)时候|何时|哪一?年|哪[天月日]|几月|{WHICH_DATE}|几点|什么时间|哪个世纪",
        ),
        (
            "where",
            r"\bwhere\b|\b(?:what|which) (?:country|city|state|place|town|region|location|river|continent|county)"
            r"|哪里|哪儿|何处|什么地方|在哪|哪个(?:国家|城市|地方|地区|州)|哪[国省市]",
        ),
        (
            "how many",
            r"\bhow (?:many|much|long|old|far|large|big|tall|high|often|fast|wide|soon|heavy)\b|\bpric|\bcosts?\b"
            r"|what (?:percentage|percent|number|amount)|多少|几|多[久长大高远快宽重]|百分比|价格|费用|数量",
        ),
        ("why", r"\bwhy\b|\bwhat (?:caused|causes|reason)|为什么|为何|原因|怎么会"),
        ("how", r"\bhow\b|如何|怎么|怎样|咋"),
        ("which", r"\bwhich\b|哪"),
        ("what", r"\bwhat|什么|啥|(?<!任)何"),
    )
)
"""What a question asks for, the first that fits; a question that fits none is no question for a short answer."""
CROSSED = (
    "all names", "time", "number", "length", "whole", "after place", "after by", "after cause", "ends noun", "ends verb"
)  # fmt: skip
"""What weighs differently by what is asked for."""
_YES_OR_NO = re.compile(
    r"^\W*(?:is|are|am|was|were|do|does|did|can|could|will|would|should|shall|may|might|must|has|have|had)\b"
    r"|吗|是否|(?!时不时|动不动)(\w)[不没]\1|可不可以|(?<![什怎多这那甚])么\W*$|[不没]\W*$"
    r"|^(?!.*(?:几|多少|什么|哪|谁|怎|多[久长大高远快宽重])).*(?<!干)嘛\W*$",
    re.IGNORECASE,
)
_ASKED_ABOUT = re.compile(
    r"\b(?:tell|know|say|explain|find out|ask|remember|show)\b.{0,20}?"
    r"\b(?:who(?:m|se)?|what|which|when|where|why|how)\b"
    r"|(?:知道|告诉|请问|问一下).*?(?:谁|哪|什么|[多几怎]|(?<!任)何)",
    re.IGNORECASE,
)
"""With one of these even "Can you tell me when …" asks for more than yes or no."""
_HEAD = re.compile(
    r"\b(?:what|which|how many|how much)\s+([\w'-]+)"
    r"|(?:哪[个些位家种座条项支]?|什么样?的?|多少|几)([\u4e00-\u9fff]{1,2})",
    re.IGNORECASE,
)
_CLAUSE_MARKS = frozenset(",;:，；：、。.()（）|")
_SENTENCE_MARKS = frozenset(".;!?。；！？|")
_BY = frozenset(("by", "由", "被"))
_PLACE = frozenset(("in", "at", "from", "to", "near", "在", "于", "从", "到", "至"))
_COPULA = frozenset(
    ("is", "was", "are", "were", "be", "called", "named", "known", "是", "为", "叫", "称为", "称", "名为", "即")
)
_CAUSE = frozenset(("because", "since", "due", "因", "因为", "由于"))
_CHINESE_KINDS: dict[str, Kind] = {"m": "number", "t": "time", "eng": "name", "x": "mark"}


_FOR_TAGGER: dict[int, int | str] = {
    **{wide: wide - 0xFEE0 for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))},
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}
"""Full-width digits and letters, which it takes for marks, and halves of surrogate pairs, which it cannot read."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a sentence and its place there."""

    text: str
    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Spans:
    """The spans of one sentence: `[start, end)` in its text, and their features, one row each."""

    places: tuple[tuple[int, int], ...]
    features: np.ndarray
    """Shape (spans, len(NAMES)), float32."""


def asked_for(question: str) -> str | None:
    """Return what a question asks for, `who`, `when`, …; None for one that asks for yes or no."""
    if is_yes_or_no(question):
        return None
    question = simplified(question)
    return next((name for name, pattern in ASKED if pattern.search(question)), None)


def is_yes_or_no(question: str) -> bool:
    """Say whether a question asks for yes or no."""
    question = simplified(question)
    return _YES_OR_NO.search(question) is not None and _ASKED_ABOUT.search(question) is None


def words_of(text: str, language: Language) -> list[Word]:
    """Return the words and marks of a text in order, Chinese ones in simplified signs."""
    if language == "zh" or re.search(f"[{CJK_CLASS}]", text):
        return _chinese_words(text)
    found = list(_ENGLISH.finditer(text))
    return [
        Word(m.group(), m.start(), m.end(), _english_kind(m.group(), first=number == 0))
        for number, m in enumerate(found)
    ]


def spans(question: str, text: str, *, language: Language, rank: int, behind: float, begins: int = 0) -> Spans:
    """Return the spans of a sentence that may answer the question.

    Args:
        rank: 0 for the sentence that fits the question best.
        behind: how much lower the sentence's own score is than that of the best one.
        begins: where it begins behind the number of its clause.
    """
    question = simplified(question)
    words = words_of(text[begins:], language)
    asked = asked_for(question) or "what"
    sentence = _Sentence(question, words, language)
    places: list[tuple[int, int]] = []
    rows: list[list[float]] = []
    for first, last in _candidates(words):
        own = sentence.describe(first, last)
        crossed = [own[name] for name in CROSSED]
        row = [*own.values(), float(rank == 0), behind]
        for name, _ in ASKED:
            row += crossed if name == asked else [0.0] * len(crossed)
        places.append((begins + words[first].start, begins + words[last].end))
        rows.append(row)
    return Spans(tuple(places), np.array(rows, dtype=np.float32).reshape(len(rows), len(NAMES)))


def asking_phrase(question: str) -> str:
    """Return the words that name what is asked for: `Which country signed` of "Which country signed the treaty?"."""
    found = re.search(
        r"\b(?:what|which|who|whom|whose|where|when|why|how)\b((?:\s+[\w'-]+){0,4})", question, re.IGNORECASE
    )
    if found is None:
        return question
    kept: list[str] = []
    for word in found.group(1).split():
        if word.casefold() in _FUNCTION_WORDS["en"] and word.casefold() != "of":
            break
        kept.append(word)
    return " ".join([found.group().split()[0], *kept])


class _Sentence:
    """A sentence beside a question: where the question's words stand in it."""

    def __init__(self, question: str, words: Sequence[Word], language: Language) -> None:
        self._words = words
        asked = _question_terms(question, language)
        pairs = {question[at : at + 2] for at in range(len(question) - 1)} if language == "zh" else set()
        self._in_question = np.array([_is_asked(word, asked, pairs) for word in words], dtype=float)
        self._at: list[int] = np.flatnonzero(self._in_question).tolist()
        self._sums = np.concatenate([[0.0], np.cumsum(self._in_question)])
        self._clause = np.cumsum([word.text in _CLAUSE_MARKS for word in words])
        shares = Counter(int(self._clause[at]) for at in self._at)
        self._shares, self._most = shares, max(shares.values(), default=1)
        head = _HEAD.search(question)
        name = (head.group(1) or head.group(2) or "").casefold() if head else ""
        self._head = "" if name in _FUNCTION_WORDS[language] else _stem(name)

    def describe(self, first: int, last: int) -> dict[str, float]:
        """Return the features of the words `first` to `last`."""
        words = self._words
        inside, count = words[first : last + 1], last - first + 1
        before = words[first - 1] if first else None
        after = words[last + 1] if last + 1 < len(words) else None
        text = "".join(word.text for word in inside)
        left, right = bisect_left(self._at, first), bisect_right(self._at, last)
        near = (
            min(FAR, first - self._at[left - 1]) if left else FAR,
            min(FAR, self._at[right] - last) if right < len(self._at) else FAR,
        )
        shared = self._sums[last + 1] - self._sums[first]
        opens = before is None or before.kind == "mark"
        closes = after is None or after.kind == "mark"
        previous = before.text.casefold() if before else ""
        kinds = [word.kind for word in inside]
        named = [kind in ("name", "function") for kind in kinds]
        all_named = all(named) and kinds[0] == kinds[-1] == "name"
        joined = " ".join(word.text for word in inside)
        return {
            "length": count,
            "length squared": count * count / 10,
            "log characters": float(np.log(len(text))),
            "question's share": shared / count,
            "holds question": float(shared > 0),
            "left": near[0] / 5,
            "right": near[1] / 5,
            "log nearest": float(np.log(min(near))),
            "beside left": float(near[0] == 1),
            "beside right": float(near[1] == 1),
            "opens": float(opens),
            "closes": float(closes),
            "whole": float(opens and closes),
            "function before": float(before is not None and before.kind == "function"),
            "function after": float(after is not None and after.kind == "function"),
            "function share": kinds.count("function") / count,
            "marks": float(kinds.count("mark")),
            "clause": self._shares[int(self._clause[first])] / self._most,
            "after by": float(previous in _BY),
            "after place": float(previous in _PLACE),
            "after copula": float(previous in _COPULA),
            "after cause": float(previous in _CAUSE),
            "ends with head": float(bool(self._head) and self._is_head(inside[-1])),
            "before head": float(bool(self._head) and after is not None and self._is_head(after)),
            "position": first / max(1, len(words)),
            "name share": kinds.count("name") / count,
            "all names": float(all_named),
            "names go on": float(
                all_named
                and ((after is not None and after.kind == "name") or (before is not None and before.kind == "name"))
            ),
            "number": float(bool(_NUMBER.search(joined))),
            "time": float(bool(_TIME.search(joined)) or "time" in kinds),
            "ends number": float(kinds[-1] == "number"),
            "ends noun": float(kinds[-1] == "noun"),
            "ends verb": float(kinds[-1] == "verb"),
            "begins verb": float(kinds[0] == "verb"),
            "noun after": float(after is not None and after.kind in ("noun", "word")),
        }

    def _is_head(self, word: Word) -> bool:
        return _stem(word.text.casefold()).endswith(self._head)


def _candidates(words: Sequence[Word]) -> list[tuple[int, int]]:
    """Return first and last word of every span of a few words that begins and ends with one that says something."""
    found: list[tuple[int, int]] = []
    for first, word in enumerate(words):
        if word.kind == "mark" or (word.kind == "function" and word.text.casefold() not in ("a", "an", "the")):
            continue
        for last in range(first, min(len(words), first + LONGEST)):
            if words[last].text in _SENTENCE_MARKS:
                break
            if words[last].kind not in ("mark", "function"):
                found.append((first, last))
    return found


def _question_terms(question: str, language: Language) -> set[str]:
    words = words_of(question, language)
    return {
        _stem(word.text.casefold())
        for word in words
        if word.kind not in ("mark", "function") and word.text.casefold() not in _ASKING
    }


def _is_asked(word: Word, asked: set[str], pairs: set[str]) -> bool:
    if word.kind in ("mark", "function"):
        return False
    text = word.text.casefold()
    return _stem(text) in asked or (len(text) > 2 and any(text[at : at + 2] in pairs for at in range(len(text) - 1)))


def _stem(word: str) -> str:
    if re.search(f"[{CJK_CLASS}]", word):
        return word
    stems = tokens(word)
    return stems[0] if stems else word


def _english_kind(word: str, *, first: bool) -> Kind:
    if not re.search(r"\w", word):
        return "mark"
    if word.casefold() in _FUNCTION_WORDS["en"]:
        return "function"
    if any(character.isdigit() for character in word):
        return "number"
    return "name" if word[0].isupper() and (not first or word.isupper()) else "word"


def _chinese_words(text: str) -> list[Word]:
    import rjieba

    text = simplified_chinese(text)
    words: list[Word] = []
    at = 0
    for word, tag in rjieba.tag(text.translate(_FOR_TAGGER)):
        start, at = at, at + len(word)
        if word.strip():
            words.append(Word(text[start:at], start, at, _chinese_kind(word, tag)))
    return words


def _chinese_kind(word: str, tag: str) -> Kind:
    if not re.search(r"\w", word):
        return "mark"
    if word in _FUNCTION_WORDS["zh"]:
        return "function"
    if tag in _CHINESE_KINDS:
        kind = _CHINESE_KINDS[tag]
        return "number" if kind == "name" and any(character.isdigit() for character in word) else kind
    if tag.startswith("v"):
        return "verb"
    if tag in ("nr", "ns", "nt", "nz", "nrt", "nrfg"):
        return "name"
    return "noun" if tag[:1] in ("n", "l", "i", "j") else "word"


NAMES: tuple[str, ...] = (
    *_Sentence("", [Word("a", 0, 1, "word")], "en").describe(0, 0),
    "best sentence",
    "behind",
    *(f"{asked}: {name}" for asked, _ in ASKED for name in CROSSED),
)
"""The features of a span, in the order of its row."""


def only_repeats(question: str, span: str) -> bool:
    """Say whether a span only repeats what is asked for.

    >>> [only_repeats("Which port has them?", span) for span in ("the port", "port 9464")]
    [True, False]
    """
    asked = _WHICH.search(question)
    return asked is not None and set(tokens(span)) - {"the"} <= set(tokens(asked[1]))
