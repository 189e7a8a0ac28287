"""The same text twice, versions of one document, and what only looks like either."""

import os
from pathlib import Path

import pytest

from knowledge.duplicates import OLD_FACTOR, says_the_same
from knowledge.library import Library
from knowledge.passages import Passage
from knowledge.questions import Spoken
from tests.knowledge.conftest import OpenLibrary, Write

RULE = (
    "You may return an unused lamp within {days} days of delivery. Pack it well, add the receipt and send it to our "
    "warehouse in {place}. We pay the money back to your card within a week, and we pay the postage too."
)
GERMANY = RULE.format(days=30, place="Bremen")
QUESTION = "Within how many days may I return an unused lamp?"


def found(library: Library, question: str = QUESTION) -> dict[str, Passage]:
    return {passage.document: passage for passage in library.search(question, limit=10).passages}


@pytest.fixture
def filled(open_library: OpenLibrary, papers: Path, write: Write) -> OpenLibrary:
    """Open a library of these files, beside others."""
    write("opening.md", "# Opening hours\n\nThe shop is open from nine to six.")

    def fill(**files: str) -> Library:
        for name, content in files.items():
            write(name.replace("__", "/").replace("_", "-") + ".md", content)
        library = open_library()
        library.ingest([papers])
        return library

    return fill


def test_a_copy_is_named_by_the_passage_that_stays(filled: OpenLibrary) -> None:
    library = filled(returns=f"# Returns\n\n{GERMANY}", help__returns=f"# Returns\n\n{GERMANY.replace('. ', '.  ')}")
    passages = found(library)
    (kept,) = [name for name in passages if "returns" in name]
    assert {kept, *passages[kept].also_in} == {"returns.md", "help/returns.md"}
    assert passages[kept].supersedes == ()


@pytest.mark.parametrize(
    ("original", "other"),
    [
        ("within 30 days", "within 14 days"),
        ("You may return", "You may not return"),
        ("in Bremen", "in Lyon"),
        ("pay the postage too", "never pay the postage"),
    ],
)
def test_another_number_denial_or_place_is_another_text(filled: OpenLibrary, original: str, other: str) -> None:
    assert original in GERMANY
    library = filled(
        germany__returns=f"# Returns\n\n{GERMANY}", france__returns=f"# Returns\n\n{GERMANY.replace(original, other)}"
    )
    passages = found(library)
    assert {"germany/returns.md", "france/returns.md"} <= set(passages)
    assert all(not passage.also_in and not passage.supersedes for passage in passages.values())


def test_the_same_sentence_under_another_heading_stays(filled: OpenLibrary) -> None:
    library = filled(
        parcels="# Delivery\n\n## Parcels to Spain\n\nIt takes three days.",
        letters="# Delivery\n\n## Parcels to Peru\n\nIt takes three days.",
    )
    assert {"parcels.md", "letters.md"} <= set(found(library, "How long does delivery of parcels take?"))


CHARGES = "# Returns\n\n| From | Charge per return of an unused lamp |\n|---|---|\n| Mainland | €5.90 |\n"


def test_what_calls_itself_old_is_superseded_however_unlike_the_newer_one_is(filled: OpenLibrary) -> None:
    library = filled(returns=f"# Returns\n\n{GERMANY}", returns_2024_old=CHARGES)
    passages = found(library)
    assert passages["returns.md"].supersedes == ("returns-2024-old.md",)
    assert {each.supersedes for each in found(library, f"{QUESTION} It is of 2024.").values()} == {()}


@pytest.mark.parametrize("name", ["lamp_archive", "lamp_old"])
def test_a_page_of_an_archive_is_no_old_version_of_an_unlike_page(filled: OpenLibrary, name: str) -> None:
    library = filled(lamp=f"# Lamp\n\n{GERMANY}", **{name: CHARGES})
    assert {each.supersedes for each in found(library).values()} == {()}


def test_what_only_bears_an_earlier_year_and_is_unlike_the_newer_one_is_another_page(filled: OpenLibrary) -> None:
    library = filled(returns=f"# Returns\n\n{GERMANY}", returns_2024=CHARGES)
    assert {each.supersedes for each in found(library).values()} == {()}


