"""What a message wants, told by a tuned model that may say nothing but its labels.

    run -> merged -> F16 -> q8_0 GGUF, once -> Subject that llama.cpp serves
    message -> llama.cpp under a grammar of the labels -> Reading: label and how likely it was

What is measured is what serves: a run is made into a file first, and judged as that file speaks, not as torch would.
Serving needs neither torch nor the run.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from agents.errors import ModelUnavailable
from agents.models import ModelOptions
from agents.models.loading import LoadedModel, resolve
from agents.prompts import without_turn_marks
from finetune.errors import FinetuneError
from finetune.judging.chat_replies import REPLY_TOKENS, label_grammar
from finetune.judging.predicting import Subject
from finetune.labels.classifier import Reading
from knowledge.embedders import Embedder

if TYPE_CHECKING:
    from finetune.runs import Run

QUANTIZATION = "q8_0"
"""What a run is served in: half of 16 bits, and next to nothing lost."""
GGUF = "gguf:"
Progress = Callable[[str, int, int], None]


class TunedIntents:
    """A tuned model that tells intents; safe to call from many threads."""

    def __init__(
        self, file: Path, *, labels: Sequence[str], opening: str, sure_from: float, options: ModelOptions
    ) -> None:
        """Note what serves; the file is loaded when a message is first read.

        Args:
            opening: the system message that it was tuned with; "" for none.
            sure_from: the least chance 0-1 that counts as sure.
        """
        self.file = file
        self.labels = tuple(labels)
        self.sure_from = sure_from
        self._opening: list[BaseMessage] = [SystemMessage(opening)] if opening else []
        self._grammar = label_grammar(self.labels)
        self._options = options
        self._lock = threading.Lock()
        self._loaded: LoadedModel | None = None
        self._last: tuple[str, Reading] | None = None

    def fits(self, embedder: Embedder) -> bool:
        """Return True: it reads words, whatever embedder is in use."""
        return True

    def read(self, text: str, embedder: Embedder | None = None) -> Reading:
        """Return what one message wants.

        Raises:
            ModelUnavailable: the file cannot be loaded, or does not answer.
        """
        last = self._last
        if last is not None and last[0] == text:  # a turn asks more than once
            return last[1]
        label, chance = self._said(text)
        reading = Reading(label, chance, chance >= self.sure_from)
        self._last = (text, reading)
        return reading

    def warm(self) -> None:
        """Load the model now, so that no message waits for it.

        Raises:
            ModelUnavailable: it cannot be loaded.
        """
        self._model().check()

    def close(self) -> None:
        """Give back the model's memory; the next message loads it again."""
        with self._lock:
            loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded.close()

    def _said(self, text: str) -> tuple[str, float]:
        """Return the label and the likelihood of its tokens, before the grammar took the others away."""
        chat = self._model().chat
        assert chat is not None
        call: dict[str, Any] = {"max_tokens": REPLY_TOKENS, "temperature": 0.0, "grammar": self._grammar}
        said, likelihood = "", 0.0
        for chunk in chat.stream([*self._opening, HumanMessage(without_turn_marks(text))], top_logprobs=1, **call):
            said += chunk.text
            likelihood += sum(one["logprob"] for one in chunk.response_metadata.get("logprobs") or ())
        if said not in self.labels:
            raise ModelUnavailable(
                f"{self.file.name} said {said!r}, which is none of its {len(self.labels)} labels. Next: frontdesk "
                "intents train --data FILE"
            )
        return said, exp(min(likelihood, 0.0))

    def _model(self) -> LoadedModel:
        with self._lock:
            if self._loaded is None:
                self._loaded = resolve(f"{GGUF}{self.file}", self._options)
            return self._loaded


def as_served(subject: Subject, *, home: Path, progress: Progress = lambda _what, _done, _all: None) -> Subject:
    """Return a model as it would tell intents in the product: a run is merged and quantized, once.

    Raises:
        FinetuneError: torch is missing, or the run cannot be merged or converted.
    """
    from finetune.runs import open_run

    if subject.base is None or subject.setting:
        return subject
    try:
        run = open_run(subject.name, home=home)
    except FinetuneError as error:
        raise FinetuneError(f"{subject.name} is not tuned on these labels. Next: name a run or a release.") from error
    created = "".join(character for character in str(run.manifest.get("created", "")) if character.isalnum())
    file = home / "intents" / "models" / f"{run.name}-{created}-{QUANTIZATION}.gguf"
    if not file.is_file():
        _make(run, file, progress)
    return replace(subject, base=None, adapter=None, folder=None, setting=f"{GGUF}{file}", source=str(file))


def _make(run: "Run", file: Path, progress: Progress) -> None:
    """Write a run's model as one quantized file; half of one is never left."""
    from finetune.exporting import merging, quantizing
    from finetune.exporting.export import run_template
    from finetune.exporting.gguf import read_source, write_gguf

    template = run_template(run)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".part-") as work:
            folder = run.base.folder
            if run.adapter is not None:
                progress(f"{run.name}: merge", 0, 0)
                folder = Path(work) / "merged"
                merging.merge(run.base, run.adapter, folder)
            wide, made = Path(work) / "model-F16.gguf", Path(work) / file.name
            write_gguf(read_source(folder), wide, name=run.name, template=template, progress=progress)
            quantizing.write_quantized(quantizing.read_original(wide), made, QUANTIZATION, progress=progress)
            shutil.move(made, file)
    except OSError as error:
        raise FinetuneError(
            f"The run {run.name} cannot be made into a file at {file} ({error.strerror}). Next: make room on the disk."
        ) from error
