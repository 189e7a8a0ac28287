"""The lines that tell a customer nothing: who writes to whom, the salutation, the closing words, "Please note".

    text -> spans of such lines

They are rich in the words that questions share with every mail ("dear students"), so they would be quoted as answers.
"""

import re
from itertools import pairwise

from knowledge.traditional import simplified

_GREETED = (
    r"hello|hi|hey|good (?:morning|afternoon|evening)"
    r"|dear|sehr geehrte[rs]?|liebe[rs]?|guten tag"
    r"|hallo|chers?|chère?s?|bonjour|madame|monsieur|estimad[oa]s?|querid[oa]s?"
    r"|hola|gentil[ei]|egregi[oa]?|geachte"
)
_CLOSED = (
    r"(?:with )?(?:my |our )?(?:(?:kind|kindest|best|warm|warmest|many)(?: (?:and|&) \w+)? )(?:regards|wishes"
    r"|greetings)|regards"
    r"|yours(?: (?:sincerely|faithfully|truly))?|(?:yours )?sincerely(?: yours)?"
    r"|many thanks(?: again)?|thanks again"
    r"|(?:mit )?(?:freundliche[nr]?|beste[nr]?|liebe[nr]?|herzliche[nr]?|viele[nr]?) gr(?:ü|ue)(?:ß|ss)en?"
    r"|cordialement|bien à vous|(?:un )?saludos?(?: cordial(?:es)?)?|cordiali saluti|met vriendelijke groet(?:en)?"
)
_SAYS = (
    r"(?:is|are|was|were|will|has|have|on|at|until|from|no|not|please|closed|open|free|cancelled|ist|sind|hat|haben|fällt|bleibt"
    r"|am|bis|ab|bitte|kein\w*|geschlossen|offen|frei)"
)
"""With one of these a line tells something: "Good morning yoga is on Mondays,"."""
_WHOM = rf"(?:(?!{_SAYS}\b)(?:\b(?:mrs?|ms|dr|prof)\.|[^\W\d]+(?:['’-][^\W\d]+)*|&))"
_PART = rf"(?:{_GREETED})(?: {_WHOM}){{0,4}}"
_ADDRESS = r"(?:[^@|:,;]{0,60}<[^@\s|]+@[^\s|>]+>|[^@\s|<,;]+@[^\s|,;]+)"
_PEOPLE = (
    "(?:学员|学生|同学|家长|老师|教师|朋友|顾客|客户|客人|会员|用户|业主|住户|居民|读者|旅客|乘客|来宾|同事|同仁|亲)"
)
_OPENING = re.compile(
    rf"{_PART}(?:, ?{_PART})*[,:!]|to whom it may concern[,:!]"
    rf"|(?:from|to|cc):(?=.*[<,;]) ?{_ADDRESS}(?:[,;] ?{_ADDRESS})*"
    r"|(?:尊敬的|亲爱的)[^。？！，：,:!?\d周月停休关开免收]{0,16}[，：,:]"
    rf"|(?:各位|全体)(?:新老)?{_PEOPLE}(?:[、和及与]?(?:各位)?{_PEOPLE}){{0,3}}(?:朋友)?们?(?:(?:大家)?好)?[，：,:]"
    r"|(?:subject|betreff|主题|主旨)[:：] ?(?:(?:re|fwd?|aw|wg|antw|回复|答复|转发)[:：] ?)+.*",
    re.IGNORECASE,
)
"""A notice often stands in the line of its salutation: "Dear families, the school stays closed on Friday!". A first
mail's subject may tell something; what a reply repeats of it does not."""
_SENT_AT = (
    r"(?:date: ?(?:[a-z]{3}, )?\d{1,2} [a-z]{3} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|gmt|utc)(?: \([a-z]+\))?"
    r"|sent: ?(?:[a-z]+, )?(?:\d{1,2}\.? [a-z]+ \d{4}|[a-z]+ \d{1,2},? \d{4}|\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./]\d{4}),?"
    r" \d{1,2}:\d\d(?::\d\d)?(?: ?[ap]m)?)"
)
_HEADER = r"[ \t]*(?:(?:from|to|cc):[^\n]*[@<]|(?:subject|betreff)[:：])"
_SENT = re.compile(
    rf"^(?:{_HEADER}[^\n]*\n[ \t]*(?P<below>{_SENT_AT})[ \t]*$|[ \t]*(?P<above>{_SENT_AT})[ \t]*\n(?={_HEADER})"
    rf"|[ \t]*from:[^\n]*\n[ \t]*(?P<between>{_SENT_AT})[ \t]*\n"
    r"(?=(?:[ \t]*(?:to|cc):[^\n]*\n){0,2}[ \t]*(?:subject|betreff)[:：]))",
    re.IGNORECASE | re.MULTILINE,
)
"""When a mail was sent, within its header; elsewhere it is an event's date, or when parcels are sent."""
_CLOSING = re.compile(
    rf"(?:{_CLOSED})[ ,.!]*|(?:best|cheers|thanks|greetings) ?,|(?:此致|敬礼|祝好|顺颂商祺)[ ，。！,.!]*", re.IGNORECASE
)
"""Without its comma "Best" may be the dearest of three offers and "Greetings" a kind of card."""
_SAID_AT = re.compile(
    r"(?P<when>\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?,? \d{1,2}:\d\d(?::\d\d)?) (?P<who>[^\d，。！？：；、,.!?:;|]{1,20})"
    r"|(?P<by>[^\d，。！？：；、,.!?:;|]{1,20}) (?P<at>\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?,? \d{1,2}:\d\d(?::\d\d)?)"
)
"""Who wrote a message of a chat, or a post, and when: in some exports the time stands first, in others the name."""
_LABEL = re.compile(
    r"(?:(?:please )?note|nota bene|important|attention|caution|warning|danger|tip|hint|info(?:rmation)?|see also"
    r"|(?:bitte )?beachten|hinweis|wichtig|achtung|tipp|vorsicht|warnung|remarque|atención|importante"
    r"|注意|提示|温馨提示|重要提示|警告|备注|说明)[!！]?",
    re.IGNORECASE,
)
"""What stands over a box beside the text; with a colon it may announce a list."""
_SIGNED = re.compile(rf"(?:{_WHOM}[,.]?(?: |$)){{1,6}}(?<![.!?])", re.IGNORECASE)
_LINE = re.compile(r"[^\n\r\f]+")
_THANKED = "(?:来信|来电|支持|信任|光临|惠顾|理解|配合|关注)"
_POLITE = re.compile(
    rf"(?:再次|衷心|非常)?感谢(?:您|你|大家|各位)(?:对?(?:我们|本店|本校|我司)(?:工作)?)?(?:一直以来|长期以来|多年来)?的?"
    rf"{_THANKED}(?:[与和及、]{_THANKED}){{0,2}}[。！]"
    r"|(?:如|因此|由此)?(?:给|对)(?:您|大家|各位)[^，。！？,.!?\d]{0,6}(?:带来|造成)[^，。！？\d]{0,4}不便[，,]?"
    r"[^，。！？\d]{0,10}(?:谅解|见谅|包涵|抱歉|歉意)[^，。！？\d]{0,4}[。！]"
    r"|祝(?:您|你|大家)[^，。！？,.!?\d]{1,12}[。！]"
)
"""A Chinese sentence that only thanks, begs pardon or wishes well; it stands in a line with others."""
_WHO = r"[^\n\d，。！？：；、,.!?:;|]{1,23}[店司部处校馆园院庄局社厂]"
_ON = r"[^\S\n]*\d{4}\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日"
_CHINESE_SIGNATURE = re.compile(
    rf"(?:(?<=[^\s\d日号：:])\s*\n(?P<lines>{_WHO}\n{_ON})|(?<=[。！])\s*\n(?P<line>{_WHO}[^\S\n]+{_ON}))\s*\Z"
)
"""Who wrote and when, the last two lines below a notice's text, or the last line below a sentence; elsewhere a date
below a name tells something."""
SIGNATURE_LINES = 5
"""Lines below the closing words, up to a blank one or one that says more than who wrote: a telephone number."""


