"""Messages that only greet, thank, nod or ask who answers: answered by code, for no document holds an answer to them.

    message -> "greeting" | "thanks" | "nod" | "about" | None

A model or a search would refuse them, and two refusals in a row call a person.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from agents.handover import plain
from agents.transcript import Language, Message
from knowledge.languages import answer_language
from knowledge.text import detect_language

Courtesy = Literal["greeting", "thanks", "nod", "about"]

LONGEST = 60
"""Characters of such a message."""
_MOST = "{1,8}"
"""So many expressions make one; more of them, which may be cut in more than one way, would take time without end."""
_SOFTLY = "[啊呀哈哦噢喔啦嘞哒咯哟~～]{0,2}"
"""Particles that end what is said in a friendly way and mean nothing."""
_GREETS = (
    r"(?:hi|hiya|hello|hey|howdy|greetings|good (?:morning|afternoon|evening|day)|how are you"
    r"|hallo|guten (?:tag|morgen|abend)|moin|servus|grüß gott|bonjour|bonsoir|salut|hola|buenos días|buenas tardes|ciao"
    r"|你好|您好|[你您]们好|嗨|哈喽|哈啰|早上好|上午好|中午好|下午好|晚上好|早安|午安|晚安"
    r"|亲|(?:有人|客服|店家|老板)?在(?:吗|么|不在)|有人(?:吗|么))"
    rf"{_SOFTLY}"
)
_THANKS = (
    r"(?:thanks|thank you|thank u|thx|ty|cheers|much appreciated|that (?:helps|helped|is helpful)"
    r"|bye|bye bye|goodbye|see (?:you|ya)(?: later| soon)?|take care"
    r"|danke(?: schön| sehr)?|vielen dank|tschüss|auf wiedersehen|merci(?: beaucoup)?|au revoir|(?:muchas )?gracias"
    r"|grazie"
    r"|have a (?:nice|good|great|lovely) (?:day|evening|weekend|one)"
    r"|(?:谢谢|多谢|感谢|谢了?|再见|拜拜)"
    rf"{_SOFTLY}"
    r"|👍|👌|🙏|🙂|😊|❤)"
)
_FAVOUR = rf"(?:(?:辛苦|麻烦)(?:[你您](?:了|啦)?|了|啦){_SOFTLY})"
"""Thanks too, but to "需要我为您转接同事吗？" a yes."""
_LEAVES = rf"(?:\bta\b|\bthat ?(?:s|is|was) (?:all|it)\b|{_FAVOUR})"
"""Thanks too, but "that's it" may answer "Is it this one?"."""
_NODS = (
    r"(?:ok|okay|kk?|alright|all right|got it|i see|understood|good|great|perfect|super|cool|awesome|excellent"
    r"|wonderful|nice|lol|haha"
    r"|(?:好|好的|好吧|嗯|行|明白了?|知道了|了解了?|懂了|清楚了|收到|太好了|不用了|没事了|没有了)"
    rf"{_SOFTLY}"
    r"|嗯嗯|哦{1,2}|噢{1,2}|哈哈)"
)
_MORE = (
    r"(?:no|nope|oh|ah|all|there|everyone|team|very|that is|that s|many|a lot|a million|very much|so much"
    r"|for (?:your|the|all your|all the) (?:help|answer|quick answer|reply|time|support)|非常|十分|太|你|您|亲|了"
    r"|的?(?:帮助|解答|回复|回覆))"
)
"""What stands beside these words and means nothing without them."""
_OPENS = (
    r"(?:(?:i have|i ve got|i got|just) )?(?:a|one|another)? ?(?:quick |small |short )?question(?: for you)?"
    r"|(?:can|could|will|would) (?:you|u|someone|somebody|anyone) (?:please )?help(?: me)?(?: out)?"
    r"|i need (?:some )?help"
    r"|(?:is )?any(?:one|body) there|are you there|我有(?:一)?个?问题|(?:你)?(?:能|可以)帮(?:我|帮我|个忙)吗?"
)
"""Who begins so has not asked yet."""
_GREETING = re.compile(rf"{_GREETS} ?(?:(?:there|all|everyone|team|zusammen|{_GREETS}) ?){{0,7}}")
_OPENING = re.compile(rf"(?:{_GREETS} ?(?:(?:there|all|everyone|team) ?)?)?(?:{_OPENS}) ?")
_FIRST_GREETING = re.compile(
    rf"(?:{_GREETS} ?)?(?:morning|afternoon|evening)(?: (?:there|all|everyone|team))?",
)
"""Later than in a first message these words answer "morning or afternoon?" or ask for another day's hours."""
_MACHINE = r"(?:(?:chat ?)?bot|robot|machine|computer|ai)"
_WHO_ANSWERS = r"(?:机器人|真人|人工智能|人工客服|人工|人|ai)(?:客服|(?:在)?(?:回复|回覆|回答))?(?:吗|么|呢|啊)?"
_ASKS_ABOUT_US = re.compile(
    rf"(?:{_GREETS} ?)?(?:so )?(?:(?:who|what) (?:are|r) (?:you|u) (?:a |an )?{_MACHINE}"
    r"|(?:are|r) (?:you|u) (?:a |an |the )?(?:really )?(?:real|alive|human|(?:real |live )?(?:person|human being)"
    rf"|{_MACHINE})(?: or (?:a |an )?(?:real )?(?:person|human|{_MACHINE}))?"
    rf"|(?:am i|is this) (?:talking|speaking|chatting) (?:to|with) (?:a |an )?(?:real )?(?:person|human|{_MACHINE})"
    r"|is this (?:a )?(?:real )?(?:person|human|(?:chat ?)?bot)"
    r"|(?:你|您|这边|这里|(?=.*(?:吗|么|还是|不是)))是(?:不是)?"
    rf"{_WHO_ANSWERS}(?: ?还是 ?{_WHO_ANSWERS})?)"
)
_FIRST_ASKS_ABOUT_US = re.compile(
    rf"(?:{_GREETS} ?)?(?:so )?(?:(?:who|what) (?:are|r) (?:you|u)"
    r"|(?:what|how) can (?:you|u) (?:do|help(?: me)?)(?: with| for me)?|help"
    r"|(?:你|您)是(?:谁|什么)|(?:你|您)(?:能|会|可以)(?:做|干|帮我做)(?:些|点)?什么)"
)
"""Later "what can you do for me?" speaks of the matter at hand."""
_PIECES = rf"(?:(?:{_THANKS}|{_LEAVES}|{_NODS}|{_GREETS}|{_MORE}) ?){_MOST}"
_THANKING = re.compile(rf"(?=.*{_THANKS}){_PIECES}")
_LEAVING = re.compile(rf"(?=.*{_LEAVES}){_PIECES}")
_NODDING = re.compile(rf"(?:(?:oh|ah|that is|that s|very) ?)?(?:{_NODS} ?){_MOST}")
ANSWERS: Mapping[Courtesy, Mapping[Language, str]] = {
    "greeting": {"en": "Hello! What would you like to know?", "zh": "您好！请问您想了解什么？"},
    "thanks": {
        "en": "You are welcome. If there is anything else, just ask.",
        "zh": "不客气。如果还有其他问题，请随时提问。",
    },
    "about": {
        "en": "I am the digital assistant here, not a person. I answer from our documents and show where each answer "
        "stands; what they do not say, I do not guess. If you would rather talk to a person, just say so.",
        "zh": "我是这里的数字助手，不是真人。我根据我们的资料回答并注明出处，资料里没有的不作猜测。"
        "如需真人服务，请直接告诉我。",
    },
    "nod": {"en": "If there is anything else, just ask.", "zh": "如果还有其他问题，请随时提问。"},
}


