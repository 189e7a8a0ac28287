"""Writes that wait for a yes: what was shown, who must say it, and how a yes is read.

    Preview -> Pending(stage "customer") -> yes -> ("operator" -> yes ->) "approved" -> "done"
                                         -> no -> "declined"      anything else -> "withdrawn"

A yes is read by a rule and not by a model: whoever can talk a model into something still cannot say yes for a customer.
Nothing here knows a database or a screen.
"""

import re
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from agents.actions import Customer, Visitor
from agents.transcript import Language
from knowledge.traditional import simplified

Stage = Literal["customer", "operator", "approved", "done", "failed", "unknown", "declined", "withdrawn"]
OPEN: frozenset[Stage] = frozenset({"customer", "operator", "approved"})

YES: Mapping[Language, str] = {"en": "Yes, do it", "zh": "好的，请办理"}
NO: Mapping[Language, str] = {"en": "No", "zh": "不用了"}
"""What the buttons send, and what the assistant asks for."""

KEY_CHARACTERS = 24
"""Of a write's key."""
LONGEST_REPLY = 60
"""Characters of a yes or no; with what is longer the patterns below, whose words may be cut in more than one way, would
take time without end."""
_POLITE = r"(?:please|pls|plz|thanks(?: a lot)?|many thanks|thank you(?: (?:so|very) much)?|thx|ty|cheers)"
_MANNER = rf"(?:{_POLITE}|great|perfect|now|asap|then|right away)"
_YES = re.compile(
    r"(?:(?:yes|yep|yeah|yup|ok|okay|sure|of course|absolutely|definitely|do it|do that|go ahead"
    r"|go for it|confirm|confirm it|confirmed|i confirm|i agree|agreed|sounds good"
    rf"|(?:that is|that s) (?:right|correct)|correct|do|y|{_MANNER}) ?)+"
    r"|(?:是|是的|好|好的|好滴|好嘞|好吧|好呀|好啊|可以|可以的|可以呀|行|行的|行吧|对|对的|没错|没问题|确认|同意|办理"
    r"|继续|谢谢|麻烦了|嗯|请)+"
)
_ONLY_POLITE = re.compile(rf"(?:{_MANNER} ?)+|(?:谢谢|麻烦了|请|嗯)+")
_NO = re.compile(
    rf"(?:(?:actually|sorry|oh|(?:ok|okay)(?!.*\b(?:cancel|stop|wait|hold on)\b)) )*(?!(?:{_POLITE} ?)+$)"
    r"(?:(?:no|nope|nah|wait|hold on|keep (?:it|them)|not yet|do not|don t|do not do it|don t do it|stop(?: it| that)?"
    r"|cancel that|never mind|nevermind|not now|no way|leave it|forget it"
    rf"|i (?:have |ve )?changed my mind|decline|n|{_POLITE}) ?)+"
    r"|(?:(?:好的|好(?!不$)|嗯)(?!.*(?:取消|撤回|等|稍|慢着)))?(?:不|不是|不要|不要了|不用|不用了|不了|不行|不可以|不同意|不需要|算了|算了吧"
    r"|还是算了|取消|撤回|不办了|我改主意了|先不要|等一下|等等|先等等|稍等|慢着|别|谢谢)+"
)
"""An "ok" before "cancel that" may agree to cancel, and before "wait" to what was shown."""
_MOMENT = re.compile(
    rf"(?:(?:ok|okay|alright|sure|sorry|hm+|um+|oh|{_POLITE}) )*"
    r"(?:(?:(?:give|gimme) (?:me )?|(?:hang|hold) on |wait )?(?:just )?(?:a|one|1|two|2|another) "
    r"(?:moment|minute|min|second|sec|tick)s?"
    r"|wait|h(?:ang|old) on|just a bit|(?:be )?right back|brb"
    r"|(?:let me|i (?:have to|need to|must|will|ll)) (?:check|think|see|look)(?: (?:first|it up|about (?:it|that)))?)"
    rf"(?: {_POLITE})?"
    r"|(?:好的?|嗯|行|可以|请|麻烦|先)*"
    r"(?:稍等(?:一下|片刻|一会儿?|我一下)?|等(?:等|一下|下|我?(?:一会儿?|几分钟))|慢着|给我[一几两]分钟"
    r"|(?:让我|我)先?(?:看看|看一下|想想|想一想|想一下|考虑一下|考虑考虑|查一下|确认一下))(?:谢谢)?"
)
"""Who only asks for a moment finds what waits still waiting, though "wait" is a no to what was done."""
_NOTHING_ELSE = re.compile(
    rf"(?:(?:actually|sorry|oh|ok|okay|no|nope|nah|n|never ?mind|not now|leave it|{_POLITE}) ?)+"
    r"|(?:好的?|嗯|不|不了|不要|不用|不用了|不需要|算了|谢谢)+"
)
"""A no that answers "Anything else?"; any other is one to what was done."""
_SURELY = r"(?:yes|yeah|yep|yup|sure|of course|absolutely|definitely)"
_ECHO = re.compile(
    rf"{_SURELY} (?:(?:{_SURELY}|{_MANNER}) )*(?P<deed>[a-z]+) "
    rf"(?:it|that|(?:the|my|this|that) (?P<object>order|return|address|booking))(?: (?:{_MANNER}))*"
    r"|(?:是的?|对的?|确认|同意)(?P<chinese>[\u4e00-\u9fff]{2}(?:订单)?)(?:吧|它)?(?:谢谢)?"
)
"""A yes that says the deed again: "yes, cancel it please"; what it names must be what was shown."""
_BEGINS_WITH_YES = re.compile(
    r"\W*(?:(?:yes|yep|yeah|yup|ok|okay|sure)\b|是的|好的?(?=[\s，,。.！!])|可以(?=[\s，,。.！!])|行(?=[\s，,。.！!]))"
)


