import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.examples import Example, write
from finetune.going_on import remembered
from finetune.judging import learned
from finetune.labels import label_head
from finetune.runs import MANIFEST, Run, finish, open_run, run_folder
from finetune.training import Request, hold_out, labels_of, prepare, protocol_of, train

pytest.importorskip("trl")

Write = Callable[[Sequence[Example], str], Path]
ROOT = Path(__file__).parents[2]
QUICK = ("epochs=4", "batch_size=8", "precision=float32", "dropout=0.1")
COMMAND = """
import sys
from pathlib import Path
from finetune.training import Request, prepare, train
home, data, heldout, base, *words = sys.argv[1:]
request = Request((Path(data),), "killed", heldout=(Path(heldout),), base=base, recipe="lora", overrides=tuple(words))
train(prepare(request, home=Path(home)), home=Path(home))
"""


@pytest.fixture
def request_of(intents: tuple[Example, ...], write_examples: Write, tiny_base: Base) -> Callable[..., Request]:
    """Return what makes a request: sixteen examples to learn from, eight held out."""
    data, heldout = write_examples(intents[:16], "train.jsonl"), write_examples(intents[16:], "heldout.jsonl")

    def request(name: str, **other: object) -> Request:
        made = Request((data,), name, heldout=(heldout,), base=str(tiny_base.folder), recipe="lora", overrides=QUICK)
        return replace(made, **other)  # type: ignore[arg-type]

    return request


def weights(run: Run) -> "dict[str, object]":
    from safetensors.torch import load_file

    folder = run.adapter or run.folder / "model"
    return dict(load_file(next(folder.glob("*.safetensors"))))


def assert_same(one: Run, other: Run) -> None:
    import torch

    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    for name in first:
        torch.testing.assert_close(first[name], second[name], atol=1e-6, rtol=1e-5)


def assert_near(one: Run, other: Run) -> None:
    """What was learned is the same but for a hundredth: Adam makes much of how small gradients are rounded."""
    first, second = weights(one), weights(other)
    learned = [name for name in first if "lora_B" in name]  # they begin at nought
    assert learned
    for name in learned:
        difference = first[name] - second[name]  # type: ignore[operator]
        assert difference.norm() < 0.01 * first[name].norm(), name  # type: ignore[attr-defined]


