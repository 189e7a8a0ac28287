"""The parts of a text that are right or wrong to the letter: numbers, dates, weekdays, prices, links, addresses.

    text -> exact parts, each in one spelling -> compared with the source's

It knows neither passages nor citations.
"""

import re
import unicodedata

from knowledge.text import set_apart
from knowledge.traditional import simplified

MARKER = re.compile(r"\s*[\[［【]\s?(\d{1,2}(?:\s?[,，、]\s?\d{1,2})*)\s?[\]］】]")
"""Citations as models write them: [1], [1, 2], 【1】; no part of what is said."""
_CLAUSE = re.compile(
    r"\s*(?:(?P<sign>§\s?)(?:\d{1,2}\.){1,4}\d{1,2}\.?|(?P<above>(?:[1-9]\d?\.){1,4})(?P<last>[1-9]\d?))"
    r"\s+(?P<word>[A-ZÀ-ÖØ-Þ]\w*)"
)
_LINK = (
    r"(?:https?://|www\.)[a-z0-9~%#?&=+@:/.,;!$_-]+"  # links
    r"|(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.]+"  # addresses
    r"|(?<![\w.])[a-z][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){0,8}\.(?-i:[a-z]{2,})"  # bare hosts
    r"(?:/[a-z0-9~%#?&=+@:/.,;!$_-]*)?"
)
_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "mai",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
"""One spelling of each month; "mai", because "may" is a verb too."""
EXACT = re.compile(
    rf"{_LINK}|\d[\d.,:/-]*\d|\d|(?<![a-z])(?:{'|'.join(_DAYS + MONTHS)})(?![a-z])", re.ASCII | re.IGNORECASE
)
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_RANGE = re.compile(r"([\d.,:]+)-([\d.,:]+)")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")
_SIGN_WORDS = (
    ("%", re.compile(r"%|\bper ?cent\b|百分之")),
    ("€", re.compile(r"€|\beuros?\b|(?<![a-z])eur(?![a-z])|欧元")),
    ("$", re.compile(r"\$|\bdollars?\b|(?<![a-z])usd(?![a-z])|美元")),
    ("£", re.compile(r"£|(?<![a-z])gbp(?![a-z])|英镑")),
    (
        "¥",
        re.compile(r"¥|(?<![a-z])(?:rmb|cny|yuan)(?![a-z])|人民币|(?<=\d)\s?元|(?<=\d)\s?块钱|(?<=[(/:：\s])元(?!\w)"),
    ),
)
_SIGNS = "%€$£¥"
_AMOUNT = re.compile(rf"([€$£¥])\s?(\d[\d.,]*\d|\d)|(\d[\d.,]*\d|\d)\s?([{_SIGNS}])")

