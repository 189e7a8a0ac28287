"""Pages as pictures: of what was read, to those who may read it."""

import io
import shutil
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from knowledge import drawing, pages
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.errors import KnowledgeError
from knowledge.library import Library, LibraryOptions
from knowledge.loaders import LoadOptions
from knowledge.loaders import pdf as pdf_loader
from knowledge.pages import Rectangle
from tests.conftest import missing

PUBLIC = ("public",)
STAFF = ("public", "staff")
QUOTE = "Returns are free within thirty days."
BACKGROUND = 240
"""Pages are drawn on this grey, so that a picture of one is told from an empty one."""


def pdf(*lines, encrypt=None, size=(400, 500)):
    """Return a PDF with each line on a page of its own, at (60, 300)."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=size, encrypt=encrypt, invariant=1)
    for line in lines:
        canvas.setFillGray(BACKGROUND / 255)
        canvas.rect(0, 0, *size, stroke=0, fill=1)
        canvas.setFillGray(0)
        canvas.drawString(60, 300, line)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def opened(view):
    image = Image.open(io.BytesIO(view.image))
    assert image.format == "PNG"
    assert image.size == (view.width, view.height)
    return image.convert("L")


def span(library, name, quote, audiences=PUBLIC):
    whole = library.excerpt("default", name, 0, 1, audiences=audiences, margin=10_000)
    start = (whole.before + whole.quote + whole.after).index(quote)
    return library.excerpt("default", name, start, start + len(quote), audiences=audiences, quote=quote)


def darkest_within(image, mark):
    box = (mark.left * image.width, mark.top * image.height, mark.right * image.width, mark.bottom * image.height)
    return image.crop(tuple(map(round, box))).getextrema()[0]


def test_the_rectangles_of_a_quote_hold_its_ink(library, write, papers):
    write("terms.pdf", pdf("Terms of the shop", f"Please note: {QUOTE} Always."))
    library.ingest([papers])
    excerpt = span(library, "terms.pdf", QUOTE)
    assert excerpt.page == 2
    (mark,) = excerpt.rectangles
    assert mark.page == 2
    assert mark.left * 400 == pytest.approx(60 + Canvas("").stringWidth("Please note: ", "Helvetica", 12), abs=1.5)

    view = library.page_view("default", "terms.pdf", 2, audiences=PUBLIC, content=excerpt.content)
    assert (view.page, view.width, view.height) == (2, 1200, 1500)
    image = opened(view)
    assert image.getpixel((5, 5)) == BACKGROUND
    assert darkest_within(image, mark) < 50
    above = Rectangle(2, mark.left, mark.top - 0.1, mark.right, mark.bottom - 0.1)
    assert darkest_within(image, above) == BACKGROUND


def test_documents_without_pages_have_neither(library, write, papers):
    write("terms.md", f"# Terms\n\n{QUOTE}")
    library.ingest([papers])
    excerpt = span(library, "terms.md", QUOTE)
    assert excerpt.rectangles == ()
    with pytest.raises(KnowledgeError, match=r"no page 1 in a document named 'terms\.md'"):
        library.page_view("default", "terms.md", 1, audiences=PUBLIC)


def test_what_may_not_be_seen_looks_like_what_is_not_there(library, write, papers):
    secret = write("staff/salaries.pdf", pdf("Salaries", QUOTE))
    public = write("terms.pdf", pdf("Terms"))
    library.ingest([public])
    library.ingest([secret.parent], audience="staff")
    content = span(library, "salaries.pdf", QUOTE, STAFF).content
    assert library.page_view("default", "salaries.pdf", 2, audiences=STAFF).width == 1200

    def message(name, page=1, collection="default", audiences=PUBLIC, given=""):
        with pytest.raises(KnowledgeError) as refused:
            library.page_view(collection, name, page, audiences=audiences, content=given)
        return str(refused.value).replace(name, "NAME").replace(f"page {page}", "page N")

    refused = {
        message("salaries.pdf"),
        message("salaries.pdf", 2),
        message("salaries.pdf", given=content),
        message("salaries.pdf", audiences=()),
        message("terms.pdf", given=content),
        message("terms.pdf", 2),
        message("terms.pdf", 0),
        message("terms.pdf", collection="other"),
        message("nothing.pdf"),
        *map(message, ("../terms.pdf", "staff/salaries.pdf", str(secret), f"{papers}/terms.pdf", "terms.pdf/..")),
        *map(message, ("%", "terms%", "TERMS.PDF", "terms.pdf\x00", "terms.pdf!/salaries.pdf", "\ud800")),
    }
    assert all(each.startswith("There is no page N in a document named ") for each in refused)
    with pytest.raises(KnowledgeError, match="No passage"):
        library.excerpt("default", "salaries.pdf", 0, 5, audiences=PUBLIC)


def test_a_picture_that_was_shown_to_staff_is_not_kept_for_customers(library, write, papers):
    write("salaries.pdf", pdf("Salaries"))
    library.ingest([papers], audience="staff")
    library.page_view("default", "salaries.pdf", 1, audiences=STAFF)
    with pytest.raises(KnowledgeError, match="There is no page 1"):
        library.page_view("default", "salaries.pdf", 1, audiences=PUBLIC)


def test_an_original_that_changed_moved_or_went_is_not_shown_as_the_one_that_was_read(library, write, papers):
    path = write("terms.pdf", pdf("Terms", QUOTE))
    library.ingest([papers])
    for change in (
        lambda: path.write_bytes(pdf("Other terms", QUOTE)),
        lambda: path.rename(papers / "moved.pdf"),
        path.mkdir,
    ):
        change()
        with pytest.raises(KnowledgeError, match=r"The original of 'terms\.pdf' is not at hand.*frontdesk ingest"):
            library.page_view("default", "terms.pdf", 1, audiences=PUBLIC)
    assert span(library, "terms.pdf", QUOTE).quote == QUOTE


def test_pages_are_kept_and_not_too_many(library, write, papers, monkeypatch):
    drawn = []
    real = pages.draw
    monkeypatch.setattr(pages, "draw", lambda what, page, **more: drawn.append(page) or real(what, page, **more))
    monkeypatch.setattr(pages, "KEPT_PAGES", 2)
    write("terms.pdf", pdf("One", "Two", "Three"))
    library.ingest([papers])
    for page in (1, 2, 1, 3, 1, 2):
        library.page_view("default", "terms.pdf", page, audiences=PUBLIC)
    assert drawn == [1, 2, 3, 2]


def test_of_two_sources_the_content_says_which_is_meant(library, tmp_path):
    quotes = {}
    for folder, text in (("old", "Old terms of trade."), ("new", "New terms of trade.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "terms.pdf").write_bytes(pdf(text, text, *([text] if folder == "new" else [])))
        library.ingest([tmp_path / folder])
        quotes[folder] = text
    for folder, text in quotes.items():
        whole = library.excerpt("default", "terms.pdf", 0, len(text), audiences=PUBLIC, quote=text)
        assert whole.quote == text
        view = library.page_view("default", "terms.pdf", 1, audiences=PUBLIC, content=whole.content)
        again = library.page_view("default", "terms.pdf", 1, audiences=PUBLIC, content=whole.content)
        assert view is again
        if folder == "old":
            old = view
            with pytest.raises(KnowledgeError, match="There is no page 3"):
                library.page_view("default", "terms.pdf", 3, audiences=PUBLIC, content=whole.content)
    assert old.image != view.image


def zipped(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        for name, data in members.items():
            made.writestr(name, data)
    return stream.getvalue()


def test_pages_within_an_archive_are_shown_and_within_two_it_is_said_that_they_are_not(library, write, papers):
    inner = zipped({"deep.pdf": pdf("Deep terms")})
    write("all.zip", zipped({"inner/terms.pdf": pdf("Terms within"), "deep.zip": inner}))
    assert library.ingest([papers]).failed == ()
    assert library.page_view("default", "all.zip!/inner/terms.pdf", 1, audiences=PUBLIC).width == 1200
    name = "all.zip!/deep.zip!/deep.pdf"
    assert span(library, name, "Deep terms").quote == "Deep terms"
    with pytest.raises(
        KnowledgeError, match=r"not shown, its text is: .*archive within an archive.*Next: .*of its own"
    ):
        library.page_view("default", name, 1, audiences=PUBLIC)


def test_a_second_file_is_shown_where_the_first_is_gone(library, tmp_path):
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "terms.pdf").write_bytes(pdf(folder))
        library.ingest([tmp_path / folder])
    newer = library.page_view("default", "terms.pdf", 1, audiences=PUBLIC)
    (tmp_path / "new" / "terms.pdf").unlink()
    assert library.page_view("default", "terms.pdf", 1, audiences=PUBLIC) is newer
    library._pages._kept.clear()
    older = library.page_view("default", "terms.pdf", 1, audiences=PUBLIC)
    assert older.image != newer.image
    assert library.page_view("default", "terms.pdf", 1, audiences=PUBLIC) is older


def test_who_waits_for_a_page_that_another_draws_gets_that_one(library, write, papers, monkeypatch):
    drawn = []
    real = pages.draw
    monkeypatch.setattr(pages, "draw", lambda what, page, **more: drawn.append(page) or real(what, page, **more))
    monkeypatch.setattr(drawing, "_turns", threading.BoundedSemaphore(1))
    monkeypatch.setattr(drawing, "WAIT_SECONDS", 30.0)
    write("terms.pdf", pdf("One"))
    library.ingest([papers])
    with ThreadPoolExecutor(6) as pool:
        views = list(pool.map(lambda _: library.page_view("default", "terms.pdf", 1, audiences=PUBLIC), range(6)))
    assert drawn == [1]
    assert all(view is views[0] for view in views)


def test_protected_pages_are_drawn_with_the_password(tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "terms.pdf").write_bytes(pdf("Terms", encrypt=StandardEncryption("swordfish", ownerPassword="owner")))
    options = LibraryOptions(tmp_path / "home", loading=LoadOptions(passwords=("wrong", "swordfish")))
    library = Library(options, embedder=HashingEmbedder())
    try:
        assert library.ingest([folder]).failed == ()
        view = library.page_view("default", "terms.pdf", 1, audiences=PUBLIC)
        assert opened(view).getpixel((5, 5)) == BACKGROUND
    finally:
        library.close()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_marks_and_picture_agree_however_the_page_is_turned(library, write, papers, rotation):
    import pypdfium2

    source = pypdfium2.PdfDocument(pdf(QUOTE))
    source[0].set_rotation(rotation)
    source[0].set_cropbox(20, 30, 380, 480)
    stream = io.BytesIO()
    source.save(stream)
    source.close()
    write("turned.pdf", stream.getvalue())
    library.ingest([papers])
    excerpt = span(library, "turned.pdf", QUOTE)
    image = opened(library.page_view("default", "turned.pdf", 1, audiences=PUBLIC))
    assert excerpt.rectangles
    ink = image.point(lambda value: 255 if value < 100 else 0).getbbox()
    assert ink is not None
    left, top = min(mark.left for mark in excerpt.rectangles), min(mark.top for mark in excerpt.rectangles)
    right, bottom = max(mark.right for mark in excerpt.rectangles), max(mark.bottom for mark in excerpt.rectangles)
    width, height = image.size
    assert left * width - 6 < ink[0] < ink[2] < right * width + 6
    assert top * height - 6 < ink[1] < ink[3] < bottom * height + 6
    covered = (right - left) * (bottom - top) * width * height
    assert covered < 2.5 * (ink[2] - ink[0]) * (ink[3] - ink[1])


def test_a_picture_is_its_own_page(library, papers, tmp_path):
    if not shutil.which("tesseract"):
        missing("tesseract")
    with pdf_loader.opened(pdf(QUOTE)) as source, pdf_loader.PDFIUM:
        pdf_loader.render(source[0], width=1600).save(papers / "scan.png")
    library.ingest([papers])
    excerpt = span(library, "scan.png", "thirty days")
    (mark,) = excerpt.rectangles
    view = library.page_view("default", "scan.png", 1, audiences=PUBLIC)
    assert view.width == 1200
    assert darkest_within(opened(view), mark) < 80


def test_a_home_that_was_moved_still_answers(library, write, papers, tmp_path):
    write("terms.pdf", pdf("Terms", QUOTE))
    library.ingest([papers])
    papers.rename(tmp_path / "elsewhere")
    assert span(library, "terms.pdf", QUOTE).rectangles
    with pytest.raises(KnowledgeError, match="not at hand"):
        library.page_view("default", "terms.pdf", 1, audiences=PUBLIC)
    assert not Path(papers).exists()
