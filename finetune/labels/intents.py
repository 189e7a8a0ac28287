"""The intents in use: which model tells them, and what each leads to.

    Trial -> keep_best -> home/intents/{intents.json, *.safetensors, models/*.gguf} -> open_intents -> Intents

Whichever measured best serves. The classical model costs milliseconds, so another one takes its place only where it is
shown to be better, text by text. A tuned one is served by llama.cpp in this process, without torch, under a grammar of
its labels; it costs a short model call before each answer, which `intents train` measures and says.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from agents.models import ModelOptions
from agents.routing import TARGETS, Target
from finetune.errors import FinetuneError
from finetune.judging.advice import Method
from finetune.judging.predicting import Subject
from finetune.labels import classifier, word_model
from finetune.labels.classifier import Reading
from finetune.labels.classifier_training import (
    Labelled,
    Validated,
    cross_validate,
    cross_validate_words,
    sure_from,
    train,
    train_words,
)
from finetune.labels.intent_trial import CLASSICAL, TUNED, WORDS, Trial
from finetune.labels.tuned_intents import GGUF, TunedIntents
from finetune.releases import sha256
from knowledge.embedders import Embedder
from knowledge.scores import Score

FOLDER = "intents"
RECORD = "intents.json"


class Teller(Protocol):
    """What tells intents: `IntentModel`, `WordModel` or `TunedIntents`."""

    @property
    def labels(self) -> tuple[str, ...]:
        """All that it can say."""
        ...

    def fits(self, embedder: Embedder) -> bool:
        """Return whether it can read with this embedder."""
        ...

    def read(self, text: str, embedder: Embedder) -> Reading:
        """Return what one message wants."""
        ...


@dataclass(frozen=True, slots=True)
class ModelFile:
    """The file of a tuned model that serves."""

    path: str
    """Below the home where it lies there, else from the root."""
    sha256: str
    opening: str = ""
    """The system message that it was tuned with."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is in use and how it was chosen."""

    method: str
    score: Score
    """Share right, on texts that it did not learn from."""
    labels: tuple[str, ...]
    sure_from: float
    """The chance from which on it acts: nine of ten such readings were right; above 1 where it never does."""
    sure_share: float
    """Share of messages that are told with so much certainty."""
    note: str = ""
    """How it lies to the others."""
    file: ModelFile | None = None
    """None for a classical model."""
    seconds: float = 0.0
    """What a tuned model took for a message when it was measured; 0 for a classical one, which takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Intents:
    """A model and where its labels lead."""

    model: Teller
    record: Record
    routes: Mapping[str, Target] = field(default_factory=dict)

    def target(self, message: str, embedder: Embedder) -> Target | None:
        """Return what a message leads to; None where its intent is not sure, or leads nowhere in particular.

        Raises:
            ModelUnavailable: a tuned model does not answer.
        """
        if not self.routes or not message.strip() or not self.model.fits(embedder):
            return None
        reading = self.model.read(message, embedder)
        return self.routes.get(reading.label) if reading.sure else None

    def warm(self) -> None:
        """Load a tuned model now, so that no message waits for it.

        Raises:
            ModelUnavailable: it cannot be loaded.
        """
        if isinstance(self.model, TunedIntents):
            self.model.warm()

    def close(self) -> None:
        """Give back a tuned model's memory."""
        if isinstance(self.model, TunedIntents):
            self.model.close()


def keep_best(
    trial: Trial, data: Labelled, *, embedder: Embedder, home: Path, tuned: Sequence[Subject] = (), opening: str = ""
) -> Record:
    """Keep whichever method measured best, trained on all the data where it is a classical one.

    Args:
        tuned: the tuned models of the trial.
        opening: the system message that they were measured with.

    Raises:
        FinetuneError: the data does not do, or the home cannot be written to.
    """
    method = best_of(trial)
    folder = home / FOLDER
    if method.name.startswith(TUNED):
        subject = next(one for one in tuned if TUNED + one.name == method.name)
        record = _keep_tuned(method, trial, subject, data, home=home, opening=opening)
    else:
        record = _keep_classical(method, trial, data, embedder, folder)
    routes = {label: target for label, target in _routes(folder).items() if label in record.labels}
    _write(folder, record, routes)
    _tidy(folder, record, home)
    return record