_SMALL_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL_NUMBERS = {word: value for value, word in enumerate(_SMALL_WORDS.split())}
_SMALL_NUMBERS |= {word: 10 * value for value, word in enumerate(_TENS_WORDS.split(), start=2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
NUMBER_WORD = "|".join(sorted({*_SMALL_NUMBERS, *_SCALES}, key=len, reverse=True))
UNIT = re.compile(
    r"[\s-]*(?:(?:working|business|calendar|full|single|more)\s+)?(?:second|minute|hour|day|week|month|year|euro|dollar"
    r"|cent|per ?cent|time|piece|metre|gram|kilogram)s?(?![a-z])"
    r"|\s*(?:个?(?:工作日|自然日|月|小时|星期)|天|日|周|年|次|件|分钟|欧元|美元|元|公斤|克|米)",
    re.IGNORECASE,
)
"""What makes a number of "one": "one year" is 1 year, "this one" is no number."""
_HAN_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_HAN = "".join({**_HAN_DIGITS, **_HAN_SCALES})
_CANONICAL = re.compile(
    rf"(?P<link>{_LINK})"
    r"|(?<![a-z])(?P<day>(?-i:[Mm]on|[Tt]ues?|[Ww]ed|Thu|[Tt]hurs?|[Ff]ri|Sat|Sun)(?![a-z])"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?(?![a-z]))"
    r"|(?<![a-z])(?P<month>january|february|april|june|july|august|september|october|november|december"
    r"|(?-i:March|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec))(?![a-z])"
    r"|(?:(?<=[\dh]\s)|(?<=\b(?:in|of|by|to|st|nd|rd|th)\s)|(?<=\b(?:from|till)\s)|(?<=\buntil\s))(?P<may>(?-i:May))(?![a-z])"
    r"|(?<![a-z])(?P<may_before_day>(?-i:May))(?=\s\d)"
    r"|(?:周|星期|礼拜)(?P<han_day>[一二三四五六日天])(?![次天])"
    r"|(?<![\d十])(?P<han_month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])\s?月(?!饼)"
    rf"|(?<![a-z])(?P<english>(?:a(?=\s(?:hundred|thousand)(?![a-z]))|(?:{NUMBER_WORD})(?![a-z]))"
    rf"(?:(?:(?:(?<=hundred)|(?<=thousand))\s+and)?[\s-]+(?:{NUMBER_WORD})(?![a-z]))*)"
    rf"|(?P<han>(?!十分(?!钟)|十足|百分之|万一|千万|一一)[{_HAN}]+)",
    re.ASCII | re.IGNORECASE,
)


def exact_parts(text: str) -> set[str]:
    """Return the numbers, weekdays, months, links and addresses of a text, each in one spelling.

    A range is its two ends, and a number in words is the number: "thirty days" and 三十天 hold "30".
    """
    parts: set[str] = set()
    for found in EXACT.findall(in_figures(text)):
        ends = _RANGE.fullmatch(found)
        parts |= {_plain(part) for part in (ends.groups() if ends else (found,))}
    return parts


def in_figures(text: str) -> str:
    """Return the text without citation markers, its numbers in digits, its weekdays and months as English names.

    Chinese is in simplified signs, or the traditional ones for "two days" and "Wednesday" would be none.
    """
    spaced = set_apart(MARKER.sub(" ", simplified(text)).replace("，", ", "))
    plain = unicodedata.normalize("NFKC", spaced).translate(_DASHES)
    return _CANONICAL.sub(_in_figures, plain)


def clause_number(text: str, around: str) -> int:
    """Return how long the number is that a text begins with as a clause of a policy does, "5.3 Five days"; 0 for none.

    It counts nothing. Without a "§" that is sure only where the number before or after it begins a line `around` the
    text, with another word behind it: "12.50 EUR" and "9.30 AM" begin lines too, and a decimal has the same unit below.
    """
    found = _CLAUSE.match(text)
    if found is None:
        return 0
    beside = [] if found["sign"] else [str(number) for number in (int(found["last"]) - 1, int(found["last"]) + 1)]
    following = re.compile(rf"^[ \t]*{re.escape(found['above'] or '')}(?:{'|'.join(beside)})[ \t]+(\w+)", re.MULTILINE)
    is_sure = found["sign"] or any(word != found["word"] for word in following.findall(around))
    return found.start("word") if is_sure else 0


def same_amounts(text: str, quoted: str, place: str) -> bool:
    """Say whether money and percentages are such in the source too: "7 days" is no support for "€7", 7天 none for 7元.

    A number without a sign may take it from its column's name when no number beside it has one of its own.
    """
    wanted, there = _amounts(text), _amounts(quoted)
    if there:
        return wanted <= there
    return {sign for _, sign in wanted} <= _signs(f"{place}\n{quoted}")


def _signs(text: str) -> set[str]:
    """Return the currencies of a text, and whether it has a percentage."""
    plain = with_signs(text)
    return {sign for sign in _SIGNS if sign in plain}


def _amounts(text: str) -> set[tuple[str, str]]:
    """Return the numbers that carry a currency or per-cent sign, each with its sign."""
    found = _AMOUNT.findall(with_signs(text))
    return {(_plain(before or after), sign or other) for sign, before, after, other in found}


def with_signs(text: str) -> str:
    """Return a text as `in_figures` does, in lower case, with a sign for each currency and percentage in words."""
    plain = in_figures(text).casefold()
    for sign, words in _SIGN_WORDS:
        plain = words.sub(sign, plain)
    return plain


def _plain(part: str) -> str:
    """Return one spelling: no scheme, no thousands separators, no zeros at the end of a decimal."""
    stripped = re.sub(r"^https?://", "", part.casefold()).strip(".,:;!?/-")
    if _THOUSANDS.fullmatch(stripped):
        stripped = stripped.replace(",", "")
    whole, point, decimals = stripped.partition(".")
    if point and whole.isdigit() and decimals.isdigit():
        return f"{whole}.{decimals.rstrip('0')}".rstrip(".")
    return stripped


def _in_figures(found: re.Match[str]) -> str:
    if day := found["day"]:
        return next(name for name in _DAYS if name.startswith(day.casefold()[:3]))
    if month := found["month"]:
        return next(name for name in MONTHS if name.startswith(month.casefold()[:3]))
    if found["may"] or found["may_before_day"]:
        return MONTHS[4]
    if found["han_day"]:
        return f" {_DAYS['一二三四五六日天'.index(found['han_day']) if found['han_day'] != '天' else 6]} "
    if month := found["han_month"]:
        number = int(month) if month.isdecimal() else han_value(month)
        return f" {MONTHS[number - 1]} "
    is_counted = UNIT.match(found.string, found.end()) is not None
    if words := found["english"]:
        return words if words.casefold() == "one" and not is_counted else english_values(words)
    if numeral := found["han"]:
        if numeral[0] in "百千万" or numeral in "零〇" or (numeral in "一两" and not is_counted):
            return numeral
        return str(han_value(numeral))
    return found.group()


def english_values(words: str) -> str:
    """Return the numbers of a run of number words in digits: "two hundred and five" is 205, "two five" 2 and 5."""
    values: list[int] = []
    last = ""
    for word in re.split(r"[\s-]+", words.casefold()):
        if word in ("and", "a"):
            values += [1] if word == "a" else []
        elif word in _SCALES:
            value = values[-1] if values else 1
            low = value % 100 if word == "hundred" else value
            values = [*values[:-1], value - low + low * _SCALES[word]]
        else:
            value, before = _SMALL_NUMBERS[word], _SMALL_NUMBERS.get(last, 0)
            joins = last in _SCALES or (before >= 20 and 0 < value < 10)
            values = [*values[:-1], values[-1] + value] if joins and values else [*values, value]
        last = word if word != "and" else last
    return " ".join(map(str, values))


def han_value(numeral: str) -> int:
    """Return the value of a Chinese numeral: 三百二十 is 320, 二〇二四 is 2024."""
    if not set(numeral) & set(_HAN_SCALES):
        return int("".join(str(_HAN_DIGITS[character]) for character in numeral))
    total = section = digit = 0
    for character in numeral:
        if character in _HAN_DIGITS:
            digit = _HAN_DIGITS[character]
        elif character == "万":
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _HAN_SCALES[character], 0
    return total + section + digit
