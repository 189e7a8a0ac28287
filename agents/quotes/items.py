"""An item of a list in, the line or the heading that says what is said of it out.

    "Home islands: €29" below "The bulky surcharge comes on top:"  ->  quoted below that line
    "Gift cards." under "What cannot be returned"                  ->  shown behind that heading

Alone, either may be taken for the opposite, or for the price of another thing. A sentence needs neither.
"""

import re

from agents.checks.polarity import is_negated
from agents.quotes.commands import command_spans
from agents.quotes.statements import CELL_BREAK, QUESTION_MARKS, Statement
from knowledge.text import count_cjk
from knowledge.traditional import simplified

MOST_WORDS = 12
"""Words before the first pause from which an item is taken for a sentence, whichever verb it has."""
MOST_ANNOUNCERS = 3
BARE_WORDS = 4
"""Most words of an item that only names a thing."""
NO_PRICE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bsurcharge|\bsupplement|\bon top of\b|\bin addition\b|\badditional|\bextra\b"
        r"|附加费|加收|另收|另加|额外|加价",
        r"\bdeposit|\bbond\b|押金|定金|订金|保证金",
        r"\brefund|\b(?:get|got|paid|pay|money) back\b|\bcompensat|退款|退还|赔偿|补偿",
        r"\bdiscount|\brebate|\btaken? off\b|\breduc|折扣|优惠|扣除|减免",
        r"\bfines?\b|\bpenalt|\bcancel|\bno-show|\blost\b|\bdamage|违约|取消|罚|逾期|滞纳|丢失|损坏",
    )
)
"""What a sum can be instead of the price: what comes on top, is lent, given back, taken off, or paid as a fine."""
_SUBORDINATE = re.compile(
    r"[,;，；。(（]|\.\s|\b(?:unless|if|when|once|that|which|who|whose|where|because|until|while|except)\b|除非|如果|除了",
    re.IGNORECASE,
)
_BEGINS_SENTENCE = re.compile(
    r"\W*(?:(?:if|when|for|after|once|to|before|in|with|on|at|by|during|until|while|unless|where|since)\b"
    r"|\w+ (?:a|an|the|this|these|any|all|each|every|up|out|off|at least)\b)",
    re.IGNORECASE,
)
"""How a condition and an order begin: "If you …", "Choose a …"."""
_VERB = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|do|does|did|can|cannot|could|may|might|must|shall|should|will|would"
    r"|needs?|costs?|pays?|takes?|gets?|i|you|your|we|our|they|their|he|she|it|this|nobody|nothing|please)\b|n['’]t\b"
    r"|[是不可须请会能要有将需应没]|收取|扣除|免费|承担|享|自行|均",
    re.IGNORECASE,
)
LABEL = re.compile(r"\W*(?:\d{1,3}[.)、]\s)?([^:：|]{1,60}?)(?::\s|(?<!\d)：)\s*(?=\S)")
"""What stands before the colon of an item of a list, and the colon."""
_CONDITION = re.compile(r"[\W\d]*(?:(?:if|when|unless|where|in case|as long as)\b|如果|若|当|如)", re.IGNORECASE)
_ASIDE = re.compile(
    r"[(（][^()（）]*[)）]|\b(?:without|excl\w*\.?|no|not including) (?:VAT|tax(?:es)?)\b"
    r"|[不未]含(?:增值)?税|未税",
    re.IGNORECASE,
)
"""What denies nothing of a list: its prices come without the tax."""
_STEP = re.compile(r"\W*\d+[.)、]\s")
_SEVERAL = re.compile(r"\b(?:and|or)\b|[&/,;、，；与和及或]", re.IGNORECASE)
_OF_WHAT = re.compile(r"\b(?:for|on(?! top\b)|(?<!top )of|in(?! addition\b)|at|per)\b|[(（]", re.IGNORECASE)
"""Where a heading goes on with what its sums are for: "Surcharges for islands and remote areas"."""
_LOST_THINGS = re.compile(r"\b(?:lost|damaged)\b(?!.*\b(?:fees?|charges?|fines?)\b)", re.IGNORECASE)
"""Things and no sum: "Lost and damaged cards"."""