_BUT = re.compile(
    r"\W*(?:(?:yes|yep|yeah|yup|ok|okay|sure|no|nope|wait|please)\b\W*){1,4}(?=(?:but|only|except|however|although|instead)\b)"
    r"|\W*(?:(?:好的?|行|是的|对的?|嗯|等等|等一下)[\s，,。.！!]*|(?:不是?|是|可以)[\s，,。.！!]+)"
    r"(?=但是?|不过|可是|只是|只要|改成|改为)",
)
_CHANGED = r"(?:address|place|office|branch|shop|store|city|room|date|slot|size|colou?r|card|account|amount|name)s?\b"
_COLOUR = r"(?:black|white|gr[ae]y|silver|gold|brown|beige|red|pink|orange|yellow|green|blue|purple)"
_SIZE = r"(?:(?:extra )?(?:small|medium|large)|size \w{1,4}|x{0,3}[sl])"
_DAY = r"(?:tomorrow|(?:(?:next|this) )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|next (?:week|month))"
_COUNT = r"(?:one|two|three|four|five|six|\d{1,3})"
_OTHER = r"(?!(?:last|wrong|right|same)\b)"
"""Than which something can be told: nobody knows which "the right one" is."""
_REST = (
    r"to (?:my|our|his|her|their|the) (?!surprise|knowledge|mind|understanding|regret|question|point|"
    r"disappointment|dismay|horror|credit(?! (?:card|account))|e-?mails?\b|inbox|(?:mobile|phone)\b)"
    r"(?:[\w’']+ ){0,2}[\w’']+"
    rf"|(?:make|have) (?:it|that|this|them) (?:the {_OTHER}(?:\w+ )?ones?"
    rf"|(?:a |an |the |in )?(?:\w+ )?{_COLOUR}(?: ones?)?"
    rf"|(?:for |on )?{_DAY}|(?:a |an )?{_SIZE}|(?:only |just )?{_COUNT}(?: of (?:them|those|these))?)"
    rf"|(?:in|with) (?:\w+ )?{_COLOUR}|in {_SIZE}|(?:on|for) {_DAY}|the {_OTHER}\w+ ones?"
    rf"|(?:only|just) (?:the \w+|this one|that one|{_COUNT}(?: of (?:them|those|these))?)"
)
"""What is another wish where nothing else stands after the "but": whoever goes on with a verb may only tell."""
_CHANGES = re.compile(
    rf"\b(?:another|(?:a|the) (?:different|other)) (?:\w+ )?{_CHANGED}|\binstead\b|\b(?:only|just) half\b"
    r"|\b(?:on|to|at) (?:another|(?:a|the) (?:different|other)) (?:day|time|week|month|one)\b"
    rf"|\bchange (?:it|that|this|(?:the|my) (?:\w+ )?{_CHANGED})"
    r"|\b(?:send|ship|deliver) (?:it|them|this|that|all|half|the (?:order|parcel|lamps?)) (?:\w+ )?to (?!me\b)"
    rf"|\b(?:but|only|except|however|although)\W+(?:please\W+)?(?:{_REST})(?:\W+please)?\W*$"
    r"|另外?一?[个张家款件种]?的?(?:地址|地方|时间|日期|天|颜色|卡|款|店|账户)|改(?:成|为|到|送|寄|退)"
    r"|改.{0,3}(?:地址|时间|日期|尺寸|颜色)|退到|[寄送发](?:到|去|往)(?!我?们?的?(?:这|手|邮|微信|\W|$))"
    r"|换(?:成|为|到|[一那这]?[个款件种])|要(?:(?!的是).){0,4}色|只(?:要|退|换|寄|订|买)[一二两三四五六七八九十\d]"
    r"(?![一二三四五六七八九十\d]*\s?(?:周|天|日|年|分钟|个?(?:工作日|月|星期|礼拜|小时))"
    r"(?:[以之]?内|.{0,6}(?:[送到]|退款)))"
)
_NO_CHANGE = re.compile(
    r"\b(?:how|when|why|what|who|thanks?|let me know|tell me|hurry|soon|quick\w*|fast|asap|urgent\w*)\b"
    r"|\bbut (?:can|could|may|is|are|does|do|did|has|have|will|would) (?:i|we|it|this|that|there|they|the|my)\b"
    r"|\b(?:do not|don'?t|never|not|received|arrived|came|went|last time)\b"
    r"|\b(?:have|has|had|got)\b(?! (?:it|them|this)\b)"
    r"|多久|什么时候|为什么|怎么|吗|通知|告诉我|谢|尽快|快点|快一点|别|不要|不用|上次|收到"
)
_THANKED = re.compile(r"\W+(?:thanks|thank you|谢谢)[\W_]*$")


