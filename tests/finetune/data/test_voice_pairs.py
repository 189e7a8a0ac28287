import json
from pathlib import Path
from typing import Any

import pytest

from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.prompts import Voicing
from agents.voicing import propose
from finetune.data.voice_pairs import added_facts, lost_facts, read_pairs, voice_examples
from finetune.errors import FinetuneError
from finetune.examples import ROLES

FOLDER = Path(__file__).parents[3] / "examples" / "brindlemoor" / "voice"
PAIR = {"id": "1", "question": "When?", "before": "On 3 May!!", "after": "It comes on 3 May.", "split": "train"}


def written(folder: Path, *lines: Any) -> Path:
    path = folder / "pairs.jsonl"
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines), encoding="utf-8")
    return path


def test_every_faulty_line_is_named(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        PAIR,
        "{",
        "[]",
        {**PAIR, "id": "4", "split": "test"},
        {**PAIR, "id": "5", "before": " "},
        {**PAIR, "id": "6", "mood": "good"},
        {**PAIR, "id": "7", "after": "It comes on 4 May with BM-101 for 12.50 euros."},
        PAIR,
    )
    with pytest.raises(FinetuneError) as caught:
        read_pairs(path)
    told = str(caught.value)
    for part in (":2 is not JSON", ":3 is no JSON", ":4 has the split", ":5 lacks before", ":6 has the unknown key"):
        assert part in told, part
    assert ":7 states in `after` what stands nowhere before: 101, 12.5, 4" in told
    assert ":8 has the id '1' a second time" in told
    with pytest.raises(FinetuneError, match="holds no pairs"):
        read_pairs(written(tmp_path, ""))


def test_facts_are_compared_however_they_are_written() -> None:
    assert added_facts("Two lamps?", "three days", "3 days, 2 lamps") == []
    assert added_facts("", "3 days", "4 days") == ["4"]
    assert lost_facts("3 days and 12.50 euros", "three days") == ["12.5"]


def test_examples_are_what_serving_sends(tmp_path: Path) -> None:
    (pair,) = read_pairs(written(tmp_path, PAIR))
    (example,) = voice_examples([pair], guide="- Calm.", source="pairs.jsonl")
    chat = ScriptedChat(["x"])
    propose(Voicing(pair.question, pair.before, "- Calm.", "en"), LoadedModel("scripted", chat))
    sent = [(ROLES[message.type], message.text) for message in chat.calls[0].messages]
    assert [(one["role"], one["content"]) for one in example.messages] == [*sent, ("assistant", pair.after)]
    assert (example.task, example.conversation) == ("voice", "pairs.jsonl:1")


def test_the_demo_company_s_pairs_keep_their_facts() -> None:
    pairs = read_pairs(FOLDER / "pairs.jsonl")
    assert len(pairs) == 40
    assert {pair.id: lost for pair in pairs if (lost := lost_facts(pair.before, pair.after))} == {}
    counted = {
        (language, split): sum(pair.language == language and pair.split == split for pair in pairs)
        for language in ("en", "zh")
        for split in ("train", "heldout")
    }
    assert counted == {("en", "train"): 18, ("en", "heldout"): 10, ("zh", "train"): 8, ("zh", "heldout"): 4}
