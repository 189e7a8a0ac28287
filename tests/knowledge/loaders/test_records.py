"""CSV, JSON Lines, Excel."""

import datetime
import json
import tracemalloc

import openpyxl
import pytest
from openpyxl.styles import Font

from knowledge.errors import UnreadableFile
from knowledge.loaders import load


@pytest.fixture
def read(tmp_path):
    def read(name, content):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return list(load(path))

    return read


def test_html_in_cells_is_read_as_text(read):
    (table,) = read("products.csv", 'name,about\nLamp,"<p>Warm &amp; calm.</p><p>Oak.</p>"\n')
    assert table.text == "name: Lamp | about: Warm & calm. Oak."
    (answer,) = read("faq.csv", 'question,answer\nHow long?,"<p>Two days.</p><p>To islands <b>five</b>.</p>"\n')
    assert answer.text == "How long?\n\nTwo days.\n\nTo islands five."
    (line,) = read("a.jsonl", json.dumps({"name": "Lamp", "about": "<p>Warm.</p>"}))
    assert line.text == "name: Lamp | about: Warm."


@pytest.mark.parametrize(
    "head",
    ["Question,Answer,Topic", "问题,答案,Topic", "topic_id,ANSWER , question", "Frage,Antwort,Topic"],
    ids=["en", "zh", "mixed", "de"],
)
def test_questions_and_answers_are_documents(read, head):
    columns = head.split(",")
    asked = dict.fromkeys(("question", "问题", "frage"), "How long?")
    values = asked | dict.fromkeys(("answer", "答案", "antwort"), '"30 days, then\n\nno more"')
    row = ",".join(values.get(name.strip().casefold(), "x") for name in columns)
    first, third = read("faq.csv", f"{head}\n{row}\n{','.join(['', '', ''])}\n{row.replace('30', '')}\n{row}\n")[::2]
    assert (first.name, first.title) == ("#1", "How long?")
    assert first.text == "How long?\n\n30 days, then\n\nno more"
    assert [block.kind for block in first.blocks] == ["heading", "paragraph", "paragraph"]
    assert third.name == "#3"
    assert list(first.metadata.values()) == ["x"]


def test_the_line_that_names_the_delimiter_for_excel_is_no_row(read):
    (answer,) = read("faq.csv", "sep=;\nQuestion;Answer\nHow long?;Two days, mostly.\n")
    assert answer.text == "How long?\n\nTwo days, mostly."
    (table,) = read("a.csv", "\ufeffsep=|\nName|Price\nLamp|4,90\n")
    assert table.text == "Name: Lamp | Price: 4,90"


def test_a_row_without_its_answer_keeps_the_numbers_of_the_others(read):
    documents = read("faq.csv", "question,answer\nA?,yes\nB?,\nC?,no\n")
    assert [document.name for document in documents] == ["#1", "#3"]


def test_a_table_is_one_document(read):
    (document,) = read("prices.csv", "Price list;;\nZone;Price;Note\nEU;4,90;a | b\n;;\nUS;9,90;\n")
    assert document.name == ""
    assert document.text == "Price list\n\nZone: EU | Price: 4,90 | Note: a / b\nZone: US | Price: 9,90"
    assert document.blocks[1].header == "Zone | Price | Note"


def test_a_table_of_numbers_has_no_header(read):
    (document,) = read("numbers.csv", "1,2\n3,4\n")
    assert document.text == "1 | 2\n3 | 4"


def test_a_quotation_mark_left_open_is_refused_when_it_swallows_the_file(read):
    with pytest.raises(UnreadableFile, match=r"is not a table .*quotation mark"):
        read("a.csv", 'a,b\n1,"' + "x" * 200_000)


@pytest.mark.parametrize("stray", ['B?,"yes', 'B?,"yes" he said'])
def test_a_stray_quotation_mark_is_refused_with_its_line(read, stray):
    with pytest.raises(UnreadableFile, match=r"the row that starts at line 3\).*stray quotation mark"):
        read("faq.csv", f'question,answer\nA?,yes\n{stray}\nC?,"no, never"\nD?,no\n')