def has_another_wish(text: str) -> bool:
    """Say whether a message goes on from a yes or no to say what is to be done otherwise; whoever only asks does not.

    What waits for the team is taken back by it, so only where it names a change.

    >>> said = ("Yes, but to another address", "ok but thank you", "好的，但是要多久", "ok but please hurry")
    >>> [has_another_wish(one) for one in said]
    [True, False, False, False]
    """
    plain = simplified(unicodedata.normalize("NFKC", text[: 2 * LONGEST_REPLY])).casefold()
    plain = _THANKED.sub("", plain)
    begun = _BUT.match(plain)
    if begun is None or "?" in plain or _NO_CHANGE.search(plain):
        return False
    return _CHANGES.search(plain, begun.end()) is not None


def read_reply(text: str) -> Literal["yes", "no"] | None:
    """Return what a message says when it says nothing but yes or no; None for everything else.

    >>> [read_reply(said) for said in ("Yes, please!", "好的，请办理", "不用了", "yes but only the lamp")]
    ['yes', 'yes', 'no', None]
    """
    if len(text) > 2 * LONGEST_REPLY:
        return None
    plain = _plain(text)
    if not plain or len(plain) > LONGEST_REPLY or _asks(text) or _ONLY_POLITE.fullmatch(plain):
        return None
    if _YES.fullmatch(plain):
        return "yes"
    return "no" if _NO.fullmatch(plain) else None


def asks_for_a_moment(text: str) -> bool:
    """Return whether a message only asks to wait a moment; to be asked before a no is read, which "wait" is as well.

    >>> [asks_for_a_moment(said) for said in ("OK, one moment", "好的，稍等", "wait", "no, wait", "yes")]
    [True, True, True, False, False]
    """
    if len(text) > LONGEST_REPLY or _asks(text):
        return False
    return _MOMENT.fullmatch(_plain(text)) is not None


def says_yes_to(text: str, shown: str) -> bool:
    """Return whether a message says yes and nothing but the deed, and to what, with which begins what was shown.

    >>> said = ("yes", "Yes, cancel it please", "yes, refund it", "yes, cancel the return")
    >>> [says_yes_to(one, "Cancel order B-1.") for one in said]
    [True, True, False, False]
    """
    if read_reply(text) == "yes":
        return True
    echo = _ECHO.fullmatch(_plain(text)) if len(text) <= LONGEST_REPLY and not _asks(text) else None
    if echo is None:
        return False
    if echo["chinese"]:
        return _plain(shown).startswith(echo["chinese"])
    named = rf"(?:(?:the|your) )?{echo['object']}\b" if echo["object"] else ""
    return re.match(f"{echo['deed']} {named}", _plain(shown)) is not None


