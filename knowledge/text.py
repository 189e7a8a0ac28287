"""The few facts about written English and Chinese that the rest relies on.

    text -> sentences (exact spans) · language · tokens (for word search) · a quote's place in a text

Everything here is linear in the length of the text. It knows neither documents nor indexes.
"""

import re
import threading
import unicodedata
from functools import lru_cache
from typing import Literal, Protocol

from knowledge.traditional import simplified

Language = Literal["en", "zh"]

# Han, kana, hangul: scripts written without spaces or with short syllable blocks, searched by character bigrams.
CJK_CLASS = (
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_CJK = re.compile(f"[{CJK_CLASS}]")
_LATIN_WORD = re.compile(f"[^\\W\\d_{CJK_CLASS}]+")

# --- sentences -------------------------------------------------------------------------------------------------------

_LINE = re.compile(r"[^\n\r\f\v\x85\u2028\u2029]+")
_CLOSERS = "\"'”’)\\]}»」』）】》〉〕］"
# A full stop in Chinese needs no space after it; one in English does (or the end of the line).
_STOP = re.compile(
    f"(?P<wide>[。！？；｡…]+[。！？；｡….!?]*[{_CLOSERS}]*)"
    f"|(?P<narrow>(?<![.!?…])[.!?][.!?…]*[{_CLOSERS}]*)(?=\\s|$)"
    f"|(?P<mixed>(?<=[{CJK_CLASS}])[!?]+[{_CLOSERS}]*)(?=[{CJK_CLASS}])"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Never the end of a sentence: a name, a number or the rest of the thought follows.
_OPEN_ABBREVIATIONS = _words(
    "mr mrs ms dr prof rev hon gen col sgt capt lt st mt messrs mme mlle e.g eg i.e ie cf vs viz al approx ca resp "
    "incl excl esp max min tel ext bzw ggf evtl vgl bspw inkl exkl zzgl"
)
# The end of a sentence unless a number follows.
_NUMBER_ABBREVIATIONS = _words(
    "no nos nr fig figs eq eqs sec secs ch chap art arts abs vol pp p para par jan feb mar apr jun jul aug sep sept "
    "oct nov dec"
)
# German writes "the 31st" as "31." before a noun, and nouns with capitals, so only the words around it tell.
_GERMAN_MONTH = re.compile(r"(?:Januar|Jänner|Februar|März|Juni|Juli|Oktober|Okt\.|Dezember|Dez\.)(?!\w)")
_MONTH_OR_NAME = re.compile(  # English too, so only after a German word: "open until March 31. April 15 is too late."
    r"(?:Mai|April|August|September|November|(?:Jan|Feb|Apr|Aug|Sept?|Nov)\.)(?!\w)"
)
_GERMAN_ARTICLES = _words("der die das dem den des im zum zur vom beim")
_GERMAN_BEFORE_DAYS = _GERMAN_ARTICLES | _words(
    "am ab bis seit und oder vor nach montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz "
    "mai juni juli oktober dezember"
)
_GERMAN_BEGINNINGS = _words(  # of sentences; they are written with a capital nowhere else
    "danach dann davor dazu dafür daher deshalb wir sie ich er es ihr man bitte hier dort wer wenn ab am an auf aus "
    "bei bis für in im mit nach seit von vor zu zum zur der die das den dem ein eine einen alle jede jeder kein keine "
    "nur auch aber und oder ist sind unser unsere ihre"
)
_SPACED_ABBREVIATION = re.compile(r"(?<!\w)(?:z\.\s?[BTZ]|d\.\s?h|d\.\s?R|i\.\s?d|u\.\s?U|e\.\s?g|i\.\s?e)\.")
_LEADER = "...."  # dots that lead from a thing to its price
_LED_TO = re.compile(r"\s*(?:[\d€$£¥]|(?:EUR|USD|GBP|CHF|CNY)\b|$)")
_GOES_ON_BELOW = re.compile(r"\s*\\\s*\Z")  # ends a command's line that is not its last
_WORD_LOOKBACK_CHARACTERS = 16
_LIST_MARK = re.compile(r"\s*[(\[]?(?:\d{1,3}|[A-Za-z]|[ivxlcIVXLC]{1,5})\.")

_LABELLED = re.compile(f"[{CJK_CLASS}]{{2,8}}：[^\\n\\r\\f。！？]{{1,100}}[。！？]?$")
"""A line of one label and what it says: "营业时间：周一至周五九点；周六十点" is one statement."""


def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Return the half-open span of every sentence, without the white space around it.

    A line end and a form feed end a sentence; closing quotes and brackets belong to it; a table row
    (`Column: value | Column: value`) is one sentence however many full stops it has, as is a short line `标签：…；…`.

    >>> [("Dr. Li paid 3.50. Why?")[start:end] for start, end in sentences("Dr. Li paid 3.50. Why?")]
    ['Dr. Li paid 3.50.', 'Why?']
    """
    spans: list[tuple[int, int]] = []
    for line in _LINE.finditer(text):
        start, end = line.span()
        if " | " not in line.group():
            if _LABELLED.match(line.group()):
                _append_trimmed(spans, text, start, end)
                continue
            body = mark.end() if (mark := _LIST_MARK.match(text, start, end)) else start
            for stop in _STOP.finditer(text, body, end):
                if _ends_sentence(text, stop, line_start=body, line_end=end):
                    _append_trimmed(spans, text, start, stop.end())
                    start = stop.end()
        _append_trimmed(spans, text, start, end)
    return tuple(spans)


def _ends_sentence(text: str, stop: re.Match[str], *, line_start: int, line_end: int) -> bool:
    if stop.lastgroup != "narrow":
        return stop.group() != "…" or stop.end() == line_end
    following = _character_after(text, stop.end(), line_end)
    if following.islower() or _GOES_ON_BELOW.match(text, stop.end(), line_end):
        return False
    if stop.group().startswith(_LEADER) and _LED_TO.match(text, stop.end(), line_end):
        return False
    if stop.group()[0] != "." or stop.group().startswith(".."):
        return True
    word = text[max(line_start, stop.start() - _WORD_LOOKBACK_CHARACTERS) : stop.start()].rsplit(None, 1)
    last = word[-1].lstrip("(\"'“‘[（").casefold() if word and not text[stop.start() - 1].isspace() else ""
    if last in _OPEN_ABBREVIATIONS:
        return not following
    if last in _NUMBER_ABBREVIATIONS:
        return not following.isdigit()
    if last.isdecimal() and len(last) <= 2 and _is_german_ordinal(text, stop.end(), before=word[0]):
        return False
    if len(last) == 1 and _is_spaced_abbreviation(text, stop.start(), line_start=line_start):
        return False
    is_initial = len(last) == 1 and last.isalpha() and last != "i" and text[stop.start() - 1].isupper()
    return not (is_initial and following.isupper())


def _is_german_ordinal(text: str, end: int, *, before: str) -> bool:
    """Say whether a number's stop makes it a day or a place in an order: "zum 31. August", "im 2. Stock"."""
    word = "".join(before.casefold().split()[-1:]).strip(",;:(")
    following = text[end : end + _WORD_LOOKBACK_CHARACTERS].lstrip(" \u00a0")
    if _GERMAN_MONTH.match(following):
        return True
    if _MONTH_OR_NAME.match(following):
        return word in _GERMAN_BEFORE_DAYS
    begun = re.match(r"\w*", following)
    return word in _GERMAN_ARTICLES and begun is not None and begun.group().casefold() not in _GERMAN_BEGINNINGS


def _is_spaced_abbreviation(text: str, stop: int, *, line_start: int) -> bool:
    """Say whether a stop is one of the two of "z. B.", "d. h." or "e. g."."""
    begins = (stop - 1, stop - 3, stop - 4)
    return any(begin >= line_start and _SPACED_ABBREVIATION.match(text, begin, begin + 5) for begin in begins)


def _character_after(text: str, start: int, end: int) -> str:
    for position in range(start, end):
        if not text[position].isspace() and text[position] not in "\"'“‘([（「『":
            return text[position]
    return ""


def _append_trimmed(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))


# --- language --------------------------------------------------------------------------------------------------------


def count_cjk(text: str) -> int:
    """Return how many characters of the text are Han, kana or hangul."""
    return sum(1 for _ in _CJK.finditer(text))


def detect_language(text: str) -> Language:
    """Return "zh" when the text is read as Chinese is, by its characters, counting a Latin word like one of them.

    Japanese and Korean are; `knowledge.languages.answer_language` tells whom Chinese may be said to.
    English function words count double: a Chinese question is full of product names, and an English question may
    quote a Chinese term, but only English sentences say "what does".
    """
    characters = count_cjk(text)
    if not characters:
        return "en"
    weight = 0
    for word in _LATIN_WORD.findall(text.casefold()):
        weight += 2 if word in STOP_WORDS else 1
        if weight >= characters:
            return "en"
    return "zh"


# --- tokens ----------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    f"([^\\W\\d_{CJK_CLASS}]+(?:'[^\\W\\d_{CJK_CLASS}]+)*"
    "|\\d{1,3}(?:,\\d{3}){1,6}(?!\\d)(?:\\.\\d+)?|\\d+(?:\\.\\d+)*)"
    f"|([{CJK_CLASS}]+)"
)
# What the same finds in a text of ASCII, in a third of the time.
_ASCII_TOKEN = re.compile(r"[a-z]+(?:'[a-z]+)*|[0-9]{1,3}(?:,[0-9]{3}){1,6}(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)*")
_ZERO_DECIMALS = {1: re.compile(r"\.0+$"), 2: re.compile(r"(?:\.0{1,2})+$")}  # 2.3 is 2.3.0 too; 1.000.000 is not 1

