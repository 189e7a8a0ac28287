"""What is said of folders whose names say that they are not for customers."""

from assistant.internal_folders import sentences


def test_each_command_names_place_and_collection() -> None:
    closed = [{"path": f"/docs/{name}", "audience": "staff"} for name in ("our hr", "b", "c", "d", "e")]
    first, second = sentences([*closed, {"path": "/docs/内部", "audience": "public"}], collection="shop")
    assert "/docs/our hr, /docs/b, /docs/c and 2 more." in first
    assert first.endswith("frontdesk ingest '/docs/our hr' --collection shop --audience public")
    assert second.endswith("frontdesk ingest '/docs/内部' --collection shop --audience staff")
    (archive,) = sentences([{"path": "/docs/a b.zip!/staff", "audience": "staff"}], collection="default")
    assert archive.startswith("for the staff alone, as the name says: /docs/a b.zip!/staff.")
    assert archive.endswith("frontdesk ingest '/docs/a b.zip' --audience public"), "an archive is read as one"
    assert sentences([], collection="shop") == []