BOOKING = "Trains: standard class. First class is {}. Journeys that cost more than {} are approved by your {}. {}"


def test_a_rule_that_changed_stands_behind_this_year_s(filled: OpenLibrary) -> None:
    old = BOOKING.format("not paid", "€1000", "head of department", "Taxis are paid after ten at night.")
    new = BOOKING.format(
        "paid beyond three hours on the train", "€1500", "director", "Taxis are paid before seven and with heavy bags."
    )
    library = filled(
        travel__policy_2024=f"# Travel policy\n\n## Booking\n\n{old}",
        travel__policy_2026=f"# Travel policy\n\n## Booking\n\n{new}",
        elsewhere__policy_2023=f"# Travel policy\n\n## Booking\n\n{old.replace('ten', 'nine')}",
    )
    asked = "Is first class paid on trains?"
    assert found(library, asked)["travel/policy-2026.md"].supersedes == ("travel/policy-2024.md",)
    assert found(library, f"{asked} I mean in 2024")["travel/policy-2026.md"].supersedes == ()


@pytest.mark.parametrize(
    ("name", "is_edition"),
    [
        ("差旅管理办法", True),
        ("employee_handbook", True),
        ("travel_handbook", True),
        ("handbook_for_employees", True),
        ("员工福利手册", True),
        ("staff_manual", True),
        ("mitarbeiterhandbuch", True),
        ("reiserichtlinie", True),
        ("aeroboil_manual", False),
        ("e_bike_handbuch", False),
        ("使用手册", False),
        ("city_guide", False),
        ("conditions_générales", True),
        ("política_de_viajes", True),
        ("annual_report", False),
        ("tagesordnung", False),
        ("term_dates", False),
    ],
)
def test_a_handbook_or_guideline_of_a_year_stands_behind_this_year_s(
    filled: OpenLibrary, name: str, is_edition: bool
) -> None:
    old = BOOKING.format("not paid", "€1000", "head of department", "Taxis are paid after ten at night.")
    new = BOOKING.format("paid on the train", "€1500", "director", "Coaches are paid for groups.")
    texts = {f"{name}_{year}": f"# Travel\n\n## Booking\n\n{text}" for year, text in ((2024, old), (2026, new))}
    passages = found(filled(**texts), "Is first class paid on trains?")
    name = name.replace("_", "-")
    assert passages[f"{name}-2026.md"].supersedes == ((f"{name}-2024.md",) if is_edition else ())


def test_a_section_of_another_name_is_no_older_version(filled: OpenLibrary) -> None:
    text = BOOKING.format("not paid", "€1000", "head of department", "Taxis are paid after ten at night.")
    other = BOOKING.format("paid on the train", "€1500", "director", "Coaches are paid for groups.")
    library = filled(
        policy_2024=f"# Travel policy\n\n## Guests\n\n{text}", policy_2026=f"# Travel policy\n\n## Staff\n\n{other}"
    )
    assert {each.supersedes for each in found(library, "Is first class paid on trains?").values()} == {()}


def test_the_older_version_stands_behind_the_newer(filled: OpenLibrary) -> None:
    library = filled(
        returns_2023=f"# Returns\n\n{GERMANY}\n\n## Gifts\n\nA gift may be returned by whoever got it.",
        returns_2024=f"# Returns\n\n{RULE.format(days=14, place='Bremen')}",
    )
    passages = found(library)
    assert next(iter(passages)) == "returns-2024.md"
    assert passages["returns-2024.md"].supersedes == ("returns-2023.md",)
    assert "14 days" in passages["returns-2024.md"].text
    assert passages["returns-2023.md"].score <= OLD_FACTOR * passages["returns-2024.md"].score
    asked = found(library, "Within how many days could I return a lamp in 2023?")
    assert next(iter(asked)) == "returns-2023.md"
    assert asked["returns-2024.md"].supersedes == ()