def losses_of(run: Run) -> list[float]:
    lines = [json.loads(line) for line in (run.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


def test_a_run_learns_and_says_what_it_did(request_of: Callable[..., Request], tmp_path: Path) -> None:
    seen: list[object] = []
    run = train(prepare(request_of("learned"), home=tmp_path), home=tmp_path, progress=seen.append)
    manifest = json.loads((run.folder / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["labels"] == ["order_status", "price", "returns"]
    assert manifest["tells_labels_by"] == "state"
    head = label_head.load(run.folder)
    assert head is not None
    assert head.labels == run.labels
    assert manifest["steps"] == 8
    assert 0 < manifest["trainable_share"] < 1
    assert manifest["tokens_per_second"] > 0
    assert manifest["peak_memory_bytes"] > 50_000_000
    lines = [json.loads(line) for line in (run.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    losses = [line["loss"] for line in lines if "loss" in line]
    held = [line["heldout_loss"] for line in lines if "heldout_loss" in line]
    assert len(losses) == 8
    assert len(held) == 4
    assert held[-1] < held[0]
    assert manifest["heldout_loss"] == pytest.approx(min(held), abs=1e-4), "the best of the weights is kept"
    assert lines[0] == {"step": 0, "steps": 8}, "told before the first step, which may take long"
    assert seen == lines
    prepared = prepare(request_of("learned"), home=tmp_path)
    assert learned.shared(prepared.train, run.folder) == 16
    assert learned.shared(prepared.heldout, run.folder) == 0
    assert (run.folder / "chat_template.jinja").is_file()
    assert list((run.folder / "tensorboard").glob("events*"))


def test_what_is_finished_is_not_trained_twice(request_of: Callable[..., Request], tmp_path: Path) -> None:
    first = train(prepare(request_of("once"), home=tmp_path), home=tmp_path)
    again = train(prepare(request_of("once"), home=tmp_path), home=tmp_path)
    assert again.manifest["created"] == first.manifest["created"]


@pytest.mark.parametrize("recipe", ["qlora", "full"])
def test_other_recipes_learn_too(request_of: Callable[..., Request], tmp_path: Path, recipe: str) -> None:
    words = tuple(word for word in QUICK if recipe != "full" or not word.startswith("dropout"))
    run = train(prepare(request_of(recipe, recipe=recipe, overrides=words), home=tmp_path), home=tmp_path)
    assert (run.adapter is None) == (recipe == "full")
    assert run.manifest["trainable_share"] == 1 if recipe == "full" else run.manifest["trainable_share"] < 1
    lines = [json.loads(line) for line in (run.folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    losses = [line["loss"] for line in lines if "loss" in line]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("variant", ["plain", "rslora", "dora", "pissa"])
def test_an_adapter_over_the_base_that_others_load_is_what_was_trained(
    request_of: Callable[..., Request], tmp_path: Path, variant: str
) -> None:
    keep = "keep=0" if variant == "pissa" else "keep=1"  # PiSSA's base is no longer there to keep to
    request = request_of(variant, overrides=(*QUICK, "learning_rate=1e-2", f"variant={variant}", keep))
    run = train(prepare(request, home=tmp_path), home=tmp_path)
    config = json.loads((run.folder / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert (config["use_rslora"], config["use_dora"]) == (variant == "rslora", variant == "dora")
    assert config["init_lora_weights"] is True, "loading must not change the base"
    tuned, untuned = loss_of(run, run.adapter, request.heldout[0]), loss_of(run, None, request.heldout[0])
    assert tuned == pytest.approx(run.manifest["heldout_loss"], abs=1e-4)
    assert abs(tuned - untuned) > 1e-2
    assert not (run.folder / "first_values").exists()


def loss_of(run: Run, adapter: Path | None, heldout: Path) -> float:
    import torch

    from finetune.batches import NOT_LEARNED
    from finetune.examples import read
    from finetune.recipes.trainer import Collator
    from finetune.rendering import render
    from finetune.weights import load

    loaded = load(run.base, adapter=adapter)
    batch = Collator("padded", torch.float32).tensors([render(one, loaded.tokenizer) for one in read(heldout)])
    labels, _ = batch.pop("labels").flatten(), batch.pop("tokens")
    with torch.no_grad():
        logits = loaded.model(**batch, use_cache=False).logits.flatten(0, 1)
    return float(torch.nn.functional.cross_entropy(logits, labels, ignore_index=NOT_LEARNED))


def test_what_4_bits_cannot_bear_is_told(request_of: Callable[..., Request], tmp_path: Path) -> None:
    request = request_of("split", recipe="qlora", overrides=("variant=pissa",))
    with pytest.raises(FinetuneError, match="cannot be done in 4 bits"):
        train(prepare(request, home=tmp_path), home=tmp_path)


def test_plain_text_is_learned_by_its_own_recipe(
    request_of: Callable[..., Request], write_examples: Write, tmp_path: Path
) -> None:
    texts = [
        Example(({"role": "assistant", "content": f"the lamp {n} is back"},), "text", "d", str(n)) for n in range(9)
    ]
    request = request_of("read", data=(write_examples(texts, "text.jsonl"),), heldout=(), recipe="continue")
    assert train(prepare(request, home=tmp_path), home=tmp_path).manifest["tasks"] == ["text"]
    with pytest.raises(FinetuneError, match="examples for intent"):
        train(prepare(request_of("chat", recipe="continue"), home=tmp_path), home=tmp_path)


def test_a_kill_anywhere_changes_nothing_about_the_end(
    request_of: Callable[..., Request], tmp_path: Path, tiny_base: Base
) -> None:
    whole = train(prepare(request_of("whole"), home=tmp_path), home=tmp_path)
    request = request_of("killed")
    command = [sys.executable, "-W", "ignore", "-c", COMMAND, str(tmp_path), str(request.data[0])]
    command += [str(request.heldout[0]), str(tiny_base.folder), *QUICK]
    log, checkpoints = tmp_path / "runs/killed/log.jsonl", tmp_path / "runs/killed/checkpoints"
    moments = (
        log.is_file,
        lambda: any(checkpoints.glob("checkpoint-2/*.safetensors")),  # perhaps while it is written
        lambda: any(checkpoints.glob("checkpoint-6/complete")),
    )
    ends = []
    for moment in moments:
        process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while not moment() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
        ends.append(process.returncode)
        assert process.returncode in {-signal.SIGKILL, 0}, errors.decode()
    assert ends[:2] == [-signal.SIGKILL] * 2, "the last may have been done before it could be killed"
    assert not (tmp_path / "runs/killed" / MANIFEST).exists() or ends[2] == 0
    gone_on = train(prepare(request, home=tmp_path), home=tmp_path)
    assert_same(whole, gone_on)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert [line["step"] for line in lines if "loss" in line] == list(range(1, 9))


def test_a_wish_to_stop_is_obeyed_and_gone_on_from(request_of: Callable[..., Request], tmp_path: Path) -> None:
    whole = train(prepare(request_of("whole"), home=tmp_path), home=tmp_path)
    prepared = prepare(request_of("stopped"), home=tmp_path)

    def stop(line: object) -> None:
        if isinstance(line, dict) and line["step"] == 3:
            (prepared.folder / "stop").touch()

    with pytest.raises(KeyboardInterrupt):
        train(prepared, home=tmp_path, progress=stop)
    assert not (prepared.folder / MANIFEST).exists()
    assert_same(whole, train(prepare(request_of("stopped"), home=tmp_path), home=tmp_path))


def test_a_kill_within_a_long_pass_loses_minutes(
    request_of: Callable[..., Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here every step takes longer than the longest time between two checkpoints."""
    whole = train(prepare(request_of("whole"), home=tmp_path), home=tmp_path)
    prepared = prepare(request_of("killed"), home=tmp_path)
    seen: list[int] = []

    class Killed(Exception):
        pass

    def kill(line: Mapping[str, Any]) -> None:
        seen.append(line["step"])
        if line["step"] == 4:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("finetune.recipes.trainer.CHECKPOINT_SECONDS", 0.0)
        with pytest.raises(Killed):
            train(prepared, home=tmp_path, progress=kill)
    marked = {path.parent.name for path in (prepared.folder / "checkpoints").glob("checkpoint-*/complete")}
    assert "checkpoint-3" in marked, "between two passes of two steps"
    seen.clear()
    assert_same(
        whole,
        train(
            prepare(request_of("killed"), home=tmp_path), home=tmp_path, progress=lambda line: seen.append(line["step"])
        ),
    )
    assert seen[:2] == [3, 4], "told where it goes on, before that step is made"


@pytest.mark.parametrize("when", ["while it learns in vain", "when it has stopped"])
def test_a_kill_changes_nothing_about_when_a_run_stops_early(
    request_of: Callable[..., Request],
    intents: tuple[Example, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
) -> None:
    """The longer it learns, the less it expects the held-out answers, which are wrong: after two measurements it stops.

    Here a kill is an error that nobody catches: what lies in the run's folder is the same.
    """
    wrong = {"order_status": "returns", "returns": "price", "price": "order_status"}
    heldout = [
        replace(
            one, messages=(one.messages[0], {"role": "assistant", "content": wrong[str(one.messages[1]["content"])]})
        )
        for one in intents[16:]
    ]
    numbers = ("epochs=9", "batch_size=8", "precision=float32", "patience=2", "learning_rate=1e-2")
    write(heldout, tmp_path / "wrong.jsonl")
    asked = {"heldout": (tmp_path / "wrong.jsonl",), "overrides": numbers}
    whole = train(prepare(request_of("whole", **asked), home=tmp_path), home=tmp_path)
    steps = whole.manifest["steps"]
    assert 4 < steps < 18, "it stopped early"

    class Killed(Exception):
        pass

    def kill(line: Mapping[str, Any]) -> None:
        if line["step"] == steps - 1:
            raise Killed

    def kill_at_the_end(*_: object) -> None:
        raise Killed

    progress = kill if when == "while it learns in vain" else None
    with monkeypatch.context() as patch:
        if progress is None:
            patch.setattr("finetune.recipes.adapting._save", kill_at_the_end)
        with pytest.raises(Killed):
            train(prepare(request_of("killed", **asked), home=tmp_path), home=tmp_path, progress=progress)
    gone_on = train(prepare(request_of("killed", **asked), home=tmp_path), home=tmp_path)
    assert gone_on.manifest["steps"] == steps
    assert gone_on.manifest["epochs"] == whole.manifest["epochs"]
    assert_same(whole, gone_on)


def test_a_run_that_diverges_says_so_and_ends(request_of: Callable[..., Request], tmp_path: Path) -> None:
    request = request_of("wild", overrides=(*QUICK, "learning_rate=8e30"))
    with pytest.raises(
        FinetuneError, match=r"The run diverged: at step \d .* is no finite number.*learning_rate=2e\+30"
    ):
        train(prepare(request, home=tmp_path), home=tmp_path)
    folder = tmp_path / "runs" / "wild"
    assert not (folder / MANIFEST).exists()
    for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=pytest.fail)


@pytest.mark.slow
def test_two_processes_train_one_run_as_one_would(
    request_of: Callable[..., Request], tmp_path: Path, tiny_base: Base
) -> None:
    """No dropout, of which each process draws its own; no grouping by length, which goes by what one process reads."""
    numbers = ("epochs=4", "batch_size=8", "precision=float32", "dropout=0.0", "layout=shared")
    request = request_of("alone", overrides=numbers)
    alone = train(prepare(request, home=tmp_path), home=tmp_path)
    launch = [sys.executable, "-W", "ignore", "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes=2"]
    launch += ["--num_machines=1", "--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0"]
    command = ["-m", "assistant.cli", "finetune", "train", "--data", str(request.data[0]), "--json", *numbers]
    command += ["--heldout", str(request.heldout[0]), "--base", str(tiny_base.folder), "--recipe=lora", "--run=both"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "FRONTDESK_HOME": str(tmp_path)}
    done = subprocess.run([*launch, *command], env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    manifest = json.loads(done.stdout)  # exactly one object, of the first process
    both = open_run("both", home=tmp_path)
    assert both.manifest == manifest
    assert manifest["processes"] == 2
    assert manifest["tokens"] == alone.manifest["tokens"] > 0
    assert manifest["steps"] == alone.manifest["steps"] == 8
    assert manifest["heldout_loss"] == pytest.approx(alone.manifest["heldout_loss"], abs=1e-4)
    losses = losses_of(both)
    assert losses == pytest.approx(losses_of(alone), abs=1e-3)
    assert losses[-1] < losses[0]
    assert len(list((both.folder / "tensorboard").glob("events*"))) == 1
    assert_near(alone, both)
    begun = remembered(both.folder)
    assert begun is not None
    assert begun.words[1:3] == ("-W", "ignore"), "the launcher's own words"


def test_a_step_that_cannot_be_shared_out_is_refused(
    request_of: Callable[..., Request], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("finetune.processes.count", lambda: 3)
    monkeypatch.setattr("finetune.processes.wait", lambda: None)
    with pytest.raises(FinetuneError, match=r"batch_size=8 cannot be shared out evenly among 3 .*batch_size=9"):
        train(prepare(request_of("three"), home=tmp_path), home=tmp_path)


def test_a_run_that_was_begun_with_something_else_is_left_alone(
    request_of: Callable[..., Request], tmp_path: Path
) -> None:
    train(prepare(request_of("mine"), home=tmp_path), home=tmp_path)
    with pytest.raises(FinetuneError, match=r"begun with other seed\. Next"):
        prepare(request_of("mine", seed=3), home=tmp_path)


def test_a_run_whose_base_was_mistyped_is_begun_anew(request_of: Callable[..., Request], tmp_path: Path) -> None:
    typo = request_of("mine", base="embeded", overrides=(*QUICK, "epochs=1"))
    with pytest.raises(FinetuneError, match="'embeded' is no folder"):
        train(prepare(typo, home=tmp_path), home=tmp_path)
    left = run_folder("mine", home=tmp_path) / "own_texts.json"
    left.write_text("what another base wrote", encoding="utf-8")

    run = train(prepare(request_of("mine", overrides=(*QUICK, "epochs=1")), home=tmp_path), home=tmp_path)
    assert run.manifest["steps"] > 0
    assert not left.is_file() or left.read_text(encoding="utf-8") != "what another base wrote"


def test_a_base_that_was_filled_anew_is_another_base(
    request_of: Callable[..., Request], tmp_path: Path, tiny_base: Base
) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny_base.folder, base)
    request = request_of("mine", base=str(base), overrides=(*QUICK, "epochs=1"))
    first = train(prepare(request, home=tmp_path), home=tmp_path)
    assert train(prepare(request, home=tmp_path), home=tmp_path).manifest == first.manifest

    weights_file = next(base.glob("*.safetensors"))
    changed = bytearray(weights_file.read_bytes())
    changed[len(changed) // 2 :] = bytes(len(changed) - len(changed) // 2)
    weights_file.write_bytes(changed)
    for unfinished in (False, True):
        if unfinished:
            (first.folder / MANIFEST).unlink()
        with pytest.raises(FinetuneError, match="begun with another model: what lies in"):
            train(prepare(request, home=tmp_path), home=tmp_path)
    shutil.rmtree(base)
    finish(first.folder, first.manifest)
    assert train(prepare(request, home=tmp_path), home=tmp_path).manifest == first.manifest, "what is gone is not other"


@pytest.mark.parametrize("overlap", [(10, "6 held-out examples stand in"), (15, "1 held-out example stands in")])
def test_held_out_examples_in_the_training_data_are_refused(
    request_of: Callable[..., Request],
    write_examples: Write,
    intents: tuple[Example, ...],
    tmp_path: Path,
    overlap: tuple[int, str],
) -> None:
    first, told = overlap
    heldout = write_examples(intents[first:20], "overlap.jsonl")
    with pytest.raises(FinetuneError, match=told):
        prepare(request_of("leak", heldout=(heldout,)), home=tmp_path)


def test_an_empty_held_out_file_names_what_helps(request_of: Callable[..., Request], tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("\n", encoding="utf-8")
    with pytest.raises(
        FinetuneError, match=r"Nothing is held out in .*empty\.jsonl\. Next: leave out --heldout .*empty"
    ):
        prepare(request_of("empty", heldout=(empty,)), home=tmp_path)


def test_a_run_is_trained_by_one_process_at_a_time(request_of: Callable[..., Request], tmp_path: Path) -> None:
    from filelock import FileLock

    prepared = prepare(request_of("busy"), home=tmp_path)
    prepared.folder.mkdir(parents=True)
    with FileLock(prepared.folder / "lock"), pytest.raises(FinetuneError, match="Another process"):
        train(prepared, home=tmp_path)


def test_a_tenth_is_held_out_by_conversation_where_there_is_enough() -> None:
    examples = [
        Example(({"role": "user", "content": str(n)}, {"role": "assistant", "content": "x"}), "voice", "s", str(n // 2))
        for n in range(400)
    ]
    kept, held = hold_out(examples)
    assert len(held) == 40
    assert not {one.conversation for one in kept} & {one.conversation for one in held}
    assert hold_out(examples) == (kept, held)
    assert hold_out(examples[:50]) == (tuple(examples[:50]), ())


@pytest.mark.parametrize("conversations", [1, 2, 150])
def test_what_is_held_out_leaves_enough_to_learn_from(conversations: int) -> None:
    """Examples made from one document are one conversation, which a draw by name would hold out or not as a whole."""
    for name in range(40):
        examples = [
            Example(({"role": "user", "content": str(n)}, {"role": "assistant", "content": "x"}), "answer", "documents",
                    f"document {name}/{n % conversations}")
            for n in range(150)
        ]  # fmt: skip
        kept, held = hold_out(examples)
        assert len(held) == (15 if conversations == 150 else 0)
        assert len(kept) + len(held) == 150


def test_nothing_to_learn_from_is_told_before_a_model_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match=r"no example to learn from.*--data FILE"):
        prepare(Request((), "none"), home=tmp_path)


def test_few_of_each_label_are_all_learned_from(intents: tuple[Example, ...]) -> None:
    many = [replace(one, conversation=f"{one.conversation}/{copy}") for copy in range(10) for one in intents]
    assert hold_out(many)[1]
    assert hold_out(intents[:3] * 6)[1] == ()
    assert labels_of(intents) == ("order_status", "price", "returns")
    step = replace(intents[0], task="agent")
    native = replace(step, tools=({"type": "function"},))
    assert [protocol_of(some) for some in (intents, [step], [native, step], [native, *intents])] == [
        "json",
        "json",
        "json",
        "native",
    ]
    assert labels_of([replace(intents[0], task="voice")]) == ()