def best_of(trial: Trial) -> Method:
    """Return the method that serves: the best of those shown to be better than the classical one, else that one."""
    return next(
        one
        for one in trial.methods
        if one.name == CLASSICAL or (_serves(one, trial) and _is_better(trial, one.name, CLASSICAL))
    )


def open_intents(home: Path, *, options: ModelOptions) -> Intents:
    """Return the intents in use.

    Args:
        options: what llama.cpp needs, where a tuned model tells them.

    Raises:
        FinetuneError: none were trained, or their files are missing, damaged or not those that were measured.
    """
    folder = home / FOLDER
    record = read_record(home)
    model: Teller
    if record.file is not None:
        file = home / record.file.path
        _check_file(file, record.file)
        model = TunedIntents(
            file, labels=record.labels, opening=record.file.opening, sure_from=record.sure_from, options=options
        )
    elif record.method == WORDS:
        model = word_model.load(folder)
    else:
        model = classifier.load(folder)
    return Intents(model, record, _routes(folder))


def read_record(home: Path) -> Record:
    """Return what is in use and how it was chosen, without opening it.

    Raises:
        FinetuneError: none were trained, or the record is damaged.
    """
    data = _read(home / FOLDER)["record"]
    try:
        file = ModelFile(**data["file"]) if data.get("file") else None
        return Record(**{**data, "score": Score(**data["score"]), "labels": tuple(data["labels"]), "file": file})
    except (TypeError, KeyError) as error:
        raise FinetuneError(
            f"{home / FOLDER / RECORD} is of another form ({error}). Next: frontdesk intents train --data FILE"
        ) from error


def are_trained(home: Path) -> bool:
    """Return whether there are intents in use."""
    return (home / FOLDER / RECORD).is_file()


def read_routes(home: Path) -> dict[str, Target]:
    """Return where intents lead; {} where none does."""
    return _routes(home / FOLDER)


def set_route(label: str, target: str, *, home: Path) -> dict[str, Target]:
    """Let an intent lead to `target`, or nowhere in particular with `none`, and return all routes.

    Raises:
        FinetuneError: there is no such intent or target.
    """
    folder = home / FOLDER
    data = _read(folder)
    known = data["record"]["labels"]
    faults = []
    if label not in known:
        faults.append(f"There is no intent {label!r}; known are {', '.join(known)}.")
    if target not in (*TARGETS, "none"):
        faults.append(f"An intent cannot lead to {target!r}.")
    if faults:
        raise FinetuneError(" ".join(faults) + f" Next: frontdesk intents route LABEL {'|'.join(TARGETS)}|none")
    routes = {name: known_target for name, known_target in _routes(folder).items() if name != label}
    if target in TARGETS:
        routes[label] = target
    _write_data(folder, {**data, "routes": routes})
    return routes


def _serves(method: Method, trial: Trial) -> bool:
    """Return whether a method can serve: a tuned model must say how sure it is, and only llama.cpp's does."""
    return method.name == WORDS or (method.name.startswith(TUNED) and method.name in trial.chances)


def _is_better(trial: Trial, name: str, other: str) -> bool:
    gain = trial.gain(name, other)
    return gain.is_shown and (gain.difference or 0.0) > 0


def _keep_classical(method: Method, trial: Trial, data: Labelled, embedder: Embedder, folder: Path) -> Record:
    words = method.name == WORDS
    validated = cross_validate_words(data) if words else cross_validate(data, embedder)
    certain = sure_from(validated, data.labels)
    if words:
        word_model.save(train_words(data, sure_from=certain), folder)
    else:
        classifier.save(train(data, embedder, sure_from=certain), folder)
    return Record(
        method=method.name,
        score=method.score,
        labels=data.known,
        sure_from=round(certain, 4),
        sure_share=_sure_share(validated.chances, certain),
        note=_note(trial, method),
    )


