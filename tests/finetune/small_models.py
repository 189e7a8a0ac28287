"""Small random models of every family, with tokenizers trained on a few lines: folders as the hub has them."""

import json
from pathlib import Path
from typing import Any

from finetune.exporting.cutting_rules import RULES

LINES = (
    "How long do I have to return a lamp? You have thirty days to return it, unused and in its box.",
    "The warranty on a lantern battery is two years from the day of purchase, and a repair takes ten days.",
    "Order number 20260117 was sent to the address that you gave us; the carrier brings it between 9 and 12.",
    "Standard delivery costs 4.90 and takes three to five working days, express delivery costs 12 and takes one.",
    "退货期限是三十天，商品需要保持未使用的状态，并且装在原包装盒里。保修期是两年。",
)
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
MARKS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
PIECES = ("<pad>", "<eos>", "<bos>", "<unk>", "<|im_start|>", "<|im_end|>")


def byte_tokenizer(*, rule: str = "qwen2", size: int = 512) -> Any:
    """Return a byte-level BPE tokenizer that cuts text by a rule of the table."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(MARKS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(LINES * 3, trainer)
    data = json.loads(tokenizer.to_str())
    normalizer, steps = RULES[rule]
    data["normalizer"] = normalizer and dict(normalizer)
    data["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [{"trim_offsets": True, **step} for step in steps]}
    return Tokenizer.from_str(json.dumps(data))


def piece_tokenizer(*, size: int = 512, adds_space: bool = False) -> Any:
    """Return a tokenizer of SentencePiece's kind: pieces, bytes where there is none, every way to merge each piece."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trained.train_from_iterator(
        [line.replace(" ", "▁") for line in LINES * 3],
        trainers.BpeTrainer(vocab_size=size, special_tokens=[], show_progress=False),
    )
    made = json.loads(trained.to_str())["model"]
    characters = [text for text in made["vocab"] if len(text) == 1]
    merged = ["".join(pair) for pair in made["merges"]]
    tokens = list(dict.fromkeys([*PIECES, *(f"<0x{byte:02X}>" for byte in range(256)), *characters, *merged]))
    known = set(tokens)
    merges = [
        (text[:cut], text[cut:])
        for text in dict.fromkeys(merged)
        for cut in range(1, len(text))
        if text[:cut] in known and text[cut:] in known
    ]
    data = json.loads(Tokenizer(models.BPE(unk_token=None)).to_str())
    data["model"] |= {
        "vocab": {text: number for number, text in enumerate(tokens)},
        "merges": merges,
        "unk_token": "<unk>",
        "fuse_unk": True,
        "byte_fallback": True,
    }
    blank = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    opening = [{"type": "Prepend", "prepend": "▁"}] if adds_space else []
    data["normalizer"] = {"type": "Sequence", "normalizers": [*opening, blank]}
    data["added_tokens"] = [
        {
            "id": number,
            "content": text,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for number, text in enumerate(PIECES)
    ]
    return Tokenizer.from_str(json.dumps(data))


def config(family: str, *, rows: int, width: int = 64, layers: int = 2) -> Any:
    """Return a small configuration of a family, such as `qwen2`."""
    import transformers

    shared = {
        "vocab_size": rows,
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    head = {"head_dim": width // 4}
    classes: dict[str, tuple[str, dict[str, Any]]] = {
        "llama": ("LlamaConfig", {}),
        "llama3": ("LlamaConfig", {"rope_scaling": LLAMA3_POSITIONS}),
        "mistral": ("MistralConfig", head | {"sliding_window": None}),
        "qwen2": ("Qwen2Config", {"tie_word_embeddings": True}),
        "qwen3": ("Qwen3Config", head),
        "gemma": ("GemmaConfig", head),
        "gemma2": ("Gemma2Config", head | {"query_pre_attn_scalar": width // 4, "sliding_window": 64}),
        "gemma3": ("Gemma3TextConfig", head | {"query_pre_attn_scalar": width // 4, "sliding_window": 64}),
        "phi": ("PhiConfig", {"num_key_value_heads": 4}),
        "phi3": ("Phi3Config", {"sliding_window": None}),
    }
    name, special = classes[family]
    return getattr(transformers, name)(**(shared | special))


LLAMA3_POSITIONS = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 256,
}


def save_model(
    folder: Path, family: str, *, width: int = 64, layers: int = 2, rule: str = "qwen2", size: int = 512, spare: int = 0
) -> Path:
    """Write a random model of a family as a folder with bfloat16 weights, and return the folder.

    Args:
        spare: Rows of the embedding beyond the tokenizer's tokens.
    """
    import torch
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    pieces = family.startswith(("gemma", "mistral", "phi3"))
    tokenizer = piece_tokenizer(size=size) if pieces else byte_tokenizer(rule=rule, size=size)
    names = ("<bos>", "<eos>", "<pad>") if pieces else ("<|im_start|>", "<|im_end|>", "<|endoftext|>")
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=names[0], eos_token=names[1], pad_token=names[2], chat_template=TEMPLATE
    )
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config(family, rows=len(fast) + spare, width=width, layers=layers))
    for name, values in model.named_parameters():
        if "norm" in name or values.dim() < 2:
            torch.nn.init.normal_(
                values, mean=values.float().mean().item(), std=0.1
            )  # else a wrong norm would not show
    model.to(torch.bfloat16).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder
