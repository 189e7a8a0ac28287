"""When a person takes over: words, outcomes, and the questions that must not be taken for either."""

import pytest

from agents.handover import REASONS, Reason, from_outcomes, from_words
from agents.transcript import Outcome
from bench.labelled import spoken
from tests.growth import grows_gently


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("I want to talk to a REAL person!", "asked"),
        ("can i speek to your manager", "asked"),
        ("human pls", "asked"),
        ("转人工", "asked"),
        ("轉人工", "asked"),
        ("我想和真人沟通一下", "asked"),
        ("i wanna speak to your boss", "asked"),
        ("I'd like to make a complaint", "asked"),
        ("i want to complain about a teacher", "asked"),
        ("我要投诉", "asked"),
        ("我要投訴", "asked"),
        ("我要找你們經理", "asked"),
        ("請給我回電話", "asked"),
        ("喝了你們的茶上吐下瀉", "safety"),
        ("I don't see a reason to go on living, please just delete everything", "safety"),
        ("i dont want to live like this and I want my account closed", "safety"),
        ("There's no point in living, please cancel my order", "safety"),
        ("I have no reason to live", "safety"),
        ("my son fell down the stairs in your building", "safety"),
        ("she broke her left wrist on your doorstep", "safety"),
        ("Hello. I slipped and fell on your wet floor and my knee hurts", "safety"),
        ("I ate the soup and now I feel sick", "safety"),
        ("My son ate at your place. He cannot breathe", "safety"),
        ("we ate there and my wife fainted", "safety"),
        ("we all got food poisoning from the buffet", "safety"),
        ("My dog ate the battery", "safety"),
        ("My baby ate out of the detergent box", "safety"),
        ("My daughter ate on the sofa a dishwasher tablet", "safety"),
        ("my son ate lunch and a battery", "safety"),
        ("My cat ate here a button battery", "safety"),
        ("My dog ate at the cable", "safety"),
        ("I ate at your restaurant and now I feel nauseous", "safety"),
        ("I ate at your restaurant and there was glass in the soup", "safety"),
        ("I ate at your place and my throat is closing", "safety"),
        ("My son ate there and he is allergic to nuts, his lips are blue", "safety"),
        ("My wife ate at your restaurant and was hospitalised", "safety"),
        ("We ate there and my daughter has a fever", "safety"),
        ("Three guests have eaten the fish and are now very ill", "safety"),
        ("The kids had eaten the soup and it made them ill", "safety"),
        ("Both of us fell ill after eating your pie", "safety"),
        ("I'm sick from your soup", "safety"),
        ("The two of us were sick after dinner at your place", "safety"),
        ("My husband has been ill since lunch at your restaurant", "safety"),
        ("Your food made us sick", "safety"),
        ("your sofa gave my son a rash", "safety"),
        ("The paint made my wife really dizzy", "safety"),
        ("The nuts made my son's face swell", "safety"),
        ("It made both kids ill", "safety"),
        ("The fishbone made me choke", "safety"),
        ("My son has got a rash from your soap", "safety"),
        ("I came out in a rash after using your soap", "safety"),
        ("We are both ill after the fish meal", "safety"),
        ("It was bad. I want to make a formal complaint about how we were treated", "asked"),
        ("您好，我要投诉", "asked"),
        ("叫你们经理出来", "asked"),
        ("The lamp gave me an electric shock", "safety"),
        ("灯着火了！", "safety"),
        ("台灯漏电，把我老婆电了一下", "safety"),
        ("你们的沙发让我儿子起疹子了", "safety"),
        ("你們的飯菜讓我們都不舒服", "safety"),
        ("我在你们店里滑倒了", "safety"),
        ("孩子在你们大堂摔伤了", "safety"),
        ("我妈妈昨天在楼梯上摔伤了", "safety"),
        ("我儿子被车门夹伤了手", "safety"),
        ("你们的灯砸伤了我女儿", "safety"),
        ("孩子把手夹伤了", "safety"),
        ("我的手被你们的门夹伤了", "safety"),
        ("我在楼梯上把腿摔断了", "safety"),
        ("我儿子的胳膊摔断了", "safety"),
        ("女儿玩你们的滑梯摔伤了", "safety"),
        ("我被掉下来的灯砸伤了", "safety"),
        ("你们的柜子把孩子砸伤了", "safety"),
        ("我不小心被灯罩划到，孩子被咬伤了", "safety"),
        ("我们在贵店门口滑倒", "safety"),
        ("上课的时候拉伤了", "safety"),
        ("老人在你们门口绊倒了怎么赔", "safety"),
        ("新家具的气味让我们头晕", "safety"),
        ("吃了你们的菜，让孩子不舒服", "safety"),
        ("你们的饭让孩子吐了", "safety"),
        ("My lawyer will write to you", "legal"),
        ("I shall go to the ombudsman", "legal"),
        ("我要投诉到消协", "legal"),
        ("this is absolutely useless", "anger"),
        ("WHERE THE HELL IS MY DAMN ORDER!!!", "anger"),
        ("气死我了", "anger"),
    ],
)
def test_words_that_need_a_person(message: str, reason: Reason) -> None:
    assert from_words(message) == reason


