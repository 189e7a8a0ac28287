"""Which model is judged, and what it says: a name in, greedy replies out.

    "embedded" | RUN | RELEASE | FOLDER | FILE.gguf | ollama:NAME | base:RUN -> Subject -> predictions

A run and a folder are read by torch, in 16 or 32 bit with the adapter on top; everything else is asked as it serves.
Labels are told by a run's state where it learned to (`finetune.labels.label_head`), else by the likeliest of them.
Likelihoods are torch's: those of a GGUF are of its weights, de-quantized once, in exact arithmetic.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from agents.models import ModelOptions
from agents.models.llamacpp import file_in_process
from agents.models.loading import resolve
from finetune.bases import Base, open_base
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.labels import label_head
from finetune.releases import open_release
from finetune.runs import NAME, open_run, runs
from finetune.weights import libraries

if TYPE_CHECKING:
    from finetune.weights import Loaded

BASE = "base:"
"""Before a run's name: the model that the run was tuned from, read the same way."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A model that is judged."""

    name: str
    """As it was asked for."""
    base: Base | None = None
    """What torch reads; None where the model is only asked as it serves."""
    adapter: Path | None = None
    setting: str = ""
    """What `agents.models` calls it; "" for what torch reads."""
    labels: tuple[str, ...] = ()
    """The closed set of answers that it was tuned on; () where it answers freely."""
    folder: Path | None = None
    """The run's, where it may have learned to tell labels by its state; None for what has no run."""
    source: str = ""
    """A base's name or a .gguf file: where likelihoods can be had when `base` is None; "" where they cannot."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model said instead of an example's last message."""

    index: int
    """The example's place in the file, from 0."""
    expected: str
    predicted: str


def open_subject(name: str, *, home: Path) -> Subject:
    """Return the model of a name.

    Raises:
        FinetuneError: nothing of this name is here.
    """
    if name.startswith(BASE):
        return Subject(name, open_run(name.removeprefix(BASE), home=home).untuned)
    if name == "embedded":
        return Subject(name, setting=name, source=name)
    if name.startswith(("ollama:", "embedded:", "openai:", "scripted:")):
        return Subject(name, setting=name)
    path = Path(name).expanduser()
    if path.is_file():
        return Subject(name, setting=f"gguf:{path}", source=str(path))
    is_name = NAME.fullmatch(name) is not None
    if is_name and (home / "releases" / name / "manifest.json").is_file():
        return _release(name, home)
    if (is_name and (home / "runs" / name).is_dir()) or (path / "manifest.json").is_file():
        run = open_run(name, home=home)
        return Subject(name, run.base, run.adapter, labels=run.labels, folder=run.folder)
    if path.is_dir():
        return Subject(name, open_base(name, home=home))
    known = ", ".join(run.name for run in runs(home)) or "none yet"
    raise FinetuneError(
        f"There is no model {name!r}: no run (finished: {known}), no release, no folder and no file. Next: name a run, "
        "a release, embedded, a model's folder, a .gguf file or ollama:NAME."
    )


def require(subjects: Sequence[Subject], *, options: ModelOptions, replies: bool, likelihoods: bool) -> None:
    """Refuse models that cannot be measured, before any is: the first one may take minutes. None is loaded.

    Args:
        replies: Whether they will be asked for replies.
        likelihoods: Whether they will be asked how likely a text is.

    Raises:
        FinetuneError: torch is missing, or a model tells no likelihoods where they are asked for.
        ModelUnavailable: a served model's file or server is missing.
    """
    for subject in subjects:
        if likelihoods:
            _require_likelihoods(subject)
        served_elsewhere = subject.setting and file_in_process(subject.setting, options) is None
        if served_elsewhere and replies:
            resolve(subject.setting, options).close()
        if likelihoods or not subject.setting:
            with libraries():
                pass


