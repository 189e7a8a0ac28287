"""What customers ask in words that no document has, as documents put it.

    "你们几点开门" -> "你们营业时间"        "礼拜天" -> 周日, 星期日

Words find nothing where question and document share no sign, and a small embedder sees too little likeness. Only what
every company is asked belongs here; the customer's own words are searched for as well.
"""

import re
from collections.abc import Mapping, Sequence

from knowledge.lexical import question_terms
from knowledge.text import tokens
from knowledge.traditional import simplified

_O_CLOCK = "(?:几点|几时)钟?[才就会能]?"
_WHEN = f"(?:{_O_CLOCK}|(?:(?:什么|啥)时候|何时)[才就会能]?)"
_HOURS = re.compile(
    f"{_WHEN}(?:[开关]门|关店|[上下]班|打烊|收摊)|{_O_CLOCK}(?:开店|营业)|(?:[开关]门|营业|开)到几点钟?|[开关]门时间"
)
"""When a new shop opens for business, and whether one may come after work, is something else."""
WHO_PAYS = re.compile(
    r"\bwho(?: \w+){0,2} (?:pays?|paying|bears?|covers?(?=.{0,60}?\b(?:costs?|fees?|charges?|postage|shipping|delivery"
    r"|returns?|customs|dut(?:y|ies)|tax(?:es)?)\b))\b(?: for)?"
    r"|((?:^|[,.;:!?])(?:(?!\b(?:how|what|when|where|which|why)\b)[^,.;:!?])*?)"
    r"\b(?:do|must|will|should|would) (?:i|we) (?:have to |need to )?pay\b"
    r"(?!.{0,40}\b(?:up ?front|straight|at once|in advance|before|first|now|later|online|again|monthly|weekly|yearly"
    r"|(?:by|with|in) (?:cash|card)|or(?! (?:is|are|do you|will you|not)\b))\b)"
    r"(?! (?:for )?(?:the|a|my|our) (?:\w+ )?(?:deposit|room|rest)\b.{0,40}?"
    r"\b(?:within|on arrival|when (?:i|we) (?:book|order|arrive|reserve|check)|by (?:\w+day|tomorrow)|via"
    r"|(?:by|with|in) (?:\w+ ){0,2}(?:cash|card|cheque|transfer|debit|invoice|paypal|instal\w+))\b)"
    r"(?: for\b|(?=\W*$)|(?= to (?!(?:the|a|an|my|your|our|you|him|her|them|this|that)\b)\w)"
    r"|(?= (?:the|a|an|any|anything|extra|if|returns?|customs|import|shipping|delivery|postage|dut(?:y|ies)"
    r"|tax(?:es)?)\b))",
    re.IGNORECASE,
)
"""Not when or in which way one pays: that is asked before "do I" or told behind "pay", of what is owed anyway."""
WHO_PAYS_ZH = re.compile(
    r"是?谁来?(?:付|掏|(?:承担|负担)(?!责)|出(?=的?钱|.{0,3}费|的?[吗么嘛呢啊呀]|的?(?:\W|$)))(?:钱|费用?)?(?:的(?=\W*$))?"
    r"|(?:要不要|(?<!不)要)(?:付|花|出|交)钱(?:[吗么嘛]|的吗|(?=才)|不?(?=\W*$))"
    r"|(?:要不要|(?<!不)需要|(?<![不需])要)钱(?:[吗么嘛]|的吗|不?(?=\W*$))|不需?要钱[吗么嘛]|收不收钱"
)
"""Documents say what it costs."""
_SENT = re.compile("[退换]货|退回(?!押金|[订定]金)|寄(?![存养卖放宿])|送货|送上门|快递")
_DAY = re.compile("(?:(?<!一)周|星期|礼拜)([一二三四五六日天])(?![次个节天])")
"""Not of 每周三次 and 一周六天."""
WEEKS = {"期": "星期", "拜": "礼拜"}
"""How the week is called before a weekday's number, by its last sign."""
_WEEKEND = re.compile("周末|双休日?")
_ASKING = re.compile(r"有没有|([能可会要是行用])[不没]\1以?|咋(?:[整办弄](?![理公事个卡证])[嘛哦啦嘞]?|样(?!式))?|啥")
"""How something is asked for: the 没有 in 有没有 denies nothing, and stands in many a document; 咋整 stands in none."""
_EVERYDAY: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(said), names)
    for said, names in (
        ("邮费|邮资|快递费|包邮|免邮", "运费 免运"),
        ("退钱|(?:退|给我)还钱", "退款"),
        ("到[账帐]", "到账 原路 退回"),
        ("(?<!需)要[准备]*带|带[什啥]", "携带 需带 须带 请带"),
        (
            "(?<![超通经不])过完?了?年(?![级龄纪份轻])|(?<![\\d一二两三四五六七八九十几多半])年[前后](?=[才就还开上营几什啥])",
            "春节",
        ),
        (
            r"^(?!.*(?:快递|包裹|订单|货|物流|发票|链接|入口|设置|按钮)).*(?<![现实存])在(?:哪[里儿个]?|什么地方|啥地方)[呀啊呢嘛]?(?=\W|$)|怎么走(?=\W|$)",
            "地址 位于",
        ),
        ("专票", "专用发票"),
        ("普票", "普通发票"),
        ("拆[开了过].*[退换]|[退换].*拆[开了过]", "拆封"),
        ("坏[了掉]|出毛病|有毛病", "故障"),
        ("(?<![热海])狗(?![粮牌年不])|(?<![天熊])猫(?![粮砂眼途])", "宠物"),
    )
)
"""What customers say of what every company is asked, and what documents call it."""
_OTHER_HOURS = "服时 务时 作时 公时 放时"
"""The pairs that tell 客服时间, 服务时间, 工作时间, 办公时间 and 开放时间 from what else has a time."""


