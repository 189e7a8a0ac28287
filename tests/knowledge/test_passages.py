from dataclasses import replace

from knowledge.passages import Passage, current


def test_an_old_version_goes_when_the_newer_one_is_there() -> None:
    old = Passage("shop", "terms-2024.md", "Terms", (), "", None, 0, 4, "text", "public", "en", 0.9)
    new = replace(old, document="terms-2026.md", supersedes=("terms-2024.md",))
    elsewhere = replace(old, collection="archive")
    assert current((new, old, elsewhere)) == (new, elsewhere)
    assert current((old, elsewhere)) == (old, elsewhere)
    assert current(()) == ()
