"""Messages that only greet, thank or nod: answered by code, for no document holds an answer to them.

    message -> "greeting" | "thanks" | "nod" | None

A model or a search would refuse them, and two refusals in a row call a person.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from agents.handover import plain
from agents.transcript import Language, Message
from knowledge.text import answer_language, detect_language

Courtesy = Literal["greeting", "thanks", "nod"]

LONGEST = 60
"""Characters of such a message."""
_MOST = "{1,8}"
"""So many expressions make one; more of them, which may be cut in more than one way, would take time without end."""
_GREETS = (
    r"(?:hi|hiya|hello|hey|howdy|greetings|good (?:morning|afternoon|evening|day)|how are you"
    r"|你好|您好|你们好|嗨|哈喽|哈啰|早上好|上午好|中午好|下午好|晚上好|早安|在吗|在嗎|在不在)"
)
_THANKS = (
    r"(?:thanks|thank you|thank u|thx|ty|cheers|much appreciated|that (?:helps|helped|is helpful)|bye|bye bye|goodbye"
    r"|have a (?:nice|good|great|lovely) (?:day|evening|weekend|one)"
    r"|谢谢|謝謝|多谢|感谢|谢了|辛苦了|再见|拜拜|👍|👌|🙏|🙂|😊|❤)"
)
_NODS = (
    r"(?:ok|okay|alright|all right|got it|i see|understood|good|great|perfect|super|cool|awesome|excellent|wonderful"
    r"|好|好的|好吧|嗯|行|明白|明白了|知道了|了解|了解了|太好了|不用了|没事了|没有了)"
)
_MORE = (
    r"(?:no|oh|ah|all|there|everyone|team|very|that is|that s|many|a lot|a million|very much|so much"
    r"|for (?:your|the|all your|all the) (?:help|answer|quick answer|reply|time|support)|非常|十分|太|你|您|了)"
)
"""What stands beside these words and means nothing without them."""
_GREETING = re.compile(rf"{_GREETS} ?(?:(?:there|all|everyone|team|{_GREETS}) ?){{0,7}}")
_THANKING = re.compile(rf"(?=.*{_THANKS})(?:(?:{_THANKS}|{_NODS}|{_GREETS}|{_MORE}) ?){_MOST}")
_NODDING = re.compile(rf"(?:(?:oh|ah|that is|that s|very) ?)?(?:{_NODS} ?){_MOST}")
ANSWERS: Mapping[Courtesy, Mapping[Language, str]] = {
    "greeting": {"en": "Hello! What would you like to know?", "zh": "您好！请问您想了解什么？"},
    "thanks": {
        "en": "You are welcome. If there is anything else, just ask.",
        "zh": "不客气。如果还有其他问题，请随时提问。",
    },
    "nod": {"en": "If there is anything else, just ask.", "zh": "如果还有其他问题，请随时提问。"},
}


def read(message: str, history: Sequence[Message] = ()) -> Courtesy | None:
    """Return what a message does that says nothing else; a nod to a question may be its answer, and is none.

    >>> [read(said) for said in ("Hello!", "好的，谢谢", "ok", "thanks, and the warranty?", "no")]
    ['greeting', 'thanks', 'nod', None, None]
    """
    if len(message) > LONGEST:
        return None
    said = " ".join(re.findall(r"\w+|[👍👌🙏🙂😊❤]", plain(message)))
    if _GREETING.fullmatch(said):
        return "greeting"
    if _THANKING.fullmatch(said):
        return "thanks"
    return "nod" if _NODDING.fullmatch(said) and not _asked(history) else None


def language(message: str, history: Sequence[Message] = ()) -> Language:
    """Return the language to answer a courtesy in: "ok" and a thumb are said in every language, "了解" in two."""
    said = [one.content for one in history if one.role == "user"]
    telling = {answer_language(one) for one in (message, *said[-1:]) if detect_language(one) == "zh"}
    return "zh" if telling == {"zh"} else "en"


def _asked(history: Sequence[Message]) -> bool:
    """Return whether the assistant's last words ask for something."""
    last = next((one.content for one in reversed(history) if one.role == "assistant"), "")
    return "?" in last or "？" in last
