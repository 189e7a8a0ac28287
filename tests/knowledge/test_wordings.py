from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.embedders import Vectors
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library
from knowledge.questions import Spoken
from knowledge.retrieval import RetrievalOptions
from knowledge.wordings import day_terms, other_terms, terms, written
from tests.growth import grows_gently


@pytest.mark.parametrize(
    ("question", "put"),
    [
        ("你们几点开门", "你们营业时间"),
        ("滨江店周日几点关门？", "滨江店周日营业时间？"),
        ("星期天什么时候打烊", "星期天营业时间"),
        ("礼拜天什么时候关门", "礼拜天营业时间"),
        ("你们几点营业", "你们营业时间"),
        ("周六营业到几点", "周六营业时间"),
        ("你們幾點開門", "你們营业时间"),
        ("貴店週末營業到幾點？", "貴店週末营业时间？"),
    ],
)
def test_hours_are_asked_for_as_documents_call_them(question: str, put: str) -> None:
    assert written(question) == put


@pytest.mark.parametrize(
    ("question", "put"),
    [
        ("who pays the return?", "cost of the return?"),
        ("Who has to pay for the way back?", "cost of the way back?"),
        ("do I have to pay for a return", "cost of a return"),
        ("and will I pay for it?", "and cost of it?"),
        ("退货运费谁出？", "退货运费运费？"),
        ("保修谁付钱", "保修费用"),
        ("寄回去要钱吗", "寄回去运费"),
        ("退货要不要钱？", "退货运费？"),
        ("停车需要付钱吗", "停车需费用"),
        ("换电池要钱吗", "换电池费用"),
        ("换锁要钱吗", "换锁费用"),
        ("送早餐要钱吗", "送早餐费用"),
        ("寄存行李要钱吗", "寄存行李费用"),
        ("who covers the shipping costs?", "cost of the shipping costs?"),
        ("do I have to pay to get in?", "cost of to get in?"),
        ("do I have to pay for a return or is it free?", "cost of a return or is it free?"),
        ("and must we pay?", "and cost of?"),
        ("do I have to pay return shipping?", "cost of return shipping?"),
        ("do I have to pay customs duties?", "cost of customs duties?"),
        ("do I have to pay the shipping myself?", "cost of the shipping myself?"),
        ("do I have to pay if it is faulty?", "cost of if it is faulty?"),
        ("do I need to pay a deposit?", "cost of a deposit?"),
        ("who covers the return?", "cost of the return?"),
        ("who covers customs?", "cost of customs?"),
        ("do I have to pay for a replacement card?", "cost of a replacement card?"),
        ("I ordered online, do I have to pay for the return?", "I ordered online, cost of the return?"),
        ("when I send it back, do I have to pay for it?", "when I send it back, cost of it?"),
        ("退货谁出运费", "退货运费运费"),
        ("退款的话谁出邮费", "退款的话费用邮费"),
        ("退货运费谁出，你们还是我？", "退货运费运费，你们还是我？"),
        ("运费是谁出的", "运费费用"),
        ("停车需要钱吗？", "停车费用？"),
        ("停车不要钱吗", "停车费用"),
        ("停车要钱不？", "停车费用？"),
        ("停车要钱的吗", "停车费用"),
        ("要交钱才能进吗", "费用才能进吗"),
        ("送货上门要钱吗", "送货上门运费"),
        ("送货谁付钱", "送货运费"),
        ("邮寄要钱吗", "邮寄运费"),
        ("退回去要钱吗", "退回去运费"),
        ("寄到香港要钱吗", "寄到香港运费"),
        ("快递要钱吗", "快递运费"),
        ("寄养要钱吗", "寄养费用"),
        ("寄放行李要钱吗", "寄放行李费用"),
        ("寄宿要钱吗", "寄宿费用"),
        ("退回押金要钱吗", "退回押金费用"),
        ("do I have to pay the shipping within the EU?", "cost of the shipping within the EU?"),
        ("do I have to pay tax on arrival?", "cost of tax on arrival?"),
        ("do I have to pay extra when I order two?", "cost of extra when I order two?"),
        ("do I have to pay a fee if I pay by credit card?", "cost of a fee if I pay by credit card?"),
        (
            "do I have to pay the shipping if it is damaged by the courier?",
            "cost of the shipping if it is damaged by the courier?",
        ),
    ],
)
def test_who_pays_is_told_as_what_it_costs(question: str, put: str) -> None:
    assert written(question) == put