# Words that say how something is asked, not what: English ones with their stems, Chinese characters and bigrams,
# among them bigrams across the seam of two such words. For queries only; indexes keep every token.
STOP_WORDS = _words(
    """
    a about ain't all also am an and ani any are aren't as ask at be been befor before being but by can can't cannot
    could couldn't did didn't do doe does doesn't doing don't each els else ever for from get got had has hasn't have
    haven't he hello help her here hi him his how i i'd i'll i'm i've if in into is isn't it its just kind know let
    like look may me might much must my need of off on onli only onto or our out pleas please shall she should
    so some someth something tell thank thanks that the their them then there these they thi this those to too up us
    veri very wa want was wasn't we well were what what's when where which who whom whose whi why will with won't
    would you your
    dont doesnt didnt cant couldnt wouldnt shouldnt isnt arent wasnt hasnt havent ive youre theyre theyr
    什么 么时 时候 怎么 么样 么办 怎样 样才 如何 何才 为什 为何 多少 多久 哪里 哪儿 哪些 哪个 几个 可以 以吗
    可不 不可 能否 是否 是不 不是 有没 请问 问一 我想 想问 想知 知道 道一 我要 我的 我们 们的 你们 你的 您的
    您们 他们 一下 一个 这个 那个 这些 那些 告诉 诉我 谢谢 你好 您好 关于 的是 是什 是多 是怎 吗 呢 吧 啊 呀 的
    了 是 在 和 与 或 及 我 你 您 他 她 它 请 就 都 也 还 把 被 让 给 会 能 要 想 有
    """
)


