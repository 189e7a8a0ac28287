"""The intents in use: which model tells them, and what each leads to.

    Trial -> keep_best -> home/intents/{intents.safetensors, intents.json} -> open_intents -> IntentRouter for `agents`

The classical model serves: it needs milliseconds and no torch. A tuned one that measured better is named, with what it
would win, but a message is not made to wait for it: in serving it would cost a second and more before every answer.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agents.routing import TARGETS, Target
from finetune import classifier
from finetune.classifier import IntentModel
from finetune.classifier_training import Labelled, cross_validate, sure_from, train
from finetune.errors import FinetuneError
from finetune.intent_trial import CLASSICAL, TUNED, Trial
from knowledge.embedders import Embedder
from knowledge.scores import Score

FOLDER = "intents"
RECORD = "intents.json"


@dataclass(frozen=True, slots=True)
class Record:
    """What is in use and how it was chosen."""

    method: str
    score: Score
    """Share right, on texts that it did not learn from."""
    labels: tuple[str, ...]
    sure_from: float
    """The chance from which on it acts: nine of ten such readings were right."""
    sure_share: float
    """Share of messages that are told with so much certainty."""
    note: str = ""
    """What measured better and why it is not in use."""


@dataclass(frozen=True, slots=True)
class Intents:
    """A model and where its labels lead."""

    model: IntentModel
    record: Record
    routes: Mapping[str, Target]

    def target(self, message: str, embedder: Embedder) -> Target | None:
        """Return what a message leads to; None where its intent is not sure, or leads nowhere in particular."""
        if not self.routes or self.model.embedder != embedder.name or not message.strip():
            return None
        reading = self.model.read(message, embedder)
        return self.routes.get(reading.label) if reading.sure else None


def keep_best(trial: Trial, data: Labelled, *, embedder: Embedder, home: Path) -> Record:
    """Train the classical model on all the data, and keep it with what it was measured at.

    Raises:
        FinetuneError: the data does not do, or the home cannot be written to.
    """
    validated = cross_validate(data, embedder)
    certain = sure_from(validated, data.labels)
    model = train(data, embedder, sure_from=certain)
    mine = next(one for one in trial.methods if one.name == CLASSICAL)
    record = Record(
        method=CLASSICAL,
        score=mine.score,
        labels=model.labels,
        sure_from=round(certain, 4),
        sure_share=round(sum(chance >= certain for chance in validated.chances) / len(validated.chances), 4),
        note=_note(trial),
    )
    folder = home / FOLDER
    routes = {label: target for label, target in _routes(folder).items() if label in model.labels}
    classifier.save(model, folder)
    _write(folder, record, routes)
    return record


def open_intents(home: Path) -> Intents:
    """Return the intents in use.

    Raises:
        FinetuneError: none were trained, or their files are damaged.
    """
    folder = home / FOLDER
    model = classifier.load(folder)
    data = _read(folder)
    record = data["record"]
    return Intents(
        model,
        Record(**{**record, "score": Score(**record["score"]), "labels": tuple(record["labels"])}),
        _routes(folder),
    )


def are_trained(home: Path) -> bool:
    """Return whether there are intents in use."""
    return (home / FOLDER / RECORD).is_file()


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


def _note(trial: Trial) -> str:
    best = trial.methods[0]
    mine = next(one for one in trial.methods if one.name == CLASSICAL)
    if best.name == CLASSICAL or mine.against_best is None or not mine.against_best.is_shown:
        return ""
    gap = f"{-100 * (mine.against_best.difference or 0.0):.1f} points better"
    if best.name.startswith(TUNED):
        return (
            f"{best.name.removeprefix(TUNED)} measured {gap}, but takes a second and more a message: use it where that "
            "is worth it, with frontdesk evaluate model."
        )
    return f"{best.name} measured {gap}: with such data words alone do, and the vectors add nothing."


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
