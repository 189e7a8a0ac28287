"""Who was hurt elsewhere and asks only for a pause of a contract or another date, which the documents may answer.

    "i broke my leg, can i pause my membership?" -> "can i pause my membership"

Read clause by clause, and only what is wholly understood is let through: a broken limb or a stay in hospital that names
no thing, cause or place but one that is not the company's, such as "at work"; and a membership, subscription or
contract that is to rest or to end, or an appointment that is to be moved. Anything else leaves the report as it was: a
person too many is better than one too few.
"""

import re

LONGEST = 200
"""Characters of a message that is read so: a longer one tells more than is understood here."""
_BREAK = re.compile(r"[.,;:?!，。；：？！]|\b(?:and|so)\b|\bbecause\b")
_WHO = (
    r"(?:i|we|he|she|(?:my|our) (?:child|son|daughter|wife|husband|partner|mother|father|mum|mom|dad|brother|sister"
    r"|friend))"
)
_LIMB = (
    r"(?:(?:left|right|lower) )?(?:arm|leg|wrist|ankle|finger|thumb|hip|hand|foot|toe|elbow|shoulder|collarbone|rib"
    r"|knee|back|neck)s?"
)
_ELSEWHERE = (
    r"(?: (?:at (?:home|work|school)|(?:while )?(?:skiing|snowboarding|cycling)|(?:riding|on|off) (?:my|his|her) bike"
    r"|in (?:a|the) (?:car|bike|road) (?:accident|crash)|in (?:my|our) garden))"
)
"""Where no customer is on the company's ground; a wall to climb or a pitch may be the company's."""
_MAY_BE_OURS = re.compile(
    r"(?=.*(?:\b(?:skiing|snowboarding|cycling|at school)\b|滑雪|骑车|开车))(?=.*(?:\b(?:class|lesson|booking)\b|课))"
)
"""A place of somebody else's, unless that is what the company teaches."""
_SPAN = r"(?:a|one|two|three|four|five|six|\d{1,2}) (?:days?|weeks?|months?)"
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTH = r"(?:january|february|march|april|may|june|july|august|september|october|november|december)"
_HURT = re.compile(
    rf"(?:{_WHO}(?:'ve|'s| have| has)?(?: just| unfortunately)? (?:(?:broke|broken|fractured|sprained|twisted) "
    rf"(?:my|his|her|our|their|an?) {_LIMB}{_ELSEWHERE}?|(?:hurt|injured|strained) (?:my|his|her|their) "
    rf"{_LIMB}{_ELSEWHERE})|{_WHO}(?:'m| am|'s| is|'re| are) in (?:the )?hospital)"
    r"(?: yesterday| last (?:week|month|night))?"
    r"|(?:昨天|上周|最近)?(?:我妈妈?|我爸爸?|我们?|孩子)?(?:昨天|上周|最近)?"
    r"(?:在家里?|(?:在家里?|滑雪|骑车|上班|开车|出车祸)(?:时|的时候)?)?"
    r"(?:骨折|住院|(?:扭伤|摔断|摔伤)了?(?:左|右)?(?:脚踝?|腿|手腕?|胳膊|膝盖|腰))了?"
)
_ASKS = re.compile(
    r"(?:please )?(?:(?:can|could|may) (?:i|we|you)|(?:i(?:'d| would) like|i want|i need|is it possible) to) "
    r"(?:(?:pause|freeze|suspend|cancel|end) (?:my|our|the|his|her) (?:membership|subscription|contract)"
    r"|put (?:my|our|the) (?:membership|subscription|contract) on hold"
    r"|(?:move|reschedule|postpone) (?:my|our|the|his|her) (?:booking|appointment|class|lesson))"
    rf"(?: for {_SPAN}| (?:to|until|till) (?:next (?:week|month|year)|{_MONTH}|{_DAY}))?(?: please)?"
    r"|(?:请问)?(?:我的?)?(?:会员卡?|会籍|订阅|合同)(?:可以|能|能不能|可不可以|想)(?:暂停|冻结|取消|终止)(?:吗|一下吗)?"
    r"|(?:请问)?(?:可以|能|能不能|可不可以|想)(?:暂停|冻结|取消|终止)(?:我的?)?(?:会员卡?|会籍|订阅|合同)吗?"
    r"|(?:请问)?(?:我们?的?)?(?:预约|课)(?:可以|能|能不能|可不可以|想)(?:改期|延期)吗?"
)
_MANNERS = re.compile(r"(?:hi|hello|good (?:morning|afternoon|evening)|please|thanks|thank you|您好|你好|请问|谢谢)")


def without(text: str) -> str:
    """Return a message without its report of an injury, where that has to do with nothing of the company's.

    Args:
        text: as `handover.plain` returns it.

    >>> without("i broke my leg, can i pause my membership?")
    'can i pause my membership'
    >>> without("i broke my leg on your stairs, can i pause my membership?")
    'i broke my leg on your stairs, can i pause my membership?'
    """
    if len(text) > LONGEST or _MAY_BE_OURS.match(text):
        return text
    clauses = [clause.strip() for clause in _BREAK.split(text) if clause.strip()]
    others = [clause for clause in clauses if not _HURT.fullmatch(clause)]
    asks = [clause for clause in others if _ASKS.fullmatch(clause)]
    understood = all(clause in asks or _MANNERS.fullmatch(clause) for clause in others)
    return ". ".join(others) if asks and understood and len(others) < len(clauses) else text
