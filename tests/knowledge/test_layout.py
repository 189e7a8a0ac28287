from knowledge import layout
from knowledge.documents import LineBox


def test_lines_come_back_to_a_ten_thousandth_of_the_page() -> None:
    boxes = (LineBox(0, 2, 1, 0.1, 0.12, (0.05, 0.07123, 0.1)), LineBox(3, 4, 2, 0.99999, 1.0, (1 / 3, 0.5)))
    first, second = layout.unpack(layout.pack(boxes))
    assert first == LineBox(0, 2, 1, 0.1, 0.12, (0.05, 0.0712, 0.1))
    assert (second.start, second.end, second.page, second.top, second.edges) == (3, 4, 2, 1.0, (0.3333, 0.5))
    assert layout.unpack(layout.pack(())) == ()
