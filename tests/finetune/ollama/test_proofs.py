"""Every way in which serving goes wrong is made on purpose on a real server, and seen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from agents.models.chat_template import ChatTemplate
from finetune.ollama.modelfile import parameters
from finetune.ollama.ollama_template import generate
from finetune.ollama.proofs import (
    _begin,
    _end,
    _greedy,
    _long_prompt,
    _prompt,
    _stop,
    _system,
    _tool_call,
    prove,
)
from finetune.ollama.served import Served
from finetune.ollama.trials import Trial
from tests.finetune.ollama.test_template_shape import UNSEEN
from tests.finetune.served_releases import CHATML, ONE_THREAD, Made
from tests.finetune.small_files import make_tiny

pytestmark = [pytest.mark.ollama, pytest.mark.model]


@pytest.fixture(scope="module")
def tiny(make: Callable[..., Made], tiny_file: Path) -> Made:
    return make("proofs-tiny", tiny_file, CHATML, protocol="native")


@pytest.fixture(scope="module")
def real(tuned: Made) -> Made:
    """Return the trained release, tried as one that calls tools in its template's own form."""
    native = replace(tuned.trial.trained, protocol="native")
    return replace(tuned, trial=replace(tuned.trial, trained=native))


def remade(made: Made, name: str, **changes: Any) -> Trial:
    """Make the model once more with a fault, and return how the faultless one would be tried on it."""
    body: dict[str, Any] = {
        "model": name,
        "from": made.registration.model,
        "template": made.planned.template.text,
        "parameters": parameters(made.planned.template, context_tokens=2048),
        "stream": False,
        **changes,
    }
    answer = httpx.post(f"{made.live.url}/api/create", json=body, timeout=60, trust_env=False)
    assert answer.status_code == 200, answer.text
    return replace(made.trial, served=Served(name, made.live.url, ONE_THREAD))


class TestPrompt:
    def test_as_trained(self, tiny: Made) -> None:
        assert _prompt(tiny.trial).ok
        assert _system(tiny.trial).ok
        assert _begin(tiny.trial).ok

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("<|im_start|>assistant\n", "<|im_start|>assistant"),
            ("<|im_end|>\n", "<|im_end|>"),
            ("You help.", "You hurt."),
        ],
    )
    def test_wrong_template(self, tiny: Made, old: str, new: str) -> None:
        text = tiny.planned.template.text.replace(old, new)
        assert text != tiny.planned.template.text
        proof = _prompt(remade(tiny, "fault-template", template=text))
        assert not proof.ok
        assert "not what was trained" in proof.detail

    def test_a_template_that_was_guessed(self, tiny: Made) -> None:
        guessed = "{{ .System }}\nUSER: {{ .Prompt }}\nASSISTANT: "
        assert not _prompt(remade(tiny, "fault-guessed", template=guessed)).ok

    def test_a_template_that_nobody_knows_is_generated(self, make: Callable[..., Made], tiny_file: Path) -> None:
        """No table of names has it; the generated one holds, one made for another family does not."""
        made = make("proofs-unseen", tiny_file, UNSEEN)
        assert _prompt(made.trial).ok
        other = generate(ChatTemplate(CHATML), adds_bos=False).text
        assert not _prompt(remade(made, "fault-family", template=other)).ok

    def test_a_template_without_a_pattern_is_told(self, make: Callable[..., Made], tiny_file: Path) -> None:
        dated = UNSEEN.replace("message.content +", "message.content | replace('a', 'A') +")
        made = make("proofs-bare", tiny_file, dated)
        assert made.planned.template.is_bare
        assert not _prompt(made.trial).ok, "other clients would be answered without any template"

    def test_generation_prompt_lost(self, tiny: Made) -> None:
        text = tiny.planned.template.text.removesuffix("<|im_start|>assistant\n")
        assert text != tiny.planned.template.text
        assert not _prompt(remade(tiny, "fault-generation", template=text)).ok

    def test_what_the_template_refuses_is_not_counted_as_equal(self, tiny: Made) -> None:
        """Of a template that knows no system message, only the rest is compared; of one that knows nothing, nothing."""
        counted = int(_prompt(tiny.trial).detail.split()[0])
        template = tiny.trial.trained.template
        source = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + template.source
        trained = replace(tiny.trial.trained, template=replace(template, source=source), system="")
        proof = _prompt(replace(tiny.trial, trained=trained))
        assert int(proof.detail.split()[0]) < counted
        assert "the chat template refuses, so nobody was trained on: " in proof.detail
        mute = replace(trained, template=replace(template, source="{{ raise_exception('nothing') }}"))
        assert not _prompt(replace(tiny.trial, trained=mute)).ok


class TestSystem:
    def test_sent_where_a_client_sends_none(self, make: Callable[..., Made], tiny_file: Path) -> None:
        made = make("proofs-system", tiny_file, CHATML, system="You sell lamps. 你卖灯。")
        assert _system(made.trial).ok
        assert _prompt(made.trial).ok
        proof = _system(remade(made, "fault-system", **{"from": made.registration.model, "system": "Be brief."}))
        assert not proof.ok
        assert "You sell lamps" in proof.detail


