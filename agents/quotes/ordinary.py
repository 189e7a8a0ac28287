"""What holds on ordinary days before what holds on holidays, where nobody asked about these.

    "你们几点开门" + [春节期间 10:00–16:00, 每天 9:00–21:00] -> [每天 9:00–21:00, …]

A notice of holidays says little else than the hours, so words alone put it first.
"""

import re
from collections.abc import Sequence

from agents.quotes.answer_types import AnswerType, expected, holds
from agents.quotes.calendar_spans import named
from agents.quotes.statements import AMONG, NEAR_BEST, Statement
from knowledge.traditional import simplified

_OTHER_DAYS = re.compile(
    r"节假日|假期|放假|春节|除夕|国庆|元旦|中秋|端午|清明节|劳动节|圣诞|大促|活动期间"
    r"|\b(?:holidays?(?![ -](?:flat|home|house|cottage|let|apartment|rental|park))|christmas|easter|thanksgiving"
    r"|new year'?s?)\b",
    re.IGNORECASE,
)
_ASKED_DAYS = re.compile(
    r"[过大]年|过节|年三十|初[一二三四五六七]|[春寒暑长]假|五一(?!路|广场|大道|大?街)|(?<!十)十一(?![点月号楼层])|双11|618|法定|黄金周|元宵|七夕"
    r"|活动(?!中心|室)|促销|\b(?:x-?mas|boxing day|good friday|halloween)\b",
    re.IGNORECASE,
)
"""How customers name such days beside that; a word too many only leaves the order as it was."""
_ORDERED = re.compile(
    r"(?:\d{1,2}\s?[月./-]\s?)?\d{1,2}\s?[日号]?[^\W\d]{0,3}?(?:下的?单|[买拍][的了]|订[的了](?!房|酒店|票|桌|位))"
)
"""Of "1月29日下的单": the day of an order is none on which anybody comes."""
_NOTICE = re.compile(r"通知|公告|安排|时间|\b(?:notices?|hours|opening)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[，,；;。|]")


def ordinary_first(question: str, ranked: Sequence[Statement]) -> list[Statement]:
    """Return the statements, the best of ordinary days first where a time is asked for and the first is of others."""
    if not ranked or AnswerType.TIME not in expected(question) or not _is_of_other_days(question, ranked[0]):
        return list(ranked)
    enough = NEAR_BEST * ranked[0].score
    near = (s for s in ranked[1:AMONG] if s.score >= enough and holds(s.text, (AnswerType.TIME,)) and not s.leads_in)
    first = next((s for s in near if not _is_of_other_days(question, s)), ranked[0])
    return [first, *(s for s in ranked if s is not first)]


def is_of_other_days(question: str, text: str) -> bool:
    """Say whether a text names holidays, and the question none, nor a date, which may be one."""
    asked = simplified(question)
    if _OTHER_DAYS.search(simplified(text)) is None or _OTHER_DAYS.search(asked) or _ASKED_DAYS.search(asked):
        return False
    return not any(len(moment.days) == 1 and not moment.of_week for moment in named(_ORDERED.sub(" ", asked)))


def _is_of_other_days(question: str, statement: Statement) -> bool:
    """Say whether a statement's first time is one of holidays, or it stands under a heading that is about these."""
    clauses = _CLAUSE_END.split(statement.text)
    timed = next((clause for clause in clauses if holds(clause, (AnswerType.TIME,))), "")
    place = statement.place
    tells = place != statement.passage.title or _is_notice(simplified(place))
    return is_of_other_days(question, timed) or (tells and is_of_other_days(question, place))


def _is_notice(title: str) -> bool:
    """Say whether a title that names holidays tells of which days a whole document is: "Easter Egg Museum" does not."""
    return _NOTICE.search(title) is not None or re.search(r"[^\W\d_]", _OTHER_DAYS.sub("", title)) is None
