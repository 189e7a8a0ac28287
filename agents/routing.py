"""Whether a message needs the tools, or is a question for the documents.

    message + the tools' own examples -> True | False

An order's number or an e-mail address needs them; so does a message that lies nearer to what customers say who want
something done than to what they ask who want to know something. A question needs them when it asks about the
customer's own case, or lies near to a question that a reading tool names as an example, such as whether something is
in stock. Where the company trained intents of its own and said what they lead to, an intent that is told with certainty
decides before that.
"""

import re
import threading
import unicodedata
from collections.abc import Sequence
from typing import Any, Literal, Protocol, get_args

from agents.handover import asks_for_call
from agents.tools import Tool
from knowledge.embedders import Embedder, knows
from knowledge.text import detect_language
from knowledge.traditional import simplified

Target = Literal["tools", "documents"]
TARGETS: tuple[Target, ...] = get_args(Target)
"""What an intent may lead to. Hand-over is not among them: `agents.handover` decides it."""

_ORDER = r"(?<![A-Za-z0-9_-])[A-Za-z]{1,3}[-#]?\d{4,}(?![A-Za-z0-9_])|(?<!\w)#\d{4,}\b"
_EMAIL = r"(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
"""Begun where its characters begin, and nowhere within them: else a long word is read as often as it has letters."""
_WANTED = "".join(rf"(?<!\b{word} to )" for word in ("want", "like", "need", "wish", "able", "possible", "how")) + (
    r"(?<!\bi )(?<!\bwe )(?<!\byou )(?<!minimum )(?<!money )"
)
"""Behind which "order" is what somebody does: "we want to order 15000 pens"."""
_NUMBER = r"[ .:#]{1,2}(?:number|no|nr|id)"
_IS = r"(?:号码?)?[是为]?[\s:：.#]{0,3}"
_BY_ORDER = rf"(?:(?i:{_WANTED}\border(?:{_NUMBER})?(?: is)?)|订单|单号){_IS}"
_BY_OWN_ORDER = rf"(?i:\b(?:my|our) order(?:{_NUMBER})?(?: is)?|{_WANTED}\border{_NUMBER}(?: is)?){_IS}"
_TYPED = r"(?:[B-HJ-Zb-hj-z][ -]?\d{4,}|\d{5,})(?!\w)"
_NONE_COUNTED = (
    r"(?:and|but|or|is|was|has|have|had|not|never|still|where|when|why|what|how|can|could|will|you|your|i|we|they|it|my"
    r"|the|this|some|any|all|one|two|both|from|with|for|to|on|status|news|details|says|shows|needs|arrives|always|yes|thanks"
    r"|plus|please|pls|wrong|damaged|broken|missing|late|cancel\w*|refund\w*|return\w*)\b"
)
_OF_THINGS = r"(?:is|are|was|were|came|arrived|not|missing|wrong|broken|damaged)\b"
_CALLED_ORDER = (
    rf"(?:{_BY_OWN_ORDER}{_TYPED}|{_BY_ORDER}{_TYPED}"
    rf"(?!\s+(?i:(?!{_NONE_COUNTED})(?:[a-z]+ (?!{_NONE_COUNTED}))?[a-z]{{2,}}[a-rt-z]s\b(?! {_OF_THINGS}))))"
)
"""One that is typed as people do: "order b 11083", "my order number is 11162"; no number of pens that are wanted."""
_NAMES_A_CASE = re.compile(f"{_ORDER}|{_EMAIL}|{_CALLED_ORDER}")
_NO_GOODS = r"(?!\s?(?:(?i:sold|made)\b|的?(?:价格|库存)|[^,。?]{0,2}[能可]?[买卖](?![得到]{0,2}[了的])|有货))"
"""What is bought somewhere, or has a price, is no order."""
_SURE_ORDER = re.compile(
    rf"{_BY_ORDER}({_ORDER})|(?:(?i:\bcancel) |取消)({_ORDER})"
    rf"|(?:(?i:\b(?:track|where(?:['’]?s| is)|status of)) |查询?)({_ORDER}){_NO_GOODS}"
    rf"|(?i:\bwhen (?:will|does|is) )({_ORDER})"
    r"(?= (?i:arriv|be (?:deliver|sent|shipp)|com(?:e|ing)\b(?! (?:back|in|out|to)\b)))"
    rf"|({_ORDER})\s?(?:[在到]哪{_NO_GOODS}|什么时候(?:到(?!货)|发(?!售)))|^\W*({_ORDER})\W*$"
    r"|((?<![A-Za-z0-9_-])[A-Za-z]{1,3}-\d{4,}(?![A-Za-z0-9_])|(?<!\w)#\d{4,}\b)"
)
"""What is an order's number beyond doubt: "HL2000" may be a lamp, unless it is all that is said."""
_ASKS_TO_KNOW = re.compile(
    r"\b(?:how|what|which|who|why|whose|do you|does|is there|are there|is it|can i|may i|could i|can we|if)\b"
    r"|多少|几天|几点|多久|怎么|怎样|如何|哪|谁|什么|吗|呢|能不能|可不可以|如果",
    re.IGNORECASE,
)
_OWN_CASE = re.compile(
    r"\bwhere(?:['’]?s| is| are) my\b|\b(?:has|have|when will|when does|when is|is) my\b|\b(?:did|have) i (?:order|buy)"
    r"|\bmy (?:latest |last )?(?:orders|order status|parcel is|order is)\b"
    r"|我的(?:订单|包裹|快递|退款|退货)|我(?:都)?(?:买过|下过|订过)什么|帮我",
    re.IGNORECASE,
)
"""A message in the form of a question is for the tools when it asks about something of the customer's own."""
_OWN_THING = re.compile(
    r"\b(?:my|our) (?:\w+ ){0,2}(?:orders?|parcel|package|delivery|refund|return|booking)\b", re.IGNORECASE
)
_OTHER_ADDRESS = re.compile(
    r"\b(?:newsletters?|mailing list|(?:un)?subscribe)\b|\badd\b.{1,80}?\bto\b(?! (?:my|the|our) order)"
    r"|订阅|退订(?!单)",
    re.IGNORECASE,
)
"""Beside an e-mail address that is no order's."""
_OF_GOODS = re.compile(
    r"\A(?!.*(?:refund|broken|坏|退)).*(?:\bsold\b(?! (?:me|us)\b)|\bin stock\b|价格|有货|到货)",
    re.IGNORECASE | re.DOTALL,
)
_BEGUN = r"^\W*(?:(?:hi|hello|hey|ok(?:ay)?|thanks|thank you|great|and|so|by the way|btw)\b\W*)*"
_BEGINS_TO_ASK = re.compile(
    rf"{_BEGUN}(?:how|what|who|does)(?: \S+){{2}}"
    r"|(?=.{5})..+(?:多少|多久|多长|几[点天]|怎么|怎样|如何|哪|谁|什么|吗)",
    re.IGNORECASE,
)
_OF_ANYTHING = re.compile(
    rf"(?!.*\bthe\b){_BEGUN}"
    r"(?:how (?!many|come|about|is (?!an?\b))|who |where (?:can|do|are you) |does "
    r"|what (?!about|time|else|happens next)(?=(?:do|does|can|happens) |.*\b(?:an?|any|your?|i|we)\b)"
    r"|do you (?!know|see|have (?:an?|any|some)\b))"
    r"(?=\S+ \S)(?:(?!.*\b(?:i|we)\b)|.*\b(?:an?|any|some(?:thing|one|body)|anything)\b)"
    r"|(?=.*(?:多少|多久|多长|几[点天]|怎么|怎样|如何|哪|谁|什么|吗)).*"
    r"(?:一[台个盏件次辆张本间份]|一般|通常|最[多长少短晚早久]|你们|贵[店司]|每[个台天次])",
    re.IGNORECASE,
)
"""A question of anything at all, where nothing in it points back. Whoever is in a hurry leaves out "my"."""
_OF_WHAT_WAS_SAID = re.compile(
    r"\b(?:my|mine|ours?|me|us|its?|this|that|these|those|the[nmy]|their|he|she|his|her|ones?|other|another|same|again"
    r"|also|too|already|yet|now|still|else|back|due|owed?|left|instead|first|second|third|last|latest|did|was|were|had"
    r"|ha(?:s|ve) (?:i|we)|(?:i|we)(?: have|['’]ve)|status|tracking (?:number|code|link)|delivery date|which orders?"
    r"|what orders?|how long (?:until|till)|(?<!\ba )(?<!\bany )refund(?! (?:polic|period|condition|rule)))\b"
    r"|\bnext\W*$|你们[^，。！？,.!?]{0,4}(?:发|寄|退|取消)[的了]|最[早晚快][^，。！？,.!?]{0,6}到\W*$"
    r"|我|咱|它|他|她|这|那|该|此|什么时候|几时|已经|上次|刚才|还[没不未]|怎么[没不]|了[吗没]|呢\W*$",
    re.IGNORECASE,
)
"""What has no meaning without what was said before, or asks about the customer's own."""
_REQUEST = re.compile(
    r"^\W*(?:please|cancel|refund|return|call|send|change|give|show|let)\b"
    r"|\b(?:please|i want|i would like|i['’]d like|can you|could you|could somebody)\b"
    r"|帮我|请|我要|我想|^(?:取消|退|找人|转人工|给我|把)",
    re.IGNORECASE,
)
LEAST_LEAD = 0.0
"""By how much the nearest example of the tools must lie nearer than the nearest question; a cosine."""
CLEAR_LEAD = 0.04
"""By how much it is plainly a question for the documents, or one for a reading tool."""
QUESTIONS = (
    "How long do I have to return something?",
    "Can I cancel an order after I placed it?",
    "Can I change the delivery address after ordering?",
    "How do I cancel an order?",
    "How do I send something back?",
    "What does it cost to return a parcel?",
    "When do I get my money after a return?",
    "How long does delivery take?",
    "What does delivery cost?",
    "How long is the warranty?",
    "Do you offer discounts?",
    "Can I have a discount as a student?",
    "What happens if my parcel is lost?",
    "Why was my order cancelled by you?",
    "How much does this cost?",
    "When are you open?",
    "Which bulb fits?",
    "Can I pay by invoice?",
    "How do I reach you?",
    "Who looks at refunds?",
    "Is it made of wood?",
    "多久之内可以退货？",
    "下单后可以取消订单吗？",
    "下单后可以更改地址吗？",
    "怎样退货？",
    "退货要多少钱？",
    "什么时候收到退款？",
    "配送需要多久？",
    "运费是多少？",
    "保修期多长？",
    "有折扣吗？",
    "包裹丢了怎么办？",
    "营业时间是几点？",
    "可以用发票付款吗？",
    "用什么灯泡？",
    "多少钱？",
    "怎么联系你们？",
)