def test_lines_with_a_doc_id_are_kept_word_for_word(read):
    text = "  First  line\nsecond\n \n\n  Second paragraph. "
    (document,) = read("d.jsonl", json.dumps({"doc_id": 7, "title": "T", "text": text, "url": "u", "n": 1}) + "\n\n")
    assert (document.name, document.title, document.metadata) == ("7", "T", {"url": "u"})
    assert document.text == text.strip()
    assert [document.text[b.start : b.end] for b in document.blocks] == ["First  line\nsecond", "Second paragraph."]


def test_other_lines_are_answers_or_records(read):
    documents = read(
        "d.jsonl",
        '{"question": "Q?", "answer": "A."}\n{"title": "Sofa", "price": 4.5, "tags": ["a"], "none": null}\n'
        + json.dumps({"id": "x", "content": "word " * 60}),
    )
    assert [document.name for document in documents] == ["#1", "#2", "#3"]
    assert documents[0].text == "Q?\n\nA."
    assert documents[1].title == "Sofa"
    assert documents[1].text == 'title: Sofa | price: 4.5 | tags: ["a"]'
    assert [block.kind for block in documents[2].blocks] == ["row", "paragraph"]


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        ('{"doc_id": "a", "text": "x"}\n{broken\n', "line 2 is not JSON"),
        ("[1]\n", "line 1 holds no object but list"),
        ("[" * 100_000, "line 1 is not JSON"),
        ('{"doc_id": "a", "text": "x"}\n{"doc_id": "a", "text": "y"}', "line 2 has the doc_id 'a' of line 1"),
        ('{"doc_id": "a", "text": " "}', "no line with text"),
    ],
)
def test_broken_lines_are_named_and_nothing_is_yielded(tmp_path, content, cause):
    path = tmp_path / "d.jsonl"
    path.write_text(content)
    with pytest.raises(UnreadableFile, match=cause):
        next(load(path))


