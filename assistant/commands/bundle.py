"""`bundle`: one file for an office computer that was never online.

home + packages + start script -> FILE.zip
"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import (
    AsJson,
    Config,
    Model,
    examples,
    opened,
    print_json,
    progress_bar,
    say,
    settings_for,
)
from knowledge.counting import counted

BUNDLE_EXAMPLES = examples(
    "frontdesk bundle office.zip",
    "frontdesk bundle office.zip --platform windows-x86_64 --python 3.12",
    "frontdesk bundle office.zip --release support-1 --with shop.sqlite3",
    "frontdesk bundle office.zip --wheels ./wheels --json",
)


def bundle(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The .zip to make.")],
    platform: Annotated[
        str | None,
        typer.Option(
            metavar="P",
            help="linux-x86_64, linux-aarch64, macos-arm64, macos-x86_64 or windows-x86_64; else this machine's.",
        ),
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(metavar="V", help="Version of Python there: 3.11 (the default), 3.12, 3.13; may be given again."),
    ] = None,
    release: Annotated[
        str | None, typer.Option(metavar="RELEASE", help="Serve this release there; else what is served here.")
    ] = None,
    model: Model = None,
    ollama: Annotated[
        bool, typer.Option("--ollama", help="Serve a release by Ollama there too, instead of by itself.")
    ] = False,
    wheels: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Packages that were fetched before; else they are downloaded.")
    ] = None,
    frontdesk_wheel: Annotated[
        Path | None, typer.Option(metavar="WHEEL", help="Frontdesk's own wheel, where it is not known here.")
    ] = None,
    extra: Annotated[
        list[Path] | None,
        typer.Option("--with", metavar="PATH", help="A further file or folder of the home; may be given again."),
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Pack model, documents, settings and packages into one file that starts without any network.

    Secrets and conversations are never in it. On the other computer: unpack it, then start.sh or start.cmd.
    """
    from assistant.bundles.making import Request, make_bundle
    from finetune.releases import sha256

    began = time.perf_counter()
    settings = settings_for(config, model=model)
    request = Request(
        file.absolute(),
        platform=platform,
        pythons=tuple(dict.fromkeys(python or ["3.11"])),
        wheels=wheels,
        own_wheel=frontdesk_wheel,
        release=release,
        by_ollama=ollama,
        extra=tuple(extra or ()),
        replace=replace,
    )
    with opened(settings) as application, progress_bar("Packing") as progress:
        made = make_bundle(request, application, progress=progress, say=say)
    told = {key: value for key, value in made.manifest.items() if key != "files"}
    size, left_out = made.path.stat().st_size, made.contents.left_out
    if as_json:
        print_json(
            {
                "path": str(made.path),
                "bytes": size,
                "sha256": sha256(made.path),
                **told,
                "files": len(made.manifest["files"]),
                "left_out": [asdict(one) for one in left_out],
                "seconds": time.perf_counter() - began,
            }
        )
        return
    files = counted(len(made.manifest["files"]), "file")
    print(
        f"{made.path}: {size / 1e6:,.0f} MB, {files}, for {told['platform']} with Python "
        f"{' or '.join(told['pythons'])}{_least(told)}"
    )
    print(f"Model there: {told['model']}")
    for one in left_out:
        print(f"Left out: {one.what} ({one.why}){f'; to have it there, set {one.set}' if one.set else ''}")
    print(f"SHA-256 {sha256(made.path)}")
    print(f"Next: {how_to_start(made.path, platform=str(told['platform']), first=str(told['first'] or ''))}")


def how_to_start(file: Path, *, platform: str, first: str = "") -> str:
    """Return what is done with a bundle on the other computer: it unpacks to a folder that is named as the file is.

    Args:
        first: A command that is given once before it serves; "" for none.
    """
    starter = "start.cmd" if platform.startswith("windows") else "./start.sh"
    before = f"{starter} {first}, then " if first else ""
    return f'carry it over, unpack it, and there: cd "{file.stem}", then {before}{starter}'


def _least(told: dict[str, object]) -> str:
    """Say what the system must be at least, where the packages ask for something."""
    needs = [tuple(value) for value in dict(told["needs"]).values() if value]  # type: ignore[call-overload]
    kind = "macOS" if str(told["platform"]).startswith("macos") else "glibc"
    return f", {kind} {'.'.join(map(str, max(needs)))} or newer" if needs else ""
