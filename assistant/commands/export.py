"""`export`: a run becomes files that llama.cpp and Ollama serve, each measured.

runs/NAME/ -> releases/NAME/
"""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from assistant.commands.options import AsJson, Config, examples, print_json, progress_bar, settings_for, warn

EXPORT_EXAMPLES = examples(
    "frontdesk export replies --text policies.txt",
    "frontdesk export replies --quantize q4_K_M,q8_0 --name replies-1 --examples heldout.jsonl",
    "frontdesk export replies --memory 8GB --text policies.txt --json",
)
UNITS: Mapping[str, int] = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "B": 1}


def export(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A finished run's name or folder.")],
    quantize: Annotated[
        str,
        typer.Option(
            "--quantize", metavar="LIST", help="Of q8_0, q6_K, q5_K_M, q4_K_M, q4_K_S, q4_0; F16 alone makes no other."
        ),
    ] = "q8_0,q6_K,q5_K_M,q4_K_M,q4_0",
    name: Annotated[
        str | None, typer.Option("--name", metavar="RELEASE", help="The release's name; else the run's.")
    ] = None,
    memory: Annotated[
        str | None, typer.Option("--memory", metavar="SIZE", help="What the serving machine has for the model: 8GB.")
    ] = None,
    text: Annotated[
        list[Path] | None,
        typer.Option("--text", metavar="FILE", help="The company's own text, not trained on; may be given again."),
    ] = None,
    heldout: Annotated[
        list[Path] | None,
        typer.Option("--examples", metavar="FILE", help="Held-out examples; else those the run kept."),
    ] = None,
    importance: Annotated[bool, typer.Option(help="Quantize by what matters for that text.")] = True,
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", min=1, help="For quantizing and measuring.")
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make a release of a run: merged, converted, quantized, and each file's loss measured.

    Stopped or killed, the same command goes on where it was.
    """
    from finetune.exporting.export import Request
    from finetune.exporting.export import export as export_now
    from finetune.exporting.quantizing import parse
    from finetune.runs import open_run

    settings = settings_for(config)
    opened = open_run(run, home=settings.home)
    request = Request(
        opened,
        name or opened.name,
        quantizations=parse(quantize),
        memory_bytes=read_size(memory) if memory else None,
        texts=tuple(text or ()),
        examples=tuple(heldout or ()),
        use_importance=importance,
        threads=threads,
    )
    with progress_bar("Export") as progress:
        release = export_now(request, home=settings.home, progress=progress)
    manifest = release.manifest
    for warning in manifest["warnings"]:
        warn(f"Note: {warning}")
    if as_json:
        print_json({"path": str(release.folder), **manifest})
        return
    print_table(manifest)
    print(f"Recommended: {manifest['recommended']}, {manifest['recommended_why']}.")
    print(f"Report: {release.folder / 'report.html'}")
    if sys.stdout.isatty():
        print(f"Next: frontdesk register {release.name}")


def print_table(manifest: Mapping[str, Any]) -> None:
    """Print a release's files, a line each."""
    print(f"{'file':<8} {'MB':>8} {'perplexity':>11} {'KL':>8} {'same top':>9} {'tokens/s':>9} {'memory MB':>10}")
    for file in manifest["files"]:
        print(
            f"{file['quantization']:<8} {file['bytes'] / 1e6:>8.1f} {file['perplexity']:>11.3f} {file['kl']:>8.4f} "
            f"{file['same_top']:>9.1%} {file['tokens_per_second']:>9.1f} {file['serving_bytes'] / 1e6:>10.0f}"
        )


def read_size(text: str) -> int:
    """Return the bytes that a text such as `8GB` names.

    Raises:
        typer.BadParameter: it names none; wrong usage, exit code 2.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", text)
    unit = (found[2].upper() or "B") if found else ""
    if not found or unit not in UNITS or float(found[1]) <= 0:
        raise typer.BadParameter(f"--memory {text!r} is no size; write 8GB, 7500MB or 6GiB")
    return int(float(found[1]) * UNITS[unit])
