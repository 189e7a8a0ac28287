"""`register`: a release becomes a model of the Ollama server, and is proved to speak as it was trained."""

from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import AsJson, Config, examples, print_json, progress_bar, settings_for, signs_of_life
from assistant.settings import Settings

REGISTER_EXAMPLES = examples(
    "frontdesk register support-1",
    "frontdesk register support-1 --as frontdesk --replace",
    "frontdesk register support-1 --quantization q4_K_M --json",
)
SMALL_BYTES = 2_000_000_000
"""Up to here the same weights are also loaded in transformers, where it is installed."""


def register(
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="A release's name, or its folder.")],
    model: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="The model's name in Ollama; else the release's.")
    ] = None,
    quantization: Annotated[
        str | None, typer.Option(metavar="Q", help="Which of its files to serve (f16, q8_0, q4_K_M, …); else the best.")
    ] = None,
    replace: Annotated[bool, typer.Option(help="Replace a model of this name.")] = False,
    transformers: Annotated[
        bool | None, typer.Option(help="Also compare with transformers; by itself for small 16-bit files.")
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make the Ollama model of a release, and prove on the live server that it speaks as trained."""
    from agents.models.registration import REGISTERED
    from finetune.judging.examining import trial_of
    from finetune.ollama import register as registering
    from finetune.ollama.proofs import TESTED_OLLAMA, prove
    from finetune.ollama.reference import Reference
    from finetune.ollama.served import Served
    from finetune.releases import is_exact, open_release
    from finetune.weights import libraries

    settings = settings_for(config)
    if transformers:
        with libraries():  # what is missing is told before anything is registered
            pass
    opened = open_release(release, home=settings.home)
    file = opened.file(quantization)
    name = model or opened.name
    served = Served(name, settings.ollama_url, {"num_thread": settings.threads} if settings.threads else {})
    version = served.version()
    with signs_of_life("Registering") as turn_to:
        turn_to(f"loading {file.name}")
        reference = Reference.load(file, context_tokens=settings.context_tokens, threads=settings.threads)
    try:
        planned = registering.plan(opened, reference, file=file, context_tokens=settings.context_tokens)
        with progress_bar("Registering") as progress:
            registration = registering.register(
                planned,
                model=name,
                url=settings.ollama_url,
                folder=settings.home / REGISTERED,
                replace=replace,
                progress=progress,
            )
        proofs = []
        with signs_of_life("Proving") as turn_to:
            turn_to("getting ready")
            folder = _folder_of(file, settings, wanted=transformers, exact=is_exact(file))
            for proof in prove(trial_of(planned, served, reference, folder=folder), begun=turn_to):
                proofs.append(proof)
                if not as_json:
                    print(f"{'ok   ' if proof.ok else 'FAULT'} {proof.name}: {proof.detail}", flush=True)
                    if proof.fix:
                        print(f"      mend it: {proof.fix}")
    finally:
        reference.close()
    ok = all(proof.ok for proof in proofs)
    if as_json:
        print_json(
            {
                "ok": ok,
                "release": opened.name,
                "model": registration.model,
                "digest": registration.digest,
                "ollama": version,
                "tested_with": list(TESTED_OLLAMA),
                "checks": [asdict(proof) for proof in proofs],
            }
        )
    else:
        print(f"{registration.model} is in Ollama {version} (tested with {', '.join(TESTED_OLLAMA)}).")
        print(f"Next: frontdesk serve --model ollama:{name}" if ok else "Not fit to serve: see the faults above.")
    if not ok:
        raise typer.Exit(1)


def _folder_of(file: Path, settings: Settings, *, wanted: bool | None, exact: bool) -> Path | None:
    """Return the same weights as a folder for transformers; None where they are not to be compared."""
    if wanted is None:
        wanted = exact and file.stat().st_size <= SMALL_BYTES and find_spec("torch") is not None
    if not wanted:
        return None
    from finetune.bases import open_base

    return open_base(str(file), home=settings.home).folder
