"""What of a home goes into a bundle.

    settings + home -> model, embedder, reranker, index, intents, tools, settings there -> entries, what is left out

Everything that stands against it is told at once, before anything is copied.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from agents.errors import AgentError
from agents.models.llamacpp import EMBEDDED_FILE
from agents.models.registration import REGISTERED, read_registration
from assistant.app import DATABASE
from assistant.bundles.archive import Entry
from assistant.bundles.portable_settings import LeftOut, make_portable
from assistant.checkpoints import FILE as CHECKPOINTS
from assistant.errors import BundleError
from assistant.model_files import model_state
from assistant.running import FILE as SERVER
from assistant.running import LOCK_FILE
from assistant.settings import FILE_NAME, Settings
from finetune.errors import FinetuneError
from finetune.labels.intents import FOLDER as INTENTS
from finetune.releases import MANIFEST as RELEASE_MANIFEST
from finetune.releases import Release, made_anew, open_release
from finetune.releases import check as check_release
from knowledge.embedders import e5, minilm
from knowledge.snapshot import CATALOG, VECTORS, copy_file, copy_library

if TYPE_CHECKING:
    from agents.models import ModelOptions

Result = TypeVar("Result")
HOME = "home"
MODELS = "models"
EMBEDDER_FOLDERS: Mapping[str, str] = {
    "embedded": minilm.FOLDER,
    "english": minilm.FOLDER,
    "multilingual": e5.FOLDER,
    "hashing": "",
}
"""Embedders whose files can be carried; "" has none."""
OWN_FOLDERS = (INTENTS, "adapters")
"""Folders of the home that belong to what answers, where they are there."""
RELEASE_FILES = ("chat_template.jinja", "Modelfile", "tokenizer.json", "report.html")
"""What goes along with a release's model file, where it has it; adapter and other quantizations stay."""
PRIVATE = frozenset({DATABASE, CHECKPOINTS, SERVER, LOCK_FILE, CATALOG, VECTORS})
"""What `--with` never takes: conversations, waiting writes, the running server; and what is carried anyhow."""


@dataclass(frozen=True, slots=True)
class CarriedModel:
    """The language model as the bundle has it."""

    setting: str
    """What `model` says there."""
    files: Mapping[str, Path]
    """Name below the home there -> file here."""
    release: str = ""
    manifest: Mapping[str, Any] | None = None
    """The release's manifest, with the carried files alone."""
    first: str = ""
    """A command to run there once, before serving; "" for none."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes along, apart from the library, which is copied when the bundle is made."""

    model: CarriedModel
    toml: str
    files: Mapping[str, Path]
    """Name below the home there -> file here, as they are."""
    extra: Mapping[str, Path]
    """The owner's own files, which may be databases in use and change there."""
    left_out: tuple[LeftOut, ...]

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in (*self.files.values(), *self.extra.values()))


def gather(
    settings: Settings,
    options: "ModelOptions",
    *,
    release: str | None = None,
    by_ollama: bool = False,
    extra: Sequence[Path] = (),
) -> Contents:
    """Work out what goes along.

    Args:
        release: a release to serve there; None takes what the settings serve here.
        by_ollama: serve a release by Ollama there too, instead of embedded.
        extra: further files of the home.

    Raises:
        BundleError: something cannot be carried, or is missing; all faults are told at once.
    """
    faults: list[str] = []
    if settings.catalog_url or settings.chroma_url:
        faults.append(
            "the library is on a server (catalog_url, chroma_url); ingest the documents into a home of its own: "
            "FRONTDESK_HOME=FOLDER frontdesk ingest PATH"
        )
    model = _try(lambda: _carried_model(settings, options, release=release, by_ollama=by_ollama), faults)
    embedder = _try(lambda: _embedder_files(settings), faults) or {}
    reranker, reranker_files = _try(lambda: _reranker(settings), faults) or ("", dict[str, Path]())
    more = _try(lambda: _extra_files(settings.home, extra), faults) or {}
    portable = make_portable(settings, model=model.setting if model else "none", reranker=reranker)
    faults += [f"the file of tools {path} is not there" for path in portable.files.values() if not path.is_file()]
    if faults or model is None:
        raise BundleError("\n".join(["This home cannot be bundled as it is:", *(f"  - {fault}" for fault in faults)]))
    own = {place: path for name in OWN_FOLDERS for place, path in _folder_files(settings.home / name, name).items()}
    return Contents(
        model,
        portable.toml,
        {**model.files, **embedder, **reranker_files},
        {**own, **portable.files, **more},
        portable.left_out,
    )


def entries(contents: Contents, settings: Settings, *, work: Path) -> Iterator[Entry]:
    """Copy what may change meanwhile into `work`, and yield everything below the home there.

    Raises:
        KnowledgeError: the library cannot be copied.
    """
    home = work / HOME
    home.mkdir(parents=True)
    (home / FILE_NAME).write_text(contents.toml, encoding="utf-8")
    copy_library(settings.home, home)
    for name, path in contents.extra.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        copy_file(path, home / name)
    for path in sorted(path for path in home.rglob("*") if path.is_file()):
        yield Entry(f"{HOME}/{path.relative_to(home).as_posix()}", path, living=True)
    if contents.model.manifest is not None:
        manifest = work / RELEASE_MANIFEST
        manifest.write_text(json.dumps(dict(contents.model.manifest), ensure_ascii=False, indent=2), encoding="utf-8")
        yield Entry(f"{HOME}/releases/{contents.model.release}/{RELEASE_MANIFEST}", manifest)
    for name, path in contents.files.items():
        yield Entry(f"{HOME}/{name}", path)


def _try(work: Callable[[], Result], faults: list[str]) -> Result | None:
    try:
        return work()
    except (BundleError, AgentError, FinetuneError) as error:
        faults.append(str(error))
        return None