def test_the_version_that_was_asked_for_before_stays_first(filled: OpenLibrary) -> None:
    reset = "To reset the lamp hold the brass button for {} seconds until the light blinks twice, then unplug the cord."
    library = filled(lamp_v2=reset.format("five"), lamp_v3=reset.format("twenty"))
    history = [Spoken("user", "How do I reset lamp version 2?"), Spoken("assistant", "Hold it for five seconds.")]
    alone = library.search("And how do I unplug it?").passages
    led = library.search("And how do I unplug it?", history=history).passages
    assert {passage.document: passage.supersedes for passage in alone}["lamp-v3.md"] == ("lamp-v2.md",)
    assert all(passage.supersedes == () for passage in led)
    assert led[0].document == "lamp-v2.md"


def test_an_old_version_that_says_the_same_is_a_copy(filled: OpenLibrary) -> None:
    passages = found(filled(returns_2023=f"# Returns\n\n{GERMANY}", returns_2024=f"# Returns\n\n{GERMANY}"))
    assert "returns-2023.md" not in passages
    assert (passages["returns-2024.md"].supersedes, passages["returns-2024.md"].also_in) == (("returns-2023.md",), ())


def test_names_and_days_that_contradict_one_another_hide_nothing(
    open_library: OpenLibrary, papers: Path, write: Write
) -> None:
    rule = (
        "Every order above forty pounds ships free of charge to all addresses in Great Britain within {} working days."
    )
    for day, (name, count) in enumerate([("2024", "three"), ("2023 v3", "four"), ("v2", "five")]):
        moment = 1_700_000_000 + day * 10_000_000
        os.utime(write(f"shipping {name}.md", rule.format(count)), (moment, moment))
    library = open_library()
    library.ingest([papers])
    passages = found(library, "Within how many working days do orders ship free of charge?")
    assert set(passages) == {"shipping 2024.md", "shipping 2023 v3.md", "shipping v2.md"}
    assert sum(not passage.supersedes for passage in passages.values()) >= 1


def test_mails_from_one_form_do_not_replace_one_another(open_library: OpenLibrary, papers: Path, write: Write) -> None:
    form = (
        "Subject: Contact form\nDate: {date}\nFrom: a@b.c\nTo: d@e.f\nMessage-ID: <{name}@x>\n\nThe customer has "
        "filled in the contact form and wants an answer within two working days.\nName: {name}\nMessage: {message}\n"
    )
    for month, name, message in [("Jan", "Ann", "The shade arrived broken"), ("Feb", "Bob", "Wrong address")]:
        mail = form.format(date=f"Mon, 05 {month} 2026 10:00:00 +0000", name=name, message=message)
        write(f"Contact form 2026-{'01' if month == 'Jan' else '02'}.eml", mail)
    library = open_library()
    library.ingest([papers])
    passages = found(library, "Ann shade arrived broken contact form")
    assert next(iter(passages)) == "Contact form 2026-01.eml"
    assert len(passages) == 2
    assert all(passage.supersedes == () for passage in passages.values())


def test_of_three_versions_the_newest_stays_where_the_best_stood(filled: OpenLibrary) -> None:
    library = filled(
        returns_v1=f"# Returns\n\n{GERMANY}",
        returns_v2=f"# Returns\n\n{RULE.format(days=20, place='Bremen')}",
        returns_v10=f"# Returns\n\n{RULE.format(days=14, place='Bremen')}",
    )
    passages = found(library, "May I return it within 30 days?")
    assert next(iter(passages)) == "returns-v10.md"
    assert set(passages["returns-v10.md"].supersedes) == {"returns-v1.md", "returns-v2.md"}


def test_versions_in_chinese(filled: OpenLibrary) -> None:
    rule = "未使用的台灯可以在收货后{}天内退回，请附上收据并妥善包装，寄到我们的仓库，运费由我们承担。"
    library = filled(**{"退货政策2023年版": rule.format(30), "退货政策2024年版": rule.format(14)})
    passages = found(library, "台灯几天内可以退回？")
    assert passages["退货政策2024年版.md"].supersedes == ("退货政策2023年版.md",)
    assert next(iter(passages)) == "退货政策2024年版.md"


def test_names_of_one_family_with_other_texts_stay(filled: OpenLibrary) -> None:
    library = filled(
        news_2023="# News\n\nThe new lamp may be returned to any shop in town, says the mayor.",
        news_2024="# News\n\nReturn of the lamp thief: an unused key was found within the week.",
    )
    assert {"news-2023.md", "news-2024.md"} <= set(found(library))