@pytest.mark.parametrize(
    "question",
    [
        "Does a person have to sign for the parcel?",
        "Is there a risk of electric shock if the lamp gets wet?",
        "Do you sell fire extinguishers?",
        "Do I need to speak to a representative to change my address?",
        "The ATM swallowed my card",
        "How do I make a complaint?",
        "Who do I write to when I want to complain?",
        "Who do I contact in case I want to make a complaint?",
        "I'd like to make a complaint, who do I write to?",
        "如果我要投诉，应该联系谁？",
        "我想投诉应该找谁？",
        "Do I need to speak to the owner before I sublet?",
        "Do I have to talk to the boss to change my shift?",
        "Should I speak to the director about leave?",
        "Do I have to talk to your boss first?",
        "I was sick after lunch, can I reschedule my appointment?",
        "I feel sick since breakfast, can I come tomorrow?",
        "My husband fell ill after we booked lunch, refund?",
        "I hadn't eaten because I was ill, can I get a refund of the half board?",
        "Is it sick leave from work dinner on?",
        "Does your travel insurance cover guests with food poisoning?",
        "Has anyone got food poisoning from this?",
        "What do you recommend for stomach ache after eating?",
        "Is ginger tea good when you feel sick after eating?",
        "Looking for tea against stomach pains after a meal",
        "I get sick after drinking milk, do you have oat milk?",
        "I get ill after eating nuts - which cakes are free of nuts?",
        "sorry I was sick after your email",
        "I had food poisoning from another place, can I move my booking?",
        "The guests have eaten and are sick of waiting",
        "The kids have eaten and ill come back for my coat",
        "My phone fell off the table, is that covered by the warranty?",
        "my lamp fell off the shelf",
        "our parcel fell off the van",
        "My lamp fell down the stairs",
        "I slipped on the order form",
        "I tripped over the wording of clause 3",
        "Can I cancel my trip if I have broken my leg?",
        "If my son has broken his arm, do we get the fee back?",
        "Which insurance pays if someone slipped on the ice?",
        "Are you liable when somebody fell down the stairs?",
        "Who pays after my son fell off the ladder?",
        "You twisted my arm, I'll take two",
        "The courier broke my leg rest",
        "If I want to complain, who reads it?",
        "Must I speak to the owner of the card?",
        "I fell in love with the green one",
        "The arm of my lamp broke",
        "Will this cream give my son a rash?",
        "Do you have a rash cream?",
        "Could it make my dog sick?",
        "I have a rash, which cream do you recommend?",
        "The rain made the table top swell",
        "The rain made my table legs swell",
        "The table top has blisters after the rain",
        "The paint has blisters from the sun",
        "It makes me sick how you treat customers",
        "The price made me choke",
        "I have eczema since the winter, which cream is for me",
        "我打球扭伤了脚，课能改期吗",
        "烫伤了能喝茶吗",
        "骨折后可以喝牛奶吗？",
        "这款沙发会让孩子起疹子吗",
        "有防滑倒的垫子吗",
        "如何防止老人摔伤？",
        "投诉怎么处理？",
        "台灯会不会有触电的风险？",
        "人工费多少钱？",
        "烟雾报警器包含电池吗？",
        "",
        "有觸電的風險嗎",
        "不需要轉人工",
        "可以退貨嗎",
    ],
)
def test_questions_that_do_not(question: str) -> None:
    assert from_words(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "Where is my order 123456?",
        "My order is BM-20315, when does it arrive?",
        "I live at 315 Hill Street and paid 315 euros",
        "Is 12345 the right part?",
        "我的订单号是20231234567，到哪了？",
        "我的电话是13123153456，请联系",
        "有没有315元的台灯？",
        "我找315元的那盏灯",
        "Does the gas lamp come with a regulator?",
        "Do you accept a power of attorney?",
    ],
)
def test_numbers_and_parts_that_only_look_like_a_threat(question: str) -> None:
    assert from_words(question) is None


