"""XML."""

import pytest

from knowledge.chunking import split
from knowledge.errors import UnreadableFile

BOOK = """<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment -->
<book xml:id="b"><title>Shop help</title><pubdate>2026-03-04</pubdate>
<chapter id="returns"><title>Returns</title>
<para>Send it <emphasis>back</emphasis> within
  30 days &amp; unworn.</para><para>Second.</para>
<programlisting>pay  now</programlisting>
<zones><zone code="1"><name>EU</name><price>4.90</price></zone><zone><name>US</name><price cur="USD"/></zone></zones>
<contact><phone>0123</phone><web href="https://example.com"/></contact></chapter></book>"""


def test_headings_paragraphs_rows(read_one, blocks):
    document = read_one("a.xml", BOOK)
    assert (document.title, document.metadata) == ("Shop help", {"date": "2026-03-04"})
    assert blocks(document) == [
        ("heading", 1, "Shop help"),
        ("row", 0, "pubdate: 2026-03-04"),
        ("heading", 2, "Returns"),
        ("paragraph", 0, "Send it back within 30 days & unworn."),
        ("paragraph", 0, "Second."),
        ("code", 0, "pay  now"),
        ("row", 0, "code: 1 | name: EU | price: 4.90"),
        ("row", 0, "name: US | price: USD"),
        ("row", 0, "phone: 0123"),
        ("row", 0, "web: href: https://example.com"),
    ]
    assert document.blocks[2].anchor == "returns"
    assert document.blocks[6].header == "code | name | price"


def test_products_stand_below_their_names(read_one, blocks):
    ship = "<shipping><country>DE</country><price>{}</price></shipping>"
    lamp = f"<item><id>1</id><title>Lamp</title><about>{'Light. ' * 40}</about><price>49</price>{ship.format(5)}</item>"
    fan = f"<item><id>2</id><title>Fan</title><price>39</price>{ship.format(0)}</item>"
    document = read_one("a.xml", f"<feed><title>Shop</title>{lamp}{fan}<end>Thanks</end></feed>")
    assert blocks(document)[1:5] == [
        ("heading", 2, "Lamp"),
        ("row", 0, "id: 1"),
        ("row", 0, "title: Lamp"),
        ("paragraph", 0, ("Light. " * 40).strip()),
    ]
    assert [(chunk.headings, document.text[chunk.start :][:8]) for chunk in split(document)] == [
        (("Shop", "Lamp"), "id: 1\nti"),
        (("Shop", "Fan"), "id: 2\nti"),
        (("Shop",), "end: Tha"),
    ]
    assert "price: 49\nshipping country: DE | shipping price: 5" in document.text


@pytest.mark.parametrize(
    ("beside", "read"), [("<!-- c -->", "description: Wool Cold"), ("&nbsp;", "name: Aurora\n\nWool Cold")]
)
def test_a_comment_beside_a_value_is_no_element_in_it(read_one, beside, read):
    item = f"<item><name>Aurora</name><description>{beside}<![CDATA[<p>Wool</p><p>Cold</p>]]></description></item>"
    assert read in read_one("a.xml", f'<!DOCTYPE shop SYSTEM "shop.dtd"><shop>{item * 2}</shop>').text


def test_what_an_amount_is_in_is_told_with_it(read_one):
    lamp = '<lamp><name>Aurora</name><price currency="EUR">49</price></lamp>'
    text = read_one("a.xml", f"<shop>{lamp}{lamp.replace('49', '59')}</shop>").text
    assert text.startswith("name: Aurora | price: 49 | price currency: EUR\n")


def test_what_an_element_says_of_itself_stands_beside_its_name(read_one):
    one = '<product sku="A1" class="hit"><name>Lamp</name><desc>Warm</desc></product>'
    assert read_one("a.xml", one).text == "name: Lamp | product sku: A1\ndesc: Warm"
    two = f'<shop version="2" currency="EUR">{one}<product sku="B2"><name>Fan</name><c><d>Red</d></c></product></shop>'
    document = read_one("a.xml", two)
    assert [(chunk.headings, document.text[chunk.start : chunk.end]) for chunk in split(document)] == [
        (("Lamp",), "name: Lamp | product sku: A1\ndesc: Warm"),
        (("Fan",), "name: Fan | product sku: B2\nd: Red"),
    ]


