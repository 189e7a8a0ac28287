from assistant.commands.score_tables import flat_lines, interval, one_line, table_lines


def test_columns_are_aligned_and_lines_end_without_blanks() -> None:
    lines = list(table_lines([("", "n"), ("recall", "5", "x"), ("a", "", "")]))
    assert lines == ["        n", "recall  5  x", "a"]
    assert list(table_lines([])) == []


def test_scores_are_flattened_by_name() -> None:
    score = {"value": 0.5, "low": 0.25, "high": 1.0, "n": 2}
    nothing = {"value": None, "low": None, "high": None, "n": 0}
    lines = list(flat_lines({"overall": {"n": 2, "recall": score, "rank": nothing}}))
    assert lines == [
        "overall.n       2",
        "overall.recall  0.500  [0.250, 1.000]  n=2",
        "overall.rank    –                      n=0",
    ]
    assert interval(nothing) == "–"


def test_text_of_documents_cannot_move_the_cursor() -> None:
    assert one_line("a\x1b[2Jb\r\nc\u202ed", limit=20) == "a [2Jb c d"
    assert one_line("退货" * 30, limit=10) == "退货退货退货退货退…"
