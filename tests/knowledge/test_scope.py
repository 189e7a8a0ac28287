from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from knowledge import catalog, stored_passages
from knowledge.catalog import Catalog, NewDocument
from knowledge.chunking import Chunk
from knowledge.documents import Document
from knowledge.errors import KnowledgeError
from knowledge.scope import Scope

EVERYONE = ("public", "staff")


@pytest.fixture
def connection(catalog_place: Path | str) -> Iterator[Connection]:
    opened = Catalog(catalog_place)
    with opened.write() as connection:
        source = catalog.ensure_source(connection, collection="default", location="here")
        for name, language, audience, dated in (
            ("old.md", "en", "public", "2024-05-01"),
            ("new.md", "zh", "public", "2026-02-28"),
            ("staff.md", "en", "staff", "2026-03-01"),
        ):
            file = catalog.put_file(connection, source_id=source, path=name, fingerprint="")
            new = NewDocument(
                name, "", language, audience, "", 0.0, dated, Document("text", ()), (Chunk(0, 4, (), "", None),),
                (language,), (name,),
            )  # fmt: skip
            catalog.put_document(connection, new, file_id=file, collection="default", generation=1)
        yield connection
    opened.close()


@pytest.mark.parametrize(
    ("scope", "names"),
    [
        (Scope(("default",), ("public",)), ["new.md", "old.md"]),
        (Scope(("default",), EVERYONE), ["new.md", "old.md", "staff.md"]),
        (Scope(("default",), ()), []),
        (Scope((), EVERYONE), []),
        (Scope(("other",), EVERYONE), []),
        (Scope(("default",), EVERYONE, languages=("zh",)), ["new.md"]),
        (Scope(("default",), EVERYONE, languages=("en", "zh")), ["new.md", "old.md", "staff.md"]),
        (Scope(("default",), EVERYONE, since="2026-02-28"), ["new.md", "staff.md"]),
        (Scope(("default",), EVERYONE, until="2026-02-28"), ["new.md", "old.md"]),
        (Scope(("default",), ("public",), since="2026-03-01"), []),
    ],
)
def test_only_what_is_in_scope_is_seen(connection: Connection, scope: Scope, names: list[str]) -> None:
    found = stored_passages.chunks_by_vector(connection, ["old.md", "new.md", "staff.md"], scope)
    assert sorted(found) == names
    assert catalog.count_chunks(connection, scope) == len(names)


def test_a_scope_says_whether_it_narrows() -> None:
    assert not Scope(("default",), EVERYONE).is_narrowed
    assert Scope(("default",), EVERYONE, until="2026-01-01").is_narrowed


@pytest.mark.parametrize("value", ["2026", "yesterday", "2026-02-30", "20260201", " 2026-02-01"])
def test_what_is_no_date_is_refused(value: str) -> None:
    with pytest.raises(KnowledgeError, match=r"until=.* is no date\. Next: write it as YYYY-MM-DD"):
        Scope(("default",), EVERYONE, until=value)
