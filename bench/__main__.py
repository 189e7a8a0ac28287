"""Measurements by name in, docs/benchmarks.md out.

    python -m bench                     every measurement but those that must be asked for
    python -m bench retrieval answers   these only; the page's other sections stay as they are
    python -m bench --list              their names
    python -m bench answers --limit 20  few questions, to see that it works; printed, not written
    python -m bench scale --up-to 1000  no library larger than this; written, for its rows are whole

A section is written as soon as it is measured.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from bench.conditions import watch
from bench.homes import ROOT
from bench.tables import BenchError, Table, render, replace_sections

PAGE = ROOT / "docs" / "benchmarks.md"
MEASUREMENTS = {
    "retrieval": "bench.retrieval:run",
    "answers": "bench.answers:run",
    "calibrate": "bench.calibrate:run",
    "ask": "bench.latency:run",
    "serve": "bench.serving:run",
    "browser": "bench.browser:run",
    "ingest": "bench.ingest:run",
    "embedding": "bench.embedding:run",
    "crash": "bench.crash:run",
    "memory": "bench.memory:run",
    "pdf": "bench.pdf_text:run",
    "handover": "bench.hand_over:run",
    "danger": "bench.danger:run",
    "privacy": "bench.privacy:run",
    "voice": "bench.voice:run",
    "intents": "bench.intents:run",
}
BY_REQUEST = {
    "fresh": "bench.fresh:run",
    "bundle": "bench.bundle:run",
    "scale": "bench.scale:run",
    "load": "bench.load:run",
    "pointing": "bench.pointing:run",
    "ranking": "bench.ranking:run",
    "companies": "bench.invented:run",
    "larger": "bench.invented:run_larger",
    "broad": "bench.invented:run_broad",
    "brevity": "bench.brevity:run",
    "verifying": "bench.verifying:run",
    "adapters": "bench.adapters:run",
    "agent": "bench.agent:run",
    "extraction": "bench.extraction:run",
    "export": "bench.export:run",
    "training": "bench.training:run",
    "step": "bench.training_step:run",
    "tuning": "bench.tuning:run",
    "recipes": "bench.recipes:run",
    "tuned_acting": "bench.tuned_acting:run",
    "tuned_extraction": "bench.tuned_extraction:run",
    "dogfood": "bench.dogfood:run",
    "seven": "bench.seven_billion:run",
    "seven_gguf": "bench.seven_gguf:run",
}
"""Not part of "everything": two install anew and take minutes of network, one fills a library for an hour or two, one
holds conversations for ten minutes, two ask a model for long replies, one has the larger embedded model read, five
train, one takes a step of 7 billion parameters, one writes 18 GB."""

LIMITED = ("answers", "agent", "tuned_acting")
"""Those that can ask a part of their questions."""
GROWING = ("scale",)
"""Those that can end at a size."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named measurements and write their sections; 1 when one could not be made."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    parser.add_argument("--folder", type=Path, help="keep the homes here, and use those that are there")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page to write")
    parser.add_argument("--limit", type=int, metavar="N", help=f"N questions a set only ({', '.join(LIMITED)})")
    parser.add_argument(
        "--up-to", type=int, metavar="CHUNKS", help=f"the largest library, in thousands ({', '.join(GROWING)})"
    )
    given = parser.parse_args(arguments)
    known = {**MEASUREMENTS, **BY_REQUEST}
    if given.list:
        for name, target in known.items():
            print(f"{name:<12} {_summary(target)}{' (only when named)' if name in BY_REQUEST else ''}")
        return 0
    if strange := [name for name in given.names if name not in known]:
        parser.error(f"unknown: {', '.join(strange)}; known: {', '.join(known)}")
    if given.limit is not None and (given.limit < 1 or not given.names or set(given.names) - set(LIMITED)):
        parser.error(f"--limit takes 1 or more, and only with: {', '.join(LIMITED)}")
    if given.up_to is not None and (given.up_to < 1 or not given.names or set(given.names) - set(GROWING)):
        parser.error(f"--up-to takes 1 or more, and only with: {', '.join(GROWING)}")
    with tempfile.TemporaryDirectory(prefix="frontdesk-bench-", ignore_cleanup_errors=True) as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        page = given.page if given.limit is None else None
        options = {key: value for key in ("limit", "up_to") if (value := getattr(given, key)) is not None}
        names = given.names or MEASUREMENTS
        failed = [name for name in names if not _measure(name, known[name], folder, page, options)]
    return 1 if failed else 0


def _measure(name: str, target: str, folder: Path, page: Path | None, options: Mapping[str, Any]) -> bool:
    """Run one measurement and write its section at once, so that a later failure loses nothing.

    Args:
        page: None prints only: a part of the questions is no result.
    """
    print(f"== {name}", file=sys.stderr, flush=True)
    run: Callable[..., Table] = resolve_name(target)
    end = watch()
    try:
        if page is not None:
            replace_sections(page.read_text(encoding="utf-8"), {name: ""})  # told now, not after an hour of measuring
        table = run(folder, **options)
        given = "".join(f" --{key.replace('_', '-')} {value}" for key, value in options.items())
        text = render(table, end(), command=f"python -m bench {name}{given}")
        if page is not None:
            page.write_text(replace_sections(page.read_text(encoding="utf-8"), {name: text}), encoding="utf-8")
    except BenchError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return False
    print(text, flush=True)
    return True


def _summary(target: str) -> str:
    documentation = resolve_name(target.partition(":")[0]).__doc__ or ""
    return documentation.strip().splitlines()[0]


if __name__ == "__main__":
    raise SystemExit(main())
