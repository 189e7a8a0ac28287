"""Personal data in a text, found by form and checksum, and replaced by what it was.

    text -> find -> spans, each of one kind -> redact -> "Call me at [phone], card [card]"

What has a checksum must pass it: cards (Luhn), IBANs (mod 97), Chinese resident ids (ISO 7064). Telephone numbers are
recognised by libphonenumber's tables of every country's numbers. Names and addresses are found where something beside
them says what they are ("my name is", "12 Mill Lane", 先生, 路…号): a name that stands alone is not. Order numbers,
article numbers, prices and dates are none of this. Nothing here needs a model, and nothing leaves the process.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from agents import privacy_forms as forms
from agents.transcript import Language

Kind = Literal["email", "phone", "card", "iban", "account", "id", "passport", "ip", "address", "name"]
KINDS: tuple[Kind, ...] = ("email", "iban", "card", "id", "ip", "passport", "account", "phone", "address", "name")
"""Where spans overlap, the earlier kind has it."""
REGIONS = ("US", "GB", "DE", "CN")
"""Whose national forms of telephone numbers are known; numbers with a + are known of every country."""
PLACEHOLDERS: dict[Language, dict[Kind, str]] = {
    "en": {kind: f"[{kind}]" for kind in KINDS},
    "zh": {
        "email": "[邮箱]",
        "phone": "[电话]",
        "card": "[银行卡]",
        "iban": "[银行账号]",
        "account": "[银行账号]",
        "id": "[证件号]",
        "passport": "[护照号]",
        "ip": "[IP地址]",
        "address": "[地址]",
        "name": "[姓名]",
    },
}


_NARROW = {
    **{wide: wide - 0xFEE0 for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))},
    **{ord(wide): ord(narrow) for wide, narrow in zip("＠．－＋＿", "@.-+_", strict=True)},
}
"""Full-width digits, letters and the signs within numbers and addresses, as Chinese keyboards type them."""


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of personal data."""

    kind: Kind
    start: int
    end: int
    """Half-open, in code points."""


def find(text: str) -> tuple[Found, ...]:
    """Return the personal data in a text, in order and without overlaps."""
    narrow = text.translate(_NARROW)  # one character for one, so that the places stay
    taken: list[Found] = []
    for kind in KINDS:
        for start, end in _FINDERS[kind](narrow):
            if start < end and all(end <= other.start or start >= other.end for other in taken):
                taken.append(Found(kind, start, end))
    return tuple(sorted(taken, key=lambda found: found.start))


def redact(text: str, language: Language = "en") -> str:
    """Return the text with a placeholder such as `[phone]` for each piece of personal data.

    Args:
        language: of the placeholders; the forms of all languages are looked for in any text.
    """
    pieces, last = [], 0
    for found in find(text):
        pieces += [text[last : found.start], PLACEHOLDERS[language][found.kind]]
        last = found.end
    return "".join([*pieces, text[last:]])


def _emails(text: str) -> Iterator[tuple[int, int]]:
    yield from _spans(forms.EMAIL, text)
    yield from _spans(forms.SPOKEN_EMAIL, text)


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in forms.IBAN.finditer(text):
        end = match.end()
        while end > match.start() + 14:  # a word in capitals may follow
            value = re.sub(r"[ -]", "", text[match.start() : end])
            if 15 <= len(value) <= 34 and _is_mod97(value):
                yield match.start(), end
                break
            end -= 1


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for match in forms.CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if (
            13 <= len(digits) <= 19
            and _is_luhn(digits)
            and len(set(digits)) > 1
            and not _is_reference(text, match.start())
        ):
            yield match.span()


def _ids(text: str) -> Iterator[tuple[int, int]]:
    for match in forms.RESIDENT.finditer(text):
        if _is_resident(match[0]):
            yield match.span()
    for match in forms.SSN.finditer(text):
        if not _is_reference(text, match.start()):
            yield match.span()
    yield from _values(forms.SSN_SAID, text)
    yield from _spans(forms.NINO, text)


