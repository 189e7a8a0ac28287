import pytest

from agents.quotes.calendar_spans import held, is_all_dates, is_outside, is_torn, named
from agents.quotes.pointing import Candidate, stands_alone
from agents.quotes.statements import statements_of
from tests.agents.found_passages import passage
from tests.growth import grows_gently


@pytest.mark.parametrize(
    ("question", "text", "holds"),
    [
        ("what does a double cost in july?", "High season (June–August)", True),
        ("what does a double cost in july?", "Low season (Nov–Mar)", False),
        ("a double in January", "Low season (Nov–Mar)", True),
        ("in October", "1 April to 31 May and 1 September to 31 October", True),
        ("in June", "1 April to 31 May and 1 September to 31 October", False),
        ("on 15 june", "1 June to 31 August", True),
        ("on June 3rd", "mid-June to end of August", False),
        ("in June", "mid-June to end of August", True),
        ("on 28 December", "24 December to 1 January", True),
        ("on 20 December", "24 December to 1 January", False),
        ("on 12 July", "1–15 July", True),
        ("in april", "May to September", False),
        ("may I come?", "May to September", False),
        ("how much is it in may?", "April–June", True),
        ("八月多少钱", "旺季（六月至八月）", True),
        ("7月双人房多少钱", "6-8月", True),
        ("十月双人房多少钱", "6-8月", False),
        ("一月多少钱", "淡季（11月至次年3月）", True),
        ("十一月多少钱", "旺季（1月至3月）", False),
        ("4月5日营业吗", "3月20日至4月10日", True),
        ("on Wednesday", "Mon–Fri", True),
        ("on saturdays", "Mon–Fri", False),
        ("on Sunday", "Fri–Mon", True),
        ("at the weekend", "Sat–Sun", True),
        ("on friday", "weekdays", True),
        ("周三几点开门", "周一至周五", True),
        ("星期天几点开门", "周一至五", False),
        ("礼拜天几点开门", "周六至周日", True),
        ("how much is it?", "June–August", False),
        ("in july 2027?", "High season (June–August 2026)", False),
        ("in july 2026?", "High season (June–August 2026)", True),
        ("in july?", "High season (June–August 2026)", True),
        ("in july 2027?", "High season (June–August)", True),
        ("in december 2026", "November–March 2027", True),
        ("in january 2027", "November 2026–March", True),
        ("in january 2028", "November 2026–March 2027", False),
        ("2027年7月多少钱", "旺季（2026年6-8月）", False),
        ("2026年7月多少钱", "旺季（2026年6月至8月）", True),
        ("are you open on sunday?", "Sun loungers", False),
        ("are you open on sunday?", "Plants for full sun", False),
        ("are you open on sunday?", "Sun, sea and sand", False),
        ("are you open on sunday?", "Sun-dried tomatoes", False),
        ("are you open on sunday?", "Sun: 10–16", True),
        ("are you open on sunday?", "Sat, Sun", True),
        ("are you open on sunday?", "Sun 10:00", True),
        ("how much is a sun lounger?", "Sat–Sun", False),
        ("is there anything off on sun loungers?", "Sat–Sun", False),
        ("open on sun?", "Sat–Sun", True),
        ("are you open on monday?", "Mon compte", False),
        ("in march", "Hotel de mar", False),
        ("in march", "to march in step", False),
        ("in march", "We open in March", True),
        ("in march", "From Mar. 3 on", True),
        ("in september", "à sept heures", False),
        ("in may", "You may choose", False),
        ("in may", "May I bring a dog?", False),
        ("in may", "May", True),
        ("in may", "We open in May.", True),
        ("on 5 july", "July 2 adults", True),
        ("on july 2 adults", "1–15 July", True),
        ("on 5 july", "July 2 | €9", False),
        ("on 5 july", "July 2nd adults", False),
        ("on sunday", "Days: Mon, Wed, Fri, Sun only", True),
        ("on thursday", "Days: Tue Thu Sat", True),
        ("on tuesday", "Mon Tue Wed", True),
        ("on friday", "Thu Fri", True),
        ("on sunday", "Sat / Sun", True),
        ("on monday", "mon, wed and fri by appointment", True),
        ("on sunday", "Sun closed", True),
        ("on saturday", "Sat rate", True),
        ("on sunday", "Sun & holidays", True),
        ("on friday", "Fri late opening", True),
        ("in march", "March rate", True),
        ("in may", "May prices", True),
        ("in may", "May only be collected by the owner", False),
        ("in may", "April, May", True),
        ("in may", "In June, may I bring a dog?", False),
        ("open sat?", "Saturday", True),
        ("open sun?", "Sunday", True),
        ("thu opening hours", "Thursday", True),
        ("how much is a double, nov?", "November", True),
        ("in nov and dec", "December", True),
        ("sat sun opening hours", "Sunday", True),
        ("in june may I bring a dog?", "May", False),
        ("où est mon colis", "Monday", False),
        ("how much are sat tickets?", "Saturday", True),
        ("can we wed here?", "Wednesday", False),
        ("I sat on the lamp", "Saturday", False),
        ("how much is a sun lounger?", "Sunday", False),
        ("what does a double on july 20 cost?", "10–22 July", True),
        ("what does a double on july 20 cost?", "1–15 July", False),
        ("on 24 december", "December 25 closed", False),
        ("on 25 december", "December 25 closed", True),
        ("on july 2 nights", "1–15 July", True),
        ("for july 20 two nights", "1–15 July", False),
        ("Can Jan collect my order?", "January", False),
        ("my name is Jan, when do you open?", "January", False),
        ("does Jan Berg work there?", "January", False),
        ("what are Jan rates?", "January", True),
        ("is it open in Jan?", "January", True),
        ("my cat sat on the lamp", "Saturday", False),
        ("open sat in july?", "Saturday", True),
        ("open sat at 9?", "Saturday", True),
        ("how much is a july 2 bedroom flat?", "16–31 July", True),
        ("two july 2 double rooms", "16–31 July", True),
        ("on july 2 the rooms", "16–31 July", False),
        ("on july 2 double room", "16–31 July", False),
        ("on july 2 free rooms?", "16–31 July", False),
        ("Jan Feb rates", "January", True),
        ("open sat in summer?", "Saturday", True),
        ("open sat on the bank holiday?", "Saturday", True),
        ("are you open sat at night?", "Saturday", True),
        ("is the shop open sat in town?", "Saturday", True),
        ("my son sat on the lamp", "Saturday", False),
        ("Is Jan cheaper than Feb?", "January", True),
        ("does Jan cost more?", "January", True),
        ("What are the Jan Opening Hours?", "January", True),
        ("on july 2 which rooms are free", "16–31 July", False),
        ("on july 2 concert tickets", "16–31 July", False),
        ("on july 2 can children swim", "16–31 July", False),
    ],
)
def test_a_span_holds_what_the_question_names(question: str, text: str, holds: bool) -> None:
    assert bool(held(text, named(question))) is holds