def formal_spans(text: str) -> list[tuple[int, int]]:
    r"""Return the half-open spans of the lines that only greet, take leave, sign or name who writes to whom.

    >>> text = "Dear families, dear students,\nthe lift works again.\nKind regards\nAda Berg"
    >>> [text[start:end] for start, end in formal_spans(text)]
    ['Dear families, dear students,', 'Kind regards', 'Ada Berg']
    """
    text = simplified(text)
    found = _chat_headers(text)
    signs, last = 0, 0
    for line in _LINE.finditer(text):
        said = line.group().strip()
        if not said or text.count("\n", last, line.start()) > 1:
            signs = 0
        last = line.end()
        if _CLOSING.fullmatch(said):
            signs = SIGNATURE_LINES + 1
        elif not _SIGNED.fullmatch(said):
            signs = 0
        if signs or _OPENING.fullmatch(said) or _LABEL.fullmatch(said):
            found.append(line.span())
            signs = max(0, signs - 1)
    found += [each.span(each.lastgroup or 0) for each in _SENT.finditer(text)]
    found += [each.span(each.lastgroup or 0) for each in _CHINESE_SIGNATURE.finditer(text)]
    return found + [each.span() for each in _POLITE.finditer(text)]


def _chat_headers(text: str) -> list[tuple[int, int]]:
    """Return the lines of a chat that only say who wrote and when.

    Somebody writes twice in a chat, and below each of these lines stands what was said. Of what happens at an hour, as
    a concert, there is one of each name, and dates of one event stand below one another: they stay.
    """
    lines = [line for line in _LINE.finditer(text) if line.group().strip()]
    said = [_SAID_AT.fullmatch(line.group().strip()) for line in lines]
    names = [(match["who"] or match["by"]).strip() for match in said if match]
    is_bare = any(match and below for match, below in pairwise([*said, True]))
    if is_bare or all(names.count(name) < 2 for name in names):
        return []
    return [line.span() for line, match in zip(lines, said, strict=True) if match]
