from agents.models.chat_template import ChatTemplate
from finetune.ollama.trials import Trained
from tests.finetune.served_releases import CHATML

QUESTION = {"role": "user", "content": "How long?"}
SYSTEM = {"role": "system", "content": "Be brief."}


def trained(**more: object) -> Trained:
    template = ChatTemplate("{{ bos_token }}" + CHATML, "<s>", "<|im_end|>")
    return Trained(template, adds_bos=True, stops=(), context_tokens=512, **more)  # type: ignore[arg-type]


def test_the_system_message_of_training_stands_first_where_there_is_none() -> None:
    own = trained(system="You sell lamps.")
    assert "system\nYou sell lamps.<|im_end|>" in own.rendered([QUESTION])
    assert "You sell lamps" not in own.rendered([SYSTEM, QUESTION])
    assert "system\nBe brief.<|im_end|>" in own.rendered([SYSTEM, QUESTION])


def test_what_is_sent_lacks_what_the_server_puts_first() -> None:
    text = trained().rendered([QUESTION])
    assert text.startswith("<s><|im_start|>")
    assert trained().sent(text) == text.removeprefix("<s>")
