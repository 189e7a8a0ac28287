"""`init` and `doctor`: a settings file, and whether all is well."""

import json
import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from agents.models.loading import SUGGESTED_OLLAMA_MODEL
from assistant.commands.options import AsJson, Config, Model, examples, print_json
from assistant.settings import FILE_NAME, PREFIX, SettingsError, load

INIT_EXAMPLES = examples(
    "frontdesk init",
    'frontdesk init --company "Lantern & Loom" --contact help@example.com --hours "Mon-Fri 9-17" '
    "--language en --documents ./documents",
)
LANGUAGES = ("auto", "en", "zh")
NEXT = ("models get", "ingest", "serve")
CHINESE_EMBEDDER = "multilingual-e5-small"
CHINESE = {"embedder": "multilingual", "ocr_languages": "chi_sim+eng"}
"""What a company whose page is Chinese sets too; of scans, the language named first is read best."""
DOCTOR_EXAMPLES = examples(
    "frontdesk doctor", f"frontdesk doctor --model {SUGGESTED_OLLAMA_MODEL}", "frontdesk doctor --json"
)


def init(
    company: Annotated[str | None, typer.Option(help="The company's name.")] = None,
    contact: Annotated[str | None, typer.Option(help="Where customers reach a person.")] = None,
    hours: Annotated[str | None, typer.Option(help="When they do.")] = None,
    language: Annotated[str | None, typer.Option(help="auto, en or zh.")] = None,
    documents: Annotated[Path | None, typer.Option(help="The folder of documents.")] = None,
    force: Annotated[bool, typer.Option(help="Replace a settings file that is there.")] = False,
    config: Config = None,
) -> None:
    """Ask a few questions and write frontdesk.toml; what is given as an option is not asked."""
    target = config or Path(FILE_NAME)
    if target.exists() and not force:
        raise SettingsError(f"{target} is there already. Edit it, or replace it with: frontdesk init --force")
    asked = {
        "company": ("Name of the company", company, ""),
        "contact": ("Where customers reach a person", contact, ""),
        "hours": ("Opening hours", hours, ""),
        "language": (f"Language of the page ({', '.join(LANGUAGES)})", language, LANGUAGES[0]),
        "documents": ("Folder of documents", str(documents) if documents else None, "documents"),
    }
    try:
        values = {
            key: given
            if given is not None
            else typer.prompt(
                text,
                default=default,
                show_default=bool(default),
                value_proc=_language if key == "language" else str,
                err=True,
            )
            for key, (text, given, default) in asked.items()
        }
    except typer.Abort as error:  # nobody answers: a script, or Ctrl-C
        told = "frontdesk init " + " ".join(f"--{key} …" for key in asked)
        raise SettingsError(f"Not all was answered, and nothing was written. Next: {told}") from error
    elsewhere = target.absolute().parent != Path.cwd()
    if elsewhere and values["documents"]:  # in the file a relative path would start at the file's folder
        values["documents"] = str(Path(values["documents"]).expanduser().absolute())
    lines = ["# Every key: docs/settings.md. What is in force: frontdesk doctor", ""]
    values |= CHINESE if values["language"] == "zh" else {}
    # A JSON string is a TOML string.
    lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items() if value]
    text = "\n".join(lines) + "\n"
    given = {key: value for key, value in values.items() if value}
    with TemporaryDirectory() as empty:  # the files that are there, which may be broken, are not asked
        load(flags=given, environment={PREFIX + "HOME": empty}, folder=Path(empty))
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{target} cannot be written ({error.strerror}). Give --config another path.") from error
    option = f" --config {shlex.quote(str(target))}" if elsewhere or target.name != FILE_NAME else ""
    verbs = (NEXT[0], f"{NEXT[0]} {CHINESE_EMBEDDER}", *NEXT[1:]) if values["language"] == "zh" else NEXT
    print(f"Wrote {target}. Next: " + ", ".join(f"frontdesk {verb}{option}" for verb in verbs))


def _language(answer: str) -> str:
    """Take a language that there is; another one is asked for again, and what was answered before is not lost."""
    if answer not in LANGUAGES:
        raise typer.BadParameter(f"{answer!r} is not one of {', '.join(LANGUAGES)}")
    return answer


def doctor(model: Model = None, as_json: AsJson = False, config: Config = None) -> None:
    """Check settings, files, models, index, port; each fault comes with the command that mends it.

    With --model NAME of an Ollama model also prove that it speaks as it was trained, whoever made it.
    """
    from assistant.doctor import examine

    diagnosis = examine(config=config, model=model)
    if as_json:
        print_json(asdict(diagnosis))
    else:
        for check in diagnosis.checks:
            print(f"{'ok   ' if check.ok else 'FAULT'} {check.name}: {check.detail}")
            if check.fix:
                print(f"      mend it: {check.fix}")
        for key, value in diagnosis.settings.items():
            print(f"      {key} = {value}")
    if not diagnosis.ok:
        if not as_json:
            print("Error: not everything is well; see above.", file=sys.stderr)
        raise typer.Exit(1)