def test_two_that_stand_side_by_side_are_no_span() -> None:
    assert not held("January and March", named("in February"))
    assert held("January and March", named("in March"))
    assert not held("Monday and Friday", named("on Wednesday"))


def test_what_is_held_is_named_as_the_question_does() -> None:
    moments = named("open on saturday in july?")
    assert held("Saturday | July to October", moments) == {"saturday", "juli"}
    assert held("weekends", moments) == {"saturday"}
    assert held("Sunday", moments) == set()
    assert held("June–August", named("on 15 june")) == {"15", "june"}
    assert held("June–August 2026", named("in june 2026")) == {"june"}


@pytest.mark.parametrize("text", ["99 June", "40 May to 50 May", "13月", "0月", "from to", "–", "Sun–", "31 31 31"])
def test_what_is_no_day_is_read_without_a_fault(text: str) -> None:
    assert held(text, named("on 1 june, saturday, 八月 and " + text)) <= {"june", "1", "saturday", "sun", "99", "40"}


@pytest.mark.parametrize(
    ("text", "outside"),
    [("June–August", False), ("September–May", True), ("Mon–Fri", False), ("Adults", False), ("Saturday", False)],
)
def test_what_names_other_months_is_outside(text: str, outside: bool) -> None:
    assert is_outside(text, named("how much in july?")) is outside


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("Days: Mon, Wed, Fri, Sun only | Sauna: €9", False),
        ("Sun lounger | Mon–Fri: €9", False),
        ("You may come | Mon–Fri: €9", True),
        ("Mon Tue | Sauna: €9", True),
        ("Sat closed", True),
    ],
)
def test_nothing_is_outside_where_it_is_not_sure_what_is_named(text: str, outside: bool) -> None:
    assert is_outside(text, named("what is it on sunday in july?")[1:]) is outside


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("July 2026", True), ("3 July", True), ("2026年7月", True), ("Moorlight 2000", False), ("July 2026 rate", False)],
)
def test_a_cell_may_be_a_month_or_a_date_and_nothing_else(text: str, is_one: bool) -> None:
    assert is_all_dates(text) is is_one


def test_one_end_of_a_span_is_torn_off() -> None:
    text = "October to March"
    assert is_torn(text, 11, 16)
    assert is_torn(text, 0, 7)
    assert not is_torn(text, 0, 16)
    assert not is_torn("October and March", 12, 17)


def test_one_end_of_a_season_stands_alone_only_where_it_is_asked_for() -> None:
    text = "From October to March the snack bar opens at weekends only."
    (said,) = statements_of([passage(text)])
    march = Candidate(said, text.index("March"), text.index("March") + 5)
    season = Candidate(said, text.index("October"), march.end)
    assert not stands_alone("when is the snack bar open", march)
    assert stands_alone("until when does the snack bar open at weekends only", march)
    assert stands_alone("when is the snack bar open", season)


@pytest.mark.parametrize("said", ["sun ", "Mon, ", "Mon Tue. ", "may , , ", "July 2 "])
def test_days_are_read_in_a_short_time_in_a_long_text(said: str) -> None:
    asked = named("in may on saturday")
    assert grows_gently(lambda text: is_outside(text, asked), said, 64_000)
