"""Every word the page itself says, in English and Chinese.

What the assistant answers is not here: an answer comes in its question's language, the page in the reader's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.transcript import Language


@dataclass(frozen=True, slots=True)
class Texts:
    """The page's words in one language; `{…}` are filled in with `str.format`."""

    language: Language
    html_language: str
    other_language: Language
    switch_label: str
    """Shown on the switch: the other language's name, in that language."""
    switch_title: str
    tagline: str
    """What the page is, where the company set no line of its own."""
    welcome: str
    welcome_detail: str
    examples: str
    placeholder: str
    send: str
    stop: str
    start_anew: str
    footer: str
    you: str
    assistant: str
    searching: str
    reading: str
    reading_one: str
    working: str
    refused: str
    unsure: str
    handed_over: str
    ticket: str
    from_person: str
    ask_person: str
    """On the button that asks for a person."""
    clarify: str
    awaiting_approval: str
    approval_ask: str
    """Heads the card of a write that waits for the customer's yes."""
    approval_yes: str
    approval_no: str
    approval_team: str
    approval_approved: str
    approval_done: str
    approval_declined: str
    approval_withdrawn: str
    approval_failed: str
    approval_unknown: str
    approval_operator_too: str
    stopped: str
    failed: str
    failed_action: str
    """For a click that came to nothing, such as a rating that could not be kept."""
    wait: str
    """Said to who sends a question while an answer is written; it is not queued, for the answer may ask for a yes."""
    too_large: str
    """For what a proxy does not let through."""
    lost: str
    """When the server does not answer; Gradio says it in English alone."""
    busy: str
    too_often: str
    too_long: str
    """For a question or a comment: `count` characters, of which `most` are taken."""
    not_put_in: str
    """For so much text that the box does not take it; as `too_long`."""
    reference: str
    sources: str
    source: str
    page: str
    open_source: str
    close: str
    document: str
    page_of: str
    enlarge: str
    as_text: str
    passage_gone: str
    helpful: str
    unhelpful: str
    rate: str
    comment_prompt: str
    comment_placeholder: str
    comment_send: str
    comment_skip: str
    thanks: str
    your_comment: str
    found: str
    searched_for: str
    passages: str
    passages_one: str
    passages_none: str
    evidence: str
    evidence_words: tuple[str, str, str]
    """Weak, fair, strong."""
    thought: str
    called: str
    returned: str
    returned_error: str
    written_by: str
    quotes_only: str
    demo: str
    demo_title: str
    demo_detail: str
    demo_larger: str
    demo_get: str
    demo_then: str