def test_rows_of_one_table_are_not_versions(open_library: OpenLibrary, papers: Path, write: Write) -> None:
    rows = "".join(
        f"What does plan {n} of the lamp club cost in 2024?,Plan {n} costs {n} euros a month.\n" for n in (1, 2)
    )
    write("faq-2024.csv", "question,answer\n" + rows)
    library = open_library()
    library.ingest([papers])
    passages = library.search("What does a plan of the lamp club cost?", limit=10).passages
    assert sum("euros" in passage.text for passage in passages) >= 1
    assert "Plan 1 costs 1" in " ".join(p.text for p in passages)
    assert "Plan 2 costs 2" in " ".join(p.text for p in passages)


def test_a_copy_that_the_caller_may_not_see_is_not_named(filled: OpenLibrary, tmp_path: Path) -> None:
    library = filled(returns=f"# Returns\n\n{GERMANY}")
    internal = tmp_path / "internal"
    internal.mkdir()
    (internal / "returns-2099.md").write_text(f"# Returns\n\n{RULE.format(days=7, place='Bremen')}")
    (internal / "copy.md").write_text(f"# Returns\n\n{GERMANY}")
    library.ingest([internal], audience="staff")
    passage = found(library)["returns.md"]
    assert (passage.also_in, passage.supersedes) == ((), ())


def test_a_part_is_said_by_the_whole() -> None:
    def passage(text: str) -> Passage:
        return Passage("c", "a.md", "", (), "", None, 0, 1, text, "public", "en", 1.0)

    assert says_the_same(passage("Pack it well. Add the receipt."), passage("Pack it well!"))
    assert not says_the_same(passage("Pack it well!"), passage("Pack it well. Add the receipt."))
    assert not says_the_same(passage("Pay 130 days later"), passage("Pay 30 days later"))


def test_rules_of_a_later_date_supersede_earlier_ones_however_unlike(filled: OpenLibrary) -> None:
    library = filled(
        运费规则2024="# 运费规则\n\n新疆加收运费20元，满99元包邮。",
        运费及发货规则2025="# 运费及发货规则\n\n新疆暂不发货。满69元包邮，其余收取运费8元。",
        活动2024="# 活动\n\n新疆满99元包邮。",
    )
    passages = found(library, "新疆包邮吗，运费多少")
    assert passages["运费及发货规则2025.md"].supersedes == ("运费规则2024.md",)
    assert {each.supersedes for each in found(library, "2024年新疆包邮吗，运费多少").values()} == {()}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"berlin__tarife": "# Parking tariffs 2024"}, {"hamburg__tarife": "# Parking tariffs 2025"}),
        ({"gold": "# 2024年会员政策"}, {"silver": "# 2025年会员政策"}),
        ({"terms_2024": "# School terms 2024"}, {"terms_2025": "# School terms 2025"}),
        ({"policy_2024": "# Travel policy\n\n## Guests"}, {"policy_2025": "# Travel policy\n\n## Staff"}),
        ({"policy_2024": "# Travel policy"}, {"policy_2025": "# Parking policy"}),
    ],
)
def test_rules_for_another_place_or_of_other_things_stay(
    filled: OpenLibrary, old: dict[str, str], new: dict[str, str]
) -> None:
    texts = ("An hour costs 3 euros for members. 会员一小时3元。", "Members pay 9 euros a day. 会员一天9元。")
    files = {**old, **new}
    library = filled(**{name: f"{head}\n\n{text}" for (name, head), text in zip(files.items(), texts, strict=True)})
    passages = found(library, "what do members pay? 会员多少钱")
    assert len(passages) >= 2
    assert {each.supersedes for each in passages.values()} == {()}


def test_a_section_of_another_year_s_report_stays(filled: OpenLibrary) -> None:
    grown = "In the year, the revenue of the shops {} because {}, and we opened {} shops abroad."
    texts = (grown.format("rose by 4 %", "lamps sold well", "three"), grown.format("fell", "rents went up", "no"))
    years = {f"report_202{at}": f"# Annual report\n\n## Revenue\n\n{text}" for at, text in enumerate(texts, 4)}
    passages = found(filled(**years), "How did the revenue of the shops change in the year?")
    assert {each.supersedes for each in passages.values()} == {()}
