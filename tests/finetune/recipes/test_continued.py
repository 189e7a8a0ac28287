import pytest

from finetune.errors import FinetuneError
from finetune.examples import Example
from tests.finetune.recipes.conftest import Train


def text(words: str) -> Example:
    return Example(({"role": "assistant", "content": words},), "text", "test", words)


def test_plain_text_is_learned_whole(train: Train) -> None:
    texts = [text(f"Where is my order {number}? The lamp came broken.") for number in range(4)]
    outcome, folder = train("continue", "rank=2", examples=texts)
    assert outcome.steps == 2
    assert outcome.train_loss > 0
    assert (folder / "adapter" / "adapter_model.safetensors").is_file()


def test_conversations_are_refused_by_their_task(train: Train) -> None:
    chat = Example(({"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}), "voice", "test", "c")
    with pytest.raises(FinetuneError, match="examples for voice"):
        train("continue", examples=[text("Plain."), chat])
