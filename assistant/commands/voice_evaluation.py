"""`evaluate voice`: how far replies are from a company's voice, or the same pairs as training examples.

pairs (+ texts, or a model that rewrites) -> finetune.judging.voice -> a table or one JSON object
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import AsJson, Config, Model, examples, opened, print_json, progress_bar, settings_for
from knowledge.counting import counted

if TYPE_CHECKING:
    from finetune.data.voice_pairs import Pair
    from finetune.judging.voice import Distance, Voice

FOLDER = "examples/brindlemoor/voice"
VOICE_EXAMPLES = examples(
    f"frontdesk evaluate voice --pairs {FOLDER}/pairs.jsonl",
    f"frontdesk evaluate voice --pairs {FOLDER}/pairs.jsonl --texts replies.jsonl",
    f"frontdesk evaluate voice --pairs {FOLDER}/pairs.jsonl --guide {FOLDER}/guide.md --model embedded",
    f"frontdesk evaluate voice --pairs {FOLDER}/pairs.jsonl --guide {FOLDER}/guide.md --examples voice.jsonl",
)
TEXT_KEYS = ("text", "answer", "predicted")
"""Where the lines of a .jsonl file of texts have their reply."""


def voice(
    pairs: Annotated[
        Path, typer.Option("--pairs", metavar="FILE", help="Replies before and after rewriting: the voice to learn.")
    ],
    texts: Annotated[
        Path | None,
        typer.Option(
            "--texts", metavar="FILE", help="Replies: .jsonl with `text`, `answer` or `predicted`, or a text."
        ),
    ] = None,
    guide: Annotated[
        Path | None, typer.Option("--guide", metavar="FILE", help="The rules of style that a model is told.")
    ] = None,
    model: Model = None,
    write: Annotated[
        Path | None,
        typer.Option("--examples", metavar="OUT.jsonl", help="Write the `train` pairs as training examples; no model."),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure a voice: a distance from 0, like the company's own replies, to 1, like what was rewritten.

    Without --texts and --model it says how surely the distance tells the held-out pairs apart.
    """
    from finetune import examples as example_files
    from finetune.data.voice_pairs import read_pairs, voice_examples
    from finetune.judging.voice import learn

    if (model is not None or write is not None) and guide is None:
        raise typer.BadParameter("--model and --examples need the rules that the model is told: --guide FILE")
    if sum(given is not None for given in (texts, model, write)) > 1:
        raise typer.BadParameter("--texts, --model and --examples are three things to do; give one")
    known = read_pairs(pairs)
    train, heldout = (tuple(pair for pair in known if pair.split == split) for split in ("train", "heldout"))
    if write is not None and guide is not None:
        count = example_files.write(voice_examples(train, guide=_read(guide), source=pairs.name), write)
        _print({"examples": count, "path": str(write)}, [f"{counted(count, 'example')} in {write}."], as_json=as_json)
        return
    learnt = learn(train)
    if texts is not None:
        _print(*_of_texts(learnt, _texts(texts)), as_json=as_json)
    elif guide is not None and model is not None:
        _print(*_of_model(learnt, heldout, _read(guide), model=model, config=config), as_json=as_json)
    else:
        _print(*_of_pairs(train, heldout), as_json=as_json)


