import pytest

from agents.quotes.answer_types import AnswerType, expected, holds, lacks_weekday


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("How long do I have to return a lamp?", (AnswerType.DURATION,)),
        ("how many working days does it take", (AnswerType.DURATION, AnswerType.NUMBER)),
        ("what does it cost to post a lamp", (AnswerType.PRICE,)),
        ("How many phases were there?", (AnswerType.NUMBER,)),
        ("what time do you shut on saturdays", (AnswerType.TIME,)),
        ("Do you repair old lamps?", ()),
        ("who pays the return?", (AnswerType.PAYER,)),
        ("Who has to pay for the way back?", (AnswerType.PAYER,)),
        ("do I have to pay to send it back", (AnswerType.PAYER,)),
        ("how much do I have to pay?", (AnswerType.PRICE,)),
        ("do I have to pay in advance?", ()),
        ("must I pay by card?", ()),
        ("do I have to pay upfront?", ()),
        ("who covers the night shift?", ()),
        ("你们要钱包吗", ()),
        ("哪些项目不要钱", ()),
        ("停车要付钱吗", (AnswerType.PAYER,)),
        ("退货运费谁出", (AnswerType.PRICE, AnswerType.PAYER)),
        ("退货要钱吗", (AnswerType.PAYER,)),
        ("要付多少钱", (AnswerType.PRICE,)),
        ("寄到香港多少钱？", (AnswerType.PRICE,)),
        ("寄到香港多少錢？", (AnswerType.PRICE,)),
        ("你們幾點開門", (AnswerType.TIME,)),
        ("啥时候发货", (AnswerType.TIME,)),
        ("保固多長時間", (AnswerType.DURATION,)),
        ("这个怎么卖", (AnswerType.PRICE,)),
        ("你们营业时间", (AnswerType.TIME,)),
        ("水要多少度", (AnswerType.TEMPERATURE,)),
        ("一罐多少克", (AnswerType.WEIGHT,)),
        ("一天多少度电", (AnswerType.NUMBER,)),
        ("有多少种", (AnswerType.NUMBER,)),
        ("要几个工作日", (AnswerType.DURATION, AnswerType.NUMBER)),
        ("几天之内可以退？", (AnswerType.DURATION,)),
        ("几点关门", (AnswerType.TIME,)),
        ("保修需要带什么", ()),
        ("保修卡丢了怎么办", ()),
        ("保修多长", (AnswerType.DURATION,)),
        ("保修期", (AnswerType.DURATION,)),
        ("保修怎么算", (AnswerType.DURATION,)),
        ("酒店泳池几度", (AnswerType.TEMPERATURE,)),
        ("这个多少块呢", (AnswerType.PRICE,)),
        ("保修几年", (AnswerType.DURATION,)),
        ("一盒有多少块月饼", (AnswerType.NUMBER,)),
        ("这个多少块钱", (AnswerType.PRICE,)),
        ("这个多少块？", (AnswerType.PRICE,)),
        ("这酒多少度", ()),
        ("温度计多少钱", (AnswerType.PRICE,)),
    ],
)
def test_a_question_says_what_it_asks_for(question: str, kinds: tuple[AnswerType, ...]) -> None:
    assert expected(question) == kinds


@pytest.mark.parametrize(
    ("kind", "text", "held"),
    [
        (AnswerType.DURATION, "Time to return it: 30 days", True),
        (AnswerType.DURATION, "It takes 4–6 working days.", True),
        (AnswerType.DURATION, "thirty days", True),
        (AnswerType.DURATION, "三十天内可以退货", True),
        (AnswerType.DURATION, "下单后 60 分钟内", True),
        (AnswerType.DURATION, "If a lamp stops working, use the warranty instead.", False),
        (AnswerType.PAYER, "The return is free.", True),
        (AnswerType.PAYER, "You choose the carrier and pay for it yourself.", True),
        (AnswerType.PAYER, "Sending it back to you: we pay", True),
        (AnswerType.PAYER, "At your own expense.", True),
        (AnswerType.PAYER, "请自行选择承运商并承担运费。", True),
        (AnswerType.PAYER, "You can bring it back within 14 days.", False),
        (AnswerType.PRICE, "Delivery is free.", True),
        (AnswerType.PRICE, "Price (EUR): 194", True),
        (AnswerType.PRICE, "32.00 欧元", True),
        (AnswerType.PRICE, "It weighs 3 kg.", False),
        (AnswerType.PRICE, "零售价: ￥６８０", True),
        (AnswerType.PRICE, "每小时１６８元", True),
        (AnswerType.PRICE, "学费（元）: 2980", True),
        (AnswerType.PRICE, "金卡再享95折", False),
        (AnswerType.TEMPERATURE, "水温: 80—85℃", True),
        (AnswerType.TEMPERATURE, "250克/盒", False),
        (AnswerType.PERCENT, "老学员打九折", True),
        (AnswerType.CONTACT, "０５７１－８８９９　６６００", True),
        (AnswerType.TIME, "上午９：００—下午６：００", True),
        (AnswerType.TIME, "上午9:00—下午6:00", True),
        (AnswerType.TIME, "Saturday | 10:00–16:00", True),
        (AnswerType.TIME, "It was founded in 1950.", True),
        (AnswerType.TIME, "线长1.50m", False),
        (AnswerType.TIME, "Doors open at 9.30am", True),
        (AnswerType.TIME, "open until 10:00pm", True),
        (AnswerType.TIME, "It was founded long ago.", False),
        (AnswerType.NUMBER, "in five phases", True),
        (AnswerType.NUMBER, "in phases", False),
        (AnswerType.DURATION, "1.5 hours", True),
    ],
)
def test_a_text_holds_a_kind_or_not(kind: AnswerType, text: str, held: bool) -> None:
    assert holds(text, (kind,)) is held


def test_nothing_expected_is_never_held() -> None:
    assert not holds("30 days", ())


@pytest.mark.parametrize(("text", "kind"), [("保固三個月", AnswerType.DURATION), ("運費20歐元", AnswerType.PRICE)])
def test_signs_of_traditional_chinese_are_read_as_simplified_ones(text: str, kind: AnswerType) -> None:
    assert holds(text, (kind,))


@pytest.mark.parametrize(
    "question",
    ["优惠到几号", "几月开学", "上课是星期几", "禮拜幾休息", "几号出发", "几号停课", "几号公布成绩", "几号通知结果"],
)
def test_which_day_asks_for_a_time(question: str) -> None:
    assert AnswerType.TIME in expected(question)


@pytest.mark.parametrize(
    "question",
    [
        "坐几号线",
        "在几号楼",
        "几号教室呢",
        "遥控器用几号电池",
        "几号出口",
        "几号窗口",
        "几号航站楼",
        "几号登机口",
        "几号厅",
        "几号车厢",
        "几号色",
        "几号摊位",
        "几号公交车",
        "几号通道",
        "几号停车场",
        "每周几节课",
        "一周几次",
        "每周几天上课",
        "周几个小时",
    ],
)
def test_which_number_of_a_place_asks_for_none(question: str) -> None:
    assert AnswerType.TIME not in expected(question)
    assert not lacks_weekday(question, "19:00")


@pytest.mark.parametrize("question", ["语言交换是星期几", "語言交換是禮拜幾", "which day of the week is it?"])
def test_an_hour_does_not_answer_which_day_of_the_week(question: str) -> None:
    assert lacks_weekday(question, "19:00")
    assert not lacks_weekday(question, "週五")
    assert not lacks_weekday(question, "Fridays at 19:00")
    assert not lacks_weekday("几点开始", "19:00")
