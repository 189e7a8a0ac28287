"""Who was hurt elsewhere and asks an ordinary question, which the documents may answer.

    "i broke my leg, can i pause my membership?" -> "can i pause my membership"

Read clause by clause, and only what is wholly understood is let through: each clause must tell of an injury that names
neither the company nor a thing or a place of its own, say what cannot be done since, or ask for such as a pause.
Anything else, a cause, a "your", a cry for help, leaves the report as it was: a person too many is better than one too
few.
"""

import re

LONGEST = 400
"""Characters of a message that is read so: a longer one tells more than is understood here."""
_BREAK = re.compile(
    r"[.,;:?!()，。；：、（）]|\s-+\s|\b(?:and|so|but|then)\b|\b(?:because|as|since|after)\s(?=(?:i|we|he|she|my|our)\b)"
    r"|(?<=[\u4e00-\u9fff])\s"
)
_WHO = (
    r"(?:i|we|he|she|(?:my|our) (?:little |old |eldest |youngest )?(?:child|kid|boy|girl|son|daughter|baby|wife|husband"
    r"|partner|mother|father|mum|mom|dad|grand(?:mother|father|ma|pa)|brother|sister|friend|colleague))"
)
_IS = r"(?:'m| ?am| ?is|'s| ?are|'re| ?was| ?were)?"
_ADVERBS = r"(?: ?(?:just|have|has|had|'ve|'d|also|recently|unfortunately|sadly|badly|still|currently))*"
_LIMB = (
    r"(?:(?:left|right|little) )?(?:arm|leg|wrist|ankle|finger|thumb|nose|hip|foot|toe|elbow|shoulder|collarbone|jaw"
    r"|rib|knee|neck|back|hand|hamstring)s?"
)
_INJURY = (
    rf"(?:(?:broke|broken|fractured|sprained|dislocated|twisted|hurt|injured|strained|pulled|tore|torn) "
    rf"(?:my|his|her|our|their|a|an) {_LIMB}|(?:got|been) (?:hurt|injured)"
    r"|(?:in|in the|at the|had to go to|had to go to the|been in|been in the) hospital"
    r"|(?:having|have|had) (?:an operation|surgery)|fell down the stairs at home)"
)
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_SOME = r"(?:(?:a|two|three|four|five|six|\d{1,2}) (?:days?|weeks?|months?))"
_WHEN = (
    rf"(?:(?:last|next|this) (?:week|month|year|weekend|night|spring|summer|autumn|winter|{_DAY})|yesterday|today"
    rf"|(?:on |until |till |since )(?:{_DAY}|the \d{{1,2}}(?:st|nd|rd|th)?)|{_SOME} ago"
    rf"|for (?:an operation|surgery|a while|some time|{_SOME}))"
)
_WHERE = r"at home"
"""No sport, journey or work: to a ski school, a tour operator and the staff these are the company's own ground."""
_CONTRACT = (
    r"(?:membership|contract|subscription|course|class|classes|lessons?|season|tickets?|cards?|pass|booking|appointment"
    r"|trip|tuition|fees?|test|exam|training|gym|studio)"
)
_HURT_ENGLISH = rf"(?:{_WHO})?{_IS}{_ADVERBS} ?{_INJURY}(?: {_WHERE}| {_WHEN})*"
_KNOWN_ENGLISH = (
    rf"(?:{_WHO} )?(?:can't|cannot|can not|couldn't|could not|won't be able to|wasn't able to|am not able to"
    r"|am not allowed to) (?:drive|come|attend|train|play|run|swim|ski|skate|dance|travel|exercise|make it|take part"
    rf"|collect it|pick it up)(?: {_WHEN})*"
    rf"|(?:{_WHO} )?(?:have |has |will )?miss(?:ed)? (?:the|my|our|his|her|a) (?:parcel|delivery|courier|collection"
    rf"|deadline|lesson|class|appointment|train|flight|test|exam)(?: {_WHEN})*"
    r"|(?:the|my|his|her) (?:doctors?|physio|surgeon) (?:says?|said)(?: no sports?| \w+ (?:weeks?|months?))"
    r"(?: (?:of rest|without sports?|off))?(?: for \w+ (?:weeks?|months?))?"
    r"|(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|dear team|please|thanks|thank you|sorry|unfortunately)"
    r"(?: there)?"
)
_BEGINS_TO_ASK = (
    r"(?:please |then |i wonder if |do you know if )?(?:can|could|may|might|is it|would it|will|would|do|does|should"
    r"|must|am|are|how|what|which|when|where|i(?:'d| would) like to|i (?:want|need|wish) to)\b"
)
_ORDINARY = (
    r"\b(?:paus|freez|frozen|suspen|cancel|postpon|reschedul|rebook|extend|transfer|put .{1,40} on hold|redeliver"
    rf"|(?:chang|mov|shift|swap|switch)\w* (?:(?:my|our|his|her|the) (?:delivery|date|time|address|{_CONTRACT})|into"
    rf"|{_CONTRACT})|{_CONTRACT}.*\b(?:swap|switch)|deliver|get (?:it|them) delivered"
    r"|(?:pick(?:s|ed)? up|collect|hold) (?:my|our|the) (?:parcel|order|delivery)"
    r"|keeps? (?:my|our|his|her|the) (?:place|spot|seat)|use (?:my|our)|(?:have|need) to (?:keep paying|pay) for"
    rf"|(?:refund|money|fees?)\b.*\b{_CONTRACT}|{_CONTRACT}\b.*\b(?:refund|back))"
)
"""What is asked of a contract, an appointment or a delivery; to give back a thing may mean that it did the harm."""
_GRAVE = (
    r"\b(?:yours?(?! (?:polic|terms|rules|conditions|cancellation))|you (?:sold|gave|sent|made|let)|because|since"
    r"|after|when|while|caus\w*|fault\w*|claim\w*|damages|compensat\w*|liab\w*|responsib\w*|help|emergency|ambulance"
    r"|doctors?|nurses?|medic\w*|first aid|now|urgent\w*|immediately|quick\w*|asap|danger\w*|hurts?|pain\w*|bleed\w*"
    r"|injur\w*|hospital|burn\w*|smok\w*|fire|shock\w*|collapsed|fell|broken?|broke|used|using|(?:off|to|up) (?:me|us)"
    rf"|me up|(?:my|his|her) {_LIMB})\b"
)
_CHINESE_WHO = (
    r"(?:我们?|他|她|(?:我们?|我家)?的?(?:孩子|小孩|儿子|女儿|宝宝|老婆|老公|妻子|丈夫|妈妈?|爸爸?|母亲|父亲|爷爷|奶奶"
    r"|外公|外婆|朋友|家人))"
)
_CHINESE_WHEN = (
    r"(?:[上这本前]个?(?:周|星期|礼拜|月)[一二三四五六日末]?|昨天|前天|今天|前几天|最近|刚刚?|之前|去年"
    r"|\d{1,2}月(?:\d{1,2}[日号])?)"
)
_CHINESE_INJURY = (
    r"(?:不小心|不慎|意外)?[左右]?(?:[脚腿手]|胳膊|手腕|脚踝|膝盖)?(?:摔倒|[摔扭])?"
    r"(?:骨折|受[伤傷]|住院|[扭摔拉][伤傷]|出院)[了中]?"
)
_UNABLE = (
    r"(?:(?:没法|不能|无法)(?:来|去|上课|参加|训练|运动|自提)|[上来去]不了课?|没赶上(?:自提|上课|考试|配送)"
    r"|错过了?(?:配送|自提|快递|上课|考试|期限)|耽误)了?"
)
_HURT_CHINESE = (
    rf"{_CHINESE_WHEN}?(?:因为?|由于)?{_CHINESE_WHO}?{_CHINESE_WHEN}?(?:在家里?)?(?:{_CHINESE_INJURY}){{1,3}}"
    rf"(?:{_UNABLE})?"
)
_KNOWN_CHINESE = (
    rf"[所以就也都]*{_UNABLE}|您好|你好|请问|谢谢|麻烦了|不好意思|现在(?:已经)?好了|要?收费吗|要手续费吗|可以吗|行吗"
    r"|需要什么(?:手续|材料|证明)|怎么办理"
)
_ORDINARY_CHINESE = (
    r"(?:[暂暫]停|冻结|凍結|延期|延[长長]|改(?:期|到|时间|送货?|地址|天|约)|取消|顺延|请假|补课|[转轉][让讓给給到]"
    r"|代[取领收]|保留|继续[用上]|(?:会员|會員|[课年次季月]卡?|学费|學費|课时|课程).*退|退.{0,3}(?:会员|[课年次季月]卡|学费|课)"
    r"|送[上到])"
)
_GRAVE_CHINESE = (
    r"(?:[你您]们?(?!们|能|可以|可不可以|会|这边|好)|贵[店司馆]|[赔賠]|补偿|[责責]任|因为|由于|导致|造成|[医醫][院生]|大夫|急|快(?!递|遞)|以后|之后"
    r"|的时候|用了|使用|[吃喝救疼痛血烫烧炸漏断坏砸夹摔晕]|帮帮|马上|立刻|压[到伤]|受[伤傷]|骨折|教练|老师|师傅|门口|台阶)"
)
_HURT = re.compile(f"{_HURT_ENGLISH}|{_HURT_CHINESE}")
_KNOWN = re.compile(f"{_KNOWN_ENGLISH}|{_KNOWN_CHINESE}")
_ASKS = re.compile(
    f"(?!.*(?:{_GRAVE}|{_GRAVE_CHINESE}))(?:{_BEGINS_TO_ASK}(?=.*{_ORDINARY})|(?=.*{_ORDINARY_CHINESE})).*"
)


def without(text: str) -> str:
    """Return a message without its report of an injury, where that has to do with nothing of the company's.

    Args:
        text: as `handover.plain` returns it.

    >>> without("i broke my leg, can i pause my membership?")
    'can i pause my membership'
    >>> without("i broke my leg on your stairs, can i pause my membership?")
    'i broke my leg on your stairs, can i pause my membership?'
    """
    if len(text) > LONGEST:
        return text
    clauses = [clause.strip() for clause in _BREAK.split(text) if clause.strip()]
    others = [clause for clause in clauses if not _HURT.fullmatch(clause)]
    asks = [clause for clause in others if _ASKS.fullmatch(clause)]
    understood = all(clause in asks or _KNOWN.fullmatch(clause) for clause in others)
    return ". ".join(others) if asks and understood and len(others) < len(clauses) else text