def _of_texts(learnt: "Voice", replies: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Return the distance of replies, to print as JSON and as lines."""
    from finetune.judging.voice import IN_VOICE
    from knowledge.scores import mean

    found = [learnt.distance(reply) for reply in replies]
    distance = mean([one.value for one in found])
    share = mean([float(one.value <= IN_VOICE) for one in found])
    groups = _groups(found)
    data: dict[str, Any] = {"n": len(found), "distance": asdict(distance), "in_voice": asdict(share), "groups": groups}
    rows = [
        (counted(len(found), "reply", "replies"), ""),
        ("distance (0 own, 1 before)", _interval(asdict(distance))),
        (f"in voice (distance up to {IN_VOICE})", _interval(asdict(share))),
        *((f"  deviation of {name}", f"{value:.3f}") for name, value in groups.items()),
    ]
    return {**data, "values": [one.value for one in found]}, list(_table(rows))


def _of_pairs(train: "Sequence[Pair]", heldout: "Sequence[Pair]") -> tuple[dict[str, Any], list[str]]:
    from finetune.judging.voice import separation

    found = separation(train, heldout)
    data: dict[str, Any] = {
        "train": len(train),
        "heldout": len(heldout),
        "auroc": asdict(found.whole),
        "auroc_body": asdict(found.body),
    }
    rows = [
        (f"learnt from {counted(len(train), 'pair')}, tried on {counted(len(heldout), 'other')}", ""),
        ("AUROC, before farther than after", _interval(data["auroc"])),
        ("the same without greeting and closing", _interval(data["auroc_body"])),
    ]
    return data, list(_table(rows))


def _of_model(
    learnt: "Voice", heldout: "Sequence[Pair]", rules: str, *, model: str, config: Path | None
) -> tuple[dict[str, Any], list[str]]:
    """Let a model rewrite the held-out replies, and measure what it wrote beside what a person did."""
    from agents.prompts import Voicing
    from agents.voicing import propose
    from finetune.data.voice_pairs import added_facts, lost_facts
    from knowledge.scores import mean, paired

    settings = settings_for(config, model=model)
    said = []
    with (
        opened(settings) as application,
        closing(application.load_model(settings.model)) as base,
        progress_bar("Replies") as progress,
    ):
        loaded = base.specialist("voice")
        loaded.check()
        for done, pair in enumerate(heldout, 1):
            said.append(propose(Voicing(pair.question, pair.before, rules, pair.language), loaded))
            progress("", done, len(heldout))
        name = loaded.name
    distances = {
        "before": [learnt.distance(pair.before).value for pair in heldout],
        "model": [learnt.distance(reply or pair.before).value for reply, pair in zip(said, heldout, strict=True)],
        "after": [learnt.distance(pair.after).value for pair in heldout],
    }
    kept = [
        not lost_facts(pair.before, reply) and not added_facts(pair.question, pair.before, reply)
        for reply, pair in zip(said, heldout, strict=True)
    ]
    scores = {part: asdict(mean(values)) for part, values in distances.items()}
    data: dict[str, Any] = {
        "model": name,
        "n": len(heldout),
        "distance": scores,
        "nearer": asdict(paired(distances["before"], distances["model"])),
        "facts_kept": asdict(mean([float(one) for one in kept])),
        "replies": [{"id": pair.id, "reply": reply} for pair, reply in zip(heldout, said, strict=True)],
    }
    rows = [
        (f"{name}, {counted(len(heldout), 'held-out reply', 'held-out replies')}", ""),
        *((f"distance, {part}", _interval(score)) for part, score in scores.items()),
        ("facts kept, none added", _interval(data["facts_kept"])),
    ]
    return data, list(_table(rows))


def _texts(path: Path) -> list[str]:
    """Return the replies in a file.

    Raises:
        FinetuneError: it cannot be read, or has lines without a reply; every line is named.
    """
    from finetune.errors import FinetuneError

    content = _read(path)
    if path.suffix != ".jsonl":
        return [content]
    replies, faults = [], []
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except ValueError:
            data = None
        found = [data[key] for key in TEXT_KEYS if isinstance(data, Mapping) and isinstance(data.get(key), str)]
        if found and found[0].strip():
            replies.append(found[0])
        else:
            faults.append(f"{path}:{number} has no reply under {', '.join(TEXT_KEYS)}.")
    if faults or not replies:
        raise FinetuneError("\n".join(faults or [f"{path} holds no replies."]) + "\nNext: one JSON object a line.")
    return replies


def _read(path: Path) -> str:
    from finetune.errors import FinetuneError

    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise FinetuneError(f"{path} cannot be read ({error}). Next: check path and encoding.") from error
    if not content.strip():
        raise FinetuneError(f"{path} is empty. Next: name a file with text.")
    return content


def _groups(found: "Sequence[Distance]") -> dict[str, float]:
    return {name: round(fmean(one.groups[name] for one in found), 4) for name in found[0].groups}


def _interval(score: Mapping[str, Any]) -> str:
    from assistant.commands.score_tables import interval

    return interval(score)


def _table(rows: Sequence[tuple[str, str]]) -> "Iterator[str]":
    from assistant.commands.score_tables import table_lines

    return table_lines(rows)


def _print(data: Mapping[str, Any], lines: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json(dict(data))
    else:
        print("\n".join(lines))