def _addresses_of_machines(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (forms.IP4, forms.IP6):
        for match in pattern.finditer(text):
            try:
                address = ipaddress.ip_address(match[0])
            except ValueError:
                continue
            plain = (
                address.is_loopback
                or address.is_unspecified
                or forms.VERSION_BEFORE.search(text[: match.start()][-12:])
            )
            if not plain and (address.version == 4 or match[0].count(":") > 2 or "::" in match[0]):
                yield match.span()


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (forms.CN_PHONE, forms.CN_HOTLINE):
        for match in pattern.finditer(text):
            if not _is_reference(text, match.start()):
                yield match.span()
    if not re.search(r"\d(?:[^\w\n]{0,2}\d){6}", text):
        return
    from phonenumbers import Leniency, PhoneNumberMatcher

    for region in REGIONS:
        for found in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
            written = found.raw_string
            bare = written.isdigit() and not written.startswith("0")
            # Ten bare digits are anything; a number in a national form has separators or its leading zero.
            if (bare and not _is_phone_said(text, found.start)) or _is_reference(text, found.start):
                continue
            if forms.MONEY_BESIDE.search(text[: found.start][-6:]) or re.match(r"[-/]?\w", text[found.end :]):
                continue
            if found.start and re.match(r"[\w/-]", text[found.start - 1], re.ASCII):
                continue
            yield found.start, found.end


def _streets(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (forms.ADDRESS, forms.LOWER_ADDRESS, forms.GERMAN_ADDRESS, forms.BOX, forms.UK_POSTCODE):
        yield from _spans(pattern, text)
    yield from _values(forms.POSTCODE_SAID, text)
    for pattern in (forms.CN_ADDRESS, forms.CN_BUILDING):
        for match in pattern.finditer(text):
            head = forms.CN_ADDRESS_HEAD.match(match[0])
            yield match.start() + (head.end() if head else 0), match.end()


def _names(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (
        forms.NAME_SAID,
        forms.NAME_TYPED,
        forms.NAME_TITLED,
        forms.NAME_CALLING,
        forms.NAME_SPEAKING,
        forms.NAME_SIGNED,
        forms.NAME_GREETED,
    ):
        for start, end in _values(pattern, text):
            if not forms.NO_NAMES & set(text[start:end].split()):
                yield start, end
    for pattern in (forms.CN_SAID, forms.CN_TITLED):
        for start, end in _values(pattern, text):
            if not forms.NO_CN_NAMES.match(text[start:end]):
                yield start, end


def _spans(pattern: re.Pattern[str], text: str) -> Iterable[tuple[int, int]]:
    return (match.span() for match in pattern.finditer(text))


def _values(pattern: re.Pattern[str], text: str) -> Iterable[tuple[int, int]]:
    return (match.span("value") for match in pattern.finditer(text))


def _is_reference(text: str, start: int) -> bool:
    """Say whether the words before a number call it an order, an article, a code."""
    return bool(forms.NO_PHONE_BEFORE.search(text[max(0, start - 40) : start]))


def _is_phone_said(text: str, start: int) -> bool:
    return bool(
        re.search(
            r"(?i)(?:phone|mobile|cell|call|ring|text|tel|reach|number is|whatsapp|电话|手机|联系)[^.\d]{0,24}$",
            text[max(0, start - 40) : start],
        )
    )


def _is_luhn(digits: str) -> bool:
    doubled = (int(d) * 2 if place % 2 else int(d) for place, d in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_mod97(iban: str) -> bool:
    """Check as ISO 13616 has it: the first four characters last, letters as 10 to 35, remainder 1."""
    return int("".join(str(int(character, 36)) for character in iban[4:] + iban[:4])) % 97 == 1


def _is_resident(number: str) -> bool:
    """Check the last character as GB 11643 has it (ISO 7064, mod 11-2)."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


_FINDERS: dict[Kind, Callable[[str], Iterable[tuple[int, int]]]] = {
    "email": _emails,
    "phone": _phones,
    "card": _cards,
    "iban": _ibans,
    "account": lambda text: [*_values(forms.ACCOUNT, text), *_values(forms.SORT_CODE, text)],
    "id": _ids,
    "passport": lambda text: _values(forms.PASSPORT, text),
    "ip": _addresses_of_machines,
    "address": _streets,
    "name": _names,
}