def named(texts: Sequence[str]) -> tuple[str, str]:
    """Return the order number and the e-mail address that stand last in the texts; "" for what does not."""
    numbers = [number for text in texts for number in orders_in(text)]
    addresses = [found for text in texts for found in re.findall(_EMAIL, _narrow(text))]
    return (numbers or [""])[-1], (addresses or [""])[-1]


def names_a_case(text: str) -> bool:
    """Return whether a text names an order or an e-mail address, as people type them: "order b 11083"."""
    return _NAMES_A_CASE.search(simplified(_narrow(text))) is not None


def sure_order(texts: Sequence[str]) -> str:
    """Return the last number in the texts that is an order's beyond doubt; "" where there is none.

    >>> [sure_order([text]) for text in ("order HL2000", "my lamp HL2000", "B-10234")]
    ['HL2000', '', 'B-10234']
    """
    found = [number for text in texts for number in _sure_orders(text)]
    return (found or [""])[-1]


def names_an_order(text: str) -> bool:
    """Return whether a text names an order's number beyond doubt, also as people type it."""
    return bool(sure_order((text,))) or re.search(_CALLED_ORDER, simplified(_narrow(text))) is not None


def asks_for_no_order(text: str) -> bool:
    """Return whether what looks like an order or its address is something else: a lamp asked about, a newsletter.

    >>> said = ("Does the lamp HL2000 dim?", "Add ada@example.com to your newsletter", "Refund me, ada@example.com")
    >>> [asks_for_no_order(one) for one in said]
    [True, True, False]
    """
    if names_an_order(text):
        return False
    written = simplified(_narrow(text))
    if _OWN_CASE.search(written) or _OWN_THING.search(written):
        return False
    others = (_OTHER_ADDRESS,) if re.search(_EMAIL, written) else (_ASKS_TO_KNOW, _OF_GOODS)
    return any(other.search(written) for other in others)


