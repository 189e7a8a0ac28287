"""A bundle of the demo: made, unpacked, started twice and asked where there is no network. Needs an index and Linux.

demo home -> frontdesk bundle -> FILE.zip -> unpacked -> start.sh in a network namespace -> cited answer
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.homes import DEMO, ROOT, frontdesk, home_of
from bench.tables import BenchError, Table

QUESTION = "How long do I have to return a lamp?"
MB = 1e6


def run(folder: Path) -> Table:
    """Return sizes and seconds; fails when the answer has no citation, or something tried to leave."""
    home = home_of(DEMO, folder).path
    place = folder / "bundle"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    version = ".".join(platform.python_version_tuple()[:2])
    made = frontdesk(home, "bundle", place / "office.zip", "--python", version, "--model", "embedded")
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(place / "office.zip"), str(place)], check=True)
    unpacking = time.perf_counter() - started
    first, second = (_start(place) for _ in range(2))
    carried = json.loads((place / "office" / "manifest.json").read_text(encoding="utf-8"))["files"]
    sizes = {kind: sum(one["bytes"] for one in carried if kind in one["name"]) for kind in ("wheels/", "home/models/")}
    installed = sum(path.stat().st_size for path in (place / "office").glob("runtime-*/**/*") if path.is_file())
    return Table(
        columns=("what", "value"),
        rows=(
            ("MB, the bundle", f"{made['bytes'] / MB:.0f}"),
            ("MB of it, packages", f"{sizes['wheels/'] / MB:.0f}"),
            ("MB of it, models", f"{sizes['home/models/'] / MB:.0f}"),
            ("MB, what the first start installs", f"{installed / MB:.0f}"),
            ("s to make it, packages fetched", f"{made['seconds']:.0f}"),
            ("s to unpack it", f"{unpacking:.1f}"),
            ("s from the first start to the address", f"{first['ready']:.1f}"),
            ("s from the first start to the answer", f"{first['answered']:.1f}"),
            ("s from the second start to the address", f"{second['ready']:.1f}"),
            ("s from the second start to the answer", f"{second['answered']:.1f}"),
            ("attempts to leave, both starts", f"{sum(first['left'].values()) + sum(second['left'].values())}"),
        ),
        cases=f"once; {made['platform']}, the demo's documents and embedded model; first cited document: "
        f"{first['turn']['answer']['citations'][0]['document']}",
        spread="",
    )


def _start(place: Path) -> Mapping[str, Any]:
    """Start the unpacked bundle without a network, ask once, and return what was seen."""
    home, out = place / "somebody", place / "out.json"
    home.mkdir(exist_ok=True)
    namespace = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    python = str(Path(getattr(sys, "_base_executable", sys.executable)).resolve())
    command = [*namespace, python, "-I", str(ROOT / "bench" / "alone.py"), str(out), "serve", str(place / "office")]
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHON": python}
    if subprocess.run([*command, QUESTION], env=environment, check=False).returncode:
        raise BenchError("The bundle did not start without a network. Next: see above, and docs/bundle.md.")
    told: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    if not told["turn"]["answer"]["citations"]:
        raise BenchError(f"The bundle answered without a citation: {told['turn']['answer']}")
    return told