def test_workbooks(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Prices"
    for row in (
        ["Our prices"],
        [],
        ["Zone", "Price", "From", "VAT", "Open"],
        ["EU", 4.0, datetime.date(2026, 1, 2), 0.19, True],
    ):
        sheet.append(row)
    sheet["D4"].number_format = "0%"
    sheet.append(["US", 12.5, datetime.datetime(2026, 1, 2, 9, 30), None, None])
    sheet["B5"].number_format = '"$"#,##0.00'
    hidden = book.create_sheet("Secret")
    hidden["A1"] = "hidden"
    hidden.sheet_state = "hidden"
    book.create_sheet("Empty")
    book.save(tmp_path / "p.xlsx")
    (document,) = load(tmp_path / "p.xlsx")
    assert document.text == (
        "Prices\n\nOur prices\n\nZone: EU | Price: 4 | From: 2026-01-02 | VAT: 19% | Open: TRUE\n"
        "Zone: US | Price: $12.50 | From: 2026-01-02 09:30\n\nEmpty"
    )
    assert document.blocks[2].header == "Zone | Price | From | VAT | Open"


def test_hidden_columns_and_rows_are_not_read(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Lamp", "We pay", "Price"], ["Wren", 11, 29], ["Secret", 12, 39], ["Curlew", 13, 49]):
        sheet.append(row)
    sheet.column_dimensions["B"].hidden = True
    sheet.row_dimensions[3].hidden = True
    book.save(tmp_path / "p.xlsx")
    (document,) = load(tmp_path / "p.xlsx")
    assert document.text.endswith("Lamp: Wren | Price: 29\nLamp: Curlew | Price: 49")


def test_rows_that_a_filter_took_away_are_read(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Lamp", "Price"], ["Wren", 29], ["Curlew", 49]):
        sheet.append(row)
    sheet.auto_filter.ref = "A1:B3"
    sheet.auto_filter.add_filter_column(0, ["Wren"])
    sheet.row_dimensions[3].hidden = True
    book.save(tmp_path / "p.xlsx")
    (document,) = load(tmp_path / "p.xlsx")
    assert document.text.endswith("Lamp: Wren | Price: 29\nLamp: Curlew | Price: 49")


@pytest.mark.parametrize(
    ("value", "form", "read"),
    [
        (1234.5, r"#,##0.00\ [$€-407]", "€1,234.50"),
        (1234.5, "[$£-809]#,##0.00", "£1,234.50"),
        (1234.5, "[$¥-804]#,##0.00", "¥1,234.50"),
        (1234.5, "[$CHF] #,##0.00", "CHF 1,234.50"),
        (1234.5, r'#,##0.00_);[Red]\("$"#,##0.00\)', "$1,234.50"),
        (12, "[$-409]#,##0", "12"),
        (-5, '"$"#,##0.00', "-$5.00"),
        (5, '0.00"元"', "5.00元"),
        (5, '0 "Stück"', "5 Stück"),
        (30, '0 "days"', "30 days"),
        (12345, '0.0,"k"', "12345"),
        (1, '"Yes";"No"', "1"),
        (7, "00000", "00007"),
        (4109, '"D-"00000', "D-04109"),
        (7.5, "00", "7.5"),
        (datetime.timedelta(hours=26, minutes=30), "[h]:mm", "26:30"),
        (datetime.timedelta(minutes=5, seconds=9), "[mm]:ss", "0:05:09"),
        (0.175, "0.0%", "17.5%"),
        (2.5, "General", "2.5"),
    ],
)
def test_numbers_are_read_as_their_cell_shows_them(tmp_path, value, form, read):
    book = openpyxl.Workbook()
    book.active.append(["Thing", "Value"])
    book.active.append(["Lamp", value])
    book.active["B2"].number_format = form
    book.save(tmp_path / "p.xlsx")
    (document,) = load(tmp_path / "p.xlsx")
    assert document.text.endswith(f"Thing: Lamp | Value: {read}")


def test_cells_that_are_struck_out_are_not_read(tmp_path):
    book = openpyxl.Workbook()
    for row in (["Lamp", "Old price", "Price"], ["Wren", 59, 49], ["Lark", 19, None]):
        book.active.append(row)
    book.active["B2"].font = book.active["A3"].font = book.active["B3"].font = Font(strike=True)
    book.save(tmp_path / "p.xlsx")
    (document,) = load(tmp_path / "p.xlsx")
    assert document.text.endswith("\n\nLamp: Wren | Price: 49")


@pytest.mark.parametrize("suffix", [".xlsx", ".docx"])
def test_old_or_protected_office_files(tmp_path, suffix):
    path = tmp_path / f"old{suffix}"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    with pytest.raises(UnreadableFile, match="protected by a password or in the Office format of before 2007"):
        list(load(path))


def test_a_sheet_may_hold_several_tables(read):
    above = "Prices\n\nZone,Price\nEU,4\n\nUS,9\n\n"
    (document,) = read("a.csv", f"{above}Hours\nDay,Open\nMonday,9-17\n\nSunday,closed\n")
    assert document.text == (
        "Prices\n\nZone: EU | Price: 4\nZone: US | Price: 9\n\nHours\n\n"
        "Day: Monday | Open: 9-17\nDay: Sunday | Open: closed"
    )
    headers = [block.header for block in document.blocks if block.kind == "row"]
    assert headers == ["Zone | Price"] * 2 + ["Day | Open"] * 2
    (document,) = read("a.csv", f"{above}Day,Open,Note\nMonday,9-17,none\n")
    assert document.text.endswith("\nDay: Monday | Open: 9-17 | Note: none")


def test_tables_side_by_side_are_written_one_after_the_other(read):
    (document,) = read("a.csv", "Model,Price,,Country,Hotline\nA1,10,,Austria,43\nA2,20,,,\nA3,30,,,\n\nNote\n")
    prices = "Model: A1 | Price: 10\nModel: A2 | Price: 20\nModel: A3 | Price: 30"
    assert document.text == f"{prices}\nCountry: Austria | Hotline: 43\n\nNote"
    assert [block.header for block in document.blocks][2:4] == ["Model | Price", "Country | Hotline"]
    (document,) = read("a.csv", "Model,Price,,Country,Hotline\nA1,10,,Austria,43\n,,,Chile,56\n")
    assert document.text.split("\n")[0] == "Model: A1 | Price: 10"
    (document,) = read("a.csv", "Zone,Price,,Zone,Price\nEU,10,,Asia,43\n")
    assert document.text == "Zone: EU | Price: 10\nZone: Asia | Price: 43"


@pytest.mark.parametrize(
    "rows",
    [
        "Model,Name,,Price,Days\nA1,Lamp,,10,3\nA2,Fan,,20,4",
        "Model,Price,,Colour,Wood\nA1,10,,red,oak\nA2,20,,grey,ash",
        "Model,Price,,Colour,Wood\nA1,10,,red,oak\nA2,20,,,",
        "Model,Price,,Colour,Wood\nA1,10,,red,oak\nA2,20,,,\nA3,20,,grey,ash\nA4,30,,,\nA5,35,,,",
    ],
)
def test_an_empty_column_within_a_table_tears_no_row_apart(read, rows):
    (document,) = read("a.csv", rows)
    models = [line.split(",")[0] for line in rows.split("\n")[1:]]
    assert [line.split(" | ")[0] for line in document.text.split("\n")] == [f"Model: {model}" for model in models]


def test_what_looks_like_names_and_has_no_row_below_is_not_lost(read):
    (document,) = read("a.csv", "Zone,Price\nEU,4\n\nHours\nSunday,closed\n")
    assert document.text == "Zone: EU | Price: 4\n\nHours\n\nSunday | closed"
    (document,) = read("a.csv", "Zone,Price\n")
    assert document.text == "Zone | Price"


def test_what_is_merged_over_rows_stands_in_each(tmp_path):
    book = openpyxl.Workbook()
    for row in (["Zone", "City", "Price"], ["EU", "Bonn", 4], [None, "Rome", 5], ["US", "Reno", 9], [None, "Waco", 8]):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    book.save(tmp_path / "p.xlsx")
    (document,) = load(tmp_path / "p.xlsx")
    assert document.text.split("\n")[2:] == [
        "Zone: EU | City: Bonn | Price: 4",
        "Zone: EU | City: Rome | Price: 5",
        "Zone: US | City: Reno | Price: 9",
        "City: Waco | Price: 8",
    ]


TWO_ROWS = (["Lamp", "Small", "", "Large", ""], ["", "Price", "Weight", "Price", "Weight"], ["Ada", 4, 1, 9, 2])


@pytest.mark.parametrize(
    ("rows", "merged", "text"),
    [
        (TWO_ROWS, "A1:A2 B1:C1 D1:E1",
         "Lamp: Ada | Small Price: 4 | Small Weight: 1 | Large Price: 9 | Large Weight: 2"),
        (TWO_ROWS, "B1:C1 D1:E1",
         "Lamp: Ada | Small Price: 4 | Small Weight: 1 | Large Price: 9 | Large Weight: 2"),
        ((["Prices"], [], *TWO_ROWS), "A1:E1 B3:C3 D3:E3",
         "Prices\n\nLamp: Ada | Small Price: 4 | Small Weight: 1 | Large Price: 9 | Large Weight: 2"),
        ((["Lamp", "Small", "", "", ""], ["", "EU", "", "US", ""], ["", "net", "gross", "net", "gross"],
          ["Ada", 4, 5, 6, 7]), "A1:A3 B1:E1 B2:C2 D2:E2",
         "Lamp: Ada | Small EU net: 4 | Small EU gross: 5 | Small US net: 6 | Small US gross: 7"),
        ((["Small", "", "Small", ""], ["Price", "Weight", "Cost", "Size"], [4, 1, 9, 2]), "A1:B1 C1:D1",
         "Small Price: 4 | Small Weight: 1 | Small Cost: 9 | Small Size: 2"),
        ((["Lamp", "Price", ""], ["", 2025, 2026], ["Ada", 4, 5]), "B1:C1",
         "Lamp: Ada | Price 2025: 4 | Price 2026: 5"),
        # where the row below says what is so, and names nothing
        ((["Zone", "Sent", ""], ["EU", "by post", "by van"], ["US", "by air", ""]), "B1:C1",
         "Zone: EU | Sent: by post | by van\nZone: US | Sent: by air"),
        ((["Contact", "", "Address", ""], ["Anna", "Bo", "Oslo", "Bergen"], ["Cy", "Di", "Rome", "Bonn"]),
         "A1:B1 C1:D1",
         "Contact: Anna | Bo | Address: Oslo | Bergen\nContact: Cy | Di | Address: Rome | Bonn"),
        ((["Zone", "Price", ""], ["", 4, 5]), "B1:C1", "Price: 4 | 5"),
        ((["Firm", "Brindlemoor", ""], ["Street", "High St", ""]), "B1:C1 B2:C2",
         "Firm: Street | Brindlemoor: High St"),
        ((["Zone", "Post", "Van"], ["EU", "not sent", ""], ["US", "yes", "no"]), "B2:C2",
         "Zone: EU | Post: not sent\nZone: US | Post: yes | Van: no"),
    ],
)  # fmt: skip
def test_names_merged_over_several_columns_are_said_with_those_below(tmp_path, rows, merged, text):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([cell or None for cell in row])
    for cells in merged.split():
        book.active.merge_cells(cells)
    book.save(tmp_path / "p.xlsx")
    (document,) = load(tmp_path / "p.xlsx")
    assert document.text == f"Sheet\n\n{text}"


def test_a_name_over_a_hidden_column_is_said_with_the_one_beside_it(tmp_path):
    book = openpyxl.Workbook()
    for row in TWO_ROWS:
        book.active.append([cell or None for cell in row])
    for cells in ("B1:C1", "D1:E1"):
        book.active.merge_cells(cells)
    book.active.column_dimensions["B"].hidden = True
    book.save(tmp_path / "p.xlsx")
    (document,) = load(tmp_path / "p.xlsx")
    assert document.text == "Sheet\n\nLamp: Ada | Small Weight: 1 | Large Price: 9 | Large Weight: 2"
    assert document.blocks[-1].header == "Lamp | Small Weight | Large Price | Large Weight"


def test_a_table_without_a_cell(read):
    with pytest.raises(UnreadableFile, match="no cell with a value"):
        read("a.csv", ",,\n,,\n")


def test_a_table_of_tabs_may_be_full_of_commas(read):
    (document,) = read("a.tsv", "Name\tNote\nLamp\ta, b, c\nSofa\td, e, f\n")
    assert document.text == "Name: Lamp | Note: a, b, c\nName: Sofa | Note: d, e, f"


@pytest.mark.parametrize(
    ("name", "head", "row", "most"),
    [
        ("table.csv", "number,name,description\n", "{0},Lamp number {0},{1}\n", 5.0),
        ("faq.csv", "question,answer\n", "How tall is lamp {0}?,{1}\n", 1.5),
        ("lamps.jsonl", "", '{{"doc_id": "lamp {0}", "title": "Lamp", "text": "{1}"}}\n', 1.5),
    ],
)
def test_a_large_file_of_rows_is_never_held_as_rows(tmp_path, name, head, row, most):
    path = tmp_path / name
    text = "It stands as tall as the one before it, and takes the same bulb. " * 3
    with path.open("w") as file:
        file.write(head)
        size = 0
        while size < 5_000_000:
            size += file.write(row.format(size, text))
    tracemalloc.start()
    try:
        number = sum(len(document.text) > 0 for document in load(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert number == (1 if name == "table.csv" else pytest.approx(size / 230, rel=0.2))
    assert peak < most * size
