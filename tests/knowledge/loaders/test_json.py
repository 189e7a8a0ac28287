"""JSON."""

import json

import pytest

from knowledge.chunking import split
from knowledge.errors import UnreadableFile
from knowledge.loaders import load


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "a.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return list(load(path))

    return read


def test_questions_and_articles_are_documents(read):
    answers = read([{"question": "How long?", "answer": "30 days."}, {"question": "And then?", "answer": "No."}])
    assert [(document.name, document.text) for document in answers] == [
        ("#1", "How long?\n\n30 days."),
        ("#2", "And then?\n\nNo."),
    ]
    (article,) = read([{"doc_id": "a7", "title": "T", "text": "First\n\nSecond"}])
    assert (article.name, article.title, article.text) == ("a7", "T", "First\n\nSecond")


def test_plain_objects_are_rows(read):
    (document,) = read([{"zone": "EU", "price": 4.9}, {"zone": "US", "free": False, "price": None}])
    assert document.text == "zone: EU | price: 4.9\nzone: US | free: false"
    assert document.blocks[0].header == "zone | price | free"


def test_nested_values_say_where_they_stand(read):
    long = "word " * 60
    (document,) = read(
        {
            "name": "Shop",
            "hours": {"monday": "9-17", "sunday": None},
            "pay": ["card", "cash"],
            "zones": [{"zone": "EU", "price": 4}, {"zone": "US", "price": 9}],
            "about": f"{long}\n\nMore.",
        }
    )
    assert document.title == "Shop"
    assert document.text == (
        "name: Shop\nhours > monday: 9-17\npay: card, cash\n\nzones:\n\n"
        f"zone: EU | price: 4\nzone: US | price: 9\n\nabout: {long.strip()}\n\nMore."
    )


def test_objects_with_depth_are_documents(read):
    first, second = read([{"title": "Sofa", "size": {"width": "2 m"}}, {"title": "Bed", "size": {}, "note": "x"}])
    assert (first.name, first.title, first.text) == ("#1", "Sofa", "title: Sofa\nsize > width: 2 m")
    assert (second.name, second.text) == ("#2", "title: Bed\nnote: x")


def test_a_number_of_thousands_of_digits_is_kept_as_it_stands(read):
    (document,) = read('{"modulus": ' + "7" * 5000 + ', "size": 3}')
    assert "7" * 5000 in document.text.replace("\n", "").replace(" ", "")
    assert "size: 3" in document.text


def test_products_stand_below_their_titles(read):
    variants = [{"title": colour, "price": price} for colour, price in (("White", "49"), ("Black", "59"))]
    lamp = {"title": "Lamp", "body_html": "<p>Warm &amp; <b>calm</b>.</p>", "variants": variants}
    fan = {
        "title": "Fan",
        "variants": [variants[0] | {"price": "39"}, variants[1]],
        "sizes": [{"name": "S", "of": [1]}],
    }
    (document,) = read(json.dumps({"products": [lamp, fan], "currency": "EUR"}))
    assert "body_html: Warm & calm.\n" in document.text
    chunks = [(chunk.headings, document.text[chunk.start : chunk.end]) for chunk in split(document)]
    assert [headings for headings, _ in chunks] == [("Lamp",), ("Fan",), ("Fan", "S"), ()]
    assert ["title: White | price: 49" in text for _, text in chunks] == [True, False, False, False]
    assert chunks[-1][1] == "currency: EUR"


def test_people_stand_below_their_names_and_not_below_mr(read):
    team = [{"title": "Mr", "name": name, "duties": [{"of": [1]}]} for name in ("Smith", "<b>Lee</b> &amp; Co")]
    (document,) = read({"team": team})
    assert [chunk.headings for chunk in split(document)] == [("Smith",), ("Lee & Co",)]


@pytest.mark.parametrize(
    ("called", "titles"),
    [
        ([("Returns", "faq"), ("Returns", "faq"), ("Care", "faq")], ["Returns", "Returns", "Care"]),
        ([("Mr", "Smith"), ("Mr", "Lee"), ("Ms", "Ada"), ("Ms", "Bo")], ["Smith", "Lee", "Ada", "Bo"]),
        ([("Mr", "Smith"), ("Mr", "Lee"), ("Warehouse", "ours")], ["Smith", "Lee", "Warehouse"]),
        ([("Great", "Ann"), ("Great", "Bob"), ("Poor", "Cy"), ("Loud", "Di")], ["Great", "Great", "Poor", "Loud"]),
        ([("Care", "faq")], ["Care"]),
    ],
)
def test_titles_give_way_to_names_only_where_most_share_theirs(read, called, titles):
    (document,) = read({"list": [{"title": title, "name": name, "of": [[1], {"a": [2]}]} for title, name in called]})
    headings = [block for block in document.blocks if block.kind == "heading"]
    assert [document.text[block.start : block.end] for block in headings] == titles


def test_lines_under_the_wrong_name(read):
    assert [document.name for document in read('{"a": "x"}\n{"a": "y"}\n')] == ["#1", "#2"]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ('{"a": \n broken}', r"is not JSON \(Expecting value, line 2\)"),
        ("[" * 100_000, "is not JSON .*too deep"),
        ("{}", "no value with text"),
        ('[{"a": {"b": null}}, {"a": []}]', "no value with text"),
        ("[" * 300 + '"x"' + "]" * 300, "nested too deeply"),
    ],
)
def test_what_cannot_be_read(read, content, cause):
    with pytest.raises(UnreadableFile, match=cause):
        read(content)


def test_keys_with_a_blank_hold_questions_too(read_one):
    assert read_one("a.json", '{"faq": [{"question ": "How?", "answer ": "So."}]}').text == "faq\n\nHow?\n\nSo."