class TestBegin:
    def test_twice_or_not_at_all(self, make: Callable[..., Made], embedded_file: Path, tmp_path: Path) -> None:
        """The file asks for BOS: with a template that leaves it out it stands there once, else twice."""
        file = tmp_path / "bos.gguf"
        make_tiny(embedded_file, file, changed={"tokenizer.ggml.add_bos_token": True, "tokenizer.ggml.bos_token_id": 0})
        writes_bos = "{{ bos_token }}" + UNSEEN
        made = make("proofs-bos", file, writes_bos)
        assert made.planned.adds_bos
        assert _begin(made.trial).ok, "trained with one, which the server adds"
        assert not made.planned.template.text.startswith("<|endoftext|>")
        twice = replace(made.trial, trained=replace(made.trial.trained, adds_bos=False))
        assert "served with 2" in _begin(twice).detail
        without = replace(made.trial.trained, template=replace(made.planned.chat_template, source=UNSEEN))
        proof = _begin(replace(made.trial, trained=without))
        assert (proof.ok, "trained with 0 BOS at the start, served with 1" in proof.detail) == (False, True)


class TestContext:
    def test_long_prompt_is_read(self, tiny: Made) -> None:
        proof = _long_prompt(tiny.trial)
        assert proof.ok
        assert int(proof.detail.split()[0]) > 600

    def test_cut_from_the_front(self, tiny: Made) -> None:
        small = {**parameters(tiny.planned.template, context_tokens=512)}
        proof = _long_prompt(remade(tiny, "fault-context", parameters=small))
        assert not proof.ok
        assert "cut from the front" in proof.detail

    def test_a_context_that_only_longer_prompts_would_overflow(self, tiny: Made) -> None:
        some = {**parameters(tiny.planned.template, context_tokens=1024)}
        proof = _long_prompt(replace(remade(tiny, "fault-context-2", parameters=some), long_tokens=300))
        assert (proof.ok, "num_ctx is 1024" in proof.detail) == (False, True)


@pytest.mark.slow
@pytest.mark.timeout(500)
class TestReplies:
    """With the real model: random weights say nothing that ends."""

    def test_stop(self, real: Made) -> None:
        assert _end(real.trial).ok
        assert _stop(real.trial).ok

    def test_greedy_tokens(self, real: Made) -> None:
        proof = _greedy(real.trial)
        assert proof.ok, proof.detail
        assert "tokens equal to llama.cpp's" in proof.detail

    def test_tool_call_is_parsed_and_seen_lost(self, real: Made) -> None:
        proof = _tool_call(real.trial)
        assert proof.ok, proof.detail
        assert "find_order" in proof.detail
        text = generate(ChatTemplate(UNSEEN), adds_bos=False).text
        lost = _tool_call(remade(real, "fault-tools", template=text))
        assert (lost.ok, "does not use .Tools" in lost.detail) == (False, True)


class TestEnd:
    @pytest.mark.slow
    @pytest.mark.timeout(500)
    def test_a_wrong_end_token_and_no_stop(
        self, make: Callable[..., Made], embedded_file: Path, tmp_path: Path
    ) -> None:
        """The file names another end token: with stops replies end where they should, without they run on."""
        from tests.finetune.small_files import widen

        file = tmp_path / "endless.gguf"
        widen(embedded_file, file, changed={"tokenizer.ggml.eos_token_id": 5})
        made = make("proofs-endless", file, CHATML)
        no_stop = parameters(made.planned.template, context_tokens=2048) | {"stop": ["never written"]}
        proof = _stop(remade(made, "fault-stop", parameters=no_stop))
        assert not proof.ok
        assert "<|im_" in proof.detail or "goes on" in proof.detail

    def test_an_end_token_that_was_not_learned(self, tiny: Made) -> None:
        proof = _end(tiny.trial)
        assert (proof.ok, "was not learned" in proof.detail) == (False, True)
        assert not _stop(tiny.trial).ok, "what never ends proves nothing about stops"


@pytest.mark.slow
@pytest.mark.timeout(500)
def test_another_model_behind_the_same_name_is_seen(tiny: Made, real: Made) -> None:
    proof = _greedy(replace(tiny.trial, served=real.trial.served))
    assert not proof.ok
    assert "inf" in proof.detail


def test_a_proof_that_cannot_be_tried_is_a_fault(tiny: Made) -> None:
    gone = replace(tiny.trial, served=Served("no-such-model", tiny.live.url))
    proofs = list(prove(gone))
    assert [proof.ok for proof in proofs if proof.name == "prompt"] == [False]
    assert len(proofs) >= 10
    assert not any(proof.ok for proof in proofs if proof.name not in ("end of reply", "tool call"))