def _carried_model(
    settings: Settings, options: "ModelOptions", *, release: str | None, by_ollama: bool
) -> CarriedModel:
    if release:
        return _of_release(open_release(release, home=settings.home), model=release if by_ollama else "")
    served = _served(settings, options)
    kind, _, name = served.partition(":")
    if kind == "none":
        return CarriedModel("none", {})
    if kind == "embedded":
        return _embedded(settings, name)
    if kind == "gguf":
        return _of_file(settings, Path(name).expanduser())
    if kind == "release":  # what was promoted, or named
        return _of_release(open_release(name, home=settings.home), model=name if by_ollama else "")
    if kind == "ollama":
        registered = read_registration(options.registered_folder, name)
        if registered:
            return _of_release(open_release(registered.release, home=settings.home), model=name if by_ollama else "")
        raise BundleError(
            f"the model {served} was not made by frontdesk register, so its file is Ollama's own; give --model "
            "embedded, --model gguf:PATH or --release NAME"
        )
    raise BundleError(
        f"the model {served} is not on this machine; give --model embedded, --model gguf:PATH or --release NAME"
    )


def _served(settings: Settings, options: "ModelOptions") -> str:
    """Return the setting of the model that is served, `auto` resolved as a server resolves it."""
    if settings.model != "auto":
        return settings.model
    from agents.models import resolve

    model = resolve("auto", options)
    model.close()
    return model.name


def _embedded(settings: Settings, name: str) -> CarriedModel:
    folder = name or EMBEDDED_FILE.parent.as_posix()
    return CarriedModel(f"embedded:{name}" if name else "embedded", _model_files(settings, folder))


def _of_file(settings: Settings, path: Path) -> CarriedModel:
    releases = (settings.home / "releases").resolve()
    if path.resolve().is_relative_to(releases):
        release = open_release(path.resolve().relative_to(releases).parts[0], home=settings.home)
        return _of_release(release, file=path.name)
    if not path.is_file():
        raise BundleError(f"there is no model file {path}")
    place = f"{MODELS}/carried/{path.name}"
    return CarriedModel(f"gguf:{place}", {place: path})


def _of_release(release: Release, *, model: str = "", file: str = "") -> CarriedModel:
    """Carry one model file of a release, with what it takes to make an Ollama model of it.

    Args:
        model: the name in Ollama that serves it there; "" serves the file itself.
    """
    if faults := check_release(release):
        raise BundleError(
            f"the release {release.name} is not as it was made: {', '.join(faults)}; {made_anew(release)}"
        )
    chosen = release.folder / file if file else release.file()
    there = [name for name in RELEASE_FILES if (release.folder / name).is_file()]
    names = [chosen.name, *there]
    told = [one for one in release.manifest["files"] if one["file"] == chosen.name]
    manifest = {
        **release.manifest,
        "files": told,
        "recommended": told[0]["quantization"] if told else release.manifest["recommended"],
        "hashes": {name: found for name, found in release.manifest["hashes"].items() if name in names},
    }
    place = f"releases/{release.name}"
    return CarriedModel(
        f"ollama:{model}" if model else f"gguf:{place}/{chosen.name}",
        {f"{place}/{name}": release.folder / name for name in names},
        release=release.name,
        manifest=manifest,
        first=f"register {release.name} --as {model}" if model else "",
    )


def _embedder_files(settings: Settings) -> Mapping[str, Path]:
    folder = EMBEDDER_FOLDERS.get(settings.embedder)
    if folder is None:
        raise BundleError(
            f"the embedder {settings.embedder} needs torch or a server of its own, which a bundle does not carry; set "
            'embedder = "multilingual", then frontdesk ingest --reindex'
        )
    return _model_files(settings, folder) if folder else {}


def _reranker(settings: Settings) -> tuple[str, Mapping[str, Path]]:
    kind, _, name = settings.reranker.partition(":")
    if not kind:
        return "", {}
    if kind != "onnx":
        raise BundleError(
            f'the reranker {settings.reranker} needs torch, which a bundle does not carry; set reranker = "" or onnx:'
            "FOLDER"
        )
    inside = settings.models_folder / name
    folder = inside if inside.is_dir() else Path(name).expanduser()
    if not folder.is_dir():
        raise BundleError(f"there is no folder {folder} of the reranker")
    place = f"reranker-{folder.name}"
    return f"onnx:{place}", _folder_files(folder, f"{MODELS}/{place}")


def _model_files(settings: Settings, name: str) -> Mapping[str, Path]:
    if model_state(settings.models_folder, name) != "ready":
        raise BundleError(f"the model {name} is not here, or damaged: frontdesk models get {name} --force")
    return _folder_files(settings.models_folder / name, f"{MODELS}/{name}")


def _folder_files(folder: Path, place: str) -> dict[str, Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {f"{place}/{path.relative_to(folder).as_posix()}": path for path in found}


def _extra_files(home: Path, extra: Sequence[Path]) -> dict[str, Path]:
    """Return the owner's own files of the home by their place in it."""
    faults: list[str] = []
    files: dict[str, Path] = {}
    root = home.resolve()
    for given in extra:
        path = (root / given).resolve()
        if not path.is_relative_to(root) or path == root:
            faults.append(f"--with {given}: it lies outside {home}")
        elif path.relative_to(root).parts[0] in PRIVATE | {REGISTERED}:
            faults.append(f"--with {given}: a bundle carries the library already, and never conversations")
        elif not path.exists():
            faults.append(f"--with {given}: there is no {path}")
        else:
            place = path.relative_to(root).as_posix()
            files |= {place: path} if path.is_file() else _folder_files(path, place)
    if faults:
        raise BundleError("; ".join(faults))
    return files
