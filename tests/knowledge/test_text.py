import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from knowledge import text as written
from knowledge.languages import answer_language, html_language
from knowledge.text import STOP_WORDS, detect_language, locate, normalise, sentences, tokens
from knowledge.traditional import simplified
from tests.growth import grows_gently


def texts(text):
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Li paid 3.50. Why?", ["Dr. Li paid 3.50.", "Why?"]),
        ("See e.g. Fig. 3. Then go.", ["See e.g. Fig. 3.", "Then go."]),
        ("Ask for No. 5 first. No. Never.", ["Ask for No. 5 first.", "No.", "Never."]),
        ("J. K. Rowling wrote. I did.", ["J. K. Rowling wrote.", "I did."]),
        ('He said "no." Then (she left.) Fine.', ['He said "no."', "Then (she left.)", "Fine."]),
        ("Sold by Acme Inc. in Ohio. Ask them!", ["Sold by Acme Inc. in Ohio.", "Ask them!"]),
        ("Open until 9 p.m. on Sundays. Really?! Yes...", ["Open until 9 p.m. on Sundays.", "Really?!", "Yes..."]),
        ("1. First point. Second.\n2. Next", ["1. First point.", "Second.", "2. Next"]),
        ("Zone: EU. West | Price: 4.90. Net\nafter", ["Zone: EU. West | Price: 4.90. Net", "after"]),
        (
            "营业时间：周一至周五 9:00—18:00；周六 10:00—16:00\n设施：停车场；茶室三间；不可带宠物。",
            ["营业时间：周一至周五 9:00—18:00；周六 10:00—16:00", "设施：停车场；茶室三间；不可带宠物。"],
        ),
        ("下列商品不可以退货：茶叶；茶具。鲜茶；", ["下列商品不可以退货：茶叶；", "茶具。", "鲜茶；"]),
        (
            "退货需要30天。“可以吗？”他问；好的！是吗?是的",
            ["退货需要30天。", "“可以吗？”", "他问；", "好的！", "是吗?", "是的"],
        ),
        ("版本3.5发布。Visit www.example.com now.", ["版本3.5发布。", "Visit www.example.com now."]),
        (
            "Kündigen Sie zum 31. Januar, 30. April und 31. August. Der Raum liegt im 2. Stock. Am 5. geht es los.",
            [
                "Kündigen Sie zum 31. Januar, 30. April und 31. August.",
                "Der Raum liegt im 2. Stock.",
                "Am 5. geht es los.",
            ],
        ),
        (
            "Für Kinder, z. B. Anfänger, d. h. Neue, bzw. Geschwister gilt Nr. 3 nicht. Wir helfen.",
            ["Für Kinder, z. B. Anfänger, d. h. Neue, bzw. Geschwister gilt Nr. 3 nicht.", "Wir helfen."],
        ),
        (
            "Take room 5. Call us. We close at 12. April too.",
            ["Take room 5.", "Call us.", "We close at 12.", "April too."],
        ),
        (
            "Strings ........ 38 EUR\nBow ..... EUR 59\nBridge ......\nWell... Yes.",
            ["Strings ........ 38 EUR", "Bow ..... EUR 59", "Bridge ......", "Well...", "Yes."],
        ),
        *(
            (f"{first} {second}", [first, second])
            for first, second in (
                ("Abrimos de 9 a. m. a 5 p. m.", "Los sábados cerramos."),
                ("We close at 5 p. m.", "Lunch is at noon."),
                ("We waited....", "Then it came."),
                ("Applications close on March 31.", "April 15 is the last day to pay."),
                ("Our office closes at 5.", "August hours differ."),
                ("We close at 5.", "Mai Berg answers then."),
                ("Ferien gehen bis zum 12.", "Danach öffnen wir."),
                ("Für Fragen drücken Sie die 5.", "Dann warten Sie."),
            )
        ),
        (
            "Am Montag, 4. April 2027, und vom 28. bis 30. April. Strings .... €38",
            ["Am Montag, 4. April 2027, und vom 28. bis 30. April.", "Strings .... €38"],
        ),
        ("one\ftwo\r\nthree\n\n \n", ["one", "two", "three"]),
        ("", []),
    ],
)
def test_sentences(text, expected):
    assert texts(text) == expected