EN = Texts(
    language="en",
    html_language="en",
    other_language="zh",
    switch_label="中文",
    switch_title="切换到中文",
    tagline="Answers from our documents, with sources",
    welcome="How can we help?",
    welcome_detail="Ask in your own words. Every answer shows the passage it comes from, "
    "and if our documents do not say, you will be told so.",
    examples="For example",
    placeholder="Ask a question",
    send="Send",
    stop="Stop",
    start_anew="New conversation",
    footer="Answers come from the documents of the company. Please check important details in the quoted source.",
    you="You asked",
    assistant="Answer",
    searching="Searching the documents",
    reading="Reading {count} passages",
    reading_one="Reading 1 passage",
    working="Working on it",
    refused="Not in our documents",
    unsure="No certain answer",
    handed_over="Passed on to a person",
    ticket="Ticket",
    from_person="From a person in our team",
    ask_person="Talk to a person",
    clarify="Please tell us a little more",
    awaiting_approval="Waiting for approval",
    approval_ask="Shall I do this?",
    approval_yes="Yes, do it",
    approval_no="No",
    approval_team="Waiting for our team",
    approval_approved="Being done",
    approval_done="Done",
    approval_declined="Declined, nothing was done",
    approval_withdrawn="Not done",
    approval_failed="Not possible, nothing was changed",
    approval_unknown="A person of our team is looking at this",
    approval_operator_too="After your yes, a person of our team must approve this as well.",
    stopped="Stopped. You can ask again at any time.",
    failed="Something went wrong on our side, and this question was not answered. Please try again.",
    failed_action="Something went wrong on our side. Please try again.",
    wait="The answer is still being written: send this when it is there, or stop it.",
    too_large="This is too long to be sent. Nothing was cut: please shorten it, or send it in parts.",
    lost="The connection is lost. This page keeps trying; what you have written stays in its box.",
    busy="Many questions are waiting right now. Please ask again in a moment.",
    too_often="That was a lot in a short time. Please wait a moment, then send it again.",
    too_long="This has {count} characters, and at most {most} can be sent at once. Nothing was cut: "
    "please shorten it, or send it in parts.",
    not_put_in="This has {count} characters, and at most {most} can be sent at once, so it was not put in. "
    "Please paste the part that matters.",
    reference="Reference",
    sources="Sources",
    source="Source {number}",
    page="page {page}",
    open_source="Open source {number}: {title}",
    close="Close",
    document="Document",
    page_of="Page {page} of {title}",
    enlarge="Enlarge",
    as_text="As text",
    passage_gone="This passage is no longer in the documents; they have been changed since. The answer quoted:",
    helpful="Helpful",
    unhelpful="Not helpful",
    rate="Was this answer helpful?",
    comment_prompt="What was wrong with it? (optional)",
    comment_placeholder="A sentence helps us to mend it",
    comment_send="Send comment",
    comment_skip="No comment",
    thanks="Thank you. Your rating has been noted.",
    your_comment="Your comment",
    found="How this was found",
    searched_for="Searched for",
    passages="{count} passages",
    passages_one="1 passage",
    passages_none="no passages",
    evidence="Evidence",
    evidence_words=("weak", "fair", "strong"),
    thought="Thought",
    called="Called",
    returned="Returned",
    returned_error="Returned an error",
    written_by="Written by {model}, {seconds} s",
    quotes_only="Quoted without a language model, {seconds} s",
    demo="Demo model",
    demo_title="This is the small demo model",
    demo_detail="It runs anywhere, but it is small: it quotes more than it explains. "
    "A bigger model writes better answers from the same documents.",
    demo_larger="One that reads (1.1 GB) runs here as well. Get it and start again:",
    demo_get="A still bigger one, for example with Ollama:",
    demo_then="Then set this in frontdesk.toml and start again:",
)

