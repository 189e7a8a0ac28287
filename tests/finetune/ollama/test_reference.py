import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from finetune.exporting.llama_library import problem
from finetune.ollama import reference as references
from finetune.ollama.reference import Reference, Step

PROMPT = "<|im_start|>user\n退货期限是多少天？ How long?<|im_end|>\n<|im_start|>assistant\n"


@pytest.fixture(scope="module")
def reference(tiny_file: Path) -> Iterator[Reference]:
    made = Reference.load(tiny_file, context_tokens=256, threads=1)
    yield made
    made.close()
    made.close()


def test_a_gap_is_told_in_logits() -> None:
    step = Step(1, {1: -0.5, 2: -0.75})
    assert step.gap(2) == 0.25
    assert step.gap(3) == math.inf


@pytest.mark.model
class TestFile:
    def test_tokens_and_what_they_write(self, reference: Reference) -> None:
        ids = reference.ids(PROMPT)
        assert (
            b"".join(map(reference.piece, ids)) == PROMPT.replace("<|im_start|>", "").replace("<|im_end|>", "").encode()
        )
        assert reference.piece(ids[0]) == b"", "a control token writes nothing"
        assert any(not _is_text(reference.piece(token)) for token in ids), "a sign of several tokens"
        assert reference.controls(["<|im_end|>", "not one token"]) == ("<|im_end|>",)
        assert not reference.adds_bos()

    def test_the_file_says_what_it_is(self, reference: Reference) -> None:
        told = reference.properties()
        assert told["eos_token"] == "<|im_end|>"
        assert "message" in told["chat_template"]

    def test_greedy_tokens_are_the_servers(self, reference: Reference, monkeypatch: pytest.MonkeyPatch) -> None:
        """By logits and by asking the server, which tells nothing of tokens that are part of a sign."""
        prompt = reference.ids(PROMPT)
        steps = reference.greedy(prompt, tokens=12)
        assert len(steps) == 12
        for step in steps:
            assert step.token == max(step.likelihoods, key=lambda token: step.likelihoods[token])
            assert len(step.likelihoods) == references.NEAR
            assert sum(math.exp(value) for value in step.likelihoods.values()) < 1.0001
        monkeypatch.setattr(references, "problem", lambda _: "no symbols here")
        plain = Reference(reference.engine)
        asked = plain.greedy(prompt, tokens=12)
        assert [step.token for step in asked] == [step.token for step in steps]
        for one, other in zip(steps, asked, strict=True):
            if len(other.likelihoods) > 1:
                assert other.likelihoods[one.token] == pytest.approx(one.likelihoods[one.token], abs=0.02)

    def test_logits_are_read_where_they_can_be(self, reference: Reference) -> None:
        assert problem(references.READING) is None
        reference.greedy(reference.ids("a"), tokens=1)
        assert len(reference.readers) == 1


def _is_text(piece: bytes) -> bool:
    try:
        piece.decode()
    except UnicodeDecodeError:
        return False
    return True
