"""`evaluate extract`: fields taken out of labelled documents, or the same documents as training examples.

labels + schema -> documents -> finetune.judging.field_scores -> a table or one JSON object
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import (
    AsJson,
    Config,
    Failures,
    Model,
    examples,
    opened,
    print_json,
    progress_bar,
    settings_for,
)
from knowledge.counting import counted

if TYPE_CHECKING:
    from finetune.data.extract_examples import Split
    from finetune.judging.field_scores import FieldReport

FOLDER = "examples/brindlemoor/extraction"
EXTRACT_EXAMPLES = examples(
    f"frontdesk evaluate extract --labels {FOLDER}/labels.jsonl --schema {FOLDER}/supplier-mail.schema.json",
    f"frontdesk evaluate extract --labels {FOLDER}/labels.jsonl --schema {FOLDER}/spec-sheet.schema.json --split all",
    f"frontdesk evaluate extract --labels {FOLDER}/labels.jsonl --schema {FOLDER}/supplier-mail.schema.json "
    "--split train --examples mails.jsonl",
)
SHOWN = 10
VALUE_CHARACTERS = 60


class Part(StrEnum):
    """Which documents count."""

    heldout = "heldout"
    train = "train"
    all = "all"


def extract(
    labels: Annotated[
        Path, typer.Option("--labels", metavar="FILE", help="Labelled documents, one JSON object a line.")
    ],
    schema: Annotated[Path, typer.Option("--schema", metavar="S.json", help="The JSON Schema; only its labels count.")],
    split: Annotated[Part, typer.Option("--split", help="Which part of the labels.")] = Part.heldout,
    write: Annotated[
        Path | None,
        typer.Option("--examples", metavar="OUT.jsonl", help="Write them as training examples instead; no model."),
    ] = None,
    model: Model = None,
    failures: Failures = 5,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure extraction: precision, recall and F1 over fields, valid share, values that no document shows."""
    from agents.extraction_schema import read_schema
    from finetune import examples as example_files
    from finetune.data.extract_examples import extract_examples, read_labels, unsayable
    from finetune.judging.field_scores import evaluate

    settings = settings_for(config, model=model)
    wanted = read_schema(schema)
    labelled = read_labels(labels, schema=wanted, split=_split(split))
    if write is not None:
        count = example_files.write(extract_examples(labelled, wanted, source=labels.name), write)
        left_out = {one.document: unsayable(one, wanted) for one in labelled}
        left_out = {document: faults for document, faults in left_out.items() if faults}
        if as_json:
            print_json({"examples": count, "path": str(write), "left_out": left_out})
        else:
            print(f"{counted(count, 'example')} of {wanted.name} in {write}.")
            for document, faults in left_out.items():
                print(f"{document} left out, for a model may not say so much: {'; '.join(faults)}")
        return
    with (
        opened(settings) as application,
        closing(application.load_model(settings.model)) as base,
        progress_bar("Documents") as progress,
    ):
        loaded = base.specialist("extract")
        loaded.check()
        report = evaluate(loaded, labelled, wanted, progress=lambda done, total: progress("", done, total))
    if as_json:
        print_json(_plain(report))
    else:
        print("\n".join(_lines(report, failures=failures)))


def _split(part: Part) -> "Split | None":
    return None if part is Part.all else "train" if part is Part.train else "heldout"


def _plain(report: "FieldReport") -> dict[str, Any]:
    data = asdict(report)
    overall = data.pop("overall")
    return {"model": data.pop("model"), "n": report.valid.n, **overall, **data}


def _lines(report: "FieldReport", *, failures: int) -> Iterator[str]:
    """Yield what a person reads: the documents that went wrong most, then the scores."""
    from assistant.commands.score_tables import interval, one_line, table_lines

    worst = sorted((one for one in report.documents if one.wrong or one.error), key=lambda one: -len(one.wrong))
    for document in worst[:failures]:
        wrong, dropped = counted(len(document.wrong), "field"), counted(document.dropped, "value")
        yield f"  {document.document}: {wrong} wrong, {dropped} dropped"
        for path, expected, given in document.wrong[:SHOWN]:
            texts = [
                one_line("–" if value is None else str(value), limit=VALUE_CHARACTERS) for value in (expected, given)
            ]
            yield f"      {path}: {texts[0]} expected, {texts[1]} given"
        if document.error:
            yield f"      error: {one_line(document.error, limit=200)}"
    rows = [
        (f"{report.model}, {counted(report.valid.n, 'document')}", ""),
        ("field F1", interval(asdict(report.overall.f1))),
        ("precision", interval(asdict(report.overall.precision))),
        ("recall", interval(asdict(report.overall.recall))),
        ("schema-valid", interval(asdict(report.valid))),
        ("dropped values a document", interval(asdict(report.dropped))),
        ("replies cut", interval(asdict(report.cut))),
        ("seconds a document", interval(asdict(report.seconds))),
    ]
    yield from table_lines(rows)
    yield ""
    table = [(path, interval(asdict(score.f1))) for path, score in report.fields.items()]
    yield from table_lines([("field", "F1"), *table])
