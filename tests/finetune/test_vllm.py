import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from finetune.errors import FinetuneError
from finetune.runs import Run
from finetune.vllm import serve_command


def run(folder: Path, **settings: Any) -> Run:
    (folder / "adapter").mkdir(parents=True, exist_ok=True)
    known = {"peft_type": "LORA", "r": 16, "lora_alpha": 32, "bias": "none"} | settings
    (folder / "adapter" / "adapter_config.json").write_text(json.dumps(known), encoding="utf-8")
    return Run("tuned", folder, {"base": {"name": "base", "folder": "/models/my base", "precision": "bfloat16"}})


@pytest.mark.parametrize(("rank", "most"), [(1, "1"), (4, "8"), (16, "16"), (24, "32"), (300, "320")])
def test_the_command_names_base_adapter_and_the_rank_that_vllm_knows(rank: int, most: str, tmp_path: Path) -> None:
    words = shlex.split(serve_command(run(tmp_path, r=rank, use_rslora=True), name="returns"))
    assert words[:3] == ["vllm", "serve", "/models/my base"]
    assert words[words.index("--max-lora-rank") + 1] == most
    assert words[words.index("--lora-modules") + 1] == f"returns={tmp_path.resolve() / 'adapter'}"


def test_a_base_that_thinks_aloud_is_served_without_thoughts_as_it_was_trained(tmp_path: Path) -> None:
    tuned = run(tmp_path)
    assert "--default-chat-template-kwargs" not in serve_command(tuned, name="returns")
    (tmp_path / "chat_template.jinja").write_text("{% if enable_thinking %}{% endif %}", encoding="utf-8")
    words = shlex.split(serve_command(tuned, name="returns"))
    assert json.loads(words[words.index("--default-chat-template-kwargs") + 1]) == {"enable_thinking": False}


def test_what_vllm_would_refuse_or_misread_is_told_together(tmp_path: Path) -> None:
    strange = run(tmp_path, use_dora=True, bias="all", r=1024, rank_pattern={"q_proj": 8})
    with pytest.raises(FinetuneError, match=r"use_dora=true, rank_pattern=.*bias=all, r=1024.*frontdesk export tuned"):
        serve_command(strange, name="returns")
    with pytest.raises(FinetuneError, match="tuned the whole model"):
        serve_command(Run("tuned", tmp_path / "none", strange.manifest), name="returns")
