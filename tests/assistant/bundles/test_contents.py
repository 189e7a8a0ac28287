"""What of a home goes along: a release's file alone, never conversations, and all faults at once."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agents.models.registration import REGISTERED, Registration, write_registration
from assistant.app import model_options
from assistant.bundles.contents import Contents, entries, gather
from assistant.errors import BundleError
from assistant.settings import Settings
from finetune.releases import sha256
from knowledge.library import Library, LibraryOptions


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """Return a copy of it for one test."""
    return shutil.copytree(filled, tmp_path / "home")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a document, a release and conversations."""
    folder = tmp_path_factory.mktemp("filled")
    home, documents = folder / "home", folder / "documents"
    documents.mkdir()
    (documents / "returns.md").write_text("# Returns\n\nWithin 42 days.\n", encoding="utf-8")
    library = Library(LibraryOptions(home=home, embedder="hashing"))
    library.ingest([documents])
    library.close()
    release = home / "releases" / "ours"
    release.mkdir(parents=True)
    for name in ("model-q4_K_M.gguf", "model-q8_0.gguf", "chat_template.jinja", "Modelfile"):
        (release / name).write_text(name)
    hashes = {path.name: sha256(path) for path in release.iterdir()}
    files = [{"file": f"model-{kind}.gguf", "quantization": kind, "bytes": 1} for kind in ("q4_K_M", "q8_0")]
    manifest = {"files": files, "recommended": "q4_K_M", "hashes": hashes, "run": "ours", "created": ""}
    (release / "manifest.json").write_text(json.dumps(manifest))
    for name in ("frontdesk.sqlite3", "agent.sqlite3", "server.json"):
        (home / name).write_text("private")
    with closing(sqlite3.connect(home / "shop.sqlite3")) as shop, shop:
        shop.execute("CREATE TABLE orders (id)")
    return home


def gathered(home: Path, *, model: str = "none", **more: object) -> Contents:
    settings = Settings(home=home, embedder="hashing", model=model)
    return gather(settings, model_options(settings), **more)  # type: ignore[arg-type]


def test_of_a_release_goes_what_serves_it(home: Path, tmp_path: Path) -> None:
    contents = gathered(home, release="ours")
    assert contents.model.setting == "gguf:releases/ours/model-q4_K_M.gguf"
    assert contents.model.first == ""
    settings = Settings(home=home, embedder="hashing")
    packed = {entry.name: entry for entry in entries(contents, settings, work=tmp_path / "work")}
    assert set(packed) >= {f"home/releases/ours/{name}" for name in ("model-q4_K_M.gguf", "Modelfile", "manifest.json")}
    assert "home/releases/ours/model-q8_0.gguf" not in packed
    manifest = json.loads(packed["home/releases/ours/manifest.json"].source.read_text())
    assert [one["quantization"] for one in manifest["files"]] == ["q4_K_M"]
    assert "model-q8_0.gguf" not in manifest["hashes"]
    assert packed["home/catalog.sqlite3"].living
    assert not packed["home/releases/ours/model-q4_K_M.gguf"].living
    assert not [name for name in packed if name.endswith(("frontdesk.sqlite3", "agent.sqlite3", "server.json"))]


def test_adapters_and_intents_go_along_and_may_change_there(home: Path, tmp_path: Path) -> None:
    for name in ("intents/intents.json", "adapters/tone/adapter.gguf"):
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text(name)
    settings = Settings(home=home, embedder="hashing")
    packed = {entry.name: entry for entry in entries(gathered(home), settings, work=tmp_path / "work")}
    assert packed["home/intents/intents.json"].living
    assert packed["home/adapters/tone/adapter.gguf"].source.read_text() == "adapters/tone/adapter.gguf"


def test_what_ollama_serves_goes_as_its_release(home: Path) -> None:
    given = Registration("ours:latest", "ours", "", "", "", "", False, (), "json", 4096)
    write_registration(given, home / REGISTERED)
    assert gathered(home, model="ollama:ours").model.setting == "gguf:releases/ours/model-q4_K_M.gguf"
    by_ollama = gathered(home, model="ollama:ours", by_ollama=True).model
    assert by_ollama.setting == "ollama:ours"
    assert by_ollama.first == "register ours --as ours"


def test_a_file_goes_by_its_name_and_one_of_a_release_with_it(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.gguf"
    path.write_text("model")
    contents = gathered(home, model=f"gguf:{path}")
    assert contents.model.setting == "gguf:models/carried/elsewhere.gguf"
    assert contents.files["models/carried/elsewhere.gguf"] == path
    inside = gathered(home, model=f"gguf:{home / 'releases/ours/model-q8_0.gguf'}").model
    assert inside.setting == "gguf:releases/ours/model-q8_0.gguf"
    assert inside.release == "ours"


def test_a_changed_release_is_refused(home: Path) -> None:
    (home / "releases" / "ours" / "model-q4_K_M.gguf").write_text("other")
    with pytest.raises(BundleError, match=r"model-q4_K_M\.gguf was changed; delete .*, then: frontdesk export "):
        gathered(home, release="ours")


def test_further_files_go_along_and_databases_as_they_stand(home: Path, tmp_path: Path) -> None:
    contents = gathered(home, extra=[Path("shop.sqlite3")])
    with closing(sqlite3.connect(home / "shop.sqlite3")) as shop:
        shop.execute("PRAGMA journal_mode=WAL")
        shop.execute("INSERT INTO orders VALUES (7)")
        shop.commit()  # stands in the journal beside the file, and must be in the copy
        settings = Settings(home=home, embedder="hashing")
        packed = {entry.name: entry for entry in entries(contents, settings, work=tmp_path / "work")}
    with closing(sqlite3.connect(packed["home/shop.sqlite3"].source)) as copy:
        assert copy.execute("SELECT id FROM orders").fetchall() == [(7,)]


@pytest.mark.parametrize("given", ["frontdesk.sqlite3", "agent.sqlite3", "server.json", "../elsewhere", ".", "absent"])
def test_conversations_and_what_lies_outside_never_go_along(home: Path, given: str) -> None:
    with pytest.raises(BundleError, match=r"--with"):
        gathered(home, extra=[Path(given)])


def test_all_faults_are_told_at_once(home: Path, tmp_path: Path) -> None:
    settings = Settings(
        home=home,
        embedder="sentence-transformers:bge-m3",
        model="openai:gpt",
        reranker="sentence-transformers:x",
        chroma_url="http://127.0.0.1:8000",
        tools=(str(tmp_path / "gone.py"),),
    )
    with pytest.raises(BundleError) as caught:
        gather(settings, model_options(settings), extra=[Path("absent")])
    message = str(caught.value)
    for part in ("bge-m3", "openai:gpt", "reranker", "chroma_url", "gone.py", "absent"):
        assert part in message, part
    with pytest.raises(BundleError, match="not made by frontdesk register"):
        gathered(home, model="ollama:llama3")
    with pytest.raises(BundleError, match="frontdesk models get"):
        gathered(home, model="embedded")