@pytest.mark.parametrize(
    "question",
    [
        "",
        "how much do I have to pay for a return?",
        "when do I pay?",
        "do I have to pay in advance?",
        "must I pay by card",
        "do I have to pay upfront?",
        "do I have to pay for the room upfront?",
        "do I have to pay straight away?",
        "do I have to pay to the driver?",
        "should I pay my bill online or at the desk?",
        "should I pay for it online or at the desk?",
        "must I pay for the room again",
        "do I pay for it monthly?",
        "do I have to pay the whole sum in advance?",
        "when exactly do I have to pay the deposit?",
        "which of them do I pay for?",
        "do I have to pay a deposit by card?",
        "哪些项目不需要钱",
        "who covers the night shift?",
        "需要钱包吗",
        "你们要钱包吗",
        "哪些项目不要钱",
        "谁出租自行车",
        "谁出的货",
        "do I have to pay the deposit when I book?",
        "do I have to pay the deposit on arrival?",
        "do I have to pay the deposit within a week?",
        "do I have to pay the room by bank transfer?",
        "must I pay the rest via PayPal?",
        "why do I have to pay customs?",
        "摔坏了谁承担责任",
        "要付多少钱",
        "几点开课",
        "什么时候开始营销",
        "门打不开",
        "when do you open?",
        "营业时间",
        "下班时间可以取货吗",
        "我上班时间收不了货",
        "滨江新店什么时候营业",
        "新店何时开业",
    ],
)
def test_other_questions_stay_as_they_are(question: str) -> None:
    assert written(question) == question


@pytest.mark.parametrize("said", ["who covers ", "do I have to pay, ", "if I return it ", "谁出", "who may i pay "])
def test_who_pays_is_read_in_a_short_time_in_a_long_message(said: str) -> None:
    assert grows_gently(written, said, 16_000)


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("星期六几点", ["周六", "期六", "拜六"]),
        (
            "周末和周一呢",
            ["周六", "期六", "拜六", "周日", "周天", "期日", "期天", "拜日", "拜天", "周一", "期一", "拜一"],
        ),
        ("一周几天", []),
        ("一周一次多少钱", []),
        ("每周三次课", []),
        ("每周三有课吗", ["周三", "期三", "拜三"]),
        ("上周一买的", ["周一", "期一", "拜一"]),
        ("on Sunday?", []),
    ],
)
def test_weekdays_have_several_names(question: str, terms: list[str]) -> None:
    assert day_terms(question) == terms


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("有没有月饼", ["月饼"]),
        ("能不能寄月饼", ["寄月", "月饼"]),
        ("可不可以退", ["退"]),
        ("没有发票", ["没有", "有发", "发票"]),
        ("有没有", ["没有"]),
        ("坏了咋整", ["坏了", "故障"]),
        ("坏了咋办呢", ["坏了", "故障"]),
        ("坏了咋办嘛", ["坏了", "故障"]),
        ("坏了咋办啦", ["坏了", "故障"]),
        ("丢了咋弄的", ["丢了"]),
        ("发票咋整吗", ["发票"]),
        ("咋办卡", ["办卡"]),
        ("会员咋办理", ["会员", "办理"]),
        ("咋整理", ["整理"]),
        ("有咋样式", ["样式"]),
        ("啥时候发货", ["候发", "发货"]),
    ],
)
def test_how_yes_or_no_is_asked_for_is_not_searched_for(question: str, found: list[str]) -> None:
    assert terms(question) == found


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("退货邮费谁出", ["运费", "免运"]),
        ("退貨郵費誰出", ["运费", "免运"]),
        ("能开专票不", ["专用", "用发", "发票"]),
        ("滤网拆开了能退不", ["拆封"]),
        ("拆开洗要注意什么", []),
        ("能带狗吗", ["宠物"]),
        ("狗粮和猫砂在哪买", []),
        ("天猫和熊猫", []),
        ("给我还钱", ["退款"]),
        ("借的钱几时还钱", []),
        ("几点上班", ["服时", "务时", "作时", "公时", "放时"]),
        ("上班要带什么", ["携带", "需带", "须带", "请带"]),
    ],
)
def test_what_every_company_is_asked_has_other_names(question: str, names: list[str]) -> None:
    assert other_terms(question) == names