def test_a_name_within_the_only_one_of_its_kind_is_told_with_it(read_one):
    shop = "<shop><name>Lamps</name><owner><name>Ann</name><phone>12</phone></owner><c><d>x</d></c></shop>"
    assert read_one("a.xml", shop).text == "name: Lamps\nowner name: Ann | owner phone: 12\nd: x"


def test_what_an_article_says_of_itself_stands_below_its_heading(read_one):
    item = '<item id="A-1" in="stock"><title>Lamp</title><about>Warm</about></item>'
    assert read_one("a.xml", item).text == "Lamp\n\nitem id: A-1 | item in: stock\nabout: Warm"
    assert read_one("a.xml", item.replace("A-1", "lamp")).text == "Lamp\n\nitem in: stock\nabout: Warm"


@pytest.mark.parametrize(
    "document",
    [
        '<a><faq by="jane">Send <b>it</b> back.</faq><c>x</c></a>',
        f'<a><faq by="jane">{"Send it back. " * 20}</faq><c>x</c></a>',
        '<topic by="jane"><title>Returns</title><body><p>Send it.</p></body></topic>',
        '<section by="jane"><title>Costs</title><note>None.</note></section>',
        '<a><list by="jane"><listitem>One</listitem></list></a>',
        '<page><div by="jane"><h1>Lamp</h1><p>49 €</p></div></page>',
        '<shop by="jane"><product><name>Lamp</name><c><d>Red</d></c></product></shop>',
    ],
)
def test_attributes_of_texts_are_not_read(read_one, document):
    assert "jane" not in read_one("a.xml", document).text


def test_tags_that_are_shown_beside_elements_are_read(read_one):
    shown = "<code>&lt;div&gt;chat&lt;/div&gt;</code>"
    text = read_one(
        "a.xml", f"<a><para>Use the {shown} element.</para><about>&lt;b&gt;Wool&lt;/b&gt;.</about></a>"
    ).text
    assert text == "Use the <div>chat</div> element.\n\nabout: Wool."


def test_encodings_and_pages(read_one):
    assert read_one("a.xml", '<?xml version="1.0" encoding="gb2312"?><a>退货</a>'.encode("gb2312")).text == "a: 退货"
    assert read_one("a.xml", '<?xml version="1.0" encoding="UTF-16"?><a>ä</a>'.encode("utf-16")).text == "a: ä"
    assert read_one("a.xml", '<?xml version="1.0" encoding="UTF-8"?><a>Größe</a>'.encode("cp1252")).text == "a: Größe"
    assert read_one("a.xml", '<?xml version="1.0"?><!DOCTYPE html><html><body><h1>T</h1></body></html>').text == "T"
    assert read_one("a.xml", '<!DOCTYPE a SYSTEM "a.dtd"><a>text</a>').text == "a: text"


BOMB = "<!DOCTYPE b [<!ENTITY a 'x'>" + "".join(
    f"<!ENTITY {name} '{f'&{before};' * 10}'>" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (f"{BOMB}]><b>&i;</b>", "declares entities of its own"),
        ('<!DOCTYPE b [<!ENTITY a SYSTEM "secret.txt">]><b>&a;</b>', "declares entities of its own"),
        ('<!DOCTYPE b [<!ENTITY % a SYSTEM "http://127.0.0.1/a.dtd"> %a;]><b>x</b>', "declares entities of its own"),
        ("<a><b></a>", "is not XML, or damaged"),
        ("<a>" * 5000, "is not XML, or damaged"),
        ("no element", "is not XML, or damaged"),
        ("<a><b/></a>", "no text between its elements"),
    ],
)
def test_what_cannot_be_read(read_one, tmp_path, content, cause):
    (tmp_path / "secret.txt").write_text("secret")
    with pytest.raises(UnreadableFile, match=cause):
        read_one("a.xml", content)
