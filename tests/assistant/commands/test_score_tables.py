from assistant.commands.score_tables import interval, one_line, table_lines


def test_columns_are_aligned_and_lines_end_without_blanks() -> None:
    lines = list(table_lines([("", "n"), ("recall", "5", "x"), ("a", "", "")]))
    assert lines == ["        n", "recall  5  x", "a"]
    assert list(table_lines([])) == []


def test_a_score_without_cases_is_a_dash() -> None:
    assert interval({"value": 0.5, "low": 0.25, "high": 1.0, "n": 2}) == "0.500  [0.250, 1.000]"
    assert interval({"value": None, "low": None, "high": None, "n": 0}) == "–"


def test_text_of_documents_cannot_move_the_cursor() -> None:
    assert one_line("a\x1b[2Jb\r\nc\u202ed", limit=20) == "a [2Jb c d"
    assert one_line("退货" * 30, limit=10) == "退货退货退货退货退…"
