"""What kind of thing a question asks for, and whether a sentence has one: a duration, a price, a weight, a time.

    "how long does delivery take?" -> DURATION;  "4 to 6 working days" holds a DURATION

The classic first step of question answering (Moldovan et al., "The structure and performance of an open-domain question
answering system", ACL 2000), for the kinds whose form tells them in English and Chinese.
"""

import calendar
import re
import unicodedata
from enum import Enum

from knowledge.traditional import simplified
from knowledge.wordings import WHO_PAYS, WHO_PAYS_ZH

_UNITS = (
    r"(?:seconds?|minutes?|hours?|days?|nights?|weeks?|fortnights?|months?|years?|decades?|centur(?:y|ies))\b"
    r"|个?(?:秒|分钟|小时|钟头|工作日|自然日|天|日|周|星期|礼拜|月|季度|年|世纪)"
)
_NUMBER_WORDS = (
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fourteen|fifteen|twenty|thirty|forty|fifty|"
    r"sixty|seventy|eighty|ninety|hundred|thousand|million|billion|half|dozen)\b"
)
_NUMBER = rf"(?:\d[\d.,–-]*|{_NUMBER_WORDS}|[一二三四五六七八九十百千万两半]+)"
_MONTHS = r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
_DAYS = r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b|(?:星期|周)[一二三四五六日天]"

WHICH_DATE = r"几号(?![楼线门店房桌柜馆院路机台库仓字码人教窗厅车色摊座床]|出口|电[池梯]|登机|航站|公交|通道|停车)"
"""Not the number of a thing: 几号电池, 几号出口."""
_WHICH_WEEKDAY = r"(?<![一每])(?:星期|周|礼拜)几(?![节次天小个堂])"
"""Not how many in a week: 每周几节课."""