def tokens(text: str) -> list[str]:
    """Return the text's search tokens, in order, repeats included.

    NFKC and casefold; English stems (Porter's second algorithm, Snowball "english"); numbers whole and without
    thousands separators; runs of Chinese, in simplified signs, as overlapping character bigrams, a lone sign as itself.

    >>> tokens("Returns: 30-day limit, $1,200.00. 退货政策")
    ['return', '30', 'day', 'limit', '1200', '退货', '货政', '政策']
    """
    folded = simplified(without_signs(unicodedata.normalize("NFKC", set_apart(text)).replace("’", "'").casefold()))
    if folded.isascii():
        return [_token(run) for run in _ASCII_TOKEN.findall(folded)]
    found: list[str] = []
    for other, chinese in _TOKEN.findall(folded):
        if other:
            found.append(_token(other))
        elif len(chinese) == 1:
            found.append(chinese)
        else:
            found.extend(chinese[i : i + 2] for i in range(len(chinese) - 1))
    return found


_RAISED = re.compile(r"(?<=\d)(?=[\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2079\u2150-\u215e\u2460-\u2473])")


def set_apart(text: str) -> str:
    """Return a text with a space before raised figures and fractions that follow a digit.

    NFKC makes "491" of "49¹", a price with a note, and "11⁄2" of "1½".
    """
    return text if text.isascii() else _RAISED.sub(" ", text)


_SIGNS = re.compile("[‘“”„…–—•·→←×°€£¥©®]+")


def without_signs(text: str) -> str:
    """Return a text with spaces for the signs that English has beyond ASCII: without them most of it is ASCII.

    None of them is part of a word or a number.
    """
    return text if text.isascii() else _SIGNS.sub(" ", text)


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802, its name in snowballstemmer


_stemmer_lock = threading.Lock()
_LONGEST_STEMMED_WORD = 40


@lru_cache(maxsize=1)
def _english_stemmer() -> _Stemmer:
    import snowballstemmer

    stemmer: _Stemmer = snowballstemmer.stemmer("english")
    return stemmer


@lru_cache(maxsize=100_000)
def _token(run: str) -> str:
    """Return a word's stem, or a number without separators and zero decimals."""
    if run[0].isdecimal():
        plain = run.replace(",", "")
        return _ZERO_DECIMALS[run.count(".")].sub("", plain) if run.count(".") in (1, 2) else plain
    if len(run) > _LONGEST_STEMMED_WORD:
        return run
    with _stemmer_lock:  # a Snowball stemmer keeps the word it works on in itself
        return _english_stemmer().stemWord(run)