ZH = Texts(
    language="zh",
    html_language="zh-CN",
    other_language="en",
    switch_label="English",
    switch_title="Switch to English",
    tagline="依据公司文件作答，并注明出处",
    welcome="您想了解什么？",
    welcome_detail="请直接用自己的话提问。每个回答都会标明所依据的原文；如果我们的文件里没有答案，也会如实告诉您。",
    examples="例如",
    placeholder="请输入您的问题",
    send="发送",
    stop="停止",
    start_anew="新对话",
    footer="回答均来自公司文件。重要信息请以所引原文为准。",
    you="您的问题",
    assistant="回答",
    searching="正在查找文件",
    reading="正在阅读 {count} 段内容",
    reading_one="正在阅读 1 段内容",
    working="正在处理",
    refused="我们的文件中没有相关内容",
    unsure="没有确定的答案",
    handed_over="已转交人工",
    ticket="工单编号",
    from_person="来自我们的工作人员",
    ask_person="联系人工客服",
    clarify="还需要您补充一点",
    awaiting_approval="等待批准",
    approval_ask="要办理吗？",
    approval_yes="好的，请办理",
    approval_no="不用了",
    approval_team="等待我们的工作人员批准",
    approval_approved="正在办理",
    approval_done="已办好",
    approval_declined="已拒绝，什么都没有办理",
    approval_withdrawn="没有办理",
    approval_failed="无法办理，没有任何变动",
    approval_unknown="我们的工作人员正在查看",
    approval_operator_too="您同意后，还需要我们的工作人员批准。",
    stopped="已停止。您可以随时再次提问。",
    failed="我们这边出了问题，没能回答这个问题。请再试一次。",
    failed_action="我们这边出了问题，请再试一次。",
    wait="回答正在生成：请在完成后发送，或先停止生成。",
    too_large="内容过长，无法发送。内容没有被截断：请缩短，或分几次发送。",
    lost="连接已断开。页面会继续尝试，您写的内容会保留在输入框中。",
    busy="现在提问的人较多，请稍后再试。",
    too_often="您在短时间内操作较多，请稍等片刻再发送。",
    too_long="共 {count} 个字符，一次最多可发送 {most} 个。内容没有被截断：请缩短，或分几次发送。",
    not_put_in="共 {count} 个字符，一次最多可发送 {most} 个，因此没有放进输入框。请只粘贴需要的部分。",
    reference="编号",
    sources="出处",
    source="出处 {number}",
    page="第 {page} 页",
    open_source="打开出处 {number}：{title}",
    close="关闭",
    document="文件",
    page_of="《{title}》第 {page} 页",
    enlarge="放大",
    as_text="查看文字",
    passage_gone="文件已有更新，这段内容已不在其中。回答当时引用的是：",
    helpful="有帮助",
    unhelpful="没有帮助",
    rate="这个回答有帮助吗？",
    comment_prompt="哪里不对？（选填）",
    comment_placeholder="一句话就能帮助我们改进",
    comment_send="提交意见",
    comment_skip="不填写",
    thanks="谢谢，您的评价已记录。",
    your_comment="您的意见",
    found="答案是怎样找到的",
    searched_for="查找",
    passages="{count} 段内容",
    passages_one="1 段内容",
    passages_none="没有找到内容",
    evidence="依据",
    evidence_words=("不足", "一般", "充分"),
    thought="思考",
    called="调用",
    returned="返回",
    returned_error="返回错误",
    written_by="由 {model} 撰写，用时 {seconds} 秒",
    quotes_only="未用语言模型，仅引用原文，用时 {seconds} 秒",
    demo="演示模型",
    demo_title="当前使用的是小型演示模型",
    demo_detail="它在任何电脑上都能运行，但规模很小，多为引用原文。换用更大的模型，同样的文件可以得到更好的回答。",
    demo_larger="本机也可以运行一个会阅读的模型（1.1 GB）。获取后重新启动：",
    demo_get="更大的模型，例如用 Ollama 获取：",
    demo_then="然后在 frontdesk.toml 中写入下面一行并重新启动：",
)

TEXTS: Mapping[Language, Texts] = {"en": EN, "zh": ZH}


def choose_language(accept_language: str, *, chosen: str | None = None, default: Language = "en") -> Language:
    """Return the reader's own choice, else the first language of the browser's list that the page speaks.

    >>> choose_language("fr-FR,zh-CN;q=0.8,en;q=0.5")
    'zh'
    """
    if chosen in ("en", "zh"):
        return "zh" if chosen == "zh" else "en"
    for entry in _by_preference(accept_language):
        if entry.startswith(("zh", "en")):
            return "zh" if entry.startswith("zh") else "en"
    return default


def evidence_word(evidence: float, texts: Texts) -> str:
    """Return how sure retrieval was, as a word: weak below 0.4, strong from 0.7."""
    weak, fair, strong = texts.evidence_words
    return strong if evidence >= 0.7 else fair if evidence >= 0.4 else weak


def _by_preference(accept_language: str) -> list[str]:
    weighted = []
    for entry in accept_language.lower().split(","):
        tag, _, weight = entry.strip().partition(";q=")
        try:
            weighted.append((float(weight or 1), tag))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighted, key=lambda pair: -pair[0])]
