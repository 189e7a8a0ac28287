"""A small random model to train on in seconds, examples for it, and a small shop's documents in a real library."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.answering import AnswerOptions
from agents.finding import find
from agents.transcript import Message
from finetune.bases import Base
from finetune.examples import Example
from finetune.labels.classifier_training import Labelled
from finetune.serving import Serving
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.passages import Passage

TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEXT = "where is my order the lamp came broken can i send it back who pays for the way what does a shade cost"
WORDS = tuple(TEXT.split())


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Return a random llama of two layers with a tokenizer and a template of its own."""
    torch = pytest.importorskip("torch")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("bases") / "tiny"
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator([TEXT] * 5, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=TEMPLATE
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=512,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return Base(str(folder), folder, "float32")


@pytest.fixture(scope="session")
def intents() -> tuple[Example, ...]:
    """Return twenty-four short questions of three labels."""
    labels = {"order_status": "where is my order", "returns": "can i send it back", "price": "what does a shade cost"}
    return tuple(
        intent(f"{text} {WORDS[number]} {WORDS[-number - 1]}", label, f"{label}:{number}")
        for number in range(8)
        for label, text in labels.items()
    )


@pytest.fixture(scope="session")
def labelled(intents: tuple[Example, ...]) -> Labelled:
    """Return the same as texts and labels."""
    pairs = [tuple(str(message["content"]) for message in one.messages) for one in intents]
    return Labelled(*(tuple(one) for one in zip(*pairs, strict=True)))


def intent(text: str, label: str, conversation: str = "c") -> Example:
    """Return an intent example without a system prompt."""
    return Example(
        ({"role": "user", "content": text}, {"role": "assistant", "content": label}), "intent", "test", conversation
    )


@pytest.fixture
def write_examples(tmp_path: Path) -> Callable[[Sequence[Example], str], Path]:
    """Return what writes examples into a file of a name."""

    def write(examples: Sequence[Example], name: str) -> Path:
        path = tmp_path / name
        lines = [
            json.dumps(
                {
                    "messages": [dict(message) for message in one.messages],
                    "meta": {"task": one.task, "source": one.source, "conversation": one.conversation},
                }
            )
            for one in examples
        ]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


DOCUMENTS = {
    "returns.md": """# Returns

## How long you have

You can send a lamp back within 30 days of delivery. Goods from the sale have 14 days.

## Who pays

We pay the postage of a return when the lamp arrived broken.
""",
    "delivery.md": """# Delivery

Standard delivery costs 9.50 euros and takes 4 to 6 working days.
Questions about a parcel go to parcels@lumen.example.
""",
    "warranty.md": """# Warranty

Every lamp has a warranty of 5 years. The battery of the Moorlight has a warranty of 1 year.
""",
    "退货.md": """# 退货政策

台灯可以在收货后 30 天内退回。拆开包装的灯泡不能退。退款在 5 个工作日内到账。
""",
}


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("shop")
    source = folder / "documents"
    source.mkdir()
    for name, text in DOCUMENTS.items():
        (source / name).write_text(text, encoding="utf-8")
    library = Library(LibraryOptions(home=folder / "home"), embedder=HashingEmbedder())
    assert not library.ingest([source]).failed
    yield library
    library.close()


@pytest.fixture(scope="session")
def serving(shop: Library) -> Serving:
    def search(question: str, history: Sequence[Message]) -> tuple[Passage, ...]:
        arguments: dict[str, Any] = {"collections": ("default",), "audiences": ("public",)}
        return find(shop, question, history, **arguments).passages

    return Serving(search, AnswerOptions(company="Lumen"))
