"""One base in memory under several adapters, with the real llama.cpp: nobody hears another's voice.

The models are small and random, so that an answer under a wrong adapter, or from keys and values that another adapter
left behind, is another answer.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from agents.errors import ModelUnavailable
from agents.models.llama_engine import Engine
from agents.models.llamacpp import ChatLlamaCpp

pytest.importorskip("torch")
SHOP = "You are the assistant of a shop. The parcel, the lamp and the order are what customers ask of. " * 3
SEA = "Whales and ships cross the sea, and the wind is cold in the morning of the long winter. " * 4
QUESTIONS = ("How long do I have to return a lamp?", "Who brings the parcel?", "退货期限是多少天？")
NAMES = ("", "first", "second")


@dataclass(frozen=True, slots=True)
class Files:
    base: Path
    first: Path
    second: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    from finetune.exporting.gguf import read_source, write_gguf
    from finetune.exporting.lora_gguf import write_lora
    from tests.finetune.exported_runs import make_run

    home = tmp_path_factory.mktemp("adapted")
    made = Files(home / "base.gguf", home / "first.gguf", home / "second.gguf")
    for seed, target in enumerate((made.first, made.second), 1):
        run = make_run(home, name=target.stem, width=128, std=0.3, seed=seed)
        source = read_source(run.base.folder)
        assert run.adapter is not None
        write_lora(source, run.adapter, target, name=target.stem)
        if not made.base.is_file():
            write_gguf(source, made.base, name="base")
    return made


@pytest.fixture
def chat(files: Files) -> Iterator[ChatLlamaCpp]:
    made = ChatLlamaCpp(
        path=files.base,
        context_tokens=2048,
        conversations=1,  # as tight as can be: who asks takes over the slot of who asked before
        threads=1,
        adapters=(("first", files.first), ("second", files.second)),
    )
    yield made
    made.close()


def ask(chat: ChatLlamaCpp, adapter: str, question: str, *, system: str = SHOP) -> str:
    speaker = chat.model_copy(update={"adapter": adapter})
    return speaker.invoke([SystemMessage(system), HumanMessage(question)], max_tokens=16).text


def alone(files: Files, adapter: str, question: str) -> str:
    """Return what is said by an engine that was never asked anything else."""
    made = ChatLlamaCpp(
        path=files.base,
        context_tokens=2048,
        conversations=1,
        threads=1,
        adapters=() if not adapter else ((adapter, getattr(files, adapter)),),
    )
    try:
        return ask(made, adapter, question)
    finally:
        made.close()


@pytest.fixture(scope="module")
def expected(files: Files) -> dict[tuple[str, str], str]:
    said = {(name, question): alone(files, name, question) for name in NAMES for question in QUESTIONS}
    assert len({said[name, QUESTIONS[0]] for name in NAMES}) == 3, "adapters that say the same would prove nothing"
    return said


def test_the_base_is_unchanged_and_each_adapter_says_what_it_says_alone(
    chat: ChatLlamaCpp, expected: dict[tuple[str, str], str]
) -> None:
    order = ("", "first", "second", "first", "", "second", "")
    for question in QUESTIONS:
        assert [ask(chat, name, question) for name in order] == [expected[name, question] for name in order]


def test_keys_and_values_of_another_adapter_are_not_taken_over(
    chat: ChatLlamaCpp, expected: dict[tuple[str, str], str]
) -> None:
    """A prompt that the base has read, pushed out by another one under an adapter, and then asked under that adapter.

    The server's own cache of prompts fails here: it gives the adapter the base's numbers.
    """
    question = QUESTIONS[0]
    assert ask(chat, "", question) == expected["", question]
    ask(chat, "first", question, system=SEA)
    assert ask(chat, "first", question) == expected["first", question]
    ask(chat, "", question, system=SEA)
    assert ask(chat, "", question) == expected["", question]


def test_from_many_threads_nobody_hears_another(chat: ChatLlamaCpp, expected: dict[tuple[str, str], str]) -> None:
    wrong: list[tuple[str, str, str]] = []

    def talk(name: str, first: int) -> None:
        for turn in range(4):
            question = QUESTIONS[(first + turn) % len(QUESTIONS)]
            said = ask(chat, name, question)
            if said != expected[name, question]:
                wrong.append((name, question, said))

    threads = [threading.Thread(target=talk, args=(name, first)) for first in range(2) for name in NAMES]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []


def test_taking_turns_leaves_prompts_warm(chat: ChatLlamaCpp) -> None:
    def read(name: str, question: str) -> int:
        body = {"messages": [{"role": "system", "content": SHOP}, {"role": "user", "content": question}]}
        chunks = list(chat.engine().stream({**body, "max_tokens": 1}, timeout_seconds=30, adapter=name))
        return next(int(chunk["timings"]["prompt_n"]) for chunk in chunks if "timings" in chunk)

    cold = {name: read(name, QUESTIONS[0]) for name in ("first", "second")}
    warm = {name: read(name, QUESTIONS[1]) for name in ("first", "second")}
    assert all(warm[name] < cold[name] / 2 for name in cold)


def test_an_adapter_that_is_not_loaded_is_not_replaced_by_the_base(chat: ChatLlamaCpp, files: Files) -> None:
    with pytest.raises(ModelUnavailable, match="'third' is not loaded"):
        ask(chat, "third", QUESTIONS[0])
    engine = Engine.load(files.base, context_tokens=2048, conversations=1, threads=1)
    with pytest.raises(ModelUnavailable, match="'first' is not loaded"):
        list(engine.stream({"messages": []}, timeout_seconds=5, adapter="first"))
    Engine.unload(files.base)


def test_a_file_that_llama_cpp_refuses_is_named(files: Files, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF no more")
    options: dict[str, Any] = {"context_tokens": 512, "conversations": 1, "threads": 1}
    for file in (broken, files.base):
        with pytest.raises(ModelUnavailable, match=rf"(?s)with the adapters .*{file.name}.*frontdesk adapters list"):
            Engine.load(files.base, adapters=(("bad", file),), **options)