@pytest.mark.parametrize(("name", "used"), [("运费", {"运费"}), ("邮费", set()), ("营业时间", set())])
def test_another_name_counts_where_documents_use_it_alone(
    open_library: Callable[..., Library], write: Callable[..., Path], name: str, used: set[str]
) -> None:
    library = open_library()
    library.ingest([write("退.md", f"# 退货\n\n{name}由本店承担。"), write("茶.md", "# 茶\n\n保质期一年。")])
    found = library.search("邮费谁出", options=RetrievalOptions(mode="lexical"))
    assert found.weights.keys() & {"运费", "免运"} == used


def test_another_name_takes_no_evidence_from_who_says_it_as_the_customer(
    open_library: Callable[..., Library], write: Callable[..., Path]
) -> None:
    library = open_library()
    library.ingest([write("赠品.md", "# 赠品\n\n赠品坏了包换。"), write("茶.md", "# 茶\n\n故障时请来电。")])
    found = library.search("赠品坏了")
    assert "故障" in found.weights
    assert found.signals.coverage == 1.0


@pytest.mark.parametrize(("closed", "names"), [("周二", ["店.md"]), ("星期二", ["店.md", "茶.md"])])
def test_another_name_of_a_weekday_is_searched_for_where_documents_call_it_so(
    open_library: Callable[..., Library], write: Callable[..., Path], closed: str, names: list[str]
) -> None:
    """The end of 星期一 stands in 保质期一年 too."""
    library = open_library()
    library.ingest([write("店.md", f"# 店\n\n周一照常，{closed}休息。"), write("茶.md", "# 茶\n\n保质期一年。")])
    found = library.search("周一", options=RetrievalOptions(mode="lexical"))
    assert sorted(passage.document for passage in found.passages) == names
    assert ("期一" in found.weights) == (len(names) > 1)


def test_the_question_before_is_searched_for_as_documents_put_it_too(
    open_library: Callable[..., Library], write: Callable[..., Path]
) -> None:
    library = open_library()
    library.ingest([write("店.md", "# 营业时间\n\n本店九点到六点。"), write("车.md", "# 交通\n\n地铁二号线到达。")])
    found = library.search(
        "那周末呢", history=(Spoken("user", "你们几点开门"),), options=RetrievalOptions(mode="lexical")
    )
    assert "营业" in found.weights
    assert [passage.document for passage in found.passages] == ["店.md"]


def test_the_customers_own_words_keep_their_meaning_beside_the_documents_wording(
    open_library: Callable[..., Library], write: Callable[..., Path]
) -> None:
    asked: list[str] = []

    class Listening(HashingEmbedder):
        def embed_question(self, question: str) -> Vectors:
            asked.append(question)
            return super().embed_question(question)

    library = open_library(embedder=Listening())
    library.ingest([write("店.md", "# 营业时间\n\n本店九点到六点。")])
    library.search("那周日几点关门", history=(Spoken("user", "滨江店几点开门"),))
    assert "那周日几点关门 那周日营业时间" in asked
    assert not [text for text in asked if "营业时间" in text and "几点" not in text]


def test_terms_are_in_simplified_signs() -> None:
    assert terms("禮拜六有沒有開門") == terms("礼拜六有没有开门")


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("退费多久到账", "退回"),
        ("退款要多久到帐", "到账"),
        ("报名要带啥", "携带"),
        ("入住要帶什麼", "需带"),
        ("过年开门吗", "春节"),
        ("过完年啥时候上课", "春节"),
        ("年后才上班吗", "春节"),
        ("滨江店在哪", "地址"),
        ("你们在哪里呀？", "地址"),
        ("到你们店怎么走", "地址"),
    ],
)
def test_what_every_company_is_asked_has_the_name_that_documents_give_it(question: str, name: str) -> None:
    assert name in other_terms(question)


@pytest.mark.parametrize(
    "question",
    [
        "他上几年级",
        "三年前买的",
        "现在哪里有货",
        "我的快递在哪",
        "教材在哪领",
        "能带狗吗",
        "发票在哪",
        "车超过年限能修吗",
        "须通过年审吗",
    ],
)
def test_what_only_looks_like_it_has_no_other_name(question: str) -> None:
    assert not {"春节", "地址", "携带"} & set(other_terms(question))