def _keep_tuned(method: Method, trial: Trial, subject: Subject, data: Labelled, *, home: Path, opening: str) -> Record:
    """Note the file that was measured; from which chance on it is sure follows from the same held-out texts."""
    chances = trial.chances[method.name]
    right = ["right" if mark else "wrong" for mark in trial.marks[method.name]]
    certain = sure_from(Validated(("right",) * len(right), chances), right)
    file = Path(subject.setting.removeprefix(GGUF)).resolve()
    below = file.relative_to(home.resolve()) if file.is_relative_to(home.resolve()) else file
    (home / FOLDER).mkdir(parents=True, exist_ok=True)
    return Record(
        method=method.name,
        score=method.score,
        labels=subject.labels or data.known,
        sure_from=round(certain, 4),
        sure_share=_sure_share(chances, certain),
        note=_note(trial, method),
        file=ModelFile(below.as_posix(), sha256(file), opening),
        seconds=round(method.seconds / max(len(chances), 1), 3),
    )


def _sure_share(chances: Sequence[float], certain: float) -> float:
    return round(sum(chance >= certain for chance in chances) / len(chances), 4)


def _note(trial: Trial, chosen: Method) -> str:
    """Say how what serves lies to what does not."""
    if chosen.name != CLASSICAL:
        gain = trial.gain(chosen.name, CLASSICAL)
        lead = f"{100 * (gain.difference or 0.0):.1f} points better than the {CLASSICAL}, p={gain.p}"
        if chosen.name == WORDS:
            return f"It measured {lead}."
        each = chosen.seconds / max(len(trial.marks[chosen.name]), 1)
        return f"It measured {lead}, and takes {each:.2f} s a message before the answer begins."
    ahead = trial.methods[0]
    if ahead.name == CLASSICAL:
        return ""
    name = ahead.name.removeprefix(TUNED)
    lead = f"{100 * (trial.gain(ahead.name, CLASSICAL).difference or 0.0):.1f} points"
    if not _is_better(trial, ahead.name, CLASSICAL):
        return f"{name} is {lead} ahead, which may be chance; the classical model answers in milliseconds."
    return (
        f"{name} measured {lead} better but does not say how sure it is, so it cannot lead a message anywhere. Next: "
        "name the run or the release instead of the server's model."
    )


def _check_file(file: Path, known: ModelFile) -> None:
    mend = "Next: frontdesk intents train --data FILE --heldout FILE --run NAME"
    if not file.is_file():
        raise FinetuneError(f"The intents are told by {file}, which is gone. {mend}")
    if sha256(file) != known.sha256:
        raise FinetuneError(f"The intents are told by {file}, which is not the file that was measured. {mend}")


def _tidy(folder: Path, record: Record, home: Path) -> None:
    """Delete what earlier trainings left: files of models that do not serve."""
    kept = (
        {home / record.file.path}
        if record.file
        else {folder / (word_model.FILE if record.method == WORDS else classifier.FILE)}
    )
    known = (folder / word_model.FILE, folder / classifier.FILE, *(folder / "models").glob("*.gguf"))
    for file in known:
        if file not in kept:
            with suppress(OSError):  # a server that still reads it keeps it on some systems
                file.unlink(missing_ok=True)


def _routes(folder: Path) -> dict[str, Target]:
    try:
        return dict(_read(folder)["routes"])
    except FinetuneError:
        return {}


def _read(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise FinetuneError("No intents were trained. Next: frontdesk intents train --data FILE") from error
    except (OSError, ValueError) as error:
        raise FinetuneError(f"{path} cannot be read ({error}). Next: frontdesk intents train --data FILE") from error


def _write(folder: Path, record: Record, routes: Mapping[str, Target]) -> None:
    _write_data(folder, {"record": asdict(record), "routes": dict(routes)})


def _write_data(folder: Path, data: Mapping[str, object]) -> None:
    part = folder / f"{RECORD}.part"
    part.write_text(json.dumps(data, ensure_ascii=False, indent=2), encoding="utf-8")
    part.replace(folder / RECORD)