def takes_back(text: str) -> bool:
    """Return whether a no is one to what was done, and no answer to "Anything else?".

    >>> [takes_back(said) for said in ("No, cancel that", "no thanks", "不用了")]
    [True, False, False]
    """
    return _NOTHING_ELSE.fullmatch(_plain(text)) is None


def begins_with_yes(text: str) -> bool:
    """Return whether a message that is no plain yes begins with one: nobody is told that they did not say it."""
    return _BEGINS_WITH_YES.match(simplified(unicodedata.normalize("NFKC", text)).casefold()) is not None


def _plain(text: str) -> str:
    """Return the words of a text in lower case, one space between them, none between Chinese ones."""
    plain = " ".join(re.findall(r"\w+", simplified(unicodedata.normalize("NFKC", text)).casefold()))
    return plain.replace(" ", "") if re.search(r"[\u4e00-\u9fff]", plain) else plain


def _asks(text: str) -> bool:
    return "?" in unicodedata.normalize("NFKC", text)


@dataclass(frozen=True, slots=True)
class Pending:
    """A write that was shown and is not done."""

    key: str
    """Its action's key."""
    conversation: str
    thread: str
    """Where the loop that asked has stopped, and goes on."""
    tool: str
    arguments: Mapping[str, Any]
    text: str
    """What was shown."""
    fingerprint: str
    """What a yes is bound to: tool, arguments, customer."""
    customer: str
    language: Language
    operator: bool
    """Whether a person of the company must approve as well."""
    stage: Stage = "customer"


@dataclass(frozen=True, slots=True)
class OperatorDecision:
    """What a person of the company said of a write that waits for them."""

    key: str
    approved: bool
    person_speaks: bool = False
    """Whether a person has the conversation, so that what was done is told and the model says nothing of its own."""


class Approvals(Protocol):
    """Where pending writes are kept; durable before a call returns."""

    def ask(self, pending: Pending) -> None:
        """Keep a pending write; one with its key stays as it is."""
        ...

    def get(self, key: str) -> Pending | None: ...

    def open(self, conversation: str) -> tuple[Pending, ...]:
        """Return what is not settled in a conversation, oldest first."""
        ...

    def move(self, key: str, *, before: Stage, after: Stage) -> bool:
        """Change the stage, if it is `before`; return whether it was: of two who try, one succeeds."""
        ...


class Visitors(Protocol):
    """Where it is kept who talks in a conversation."""

    def load(self, conversation: str) -> Visitor: ...

    def save(self, conversation: str, visitor: Visitor) -> None: ...


@dataclass(slots=True)
class MemoryApprovals:
    """Pending writes that last as long as their process: for tests, trials and the terminal."""

    kept: dict[str, Pending] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.Lock)

    def ask(self, pending: Pending) -> None:
        """Keep it."""
        self.kept.setdefault(pending.key, pending)

    def get(self, key: str) -> Pending | None:
        """Return one."""
        return self.kept.get(key)

    def open(self, conversation: str) -> tuple[Pending, ...]:
        """Return those of a conversation that are not settled."""
        return tuple(one for one in self.kept.values() if one.conversation == conversation and one.stage in OPEN)

    def move(self, key: str, *, before: Stage, after: Stage) -> bool:
        """Change the stage."""
        with self._lock:
            if key not in self.kept or self.kept[key].stage != before:
                return False
            self.kept[key] = replace(self.kept[key], stage=after)
            return True


@dataclass(slots=True)
class MemoryVisitors:
    """Who talks, for as long as the process lasts."""

    kept: dict[str, tuple[Customer | None, int]] = field(default_factory=dict)

    def load(self, conversation: str) -> Visitor:
        """Return who is known to talk."""
        customer, failed = self.kept.get(conversation, (None, 0))
        return Visitor(customer, failed_attempts=failed)

    def save(self, conversation: str, visitor: Visitor) -> None:
        """Keep it."""
        self.kept[conversation] = (visitor.customer, visitor.failed_attempts)
