"""Releases of a few bytes or of a tiny real model, complete with hashes, for what happens to releases."""

import json
from pathlib import Path
from typing import Any

from finetune.releases import MANIFEST, Release, open_release, sha256

TEMPLATE = "{% for message in messages %}{{ message.content }}{% endfor %}"


def save_release(home: Path, name: str, file: Path | None = None, **manifest: Any) -> Release:
    """Write a finished release and open it.

    Args:
        file: Its only model file; None writes a few bytes that no engine can read.
    """
    folder = home / "releases" / name
    (folder / "adapter").mkdir(parents=True)
    model = folder / "model-F16.gguf"
    model.hardlink_to(file) if file is not None else model.write_bytes(b"GGUF" + name.encode())
    (folder / "adapter" / "adapter_model.safetensors").write_bytes(name.encode())
    (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    hashes = {path.relative_to(folder).as_posix(): sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    measured = {"tokens_per_second": 50.0, "serving_bytes": 300_000_000}
    files = [{"quantization": "F16", "file": model.name, "bytes": model.stat().st_size, **measured}]
    own = {"release": name, "run": name, "tasks": ["intent"], "files": files, "recommended": "F16", "hashes": hashes}
    made = {"created": f"2026-11-28T0{len(list((home / 'releases').iterdir()))}:00:00+00:00", "labels": []}
    (folder / MANIFEST).write_text(json.dumps(own | made | manifest), encoding="utf-8")
    return open_release(name, home=home)
