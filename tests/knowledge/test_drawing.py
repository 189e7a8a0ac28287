"""Pages drawn in a process of their own, a few at a time."""

import hashlib
import io
import threading
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from knowledge import drawing
from knowledge.drawing import NotAtHand, NotDrawn, Original, OutOfReach, draw, turn
from knowledge.errors import Busy


def pdf(*, password: str = "") -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(300, 600), encrypt=password or None)
    canvas.drawString(50, 550, "Terms")
    canvas.showPage()
    canvas.save()
    return stream.getvalue()


class Desk:
    """Draws bytes as the file of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file(self, data: bytes, name: str = "terms.pdf", member: str = "") -> Original:
        (self.folder / name).write_bytes(data)
        return Original(str(self.folder), name, member, hashlib.sha256(data).hexdigest())

    def draw(self, data: bytes, name: str = "terms.pdf", page: int = 1, passwords: tuple[str, ...] = ()) -> Image.Image:
        return Image.open(io.BytesIO(draw(self.file(data, name), page, passwords=passwords)))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_page_is_drawn_in_bounds_with_what_stands_on_it(desk: Desk) -> None:
    image = desk.draw(pdf())
    assert image.width <= drawing.WIDTH
    assert image.height == pytest.approx(2 * image.width, abs=2)
    top, bottom = image.crop((0, 0, image.width, image.height // 2)), image.crop((0, image.height // 2, *image.size))
    assert top.convert("L").getextrema()[0] < 100
    assert bottom.convert("L").getextrema()[0] == 255


def test_a_picture_is_drawn_by_its_frame(desk: Desk) -> None:
    stream = io.BytesIO()
    red, blue = Image.new("RGB", (20, 10), "red"), Image.new("RGB", (20, 10), "blue")
    red.save(stream, "TIFF", save_all=True, append_images=[blue])
    assert desk.draw(stream.getvalue(), "scan.tif", 2).getpixel((5, 5)) == (0, 0, 255)


def test_a_password_opens_it(desk: Desk) -> None:
    assert desk.draw(pdf(password="sesame"), passwords=("wrong", "sesame")).width > 0
    with pytest.raises(NotDrawn, match=r"exit code 1.*[Pp]assword"):
        desk.draw(pdf(password="sesame"), passwords=("wrong",))


@pytest.mark.parametrize(("data", "page"), [(b"%PDF-1.7 not one", 1), (b"", 1), (pdf(), 2)])
def test_what_cannot_be_drawn_is_an_error_of_its_own(desk: Desk, data: bytes, page: int) -> None:
    with pytest.raises(NotDrawn):
        desk.draw(data, page=page)


def test_a_process_that_crashes_or_hangs_costs_its_picture_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(drawing, "_START", "import ctypes; ctypes.string_at(0)")
        with pytest.raises(NotDrawn, match="exit code"):
            desk.draw(pdf())
    with monkeypatch.context() as patch:
        patch.setattr(drawing, "_START", "import time; time.sleep(600)")
        patch.setattr(drawing, "TIMEOUT_SECONDS", 0.5)
        with pytest.raises(NotDrawn, match="timed out"):
            desk.draw(pdf())
    assert desk.draw(pdf()).width > 0


def test_only_what_was_read_is_drawn(desk: Desk) -> None:
    original = desk.file(pdf())
    alone = Original(str(desk.folder / "terms.pdf"), "terms.pdf", "", original.content)
    assert draw(alone, 1) == draw(original, 1)
    for wrong in (
        Original(original.location, "terms.pdf", "", ""),
        Original(original.location, "none.pdf", "", original.content),
        Original(original.location, "a\0b.pdf", "", original.content),
        Original(original.location, "", "", original.content),
    ):
        with pytest.raises(NotAtHand):
            draw(wrong, 1)


def test_a_member_of_an_archive_is_drawn_from_it_and_none_within_a_mail_or_another_archive(desk: Desk) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("inner/terms.pdf", pdf())
    member = draw(desk.file(packed.getvalue(), "all.zip", "inner/terms.pdf"), 1)
    assert Image.open(io.BytesIO(member)).size == desk.draw(pdf()).size
    for data, name, path in (
        (packed.getvalue(), "all.zip", "inner/none.pdf"),
        (packed.getvalue(), "all.zip", "inner.zip!/terms.pdf"),
        (b"From: me\n\nText", "mail.eml", "terms.pdf"),
    ):
        with pytest.raises(OutOfReach):
            draw(desk.file(data, name, path), 1)


def test_a_large_file_is_not_drawn_and_none_comes_into_this_process(desk: Desk) -> None:
    import psutil

    data = pdf() + b"%" * (drawing.MOST_BYTES - len(pdf()))
    original = desk.file(data)
    del data
    before = psutil.Process().memory_info().rss
    peak = before
    thread = threading.Thread(target=draw, args=(original, 1))
    thread.start()
    while thread.is_alive():
        peak = max(peak, psutil.Process().memory_info().rss)
        thread.join(0.005)
    assert peak - before < 20_000_000
    with (desk.folder / "terms.pdf").open("ab") as stream:
        stream.write(b"%")
    with pytest.raises(OutOfReach):
        draw(original, 1)


def test_of_too_many_who_ask_some_are_refused_at_once_and_some_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "WAIT_SECONDS", 2.0)
    most = drawing.AT_ONCE + drawing.MOST_WAITING
    release, refused = threading.Event(), []

    def ask() -> None:
        started = time.monotonic()
        try:
            with turn():
                release.wait(30)
        except Busy:
            refused.append(time.monotonic() - started)

    threads = [threading.Thread(target=ask) for _ in range(most + 5)]
    for thread in threads:
        thread.start()
    started = time.monotonic()
    while len(refused) < 5 + drawing.MOST_WAITING and time.monotonic() < started + 20:
        time.sleep(0.02)
    release.set()
    for thread in threads:
        thread.join(10)
    assert len(refused) == 5 + drawing.MOST_WAITING
    assert sum(seconds < 1.9 for seconds in refused) == 5
    assert all(1.9 < seconds < 8 for seconds in sorted(refused)[5:])
    with turn():
        pass
