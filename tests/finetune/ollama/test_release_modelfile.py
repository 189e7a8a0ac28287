from pathlib import Path

import pytest

from finetune.ollama.modelfile import from_lines
from finetune.ollama.release_modelfile import CONTEXT_TOKENS, write
from finetune.releases import Release
from tests.finetune.served_releases import CHATML


@pytest.mark.model
def test_made_from_the_releases_own_files(tiny_file: Path, tmp_path: Path) -> None:
    """The release is in the making: there is no manifest yet."""
    file = tmp_path / "model-F16.gguf"
    file.hardlink_to(tiny_file)
    (tmp_path / "chat_template.jinja").write_text(CHATML, encoding="utf-8")
    path = write(Release("shop", tmp_path, {"system": "You sell lamps."}), file)
    text = path.read_text(encoding="utf-8")
    assert path == tmp_path / "Modelfile"
    assert "\nFROM ./model-F16.gguf\n" in text
    assert 'SYSTEM """You sell lamps."""' in text
    assert "{{- if .Tools }}" in text or "{{ if .Tools }}" in text
    values = from_lines(text)
    assert "<|im_end|>" in values["stop"]
    assert 0 < int(values["num_ctx"][0]) <= CONTEXT_TOKENS
