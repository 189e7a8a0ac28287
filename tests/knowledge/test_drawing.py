import io
from pathlib import PurePosixPath

import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from knowledge import drawing
from knowledge.drawing import NotDrawn, draw


def pdf(*, password: str = "") -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(300, 600), encrypt=password or None)
    canvas.drawString(50, 550, "Terms")
    canvas.showPage()
    canvas.save()
    return stream.getvalue()


def drawn(data: bytes, name: str = "terms.pdf", page: int = 1, passwords: tuple[str, ...] = ()) -> Image.Image:
    return Image.open(io.BytesIO(draw(data, name=PurePosixPath(name), page=page, passwords=passwords)))


def test_a_page_is_drawn_in_bounds_with_what_stands_on_it() -> None:
    image = drawn(pdf())
    assert image.width <= drawing.WIDTH
    assert image.height == pytest.approx(2 * image.width, abs=2)
    top, bottom = image.crop((0, 0, image.width, image.height // 2)), image.crop((0, image.height // 2, *image.size))
    assert top.convert("L").getextrema()[0] < 100
    assert bottom.convert("L").getextrema()[0] == 255


def test_a_picture_is_drawn_by_its_frame() -> None:
    stream = io.BytesIO()
    red, blue = Image.new("RGB", (20, 10), "red"), Image.new("RGB", (20, 10), "blue")
    red.save(stream, "TIFF", save_all=True, append_images=[blue])
    assert drawn(stream.getvalue(), "scan.tif", 2).getpixel((5, 5)) == (0, 0, 255)


def test_a_password_opens_it() -> None:
    assert drawn(pdf(password="sesame"), passwords=("wrong", "sesame")).width > 0
    with pytest.raises(NotDrawn, match=r"exit code 1.*[Pp]assword"):
        drawn(pdf(password="sesame"), passwords=("wrong",))


@pytest.mark.parametrize(("data", "page"), [(b"%PDF-1.7 not one", 1), (b"", 1), (pdf(), 2)])
def test_what_cannot_be_drawn_is_an_error_of_its_own(data: bytes, page: int) -> None:
    with pytest.raises(NotDrawn):
        drawn(data, page=page)


def test_a_process_that_crashes_or_hangs_costs_its_picture_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(drawing, "_START", "import ctypes; ctypes.string_at(0)")
        with pytest.raises(NotDrawn, match="exit code"):
            drawn(pdf())
    with monkeypatch.context() as patch:
        patch.setattr(drawing, "_START", "import time; time.sleep(600)")
        patch.setattr(drawing, "TIMEOUT_SECONDS", 0.5)
        with pytest.raises(NotDrawn, match="timed out"):
            drawn(pdf())
    assert drawn(pdf()).width > 0