@given(st.text(alphabet="aB1. !?\n\f。！”)|：x"))
def test_sentences_cover_everything_but_white_space(text):
    covered = set()
    last = 0
    for start, end in sentences(text):
        assert last <= start < end
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        last = end
        covered.update(range(start, end))
    assert all(position in covered or text[position].isspace() for position in range(len(text)))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How do I return it?", "en"),
        ("", "en"),
        ("12345", "en"),
        ("iPhone 15 Pro Max 保修多久", "zh"),
        ("Wi-Fi 怎么连？", "zh"),
        ("What does 退货政策 mean?", "en"),
        ("如何退货？", "zh"),
    ],
)
def test_language(text, language):
    assert detect_language(text) == answer_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "保証期間は何年ですか？",
        "営業時間は？",
        "定休日は何曜日",
        "キャンセル",
        "営業時間 土曜日",
        "支払方法",
        "予約変更",
        "価格表 2026年",
        "質問 問題 予約変更",
        "感想 予想 検索",
        "到着予定 変更",
        "支払完了 営業終了",
        "請求書 検索",
        "買取価格 売買",
        "雑貨 価格",
        "改訂版 検索",
        "Moorlight 40 の保証は？",
        "보증 기간이 얼마나 되나요?",
        "환불",
        "كم مدة الضمان؟",
        "Какой срок гарантии?",
        "¿Cuánto dura la garantía?",
    ],
)
def test_who_writes_neither_english_nor_chinese_is_answered_in_english(text):
    assert answer_language(text) == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("保証期間は何年ですか？", "ja"),
        ("Moorlight 40 の保証は？", "ja"),
        ("キャンセル", "ja"),
        ("보증 기간이 얼마나 되나요? 台灯", "ko"),
        ("鲜の每日台灯保修多久？", "zh-CN"),
        ("What does 退货政策 mean?", "en"),
        ("¿Cuánto dura la garantía?", "en"),
        ("Какой срок гарантии?", ""),
        ("Какой срок гарантии у Moorlight 40?", ""),
        ("كم مدة ضمان Moorlight؟", ""),
        ("My Moorlight shows エラー on its display, what should I do?", "en"),
        ("What does 보증 mean?", "en"),
        ("It broke again ¯\\_(ツ)_/¯", "en"),
        ("鲜の台灯", "zh-CN"),
        ("営業時間 土曜日", "ja"),
        ("Wie lange läuft die Garantie?", "en"),
        ("483-9206", ""),
    ],
)
def test_a_text_is_read_out_in_the_language_of_its_script(text, language):
    assert html_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "鲜の每日台灯保修多久？",
        "奈雪の茶怎么买？",
        "鲜の每日怎么退？",
        "怎么退货ヽ(￣▽￣)ﾉ",
        "可以退款吗¯\\_(ツ)_/¯",
        "保证期限多久（ノ°Д°）",
        "谢谢ヾ(•ω•)",
        "安娜・贝格的台灯有没有保修",
        "請問保固期多長",
        "營業時間 星期六",
        "新宿駅附近 酒店",
        "元気森林 多少钱",
        "3000円 包郵",
        "営業時間怎麼查",
        "営業時間是几点",
        "対馬 旅行團",
        "想問下変更地址",
        "請問支払方式",
        "想改送貨時間 変更訂單 B-2048",
        "貨到付款 払",
        "電気 燈",
        "単行本 價格",
        "収到了",
    ],
)
def test_a_japanese_sign_or_two_make_no_japanese_of_chinese(text):
    assert answer_language(text) == "zh"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Returns: 30-day limit, $1,200.00.", ["return", "30", "day", "limit", "1200"]),
        ("退货政策 是", ["退货", "货政", "政策", "是"]),
        ("ＡＢＣ１２ ﬁne", ["abc", "12", "fine"]),
        ("customer’s iPhone15 2.10.3 12,5", ["custom", "iphon", "15", "2.10.3", "12", "5"]),
        ("2.3.0 2.0 1.05 10.0.0.1 1.000.000 2.0.0", ["2.3", "2", "1.05", "10.0.0.1", "1.000.000", "2"]),
        ("running shipped policies", ["run", "ship", "polici"]),
        ("买iPhone送耳机", ["买", "iphon", "送耳", "耳机"]),
        ("", []),
    ],
)
def test_tokens(text, expected):
    assert tokens(text) == expected


@given(st.text(alphabet="abZ09,.'_ -’“”–€éı五６ſª\n"))
@example("it’s “1,200.00” – or 1,20.5.6 a_b'c 30’s")
def test_a_text_of_ascii_has_the_tokens_that_the_pattern_for_all_scripts_finds(text):
    found = tokens(text)
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(written, "without_signs", lambda text: text + " é")
        assert tokens(text) == [*found, "é"]


