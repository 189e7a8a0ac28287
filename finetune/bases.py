"""Which model is tuned: a name in, an ordinary Hugging Face folder with 16-bit weights out.

    "embedded" | FOLDER | FILE.gguf | hub id -> Base(folder, precision)

Everything after this file knows folders only. A GGUF is de-quantized once, into `home/bases/`, and says so: what its
quantization lost does not come back, so `precision` travels on into every manifest.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.models.llamacpp import EMBEDDED_FILE
from finetune.errors import FinetuneError
from knowledge.environment import get_extra

WEIGHTS = ("*.safetensors",)
"""What a base's weights lie in; pickled weights (`*.bin`) can run code and are refused."""
TEMPLATE = "chat_template.jinja"
HASHES = "hashes.json"
"""In `home/bases/`: what was hashed and when it was last changed, so that large files are not read at each command."""


@dataclass(frozen=True, slots=True)
class Base:
    """A model to be tuned."""

    name: str
    """As it was asked for."""
    folder: Path
    """config.json, *.safetensors, tokenizer files, chat_template.jinja."""
    precision: str
    """`bfloat16`, `float16`, `float32`, or what it was quantized in, such as `dequantized Q4_1`."""

    @property
    def is_dequantized(self) -> bool:
        """Whether the weights were once quantized, so that scores are relative to what was left of them."""
        return self.precision.startswith("dequantized ")


def open_base(name: str, *, home: Path, offline: bool = False) -> Base:
    """Return a base as a folder on this machine; a hub id is downloaded, a GGUF de-quantized, each once.

    Args:
        offline: Fail rather than reach outside this machine.

    Raises:
        FinetuneError: nothing of this name is here or can be had, or it is no model that can be tuned.
    """
    if name == "embedded":
        file = home / "models" / EMBEDDED_FILE
        if not file.is_file():
            raise FinetuneError(
                f"The embedded model is not at {file}. Next: frontdesk models get {EMBEDDED_FILE.parent}"
            )
        return _from_gguf(name, file, home=home)
    path = Path(name).expanduser()
    if path.is_file():
        return _from_gguf(name, path, home=home)
    if path.is_dir():
        return _from_folder(name, path.absolute())  # it is looked for again from other folders
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise FinetuneError(
            f"The base {name!r} is no folder and no file. Next: name a model's folder, a .gguf file, embedded, or a "
            "hub id such as mistralai/Mistral-7B-Instruct-v0.3."
        )
    return _from_folder(name, _download(name, offline=offline))


def read_base_config(folder: Path) -> Mapping[str, Any]:
    """Return a model folder's config.json.

    Raises:
        FinetuneError: it is missing or no JSON object.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FinetuneError(
            f"{folder} is no model's folder: its config.json cannot be read ({error}). Next: name the folder that "
            "holds config.json, *.safetensors and tokenizer.json."
        ) from error
    if not isinstance(config, dict):
        raise FinetuneError(f"{folder / 'config.json'} is no JSON object. Next: download the model again.")
    return config


def _from_folder(name: str, folder: Path) -> Base:
    config = read_base_config(folder)
    if config.get("quantization_config"):
        kind = config["quantization_config"].get("quant_method", "quantized")
        raise FinetuneError(
            f"The model in {folder} is {kind}-quantized: an adapter must be merged onto 16-bit weights. Next: name the "
            "16-bit model that it was made from."
        )
    if not any(found for pattern in WEIGHTS for found in folder.glob(pattern)):
        raise FinetuneError(f"{folder} holds no *.safetensors. Next: download the model's safetensors files into it.")
    return Base(name, folder, _precision(folder, config))


def _precision(folder: Path, config: Mapping[str, Any]) -> str:
    marks = folder / "base.json"
    if marks.is_file():
        return str(json.loads(marks.read_text(encoding="utf-8"))["precision"])
    return str(config.get("dtype") or config.get("torch_dtype") or "float32")


def _download(name: str, *, offline: bool) -> Path:
    if offline:
        raise FinetuneError(
            f"{name} is a hub id and `offline` is set. Next: carry the model's folder over and name it: --base FOLDER"
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(snapshot_download(name, allow_patterns=["*.json", "*.safetensors", "*.jinja", "*.model", "*.txt"]))
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise FinetuneError(
            f"{name} cannot be had from the hub ({error}). Next: check name, access and network, or name a folder: "
            "--base FOLDER"
        ) from error


def _from_gguf(name: str, file: Path, *, home: Path) -> Base:
    content = _hash(file, known=home / "bases" / HASHES)
    target = home / "bases" / f"{file.stem}-{content[:12]}"
    if not (target / "base.json").is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".part-") as work:
            part = Path(work) / "base"
            precision = _dequantize(file, part)
            source = {"file": file.name, "bytes": file.stat().st_size, "sha256": content, "precision": precision}
            (part / "base.json").write_text(json.dumps(source, indent=2), encoding="utf-8")
            if target.exists():
                shutil.rmtree(target)
            part.rename(target)
    return Base(name, target, _precision(target, read_base_config(target)))


def _hash(file: Path, *, known: Path) -> str:
    """Return the SHA-256 of all of a file: weights exported anew under the old name have the old size and head."""
    stat = file.stat()
    key, state = str(file.resolve()), [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
    try:
        hashes = dict(json.loads(known.read_text(encoding="utf-8")))
        if hashes[key]["state"] == state:
            return str(hashes[key]["sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        hashes = {}
    with file.open("rb") as opened:
        content = hashlib.file_digest(opened, "sha256").hexdigest()
    known.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=known.parent, prefix=".part-", delete=False, encoding="utf-8") as part:
        json.dump({**hashes, key: {"state": state, "sha256": content}}, part, indent=2)
    Path(part.name).replace(known)
    return content


def _dequantize(file: Path, target: Path) -> str:
    """Write a GGUF's weights and tokenizer as a folder, and return the precision they had."""
    from finetune.exporting.cutting_rules import restore
    from finetune.weights import save_dequantized

    kind = _most_used_type(file)
    save_dequantized(file, target)
    restore(file, target)  # else digits are cut otherwise than the model was made for
    return kind if kind in {"float16", "float32", "bfloat16"} else f"dequantized {kind}"


def _most_used_type(file: Path) -> str:
    """Return the type of most of a GGUF's weights, such as `Q4_1`."""
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise FinetuneError(f"Reading a .gguf base needs what the extra brings. Next: {get_extra('train')}") from error
    weights: dict[str, int] = {}
    try:
        for tensor in GGUFReader(file).tensors:
            weights[tensor.tensor_type.name] = weights.get(tensor.tensor_type.name, 0) + int(tensor.n_elements)
    except (ValueError, OSError, IndexError, KeyError) as error:
        raise FinetuneError(f"{file} is no complete GGUF file ({error}). Next: get it again.") from error
    if not weights:
        raise FinetuneError(f"{file} holds no weights. Next: name a model's .gguf, not its vocabulary's.")
    kind = max(weights, key=lambda known: weights[known])
    return {"F16": "float16", "F32": "float32", "BF16": "bfloat16"}.get(kind, kind)
