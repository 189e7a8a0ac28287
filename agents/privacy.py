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


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of personal data."""

    kind: Kind
    start: int
    end: int
    """Half-open, in code points."""


def find(text: str) -> tuple[Found, ...]:
    """Return the personal data in a text, in order and without overlaps."""
    taken: list[Found] = []
    for kind in KINDS:
        for start, end in _FINDERS[kind](text):
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


_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}[@＠](?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}", re.ASCII
)
_SPOKEN_EMAIL = re.compile(
    r"(?<![\w.])[a-z0-9][\w.+-]{1,40}\s?(?:\(at\)|\[at\]|\bat\b)\s?[a-z0-9-]{2,40}\s?(?:\(dot\)|\[dot\]|\bdot\b)\s?"
    r"(?:com|org|net|de|uk|cn|io|co)\b",
    re.I | re.ASCII,
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{1,4}){3,8}(?![A-Za-z0-9])")
_CARD = re.compile(r"(?<![\w-])(?<!\d[.,])[2-6]\d{3}(?:[ -]?\d{2,6}){2,4}(?![\w-])", re.ASCII)
_RESIDENT = re.compile(
    r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![0-9A-Za-z])"
)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])", re.ASCII)
_SSN_SAID = re.compile(
    r"(?:\bssn|social security(?: number| no\.?)?)[^0-9\n]{0,12}(?P<value>(?!000|666|"
    r"9)\d{3}[ ]?(?!00)\d{2}[ ]?(?!0000)\d{4})(?!\d)",
    re.I,
)
_NINO = re.compile(
    r"(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)"
)
_PASSPORT = re.compile(
    r"(?:\bpassport(?:\s+(?:number|no\.?|num|nr\.?|id))?(?:\s+is)?|护照(?:号码|号)?(?:是|为)?|通行证(?:号码|号)?(?:是|为)?)"
    r"[\s:：#]{0,3}(?P<value>(?=[A-Z0-9]*\d{5})[A-Z0-9]{7,10})(?![A-Za-z0-9])",
    re.I,
)
_ACCOUNT = re.compile(
    r"(?:\b(?:bank |current |checking )?account(?:\s+(?:number|no\.?|nr\.?))(?:\s+is)?|"
    r"\brouting(?:\s+number)?(?:\s+is)?|"
    r"(?:银行)?(?:账号|帐号|卡号|账户)(?:是|为)?)[\s:：#]{0,3}(?P<value>\d(?:[ -]?\d){6,18})(?!\d)",
    re.I,
)
_SORT_CODE = re.compile(r"\bsort code(?:\s+is)?[\s:]{0,3}(?P<value>\d{2}-?\d{2}-?\d{2})(?!\d)", re.I)
_IP4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)", re.ASCII)
_IP6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.I | re.ASCII)
_VERSION_BEFORE = re.compile(r"(?:version|firmware|release|\bv|build)\s*$", re.I)
_CN_PHONE = re.compile(
    r"(?<![\w.-])(?:(?:\+|00)?86[ -]?)?(?:1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}[ -]\d{7,8}|"
    r"\(0\d{2,3}\) ?\d{7,8})(?![\d-]|[A-Za-z])",
    re.ASCII,
)
_CN_HOTLINE = re.compile(r"(?<![\w-])[48]00-?\d{3}-?\d{4}(?![\w-])", re.ASCII)
_NO_PHONE_BEFORE = re.compile(
    r"(?:order|tracking|parcel|invoice|ticket|reference|ref|sku|item|article|product|model|serial|"
    r"number plate|coupon|voucher|code|"
    r"ean|isbn|gtin|batch|lot|case|part|订单号?|单号|编号|货号|型号|运单号?|快递单号|条码|序列号|工单|发票号?)"
    r"(?:\s*(?:number|no\.?|nr\.?|id|is|was|号|是|为))*[\s:：#]*(?:[A-Za-z]{1,4}-?)?$",
    re.I,
)
_MONEY_BESIDE = re.compile(r"[€$£¥]\s*$|(?:EUR|USD|GBP|RMB|CNY)\s*$")

_STREET = (
    r"(?:Street|St\.?|Road|Rd\.?|Avenue|Ave\.?|Lane|Ln\.?|Drive|Dr\.?|Way|Close|Court|Ct\.?|Crescent|"
    r"Boulevard|Blvd\.?|Square|"
    r"Terrace|Place|Pl\.?|Row|Gardens|Grove|Hill|Mews|Parkway|Pkwy\.?|Highway|Walk|Quay|Yard|Circle|Wharf)"
)
_POSTCODE = r"(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}|[A-Z]{2} \d{5}(?:-\d{4})?|\d{5}(?= [A-Z]))"
_TOWN = r"(?:,? ?(?:[A-Z][a-z'’.-]+(?: [A-Z][a-z'’.-]+){0,2}))"
_ADDRESS = re.compile(
    r"(?<![\w-])(?:(?:[Ff]lat|[Aa]partment|[Aa]pt\.?|[Uu]nit|"
    r"[Ss]uite) ?#?\w{1,5},? )?\d{1,5}[A-Za-z]?,? (?:[NSEW]\.? )?"
    rf"(?:[A-Z][\w'’-]+\.? ){{1,3}}{_STREET}(?![\w])(?:,? (?:[Ff]lat|[Aa]partment|[Aa]pt\.?|[Uu]nit|"
    rf"[Ss]uite|#) ?\w{{1,5}})?"
    rf"(?:,{_TOWN}){{0,3}}(?:,? ?{_POSTCODE})?"
)
_LOWER_ADDRESS = re.compile(
    r"(?<![\w-])\d{1,5}[a-z]? (?:[a-z]+ ){1,2}(?:street|road|avenue|lane|drive|crescent|boulevard|terrace)\b", re.ASCII
)
_GERMAN_ADDRESS = re.compile(
    r"(?<!\w)[A-ZÄÖÜ][\wäöüß.-]*(?:straße|strasse|str\.|weg|platz|allee|gasse|damm|"
    r"ufer) ?\d{1,4} ?[a-z]?(?!\w)(?:, ?\d{5} [A-ZÄÖÜ][\wäöüß-]+)?"
)
_BOX = re.compile(r"\bP\.? ?O\.? ?Box \d{1,7}(?:,(?: [A-Z][\w'-]+){1,3})?(?:,? [A-Z]{2} \d{5})?", re.I)
_UK_POSTCODE = re.compile(r"(?<![\w-])[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}(?![\w-])")
_POSTCODE_SAID = re.compile(
    r"\b(?:post ?code|zip(?: code)?)(?: is)?[\s:]{1,3}(?P<value>[A-Z]{0,2}\d[\dA-Z]{2,4}(?:[ -]\d?[A-Z\d]{2,4})?)\b",
    re.I,
)
_CN_ADDRESS = re.compile(
    r"(?:(?:[\u4e00-\u9fff]{2,8}?(?:省|自治区))?(?:[\u4e00-\u9fff]{2,6}?市)?(?:[\u4e00-\u9fff]{2,6}?(?:区|县|市))?"
    r"(?:[\u4e00-\u9fff]{1,6}?(?:镇|乡|街道))?)"
    r"(?:[\u4e00-\u9fffA-Za-z0-9]{1,10}?(?:路|街|大道|巷|弄|胡同|道|村|大街))\s?[0-9０-９一二三四五六七八九十百]{1,6}(?:-\d+)?\s?(?:号院|号楼|号|弄)"
    r"(?:[\u4e00-\u9fffA-Za-z0-9]{0,12}?\d{1,4}(?:号楼|栋|幢|座|楼|层|单元|室))*"
)
_CN_BUILDING = re.compile(
    r"[\u4e00-\u9fff]{2,12}?(?:小区|花园|公寓|大厦|家园|新村|苑|广场)\s?[A-Za-z]?\d{1,4}(?:号楼|栋|幢|座|"
    r"号)(?:\s?\d{1,3}单元)?(?:\s?\d{2,5}(?:室|号)?)?"
)
_CN_ADDRESS_HEAD = re.compile(
    r"^(?:请|把|将|送到|寄到|发到|改成|改为|改到|我的?|地址|家|住在|住址|住|收货|是|在|为|到|和|退到|邮寄|快递)+"
)

_FULL = r"[A-ZÀ-Þ][a-zÀ-ÿ'’-]+(?: [A-Z]\.)?(?: (?:van|de|der|von|la|den|al))*(?: [A-ZÀ-Þ][\wÀ-ÿ'’-]*[a-zÀ-ÿ]){0,2}"
_NAME_SAID = re.compile(
    r"(?i:\b(?:(?:my|the|his|her|customer|full|account|cardholder|contact|billing|"
    r"recipient)(?:'s)? (?:full |last |first |sur)?name(?: is|:|'s)?|"
    r"name[ds]?(?: is)?:|name on (?:the|my) (?:order|account|card) is|i am called|called me|signed,?|"
    r"attention:?|attn:?|c/o|care of|"
    rf"recipient:|customer:|under the name(?: of)?|in the name of))\s+(?P<value>{_FULL})"
)
_NAME_TITLED = re.compile(rf"(?<!\w)(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herr|Frau|Sir|Madam)\.? (?P<value>{_FULL})")
_NAME_SPEAKING = re.compile(
    r"(?:\b[Tt]his is|\b[Ii]t's|\b[Ii]t is|\b[Ii]'?m|\bI am|"
    r"\b[Hh]ere is) (?P<value>[A-ZÀ-Þ][a-zÀ-ÿ'’-]+ [A-ZÀ-Þ][\wÀ-ÿ'’-]*[a-zÀ-ÿ])(?! (?:[Ll]amp|[Dd]esk|[Cc]hair))"
)
_NAME_CALLING = re.compile(rf"\b[Tt]his is (?P<value>{_FULL}) (?:speaking|calling|writing|here|from)\b")
_NAME_SIGNED = re.compile(
    r"(?:^|\n|[.!?,] ?)\s*(?:(?:[Kk]ind|[Bb]est|[Ww]arm|[Mm]any)? ?(?:[Rr]egards|[Ww]ishes|[Tt]hanks)|"
    r"[Yy]ours (?:sincerely|faithfully|truly)|[Ss]incerely|[Cc]heers)"
    rf",\s*(?P<value>{_FULL})\s*(?:$|\n|\.|,)"
)
_NAME_GREETED = re.compile(r"(?:^|\n)(?:Dear|Hi|Hello) (?P<value>[A-ZÀ-Þ][a-zÀ-ÿ'’-]+ [A-ZÀ-Þ][\wÀ-ÿ'’-]*[a-zÀ-ÿ]),")
_NO_NAMES = frozenset(
    [
        "Customer",
        "Service",
        "Support",
        "Team",
        "Sir",
        "Madam",
        "Order",
        "Lamp",
        "Desk",
        "Chair",
        "Table",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "Looking",
        "Writing",
        "Trying",
        "Having",
        "Going",
        "Still",
        "Not",
        "The",
        "Your",
        "Our",
        "Here",
        "Happy",
        "Sorry",
        "Interested",
        "British",
        "English",
        "Chinese",
        "German",
        "French",
        "Returns",
        "Department",
        "Brindlemoor",
    ]
)
_SURNAMES = (
    "欧阳|司马|上官|诸葛|东方|皇甫|慕容|[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦昌马苗凤花方俞任袁柳唐罗薛"
    "雷贺倪汤滕殷毕郝安常乐于傅齐康伍余顾孟黄穆萧尹姚邵汪祁毛贝明计成戴宋庞熊纪舒项祝董梁杜阮蓝闵季贾江颜郭梅林钟徐邱骆高夏蔡田樊胡凌霍虞万卢莫房解应宗丁宣邓"
    "单洪包左石崔龚程陆叶黎白温廖易覃武刘龙曾关肖侯文向段辛]"
)
_CN_SAID = re.compile(
    rf"(?:我叫|我的名字(?:是|叫)|名字(?:是|叫)|姓名[:：是为]?\s?|收件人[:：是为]?\s?|收货人[:：是为]?\s?|联系人[:：是为]?\s?|户名[:：是为]?\s?|"
    rf"持卡人[:：是为]?\s?|本人|署名[:：]?|我是|这里是|收款人[:：是为]?\s?)"
    rf"(?P<value>(?:{_SURNAMES})[\u4e00-\u9fff]{{1,2}})(?=[，。,.！!；;、\s]|$|的|电话|手机|身份证|住|在|，)"
)
_CN_TITLED = re.compile(rf"(?P<value>(?:{_SURNAMES})[\u4e00-\u9fff]{{0,2}}?)(?=先生|女士|小姐|太太|老师|经理(?!部))")
_NO_CN_NAMES = re.compile(
    r"高级|于是|应该|任何|解决|安全|常见|成为|明天|方便|金额|马上|万一|向导|文件|单独|包装|白色|计划|江苏|华为|关于|易碎|何时|温度|来自|安装"
)


def _emails(text: str) -> Iterator[tuple[int, int]]:
    yield from _spans(_EMAIL, text)
    yield from _spans(_SPOKEN_EMAIL, text)


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN.finditer(text):
        end = match.end()
        while end > match.start() + 14:  # a word in capitals may follow
            value = re.sub(r"[ -]", "", text[match.start() : end])
            if 15 <= len(value) <= 34 and _is_mod97(value):
                yield match.start(), end
                break
            end -= 1


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if (
            13 <= len(digits) <= 19
            and _is_luhn(digits)
            and len(set(digits)) > 1
            and not _is_reference(text, match.start())
        ):
            yield match.span()


def _ids(text: str) -> Iterator[tuple[int, int]]:
    for match in _RESIDENT.finditer(text):
        if _is_resident(match[0]):
            yield match.span()
    for match in _SSN.finditer(text):
        if not _is_reference(text, match.start()):
            yield match.span()
    yield from _values(_SSN_SAID, text)
    yield from _spans(_NINO, text)


def _addresses_of_machines(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_IP4, _IP6):
        for match in pattern.finditer(text):
            try:
                address = ipaddress.ip_address(match[0])
            except ValueError:
                continue
            plain = address.is_loopback or address.is_unspecified or _VERSION_BEFORE.search(text[: match.start()][-12:])
            if not plain and (address.version == 4 or match[0].count(":") > 2 or "::" in match[0]):
                yield match.span()


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_CN_PHONE, _CN_HOTLINE):
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
            if _MONEY_BESIDE.search(text[: found.start][-6:]) or re.match(r"[-/]?\w", text[found.end :]):
                continue
            if found.start and re.match(r"[\w/-]", text[found.start - 1], re.ASCII):
                continue
            yield found.start, found.end


def _streets(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_ADDRESS, _LOWER_ADDRESS, _GERMAN_ADDRESS, _BOX, _UK_POSTCODE):
        yield from _spans(pattern, text)
    yield from _values(_POSTCODE_SAID, text)
    for pattern in (_CN_ADDRESS, _CN_BUILDING):
        for match in pattern.finditer(text):
            head = _CN_ADDRESS_HEAD.match(match[0])
            yield match.start() + (head.end() if head else 0), match.end()


def _names(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_NAME_SAID, _NAME_TITLED, _NAME_CALLING, _NAME_SPEAKING, _NAME_SIGNED, _NAME_GREETED):
        for start, end in _values(pattern, text):
            if not _NO_NAMES & set(text[start:end].split()):
                yield start, end
    for pattern in (_CN_SAID, _CN_TITLED):
        for start, end in _values(pattern, text):
            if not _NO_CN_NAMES.match(text[start:end]):
                yield start, end


def _spans(pattern: re.Pattern[str], text: str) -> Iterable[tuple[int, int]]:
    return (match.span() for match in pattern.finditer(text))


def _values(pattern: re.Pattern[str], text: str) -> Iterable[tuple[int, int]]:
    return (match.span("value") for match in pattern.finditer(text))


def _is_reference(text: str, start: int) -> bool:
    """Say whether the words before a number call it an order, an article, a code."""
    return bool(_NO_PHONE_BEFORE.search(text[max(0, start - 40) : start]))


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
    "account": lambda text: [*_values(_ACCOUNT, text), *_values(_SORT_CODE, text)],
    "id": _ids,
    "passport": lambda text: _values(_PASSPORT, text),
    "ip": _addresses_of_machines,
    "address": _streets,
    "name": _names,
}