# --- quotes ----------------------------------------------------------------------------------------------------------

_MEANINGFUL_SIGNS = frozenset("%‰+=<>±≤≥")
_PARTIAL_MATCHES_TRIED = 200
_LEADING_DIGITS = re.compile(r"\d+")


def normalise(text: str) -> str:
    """Return what a comparison of quotes compares: letters, digits, currency and per-cent signs, nothing else.

    Compatibility forms, case, white space and punctuation are gone; a decimal point between digits stays, so that
    "1.5 %" is never "15 %".
    """
    return "".join(_folded_pieces(text)[0])


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """Return the first span of `text` that says `quote`, compared by `normalise`; None when it is not there.

    A quote that begins or ends inside a word, a number or a sign of the text is not there: "30 days" is not in "130
    days", nor "250 euros" in "1,250 euros", "cafe" in "café" or "4" in "¼".
    Punctuation at the quote's ends is part of the span where the text has it too.
    """
    wanted = normalise(quote)
    if not wanted:
        return None
    pieces, offsets = _folded_pieces(text)
    folded = "".join(pieces)
    position = folded.find(wanted)
    for _ in range(_PARTIAL_MATCHES_TRIED):
        if position < 0:
            return None
        behind = position + len(wanted)
        found = offsets[position:behind]
        start, end = min(found), max(found) + 1  # marks change places, and with them what they came from
        beside = (*offsets[position - 1 : position], *offsets[behind : behind + 1])
        is_whole = not (set(beside) & set(found)) and not unicodedata.combining(text[end : end + 1] or " ")
        if is_whole and not (_is_inside_word(text, start) or _is_inside_word(text, end)):
            return _with_outer_punctuation(quote, text, start, end)
        position = folded.find(wanted, position + 1)
    return None


def _folded_pieces(text: str) -> tuple[list[str], list[int]]:
    """Return the normalised characters and, for each, the offset of the character that it came from."""
    pieces: list[str] = []
    offsets: list[int] = []
    last = len(text) - 1
    for offset, character in enumerate(text):
        piece = _fold(character)
        if not piece and character in ".．" and 0 < offset < last:
            piece = "." if text[offset - 1].isdigit() and text[offset + 1].isdigit() else ""
        for part in piece:
            # Marks of one letter have one order, whether they came with it or after it (Unicode, 3.11).
            place, order = len(pieces), unicodedata.combining(part)
            while order and place and unicodedata.combining(pieces[place - 1]) > order:
                place -= 1
            pieces.insert(place, part)
            offsets.insert(place, offset)
    return pieces, offsets


@lru_cache(maxsize=20_000)
def _fold(character: str) -> str:
    # Decomposed, because composition would join characters across the one-by-one walk that keeps the offsets.
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    if decomposed.startswith(" ") and all(map(unicodedata.combining, decomposed[1:])):
        return ""  # an accent on a blank, "´", is no letter's
    return "".join(part for part in decomposed if _is_meaningful(part))


def _is_meaningful(character: str) -> bool:
    return (
        character.isalnum() or character in _MEANINGFUL_SIGNS or unicodedata.category(character) in ("Sc", "Mn", "Mc")
    )


def _is_inside_word(text: str, position: int) -> bool:
    """Say whether the characters on both sides of `position` belong to one Latin word or one number."""
    if not 0 < position < len(text):
        return False
    before, after = text[position - 1], text[position]
    if any(_is_number_mark(text, place) for place in (position - 1, position)):
        return True
    if not (before.isalnum() and after.isalnum()) or _CJK.match(before) or _CJK.match(after):
        return False
    return before.isdigit() == after.isdigit()


def _is_number_mark(text: str, place: int) -> bool:
    """Say whether a full stop or a comma belongs to a number: a decimal point, or between thousands."""
    if not 0 < place < len(text) - 1 or text[place] not in ".．,，" or not text[place - 1].isdigit():
        return False
    digits = _LEADING_DIGITS.match(text, place + 1, place + 5)
    return digits is not None and (text[place] in ".．" or len(digits.group()) == 3)


def _with_outer_punctuation(quote: str, text: str, start: int, end: int) -> tuple[int, int]:
    quote = quote.strip()
    first = next(i for i, character in enumerate(quote) if _fold(character))
    last = next(i for i in range(len(quote) - 1, -1, -1) if _fold(quote[i]))
    for character in reversed(quote[:first]):
        if start == 0 or text[start - 1] != character:
            break
        start -= 1
    for character in quote[last + 1 :]:
        if end == len(text) or text[end] != character:
            break
        end += 1
    return start, end
