"""`extract`: structured data out of documents, valid against a JSON Schema, each value with its place.

files -> texts -> agents.extraction -> one object a document
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import AsJson, Config, Model, examples, opened, settings_for, warn
from assistant.settings import SettingsError
from knowledge.counting import counted

if TYPE_CHECKING:
    from agents.extraction import Extraction
    from knowledge.texts import FileText

EXTRACT_EXAMPLES = examples(
    "frontdesk extract --schema examples/brindlemoor/extraction/supplier-mail.schema.json mails/",
    "frontdesk extract --schema invoice.schema.json invoice.pdf --model embedded --json",
)
Schema = Annotated[Path, typer.Option("--schema", metavar="S.json", help="What is wanted, as a JSON Schema.")]


def extract(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files and folders.")],
    schema: Schema,
    model: Model = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Take structured data out of documents: valid against a JSON Schema, with the words that show each value.

    `--json` prints one object a document, a line each. The exit code is 1 when a document gave none.
    """
    from agents.errors import ModelUnavailable
    from agents.extraction import extract as take
    from agents.extraction_schema import read_schema
    from knowledge.loaders import LoadOptions
    from knowledge.texts import read_texts

    settings = settings_for(config, model=model)
    wanted = read_schema(schema)
    loading = LoadOptions(settings.pdf_passwords, settings.ocr_languages)
    done = failed = 0
    with opened(settings) as application, closing(application.load_model(settings.model)) as base:
        loaded = base.specialist("extract")
        loaded.check()
        for document in read_texts(paths, loading=loading):
            begun = time.monotonic()
            found, error = None, document.error
            try:
                if not error:
                    found = take(document.text, wanted, model=loaded, language=document.language)
            except ModelUnavailable as fault:
                loaded.check()  # a model that is gone ends the run; one that failed at this document does not
                error = str(fault)
            told = told_of(document, found, error=error, seconds=round(time.monotonic() - begun, 2), model=loaded.name)
            done, failed = done + 1, failed + bool(told["error"])
            if as_json:
                print(json.dumps(told, ensure_ascii=False), flush=True)
            else:
                print("\n".join(_lines(told)), flush=True)
    if not done:
        raise SettingsError(f"There is no file to read in {', '.join(map(str, paths))}. Next: check the path")
    if failed:
        warn(f"{failed} of {counted(done, 'document')} gave no object; the error of each says why.")
        sys.exit(1)


def told_of(
    document: "FileText", found: "Extraction | None", *, error: str, seconds: float, model: str
) -> dict[str, Any]:
    """Return what is printed of a document.

    Args:
        error: why there is no extraction, where there is none.
    """
    from knowledge.documents import page_at

    told: dict[str, Any] = {"path": document.path, "document": document.document, "data": None, "evidence": {}}
    if found is None:
        return {**told, "unsupported": [], "missing": [], "cut": False, "error": error}
    told["data"] = found.data
    told["evidence"] = {
        pointer: None
        if span is None
        else {
            "start": span.start,
            "end": span.end,
            "page": page_at(document.text, span.start, paged=document.paged),
            "quote": document.text[span.start : span.end],
        }
        for pointer, span in found.evidence.items()
    }
    return {
        **told,
        "unsupported": [{"field": one.field, "value": one.value, "reason": one.reason} for one in found.unsupported],
        "missing": list(found.missing),
        "cut": found.cut,
        "error": found.error or None,
        "model": model,
        "seconds": seconds,
    }


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a person reads: each value with its words, then what was dropped."""
    from assistant.commands.score_tables import one_line, table_lines

    yield one_line(told["document"], limit=100)
    rows = []
    for pointer, place in told["evidence"].items():
        value = "–" if place is None else json.dumps(_at(told["data"], pointer), ensure_ascii=False)
        rows.append((f"  {pointer}", one_line(value, limit=60), one_line(place["quote"], limit=60) if place else ""))
    yield from table_lines(rows)
    for dropped in told["unsupported"]:
        value = json.dumps(dropped["value"], ensure_ascii=False)
        yield f"  dropped  {dropped['field']}: {one_line(value, limit=60)}: {one_line(dropped['reason'], limit=120)}"
    if told["cut"]:
        yield "  cut      the reply was too long; what was complete in it counts"
    if told["error"]:
        yield f"  error    {one_line(told['error'], limit=300)}"
    yield ""


def _at(data: Any, pointer: str) -> Any:
    """Return what a JSON Pointer points at; None where there is no object."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if data is None:
            return None
        data = data[int(name)] if isinstance(data, list) else data.get(name)
    return data