def written(question: str) -> str:
    """Return a question with what is asked as documents put it; most questions stay as they are.

    >>> written("滨江店周日几点关门"), written("几点开课")
    ('滨江店周日营业时间', '几点开课')
    >>> written("who pays for the return?"), written("退货谁付钱？")
    ('cost of the return?', '退货运费？')
    """
    put = question
    for asked in reversed(list(_HOURS.finditer(simplified(question)))):
        put = f"{put[: asked.start()]}营业时间{put[asked.end() :]}"
    folded = simplified(put)
    if WHO_PAYS_ZH.search(folded):
        return WHO_PAYS_ZH.sub("运费" if _SENT.search(folded) else "费用", folded)
    return WHO_PAYS.sub(lambda paid: f"{paid[1] or ''}cost of", put)


def both(question: str) -> str:
    """Return a question with what is asked as documents put it behind the customer's own words: these are never lost.

    >>> both("滨江店几点关门"), both("几点开课")
    ('滨江店几点关门 滨江店营业时间', '几点开课')
    """
    put = written(question)
    return question if put == question else f"{question} {put}"


def terms(question: str) -> list[str]:
    """Return what to search for: the question's own terms and those of other wordings."""
    asked = simplified(both(question))
    own = question_terms(_ASKING.sub(" ", asked).strip() or asked)
    return list(dict.fromkeys([*own, *other_terms(question)]))


def other_terms(question: str) -> list[str]:
    """Return the search terms of what a question names as others call it, be they in use or not.

    >>> other_terms("礼拜天退货邮费谁出")
    ['周日', '周天', '期日', '期天', '拜日', '拜天', '运费', '免运']
    """
    asked = simplified(question)
    found = [tokens(names) for said, names in _EVERYDAY if said.search(asked)]
    hours = _OTHER_HOURS.split() if _HOURS.search(asked) else []
    return list(dict.fromkeys([*day_terms(question), *(term for terms in found for term in terms), *hours]))


def used(found: Sequence[str], question: str, frequencies: Mapping[str, int]) -> list[str]:
    """Return the terms without the other names that no document uses: they tell nothing against a passage.

    Args:
        frequencies: in how many documents the terms stand, and `WEEKS`: the end of 星期一 stands in 保质期一年 too.
    """
    unused = {name for name in other_terms(question) if not {name, WEEKS.get(name[0], name)} <= frequencies.keys()}
    return [term for term in found if term not in unused - set(question_terms(question))]


def in_own_words(weights: Mapping[str, float], question: str) -> dict[str, float]:
    """Return the weights without those of other names."""
    others = set(other_terms(question)) - set(question_terms(question))
    return {term: weight for term, weight in weights.items() if term not in others}


def day_terms(question: str) -> list[str]:
    """Return the search terms of the weekdays that a question names, as others call them.

    Of 星期日 the pair that tells it from other days alone, or every weekday would be found by 星期.

    >>> day_terms("礼拜天开门吗")
    ['周日', '周天', '期日', '期天', '拜日', '拜天']
    """
    question = simplified(question)
    days = ["六", "日"] if _WEEKEND.search(question) else []
    days += ["日" if day == "天" else day for day in _DAY.findall(question)]
    found = (f"{opens}{day}" for each in days for opens in "周期拜" for day in ("日天" if each == "日" else each))
    return list(dict.fromkeys(found))
