"""The TEMPLATE as text, and the live server's own prompts for it, read from its log."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.models.chat_template import ChatTemplate
from finetune.ollama.ollama_template import BARE, BATTERY, generate, without_bos
from finetune.ollama.proofs import TOOL
from tests.finetune.ollama.test_template_shape import GEMMA, INSTRUCT, UNSEEN
from tests.finetune.served_releases import CHATML, Made


def test_stops_come_from_the_template_and_the_generation_config() -> None:
    made = generate(ChatTemplate(CHATML, eos="<|endoftext|>"), adds_bos=False, ends=["<|eot|>"])
    assert made.stops == ("<|im_end|>", "<|im_start|>", "<|eot|>", "<|endoftext|>")
    known = generate(ChatTemplate(CHATML), adds_bos=False, known=["<|im_end|>"])
    assert known.stops == ("<|im_end|>",), "a mark that the tokenizer does not know is text"


@pytest.mark.parametrize(
    ("adds_bos", "begins"), [(True, "{{ if .System }}<start"), (False, "{{ if .System }}<bos><start")]
)
def test_bos_is_written_once(adds_bos: bool, begins: str) -> None:
    template = ChatTemplate(GEMMA, bos="<bos>", eos="<eos>")
    assert generate(template, adds_bos=adds_bos).text.startswith(begins)
    text = template.render(BATTERY["a question"])
    assert without_bos(text, bos="<bos>", adds_bos=adds_bos).startswith("<bos>") is not adds_bos


def test_what_cannot_be_equal_is_named() -> None:
    assert "tools and calls (blanks and order in JSON)" in generate(ChatTemplate(CHATML), adds_bos=False).differences
    assert "blanks at a text's ends" in generate(ChatTemplate(GEMMA, bos="<bos>"), adds_bos=True).differences
    assert "blanks at a text's ends" not in generate(ChatTemplate(UNSEEN), adds_bos=False).differences


def test_a_template_that_go_cannot_follow_is_left_to_raw_prompts() -> None:
    dated = "{{ strftime_now('%H:%M:%S.%f') }}" + UNSEEN
    upper = UNSEEN.replace("message.content +", "message.content | upper +")
    for template in (dated, upper):
        made = generate(ChatTemplate(template), adds_bos=False)
        assert (made.text, made.is_bare, made.has_tools) == (BARE, True, False)
        assert made.differences


@pytest.mark.ollama
@pytest.mark.model
class TestServer:
    @pytest.mark.parametrize("template", [CHATML, UNSEEN, INSTRUCT], ids=["chatml", "unseen", "instruct"])
    def test_every_conversation_gives_the_trained_text_and_tokens(
        self, make: Callable[..., Made], tiny_file: Path, template: str
    ) -> None:
        made = make(f"t{abs(hash(template)) % 10**6}", tiny_file, template)
        asked, texts = made.planned.chat_template, []
        knows_system = template is not INSTRUCT
        before = len(made.live.ids())
        for name, messages in BATTERY.items():
            if knows_system or ("system" not in name and messages[0]["role"] != "system"):
                made.trial.served.chat(messages, tokens=1)
                texts.append(asked.render(messages))
        assert len(texts) >= 3
        assert made.live.prompts()[-len(texts) :] == texts
        assert made.trial.reference is not None
        encoded = made.live.ids()[before:]
        for text in texts:
            assert made.trial.reference.ids(text) in encoded

    def test_tools_calls_and_results_differ_in_blanks_alone(self, make: Callable[..., Made], tiny_file: Path) -> None:
        made = make("tools-text", tiny_file, CHATML, protocol="native")
        call = {"type": "function", "function": {"name": "find_order", "arguments": {"order": "A1"}}}
        messages = [
            {"role": "user", "content": "Find A1"},
            {"role": "assistant", "content": "", "tool_calls": [call, call]},
            {"role": "tool", "content": "delivered", "name": "find_order"},
            {"role": "assistant", "content": "I look again.", "tool_calls": [call]},
            {"role": "tool", "content": "gone", "name": "find_order"},
        ]
        made.trial.served.chat(messages, tokens=1, tools=[TOOL])
        trained = made.planned.chat_template.render(messages, tools=[TOOL])
        sent = made.live.prompts()[-1]
        assert sorted(sent.replace(" ", "")) == sorted(trained.replace(" ", ""))
        assert sent.partition("Functions:")[0] == trained.partition("Functions:")[0]
        assert sent.partition("Call one in")[2].replace(" ", "") == trained.partition("Call one in")[2].replace(" ", "")