def read(message: str, history: Sequence[Message] = ()) -> Courtesy | None:
    """Return what a message does that says nothing else; a nod to a question may be its answer, and is none.

    >>> [read(said) for said in ("Hello!", "好的，谢谢", "ok", "Are you a bot?", "thanks, and the warranty?", "no")]
    ['greeting', 'thanks', 'nod', 'about', None, None]
    """
    if len(message) > LONGEST:
        return None
    if _last(history) in ANSWERS["greeting"].values():  # what it asks is asked by everyone who greets
        history = ()
    said = " ".join(re.findall(r"\w+|[👍👌🙏🙂😊❤]", plain(message)))
    said = re.sub(r"([哈哦噢])\1+", r"\1\1", said)  # a long laugh could be cut in endless ways
    is_asked = _asked(history)
    if _GREETING.fullmatch(said):
        return "greeting"
    if _ASKS_ABOUT_US.fullmatch(said) or (not history and _FIRST_ASKS_ABOUT_US.fullmatch(said)):
        return "about"
    if _THANKING.fullmatch(said) and not (is_asked and re.search(_FAVOUR, said)):
        return "thanks"
    return None if is_asked else _unasked(said, asks="?" in plain(message), is_first=not history)


def _unasked(said: str, *, asks: bool, is_first: bool) -> Courtesy | None:
    """Return what words do that after a question of the assistant's would be taken for its answer."""
    if _OPENING.fullmatch(said) or (is_first and not asks and _FIRST_GREETING.fullmatch(said)):
        return "greeting"
    if not asks and _LEAVING.fullmatch(said):
        return "thanks"
    return "nod" if _NODDING.fullmatch(said) else None


def is_one(answer: str) -> bool:
    """Say whether an answer is one of these courtesies, which say nothing of the company."""
    return any(answer in by_language.values() for by_language in ANSWERS.values())


def language(message: str, history: Sequence[Message] = ()) -> Language:
    """Return the language to answer a courtesy in: "ok" and a thumb are said in every language, "了解" in two."""
    said = [one.content for one in history if one.role == "user"]
    telling = {answer_language(one) for one in (message, *said[-1:]) if detect_language(one) == "zh"}
    return "zh" if telling == {"zh"} else "en"


def _asked(history: Sequence[Message]) -> bool:
    """Return whether the assistant's last words ask for something."""
    return "?" in _last(history) or "？" in _last(history)


def _last(history: Sequence[Message]) -> str:
    return next((one.content for one in reversed(history) if one.role == "assistant"), "")