def predict(
    subject: Subject,
    examples: Sequence[Example],
    *,
    options: ModelOptions,
    labels: Sequence[str] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> tuple[Prediction, ...]:
    """Ask a model for the last message of every example, greedily, and return what it said in their order.

    Args:
        options: what the served back ends need.
        labels: the closed set of an intent's answers; None takes the model's own.

    Raises:
        FinetuneError: the model or torch cannot be had, or a plain text stands among the examples.
        ModelUnavailable: a served model failed.
    """
    if any(example.task == "text" for example in examples):
        raise FinetuneError(
            "A plain text has no reply that could be judged. Next: take the examples of task text out, and measure "
            "them with frontdesk finetune compare MODEL --text FILE."
        )
    closed = subject.labels if labels is None else tuple(labels)
    said = [""] * len(examples)
    parts = (
        [place for place, example in enumerate(examples) if example.task == "intent" and closed],
        [place for place, example in enumerate(examples) if example.task != "intent" or not closed],
    )
    with closing(_Speaker(subject, options)) as speaker:
        for part, allowed, before in zip(parts, (closed, ()), (0, len(parts[0])), strict=True):
            report = partial(_report, progress, before, len(examples))
            texts = speaker.replies([examples[place] for place in part], labels=allowed, progress=report)
            for place, text in zip(part, texts, strict=True):
                said[place] = text
    return tuple(Prediction(place, expected_of(example), said[place]) for place, example in enumerate(examples))


def load_for_likelihood(subject: Subject, *, home: Path) -> "Loaded":
    """Return a model that can say how likely a text is.

    Raises:
        FinetuneError: torch is missing, or only a server knows the model.
    """
    from finetune.weights import load

    _require_likelihoods(subject)
    return load(subject.base or open_base(subject.source, home=home), adapter=subject.adapter)


def _require_likelihoods(subject: Subject) -> None:
    if subject.base is None and not subject.source:
        raise FinetuneError(
            f"{subject.name} tells no likelihoods: its server says only what it chose. Next: name the run or the .gguf "
            "file that it was made from, or leave out --retention and --text."
        )


def expected_of(example: Example) -> str:
    """Return an example's last message as text; a call of a tool as the step that `agents.protocols` reads."""
    last = example.messages[-1]
    calls = last.get("tool_calls") or ()
    if not calls:
        return str(last["content"])
    function: Mapping[str, object] = calls[0].get("function") or calls[0]
    arguments = function.get("arguments") or {}
    known = json.loads(arguments) if isinstance(arguments, str) else arguments
    return json.dumps({"tool": function.get("name"), "arguments": known}, ensure_ascii=False)


def write(predictions: Sequence[Prediction], path: Path) -> None:
    """Write predictions, one a line: {"index", "expected", "predicted"}.

    Raises:
        FinetuneError: the file cannot be written.
    """
    lines = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in predictions)
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise FinetuneError(
            f"The predictions cannot be written to {path} ({error.strerror}). Next: choose a folder that exists."
        ) from error


def _report(progress: Callable[[int, int], None], before: int, total: int, done: int, _part: int) -> None:
    progress(before + done, total)


class _Speaker:
    """A model in memory, loaded when it is first asked."""

    def __init__(self, subject: Subject, options: ModelOptions) -> None:
        self.subject = subject
        if subject.setting:
            self.served = resolve(subject.setting, options)
        elif subject.base is not None:
            from finetune.weights import load

            self.loaded = load(subject.base, adapter=subject.adapter)
        self.head = label_head.load(subject.folder) if subject.folder is not None else None

    def replies(
        self, examples: Sequence[Example], *, labels: Sequence[str], progress: Callable[[int, int], None]
    ) -> list[str]:
        if not examples:
            return []
        if self.subject.setting:
            from finetune.judging import chat_replies

            return chat_replies.replies(self.served, examples, labels=labels, progress=progress)
        from finetune.judging import torch_replies

        if labels and self.head is not None and self.head.knows(labels):
            return self.head.tell(torch_replies.states(self.loaded, examples, progress=progress))
        return torch_replies.replies(self.loaded, examples, labels=labels, progress=progress)

    def close(self) -> None:
        if self.subject.setting:
            self.served.close()


def _release(name: str, home: Path) -> Subject:
    release = open_release(name, home=home)
    file = str(release.file())
    return Subject(name, setting=f"gguf:{file}", source=file, labels=release.labels)