@pytest.mark.parametrize(
    "message",
    [
        "再不处理我就打12315",
        "你们等着315吧",
        "12315投诉电话是多少",
        "那我们12315见吧",
        "我要向12345反映",
        "我去315告你们",
        "315曝光你们",
        "12315",
        "I will call 12315",
        "I shall report this to the regulator",
    ],
)
def test_hotlines_and_authorities_are_noticed(message: str) -> None:
    assert from_words(message) == "legal"


@pytest.mark.parametrize(
    "question",
    [
        "送给妈妈的礼物可以包装吗？",
        "喝了会拉肚子吗",
        "杯子有玻璃片吗",
        "剃须刀有几个刀片？",
        "有没有刀片",
        "有替换刀片卖吗",
        "配件里有没有铁钉",
        "有没有喝了不拉肚子的牛奶",
        "会不会吃坏肚子",
        "有喝了不容易拉肚子的奶粉吗",
        "找客服要准备什么",
        "你们店长推荐什么",
        "我妈的手机号可以收货吗",
        "他妈妈也想要一盏",
        "我不小心把灯罩摔断了",
        "我的行李箱拉杆摔断了",
        "我的车门被撞伤了",
        "我的桌子被砸伤了一个角",
        "我家狗把沙发咬伤了",
        "我不小心砸伤了一个桌角",
        "我的手办摔断了",
        "我的手机被砸伤了",
        "你们的手表支持摔倒检测吗",
        "你们卖治扭伤的药膏吗",
        "我想给老人买摔伤保险",
        "担心老人在浴室摔伤，有防滑垫吗",
        "客服的语气让我不舒服",
        "椅子太硬，让我坐着不舒服",
        "鞋子让我脚不舒服，能换码吗",
        "茶几让我坐着不舒服",
        "你们的价格让我头晕",
        "你们卖垃圾桶吗？",
        "厨余垃圾袋多少钱？",
        "茶垃圾怎么处理",
        "房间的垃圾放哪里？",
        "垃圾什么时候收",
        "有去死皮的产品吗",
        "滚筒洗衣机能洗灯罩吗？",
        "滾水可以泡綠茶嗎",
        "水煮滾，再放茶葉要等多久？",
        "水滾開後要放多少茶葉？",
        "用滚开的水泡可以吗",
        "电子废物回收怎么处理？",
        "怎么防诈骗？",
        "请问需要本人处理吗？",
        "店里有人工安装服务吗？",
        "Can you deliver to the hospital?",
        "Does your smoke detector need a battery?",
    ],
)
def test_harmless_words_that_hold_a_bad_one(question: str) -> None:
    assert from_words(question) is None


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("他妈的什么时候发货", "anger"),
        ("你们什么态度", "anger"),
        ("太氣人了，騙子", "anger"),
        ("找客服", "asked"),
        ("叫你们经理出来！", "asked"),
        ("喝了你们的茶拉肚子", "safety"),
        ("孩子吃坏肚子了", "safety"),
        ("茶里有玻璃渣", "safety"),
        ("月饼里面有铁钉", "safety"),
        ("茶里有几块碎玻璃", "safety"),
        ("喝了你们的茶不停拉肚子", "safety"),
        ("喝了不到一小时就拉肚子", "safety"),
        ("喝到玻璃渣了", "safety"),
        ("你妈的", "anger"),
        ("真垃圾", "anger"),
        ("这种垃圾怎么卖这么贵", "anger"),
        ("把我的包裹当垃圾扔了", "anger"),
        ("我被烫伤了能喝茶吗", "safety"),
        ("烫伤了能赔偿吗", "safety"),
        ("你们这群废物", "anger"),
        ("滚！", "anger"),
        ("滾開", "anger"),
        ("给我滚！", "anger"),
        ("快滚，骗我", "anger"),
        ("遇到诈骗了，你们是骗子", "anger"),
        ("请真人来处理", "asked"),
        ("给我转人工", "asked"),
        ("My son is in hospital because of your lamp", "safety"),
        ("The smoke alarm went off when I plugged in the lamp", "safety"),
        ("My smoke detector is beeping because of your lamp", "safety"),
        ("smoke came from the smoke detector's battery and out of the plug", "safety"),
    ],
)
def test_what_stands_beside_harmless_words_still_counts(message: str, reason: Reason) -> None:
    assert from_words(message) == reason


