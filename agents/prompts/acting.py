"""What is said around a write, in code's words: no model has a part in them."""

from collections.abc import Container

from agents.approvals import NO, YES
from agents.tools import IDENTIFIES
from agents.transcript import Language

QUESTION = {
    "en": f"Shall I do this? Please answer “{YES['en']}” or “{NO['en']}”.",
    "zh": f"要办理吗？请回复“{YES['zh']}”或“{NO['zh']}”。",
}
OPERATOR_TOO = {
    "en": "After your yes, a person of our team must approve this as well.",
    "zh": "您同意后，还需要我们的工作人员批准。",
}
DECLINED = {"en": "All right, nothing was done.", "zh": "好的，什么都没有办理。"}
WITHDRAWN = {
    "en": "What I asked you about before was not done, since you did not say yes.",
    "zh": "由于您没有回复同意，之前询问您的事项没有办理。",
}
YES_AND_MORE = {
    "en": "Your message said more than a plain yes, so what I asked you about before is not done yet.",
    "zh": "您的回复除了同意还有别的内容，因此之前询问您的事项还没有办理。",
}
WAITS_FOR_TEAM = {
    "en": "Thank you. A person of our team must approve this as well; it is done as soon as they have, and not before.",
    "zh": "谢谢。这还需要我们的工作人员批准；批准后才会办理，在此之前不会有任何变动。",
}
STILL_WAITS = {
    "en": "This still waits for our team; you need not do anything.",
    "zh": "此事仍在等待我们的工作人员批准，您无需再做什么。",
}
TEAM_DECLINED = {
    "en": "Our team could not approve this, and nothing was done: {text}",
    "zh": "我们的工作人员没有批准此事，什么都没有办理：{text}",
}
NOT_WAITING = {
    "en": "This no longer waits for an answer. Please tell me again what you would like.",
    "zh": "这件事已不再等待答复。请再告诉我您的需要。",
}
DONE_ALREADY = {
    "en": "That is done already. Please tell me if you would like something else.",
    "zh": "这件事已经办好了。如果还需要别的，请告诉我。",
}
NOT_UNDONE = {
    "en": "That was done already and has not been undone. Please tell me what you would like instead.",
    "zh": "这件事之前已经办好，没有撤销。请告诉我您希望怎么处理。",
}
NOTHING_WAITS = {
    "en": "All right. Nothing is waiting to be done.",
    "zh": "好的，目前没有待办理的事项。",
}
NOT_NOW = {
    "en": "This cannot be done at the moment, and nothing was changed: please say yes again in a few minutes.",
    "zh": "目前暂时无法办理，没有任何变动：请过几分钟再回复一次“同意”。",
}
TEAM_NOT_NOW = {
    "en": "Our team has approved this, but it cannot be done at the moment; nothing was changed, and it waits again.",
    "zh": "我们的工作人员已经批准，但目前暂时无法办理；没有任何变动，此事会再由我们的工作人员决定。",
}
FAILED = {
    "en": "This could not be done, and nothing was changed.",
    "zh": "这件事没能办成，没有任何变动。",
}
INTERRUPTED_DONE = {
    "en": "Before I was interrupted, this was done: {text}",
    "zh": "在中断之前，这件事已经办好：{text}",
}
HANDED_OVER = {
    "en": "I am passing this on to a person of our team, who will look at it.",
    "zh": "我把此事转交给我们的工作人员，由他们处理。",
}
UNKNOWN = {
    "en": "I cannot tell whether this was done, so I will not try again. A person of our team must look at it.",
    "zh": "我无法确定此事是否已经办好，因此不会重试，需要由我们的工作人员查看。",
}
TICKET = {"en": "The number of your case is {number}.", "zh": "您的工单编号是 {number}。"}
CONTACT = {"en": "You can reach a person at {contact}.", "zh": "人工联系方式：{contact}。"}
CANNOT_ACT = {
    "en": "I cannot look into orders or change anything here. I can answer questions from our documents.",
    "zh": "我在这里无法查询订单，也无法办理变更。我可以回答我们文件中有的内容。",
}
WHO = {
    "en": "To look into this I need the order number and the e-mail address of that order.",
    "zh": "为了查询，我需要订单号以及下单时使用的邮箱。",
}
WHO_EMAIL = {
    "en": "To look into order {order} I need the e-mail address of that order as well.",
    "zh": "为了查询订单 {order}，我还需要下单时使用的邮箱。",
}
WHO_ORDER = {
    "en": "To look into this I need the order number as well.",
    "zh": "为了查询，我还需要订单号。",
}
SIGN_IN = {
    "en": "To look into this I need to know who you are. Please sign in on our website and write to us from there.",
    "zh": "为了查询，我需要知道您是谁。请先登录我们的网站，再从那里联系我们。",
}
NO_ANSWER = {
    "en": "I could not find this out. Please say in one sentence what you need, with the order number if you have one.",
    "zh": "我没能查到。请用一句话告诉我您的需要；如有订单号，也请一并写上。",
}


def with_contact(sentence: str, language: Language, contact: str) -> str:
    """Return the sentence with where a person can be reached, where the company says so."""
    if not contact:
        return sentence
    return sentence + ("" if language == "zh" else " ") + CONTACT[language].format(contact=contact)


def who(tools: Container[str], language: Language, *, named: tuple[str, str], signs_in: bool, contact: str) -> str:
    """Return how a customer is asked who they are, or that it was not found out where nothing tells who they are.

    Args:
        tools: The names of the tools that there are.
        named: The order's number, where it is one beyond doubt, and the e-mail address that the customer has written;
            "" for what is still lacking.
        signs_in: Whether the company's site can say who it is.
    """
    order, email = named
    if IDENTIFIES in tools:
        asked = WHO if bool(order) == bool(email) else WHO_EMAIL if order else WHO_ORDER
        return asked[language].format(order=order)
    return SIGN_IN[language] if signs_in else with_contact(NO_ANSWER[language], language, contact)
