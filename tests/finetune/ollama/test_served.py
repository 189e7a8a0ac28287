from collections.abc import Callable
from pathlib import Path

import pytest

from agents.errors import ModelUnavailable
from finetune.ollama.served import Served, context_of
from tests.finetune.served_releases import CHATML, ONE_THREAD, Made

HELLO = [{"role": "user", "content": "Hello"}]


def test_the_context_among_the_parameters() -> None:
    assert context_of({"parameters": 'stop    "<|im_end|>"\nnum_ctx        2048\n'}) == 2048
    assert context_of({"parameters": "temperature 0"}) is None
    assert context_of({}) is None


def test_a_server_that_is_down_is_named_with_what_starts_it() -> None:
    with pytest.raises(ModelUnavailable, match="ollama serve"):
        Served("x", "http://127.0.0.1:9", timeout_seconds=2.0).version()


@pytest.fixture(scope="module")
def served(make: Callable[..., Made], tiny_file: Path) -> Served:
    made = make("served", tiny_file, CHATML)
    return Served("served", made.live.url, ONE_THREAD)


@pytest.mark.ollama
@pytest.mark.model
class TestServer:
    def test_the_same_prompt_by_every_way(self, served: Served) -> None:
        text = "<|im_start|>system\nYou help.<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\n"
        through, raw, bare = served.chat(HELLO, tokens=4), served.raw(text, tokens=4), served.bare(text, tokens=4)
        turn = served.one_turn("Hello", system="", tokens=4)
        assert through.prompt_tokens == raw.prompt_tokens == bare.prompt_tokens == turn.prompt_tokens
        assert through.text == raw.text == bare.text == turn.text
        assert (raw.context, through.ended) == ((), "length")
        assert bare.context == turn.context
        assert len(bare.context) > bare.prompt_tokens, "prompt and reply in token numbers"

    def test_greedy_unless_asked_otherwise(self, served: Served) -> None:
        assert served.chat(HELLO, tokens=6) == served.chat(HELLO, tokens=6)
        assert "".join(served.stream(HELLO, tokens=6)) == served.chat(HELLO, tokens=6).text

    def test_what_the_server_tells_of_the_model(self, served: Served) -> None:
        assert context_of(served.show()) == 2048
        assert served.version().count(".") == 2

    def test_a_model_that_is_not_there(self, served: Served) -> None:
        gone = Served("no-such-model", served.url)
        with pytest.raises(ModelUnavailable, match="has no model 'no-such-model'"):
            gone.show()
        with pytest.raises(ModelUnavailable, match="frontdesk register RELEASE"):
            list(gone.stream(HELLO, tokens=1))