def orders_in(text: str) -> list[str]:
    """Return the orders' numbers in a text, in the forms in which a company may know them."""
    return list(dict.fromkeys(re.findall(_ORDER, _narrow(text))))


def worth_trying(text: str) -> list[str]:
    """Return the numbers in a text that may be the order meant, the likeliest first.

    >>> worth_trying("Cancel B-11200, not B-90001 or B-90002, the lamp is HL2000")
    ['B-90002', 'B-11200', 'HL2000']
    """
    likely = [group for group in (_sure_orders(text), orders_in(text)) if group]
    return list(dict.fromkeys(number for group in likely for number in (group[-1], group[0])))


def _sure_orders(text: str) -> list[str]:
    return ["".join(groups) for groups in _SURE_ORDER.findall(simplified(_narrow(text)))]


def _narrow(text: str) -> str:
    """Return a text in which Ｂ－１０２３４ is B-10234, as no database has it otherwise."""
    return unicodedata.normalize("NFKC", text)


class IntentReader(Protocol):
    """The company's own intents."""

    def target(self, message: str, embedder: Embedder) -> Target | None:
        """Return what a message leads to; None where that is not certain."""
        ...


class Router:
    """Tells messages for the tools from questions for the documents; safe to call from many threads."""

    def __init__(
        self, tools: Sequence[Tool], *, questions: Sequence[str] = (), intents: IntentReader | None = None
    ) -> None:
        self._intents = intents
        self._wanted = [example for tool in tools for example in tool.examples]
        self._looked_up = [
            example
            for tool in tools
            if tool.effect == "read"
            for example in tool.examples
            if _ASKS_TO_KNOW.search(example)
        ]
        """Questions that a reading tool answers."""
        self.books_calls = any(asks_for_call(example) for example in self._wanted)
        """Whether customers who ask to be called back are among the tools' own examples."""
        self._questions = [*QUESTIONS, *questions]
        self._placed: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def wants_tools(self, message: str, embedder: Embedder) -> bool:
        """Return whether the message needs the tools."""
        if names_a_case(message) or (self.books_calls and asks_for_call(message)):
            return True
        target = self._target(message, embedder)
        if target is not None:
            return target == "tools"
        written = simplified(message)
        if _ASKS_TO_KNOW.search(written) and not _OWN_CASE.search(written):
            understood = knows(embedder, detect_language(message))
            return understood and self._lead(message, self._looked_up, embedder) > CLEAR_LEAD
        return self.lead(message, embedder) > LEAST_LEAD

    def is_plain_request(self, message: str, embedder: Embedder) -> bool:
        """Return whether a message beyond doubt needs the tools: for where there is no model that can use them."""
        written = simplified(message)
        plain = bool(_REQUEST.search(written) or _OWN_CASE.search(written))
        return names_a_case(message) or (plain and self.wants_tools(message, embedder))

    def is_question(self, message: str, embedder: Embedder) -> bool:
        """Return whether a message that follows the use of tools is plainly a question for the documents.

        One that leans on nothing, "How long may I keep a machine?", is what it would be as the first of a conversation;
        one that may lean, "How long may I keep it?", has to lie near to what is asked of documents.
        """
        written = simplified(_narrow(message))
        leans = _OF_WHAT_WAS_SAID.search(written) is not None
        if self._target(message, embedder) == "documents" or (not leans and _OF_ANYTHING.match(written)):
            return True
        asks = message.strip().endswith(("?", "？")) or (not leans and _BEGINS_TO_ASK.match(written))
        return bool(asks) and self.lead(message, embedder) < -CLEAR_LEAD

    def lead(self, message: str, embedder: Embedder) -> float:
        """Return by how much the message lies nearer to the tools' examples than to questions; -2 without examples."""
        return self._lead(message, self._wanted, embedder)

    def _lead(self, message: str, examples: Sequence[str], embedder: Embedder) -> float:
        if not examples or not message.strip():
            return -2.0
        placed = self._vectors(embedder)
        vector = embedder.embed_question(message)
        near, far = (max(float(placed[text] @ vector) for text in texts) for texts in (examples, self._questions))
        return near - far

    def _target(self, message: str, embedder: Embedder) -> Target | None:
        return self._intents.target(message, embedder) if self._intents is not None else None

    def _vectors(self, embedder: Embedder) -> dict[str, Any]:
        with self._lock:
            if embedder.name not in self._placed:
                texts = dict.fromkeys((*self._wanted, *self._questions))
                self._placed[embedder.name] = {text: embedder.embed_question(text) for text in texts}
            return self._placed[embedder.name]