def test_injury_comes_before_everything_else() -> None:
    assert from_words("Get me a person, my lawyer will sue you, the lamp caught fire") == "safety"


def test_quotes_width_and_case_do_not_matter() -> None:
    assert from_words("I’M  FURIOUS") == from_words("ｉ'm furious") == "anger"


def test_every_development_message_is_noticed_and_no_near_miss() -> None:
    wrong = [
        (each.text, found)
        for each in spoken()
        if each.part == "development" and (found := from_words(each.text) or "none") != each.reason
    ]
    assert wrong == []


def test_the_labelled_messages_are_many_and_half_of_them_chinese() -> None:
    needed = [each.text for each in spoken() if each.reason != "none"]
    chinese = sum(any("一" <= character <= "鿿" for character in text) for text in needed)
    assert len(needed) >= 120
    assert 0.45 < chinese / len(needed) < 0.55
    assert len(set(needed)) == len(needed)


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        ([], None),
        (["answered"], None),
        (["refused"], None),
        (["refused", "refused"], "low_evidence"),
        (["refused", "answered", "refused"], None),
        (["answered", "refused", "refused"], "low_evidence"),
        (["failed"], None),
        (["failed", "failed"], "repeated_failure"),
        (["answered", "handed_over"], "tool"),
    ],
)
def test_how_turns_ended(outcomes: list[Outcome], reason: Reason | None) -> None:
    assert from_outcomes(outcomes) == reason


def test_the_reasons_have_words_for_the_customer_in_both_languages() -> None:
    from agents.hand_over_notices import handed_over

    texts = {handed_over(reason, "483-9206", language="en") for reason in REASONS}
    texts |= {handed_over(reason, "483-9206", language="zh") for reason in REASONS}
    assert len(texts) == 2 * len(REASONS)
    assert all("483-9206" in text for text in texts)


@pytest.mark.parametrize("message", ["请给我回电话", "麻烦给我打个电话", "能打电话给我吗", "帮我预约回电"])
def test_a_call_back_needs_a_person_unless_a_tool_books_it(message: str) -> None:
    assert from_words(message) == "asked"
    assert from_words(message, books_calls=True) is None
    assert from_words(f"{message}，我要找律师", books_calls=True) == "legal"


def test_a_person_who_calls_is_a_person() -> None:
    assert from_words("让你们经理给我打个电话", books_calls=True) == "asked"
    assert from_words("I want to talk to a person, call me back", books_calls=True) == "asked"


@pytest.mark.parametrize(
    "piece", [" ", "a", "的", "(", "1", "#1", "a\n", "i ", "我要", "i broke my ", "i ate at ", "你们"]
)
def test_a_message_of_any_length_takes_no_time(piece: str) -> None:
    assert grows_gently(from_words, piece, 200_000), "all patterns together"