class AnswerType(Enum):
    """A kind of answer: how a question asks for it, and how it looks."""

    DURATION = (
        r"\bhow (?:long|soon|quickly|fast|often)\b|\bhow many (?:\w+ )?(?:days|weeks|months|years|hours|minutes)\b"
        r"|\bwhat period\b|多久|多长时间|几天|几年|几个月|几周|多少天|多少年|几个?小时|什么时候到期|有效期|期限"
        r"|期(?:是|有)?多长|几个?(?:星期|礼拜|工作日)|保质期|保修(?:期|多|几|时间|怎么算)",
        rf"{_NUMBER}[ -]?(?:\w+ )?(?:{_UNITS})",
    )
    WEIGHT = (
        r"\bhow (?:much (?:do|does|did|will|would|can|may|should) .{0,40}?weigh\b|heavy\b)|\b(?:what|which) weight\b"
        r"|\bweigh(?:s|t)?\b|多重|重量|(?:几|多少)(?:公斤|千克|克|斤)",
        r"\d ?(?:kg|g|lbs?|oz|kilos?|grams?|tons?|tonnes?)\b|\d ?(?:千克|公斤|克|吨|斤)"
        r"|[(（](?:kg|g|lbs?|千克|公斤|克)[)）][^|]*?[:：] ?\d",
    )
    LENGTH = (
        r"\bhow (?:wide|tall|high|deep|thick|far)\b|\b(?:diameter|width|height|depth)\b"
        r"|多[宽高深厚远]|直径|宽度|高度|厚度",
        r"\d ?(?:mm|cm|m|km|in|inch(?:es)?|ft|feet|foot|yards?|miles?|met(?:er|re)s?|kilomet(?:er|re)s?)\b"
        r"|\d ?(?:毫米|厘米|公分|米|公里|英寸|英尺)|[(（](?:mm|cm|m|km|in|ft|毫米|厘米|米|公里)[)）][^|]*?[:：] ?\d",
    )
    PERCENT = (
        r"\b(?:what|which|how many|how much) (?:share|percentage|per ?cent|part)\b|\bAPR\b|\bAPY\b"
        r"|\b(?:what|which)(?: \w+){0,2} (?:interest|discount|rate)\b|百分之几|百分比|利率|几折|折扣",
        r"\d ?%|\bper ?cent\b|百分之|[\d一二三四五六七八九] ?折",
    )
    CONTACT = (
        r"\b(?:which|what|whose)(?: \w+)? (?:e-?mail|address|phone|telephone)\b"
        r"|\bwhat number (?:can|do|should|may|must) (?:I|we)\b"
        r"|\bwhom? (?:can|do|should|may|must) (?:I|we) (?:\w+ )?(?:write|call|contact|mail|phone|turn)\b"
        r"|邮箱|电邮|电话|联系谁|找谁",
        r"[\w.+-]+@[\w-]+\.\w|\+?\d[\d ()/-]{6,}\d",
    )
    TEMPERATURE = (
        r"\bhow (?:hot|cold|warm)\b|\b(?:what|which) temperature\b|(?:几|多少)度(?!电)|温度(?!计)|水温",
        r"\d ?°|\d ?(?:摄氏)?度(?!电)|\d ?degrees\b",
    )
    PRICE = (
        r"\bhow much(?! (?:do|does|did|will|would|can|may|should) .{0,40}?weigh\b)"
        r"(?= (?:is|are|was|were|does|do|did|for|to|will|would|it|money|can|could|must|should|you|i|we|the|a"
        r"|an|my|more|extra)\b|\W*$)|\bprice|\bcosts?\b|\bfees?\b|\bcharges?\b|\bpostage\b|\bwhat do i pay\b"
        r"|多少(?:[钱元]|块(?=钱|[一每呢啊呀才]|\W*$))|[几啥][块元钱价]|怎么卖|价格|费用|运费|邮费|学费|收费",
        r"[€$£¥]\s?\d|\d\s?(?:€|\$|£|euros?\b|EUR\b|USD\b|dollars?\b|pounds?\b|元|欧元|美元|块)"
        r"|\bfree\b|免费|免运费|\b(?:price|cost)[^|:：]*[:：]\s*\d|(?:[价费]|[(（]元[)）])[^|:：]{0,8}[:：]\s*\d",
    )
    PAYER = (
        f"{WHO_PAYS.pattern}|{WHO_PAYS_ZH.pattern}",
        r"[€$£¥]\s?\d|\d\s?(?:€|\$|£|euros?\b|dollars?\b|pounds?\b|元|欧元|美元|块)|\bfree\b|\b(?:we|you|nobody) pay\b"
        r"|\bpay(?:s|ing)? (?:nothing|for it|yourself)\b|\bpaid by\b|\bat (?:your|our) (?:own )?(?:cost|expense)\b"
        r"|\b(?:costs?|charges?) nothing\b|免费|免运费|承担|自理|自付|自费|不收",
    )
    NUMBER = (
        r"\bhow (?:many|large|big|old|bright)\b"
        r"|多少(?![钱元]|块(?:钱|[一每呢啊呀才]|\W*$)|度(?!电)|公斤|千克|克|斤)|几[个件次种名位]|多大",
        _NUMBER,
    )
    TIME = (
        r"\bwhen\b|\bwhat (?:time|day|date|year|month|decade|century)\b|\b(?:which|what) hours\b"
        r"|几点|(?:什么|啥)时候|何时|(?:营业|开放|办公|服务)时间|哪一?[年天月日]|几月"
        rf"|{WHICH_DATE}|{_WHICH_WEEKDAY}",
        r"(?<![\d.:])\d{1,2}(?::\d\d(?!\d)|\.\d\d(?: ?[ap]\.?m\b|(?![\dA-Za-z])))"
        r"|\b\d{1,2} ?[ap]\.?m\b|\b1\d{3}s?\b|\b20\d\ds?\b|\d+ ?[年月日点]|\bnoon\b|\bmidnight\b"
        rf"|{_MONTHS}|{_DAYS}",
    )

    def __init__(self, asked: str, held: str) -> None:
        self.asked = re.compile(asked, re.IGNORECASE)
        self.held = re.compile(held, re.IGNORECASE)


_ASKS_FOR_WEEKDAY = re.compile(rf"{_WHICH_WEEKDAY}|\b(?:what|which) (?:day of the week|weekdays?)\b", re.IGNORECASE)
_WEEKDAY = re.compile(
    rf"(?:星期|周|礼拜)[一二三四五六日天末]|每[天日]|\b(?:{'|'.join(calendar.day_name)}|daily|every day)",
    re.IGNORECASE,
)
_DRINK = re.compile("酒(?!店)")
_DEGREES = re.compile("(?:几|多少)度")
"""Of a drink, its strength."""


def expected(question: str) -> tuple[AnswerType, ...]:
    """Return the kinds of answer that a question asks for; usually one or none."""
    plain = _plain(question)
    if _DRINK.search(plain):
        plain = _DEGREES.sub("", plain)
    return tuple(kind for kind in AnswerType if kind.asked.search(plain))


def holds(text: str, kinds: tuple[AnswerType, ...]) -> bool:
    """Say whether a text has one of the kinds."""
    plain = _plain(text)
    return any(kind.held.search(plain) for kind in kinds)


def lacks_weekday(question: str, text: str) -> bool:
    """Say whether a question asks for a day of the week, and a text names none: an hour is no answer to it."""
    return _ASKS_FOR_WEEKDAY.search(_plain(question)) is not None and _WEEKDAY.search(_plain(text)) is None


def _plain(text: str) -> str:
    """Return a text with the full-width forms of Chinese, "８：３０" and "￥６８０", and simplified signs."""
    return text if text.isascii() else simplified(unicodedata.normalize("NFKC", text))
