from pathlib import Path

import pytest

from knowledge.reading.pool import Reader
from knowledge.texts import read_texts


@pytest.mark.slow
def test_files_folders_and_faults_come_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.md").write_text("# Heading\n\nSome text.", encoding="utf-8")
    (folder / "deep" / "b.txt").write_text("退货政策：三十天内可以退回。", encoding="utf-8")
    (folder / "c.csv").write_text("question,answer\nHow long?,30 days\nHow much?,4 euros\n", encoding="utf-8")
    (folder / "d.pdf").write_bytes(b"%PDF-1.4 nothing")
    (folder / "e.txt").write_text("", encoding="utf-8")
    (folder / "f.eml").write_text(f"Subject: Re\n\n{'We confirm it all. ' * 9}\n\n> Nine lamps.", encoding="utf-8")
    single = tmp_path / "single.txt"
    single.write_text("Alone.", encoding="utf-8")
    with Reader() as reader:
        found = list(read_texts([folder, tmp_path / "not-there", single], reader=reader))
    named = {one.document: one for one in found}
    assert [one.document for one in found][:3] == ["a.md", "c.csv#1", "c.csv#2"]
    assert named["a.md"].text == "Heading\n\nSome text."
    assert (named["deep/b.txt"].language, named["deep/b.txt"].error) == ("zh", "")
    assert named["single.txt"].text == "Alone."
    assert "Nine lamps." in named["f.eml"].text, "values stand in older mails too"
    for name in ("d.pdf", "e.txt", "not-there"):
        assert named[name].error, name
        assert named[name].text == ""
    assert "no such file" in named["not-there"].error