def test_a_raised_figure_is_no_part_of_the_number_before_it():
    assert tokens("€49¹ and 1½ hours") == ["49", "1", "and", "1", "1", "2", "hour"]


def test_no_sign_that_is_left_out_is_part_of_a_word():
    signs = written._SIGNS.pattern.strip("[]+")
    assert not any(sign.isalnum() or sign in "_'.," for sign in signs)
    assert written.without_signs(f"a{signs}b") == "a b"


def test_stop_words_are_tokens_and_leave_negation_alone():
    for question in ("what does it do please", "请问怎么"):
        assert set(tokens(question)) - STOP_WORDS <= {"问怎"}
    assert not STOP_WORDS & set(tokens("not no never without 不 没有 不能"))


@pytest.mark.parametrize(
    ("quote", "text", "found"),
    [
        ("THE “Refund” is 30 days.", "xx the refund\nis 30 days. ok", "the refund\nis 30 days."),
        ("30 days", "in 130 days or 30  days", "30  days"),
        ("30 days", "in 130 days", None),
        ("30 days", "in 1.30 days, or in 30 days", "30 days"),
        ("250 euros", "costs 1,250 euros", None),
        ("250元", "价格为1,250元", None),
        ("1", "costs 1,250 euros", None),
        ("release 2", "release 2.1", None),
        ("3", "sections 1,2,3.", "3"),
        ("12", "pages 12,14", "12"),
        ("1.5 %", "costs 15 %, later 1.5%", "1.5%"),
        ("1,200", "about 1200 items", "1200"),
        ("ﬁne café", "a FINE cafe\u0301!", "FINE cafe\u0301"),
        ("退货 政策", "关于退货政策。", "退货政策"),
        ("（退货）", "请看（退货）。", "（退货）"),
        ("fin", "final", None),
        ("the cafe", "the café, the cafe", "the cafe"),
        ("!?", "what!?", None),
        ("", "text", None),
    ],
)
def test_locate(quote, text, found):
    span = locate(quote, text)
    assert (text[span[0] : span[1]] if span else None) == found


@given(st.text(max_size=60), st.text(max_size=20), st.text(max_size=20))
@example("Ù¸", "", "")
@example("O", "Ò", "")
@example("0", "", "´")
@example("À", "", "¸")
@example("4", "¼", "")
def test_a_quote_set_apart_is_found_where_it_stands(quote, before, after):
    text = f"{before} | {quote} | {after}"
    span = locate(quote, text)
    if unicodedata.combining(normalise(quote)[:1] or " "):
        return  # it begins with an accent, which belongs to the letter before it
    if normalise(quote):
        assert span is not None
        assert normalise(text[span[0] : span[1]]) == normalise(quote)
    else:
        assert span is None


@given(st.text())
@example("È\u0359")
def test_normalising_ignores_the_form(text):
    assert normalise(text) == normalise(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "a. " * 70_000,
        "1" * 200_000,
        "货" * 200_000,
        "." * 200_000,
        "." * 200_000 + "x",
        "1,111" * 50_000,
        '."' * 100_000 + "x",
        "\n" * 200_000,
    ],
)
def test_long_odd_text_takes_linear_time(text):
    start = time.thread_time()
    sentences(text)
    tokens(text)
    detect_language(text)
    locate(text[:1000] + "b", text)
    locate(text[1:1000], text)
    assert time.thread_time() - start < 5


@pytest.mark.parametrize("piece", ["We ship today. ", "A. \\ "])
def test_sentences_of_one_long_line_are_told_apart_in_linear_time(piece):
    assert grows_gently(sentences, piece, 1_600_000)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("這個可以退貨嗎？", "这个可以退货吗？"),
        ("Gold 會員满２００減30", "Gold 会员满200减30"),
        ("裡面、裏面", "里面、里面"),
        ("穿著乾淨", "穿着干净"),
    ],
)
def test_traditional_signs_have_the_tokens_of_simplified_ones(text, same):
    assert tokens(text) == tokens(same)
    assert normalise(text) != normalise(same)


def test_a_quote_is_found_in_the_signs_that_it_was_written_in_alone():
    assert locate("可以退貨", "三十天内可以退货。") is None
    assert locate("可以退貨", "三十天內可以退貨。") == (4, 8)


@pytest.mark.parametrize("text", ["営業時間は何時までですか", "駅の図はこちら", "土曜日も開いていますか"])
def test_japanese_is_told_by_the_signs_that_it_was_written_in(text):
    assert answer_language(text) == "en"
    assert answer_language(simplified(text)) == "en"
