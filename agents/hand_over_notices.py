"""What a customer reads when a person takes over, in English and Chinese; written by code, never by a model.

ticket number, reason, contact, hours -> sentences
"""

from collections.abc import Mapping
from typing import Literal

from agents.handover import Reason
from agents.transcript import Language

Channel = Literal["browser", "api"]

_OPENINGS: Mapping[Language, Mapping[Reason, str]] = {
    "en": {
        "asked": "I have passed your conversation on to a person.",
        "safety": "Your safety comes first: if there is any danger, switch the product off, do not use it, and "
        "call the "
        "emergency services if someone is hurt. I have passed this on to a person.",
        "legal": "This is something a person must answer. I have passed your conversation on.",
        "anger": "I am sorry that this has gone so badly. I have passed your conversation on to a person.",
        "low_evidence": "I could not find this twice now, so I have passed your conversation on to a person.",
        "repeated_failure": "I am sorry, this has failed more than once. I have passed your conversation on to a "
        "person.",
        "tool": "This needs a person. I have passed your conversation on.",
        "model_failed": "I cannot answer at the moment, so I have passed your conversation on to a person.",
    },
    "zh": {
        "asked": "我已将您的对话转交人工客服。",
        "safety": "您的安全最重要：如有任何危险，请先切断电源并停止使用；"
        "如有人受伤，请立即拨打急救电话。我已将此事转交人工客服。",
        "legal": "这件事需要由人工答复。我已将您的对话转交人工客服。",
        "anger": "非常抱歉给您带来这样的体验。我已将您的对话转交人工客服。",
        "low_evidence": "我已经两次没能找到答案，因此把您的对话转交人工客服。",
        "repeated_failure": "很抱歉，多次未能成功。我已将您的对话转交人工客服。",
        "tool": "这件事需要人工处理。我已将您的对话转交人工客服。",
        "model_failed": "我目前无法作答，因此已把您的对话转交人工客服。",
    },
}


def handed_over(
    reason: Reason, number: str, *, language: Language, contact: str = "", hours: str = "", reachable: str = ""
) -> str:
    """Return what the customer is told: why, the number, what happens next, how else to reach a person.

    Args:
        reachable: an address or telephone number that the customer gave; "" asks for one.
    """
    if language == "zh":
        lines = [
            f"{_OPENINGS['zh'][reason]}您的工单编号是 {number}。",
            "接下来：工作人员会阅读这段对话，并在这里回复您。在此之前您可以继续补充信息，助手不会作答；如有其他问题，请开始新对话。"
            + (
                f"如有需要，我们也会通过 {reachable} 联系您。"
                if reachable
                else "也可以留下邮箱或电话，方便我们联系您。"
            ),
        ]
        other = [f"服务时间：{hours}" if hours else "", f"联系方式：{contact}（请报工单编号）" if contact else ""]
        return "\n\n".join([*lines, *(["。".join(filter(None, other)) + "。"] if any(other) else [])])
    lines = [
        f"{_OPENINGS['en'][reason]} Your ticket number is {number}.",
        "What happens next: a person reads this conversation and replies here. Until then you can add anything that "
        "helps; the assistant stays silent. For another matter, begin a new conversation. "
        + (
            f"If needed we will also reach you at {reachable}."
            if reachable
            else "Leave an e-mail address or a telephone number if we should contact you another way."
        ),
    ]
    other = [f"Hours: {hours}" if hours else "", f"Contact: {contact}, please mention the number" if contact else ""]
    return "\n\n".join([*lines, *([". ".join(filter(None, other)) + "."] if any(other) else [])])


def waiting(number: str, *, language: Language) -> str:
    """Return the one sentence that answers what a customer writes while a person has the conversation."""
    if language == "zh":
        return f"已收到，并已加入工单 {number}。工作人员会在这里回复您。"
    return f"Thank you, this has been added to ticket {number}. A person will reply here."


def returned(*, language: Language) -> str:
    """Return what is said when the assistant has the conversation again."""
    if language == "zh":
        return "工作人员已处理完毕，您可以继续向助手提问。"
    return "The person has finished; you can ask the assistant again."


def closed(number: str, *, language: Language) -> str:
    """Return what is said when the team has finished with what the customer had written to them."""
    if language == "zh":
        return f"我们的团队已处理完工单 {number}。"
    return f"Our team has finished with ticket {number}."


def settled(number: str, *, language: Language) -> str:
    """Return what is said when the team has settled a matter, and the assistant has the conversation again."""
    if language == "zh":
        return f"我们的团队已处理完工单 {number}。如有其他问题，可以继续向助手提问。"
    return f"Our team has finished with ticket {number}. If there is anything else, you can ask the assistant again."


def request(*, language: Language) -> str:
    """Return the customer's words behind the button that asks for a person."""
    return "我想联系人工客服。" if language == "zh" else "I would like to talk to a person."