def announced_by(item: Statement) -> Statement | None:
    """Return the line that announces an item, where it is not understood without; None for a sentence or a row.

    A sentence is, but below a line that denies or names a condition: "We do not take back:", "If you cancel late:".
    """
    if CELL_BREAK in item.text or item.leads_in:
        return None
    if not (item.goes_on or stands_as_line(item)):
        return None
    above = item.announcement
    if above is None or CELL_BREAK in above.text:
        return None
    told = denies(above.text) or _CONDITION.match(simplified(above.text))
    return above if item.goes_on or is_fragment(item) or told else None


def announcers(item: Statement) -> list[Statement]:
    """Return the lines that an item is not understood without, the outermost of lists within lists first."""
    above = announced_by(item)
    found: list[Statement] = []
    while above is not None and len(found) < MOST_ANNOUNCERS:
        found.insert(0, above)
        above = above.announcement
    return found


def heading_of(item: Statement) -> str:
    """Return the heading that an item is not understood without; "" where a line announces it, and for a sentence.

    "Annual fee: €20" is understood, but under a heading that denies, or names another sum than a price.
    """
    passage = item.passage
    if CELL_BREAK in item.text or item.leads_in or not passage.headings:
        return ""
    heading = " ".join(passage.headings[-1].split())
    if heading.endswith(QUESTION_MARKS) or command_spans(heading) or _STEP.match(item.text):
        return ""
    alone = is_in_list(item) and item.announcement is None and is_fragment(item)
    return heading if alone and (denies(heading) or other_sums(heading) or _is_bare(item.text)) else ""


def other_sums(heading: str) -> tuple[re.Pattern[str], ...]:
    """Return which sums of `NO_PRICE` a heading names; none of one that names something else as well, as a list may.

    "Fines and penalties" and "Surcharges (weekends, holidays)" name nothing else, "Prices and deposits" does.
    """
    heading = simplified(heading)
    if not _SEVERAL.search(heading):
        return _sums(heading)
    parts = [_sums(part) for part in _SEVERAL.split(_OF_WHAT.split(heading, maxsplit=1)[0]) if part.strip()]
    return () if _LOST_THINGS.search(heading) or not all(parts) else tuple(dict.fromkeys(sum(parts, ())))


def _sums(text: str) -> tuple[re.Pattern[str], ...]:
    return tuple(each for each in NO_PRICE if each.search(text))


def label_of(item: Statement) -> str:
    """Return what stands before the colon of an item of a list: "Floor lamps" of "Floor lamps: €25"; "" for none."""
    label = LABEL.match(item.text) if is_in_list(item) else None
    return label[1] if label else ""


def denies(above: str) -> bool:
    """Say whether a line or heading denies what stands below it; "If you do not come:" only says when it holds."""
    return _CONDITION.match(simplified(above)) is None and is_negated(_ASIDE.sub(" ", simplified(above)))


def said_of(statement: Statement) -> str:
    """Return what says what a statement is of: the lines that announce it, or the heading above it."""
    lines: list[str] = []
    above = statement.announcement
    while above is not None and len(lines) < MOST_ANNOUNCERS:
        lines.insert(0, above.text)
        above = above.announcement
    return "\n".join(lines or statement.passage.headings[-1:])


def is_fragment(item: Statement) -> bool:
    """Say whether an item has no verb of its own before its first pause: "Made-to-order shades, unless faulty."."""
    text = simplified(item.text)
    if _BEGINS_SENTENCE.match(text):
        return False
    main = _SUBORDINATE.split(text, maxsplit=1)[0]
    many = len(main.split()) + count_cjk(main) / 2 > MOST_WORDS
    return not many and _VERB.search(main) is None


def _is_bare(text: str) -> bool:
    """Say whether an item only names a thing: "Gift cards."."""
    return not re.search(r"[:：\d]", text) and len(text.split()) + count_cjk(text) / 2 <= BARE_WORDS


def stands_as_line(item: Statement) -> bool:
    """Say whether a statement begins a line of its passage, behind a list's mark or nothing."""
    line = item.passage.text[: item.start - item.passage.start].rpartition("\n")[2]
    return not re.search(r"\w", line)


def is_in_list(item: Statement) -> bool:
    """Say whether a statement begins a line, and another that is no table's row stands right above or below it."""
    if CELL_BREAK in item.text or not stands_as_line(item):
        return False
    text, at = item.passage.text, item.start - item.passage.start
    before, _, _ = text[:at].rpartition("\n")
    _, _, after = text[at:].partition("\n")
    near = (before.rpartition("\n")[2], after.partition("\n")[0])
    return any(line.strip() and CELL_BREAK not in line for line in near)
