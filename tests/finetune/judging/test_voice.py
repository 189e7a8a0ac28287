from dataclasses import replace
from pathlib import Path

import pytest

from finetune.data.voice_pairs import Pair, read_pairs
from finetune.errors import FinetuneError
from finetune.judging.voice import LEAST_PAIRS, learn, separation

PAIRS = read_pairs(Path(__file__).parents[3] / "examples" / "brindlemoor" / "voice" / "pairs.jsonl")
TRAIN = tuple(pair for pair in PAIRS if pair.split == "train")
HELDOUT = tuple(pair for pair in PAIRS if pair.split == "heldout")


def test_held_out_replies_of_the_company_are_nearer_than_those_before() -> None:
    found = separation(TRAIN, HELDOUT)
    assert found.whole.value is not None
    assert found.body.low is not None
    assert found.whole.value > 0.95
    assert found.body.low > 0.8
    assert found.whole.n == 2 * len(HELDOUT)


def test_it_tells_nothing_apart_where_there_is_nothing_to_tell() -> None:
    same = tuple(replace(pair, before=pair.after) for pair in HELDOUT)
    assert separation(TRAIN, same).whole.value == 0.5


def test_the_scale_is_0_for_the_company_s_own_and_1_for_what_was_rewritten() -> None:
    voice = learn(TRAIN)
    for language in ("en", "zh"):
        before = [voice.distance(pair.before).value for pair in TRAIN if pair.language == language]
        after = [voice.distance(pair.after).value for pair in TRAIN if pair.language == language]
        assert sum(before) / len(before) == pytest.approx(1.0, abs=0.01)
        assert sum(after) / len(after) < 0.1


def test_each_fault_of_style_moves_a_reply_away() -> None:
    voice = learn(TRAIN)
    good = "Dear Maya,\nyes, you can send it back. I refund you within 5 days.\nKind regards from the net loft,\nPia"
    near = voice.distance(good)
    for worse, group in (
        (good.replace(".", "!!"), "marks"),
        (good.replace("Dear Maya,", "Hi there!!"), "frame"),
        (good.replace("I refund you", "we at our shop refund you from us"), "person"),
    ):
        far = voice.distance(worse)
        assert far.value > near.value
        assert far.groups[group] > near.groups[group]


def test_the_distance_is_the_same_every_time() -> None:
    assert learn(TRAIN).distance(HELDOUT[0].before) == learn(TRAIN).distance(HELDOUT[0].before)


def test_too_few_pairs_are_told() -> None:
    english = [pair for pair in TRAIN if pair.language == "en"]
    with pytest.raises(FinetuneError, match="learnt from 5 pairs"):
        learn(english[: LEAST_PAIRS - 1])
    with pytest.raises(FinetuneError, match="no replies in 'zh'"):
        learn(english).distance("您好，可以退货。")
    alike = [Pair(str(number), "q", pair.after, pair.after, "train") for number, pair in enumerate(english)]
    with pytest.raises(FinetuneError, match="do not differ"):
        learn(alike)
