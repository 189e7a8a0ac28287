"""The whole way from a run to a release, killed at several points, and what is refused before it begins."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from finetune.errors import FinetuneError
from finetune.exporting.export import Request, export, read_material
from finetune.exporting.export_report import HEIGHT, LEFT, LETTER, LINE, TOP, WIDTH, breaches, scatter
from finetune.exporting.gguf import file_weights
from finetune.releases import PART, check, open_release, releases
from finetune.runs import Run, open_run
from tests.finetune.exported_runs import make_run
from tests.finetune.small_models import LINES

pytest.importorskip("torch")
ROOT = Path(__file__).parents[3]
COMMAND = (
    "import sys; from pathlib import Path; from finetune.exporting.export import Request, export; "
    "from finetune.runs import open_run; home = Path(sys.argv[1]); "
    "export(Request(open_run('tuned', home=home), 'shop', quantizations=('q8_0', 'q4_0'), texts=(home / 'text.txt',), "
    "threads=1), home=home, progress=lambda name, done, total: print(name, flush=True))"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    home = tmp_path_factory.mktemp("home")
    (home / "text.txt").write_text(" ".join(LINES * 8), encoding="utf-8")
    return home, make_run(home)


@pytest.fixture
def home(made: tuple[Path, Run], tmp_path: Path) -> Path:
    for name in ("runs", "models", "text.txt"):
        (tmp_path / name).symlink_to(made[0] / name)
    return tmp_path


def request(home: Path, **more: object) -> Request:
    given: dict[str, object] = {"quantizations": ("q8_0", "q4_0"), "texts": (home / "text.txt",), "threads": 1} | more
    return Request(open_run("tuned", home=home), "shop", **given)  # type: ignore[arg-type]


def test_a_run_becomes_a_release(home: Path) -> None:
    release = export(request(home), home=home)
    assert [file["quantization"] for file in release.manifest["files"]] == ["F16", "q8_0", "q4_0"]
    assert check(open_release("shop", home=home)) == ()
    assert {kind for _, kind, _ in file_weights(release.file("q4_0"))} >= {"Q4_0", "F32"}
    assert release.manifest["merge"]["same_top"] > 0
    assert release.manifest["conversion"]["max_difference"] < 0.1
    assert release.manifest["importance"] is True
    assert (release.folder / "adapter" / "adapter_model.safetensors").is_file()
    assert not (release.folder / "merged").exists()
    assert "<script" not in (release.folder / "report.html").read_text(encoding="utf-8")
    release.file("q8_0").write_bytes(b"changed")
    assert check(release) == ("model-q8_0.gguf was changed",)
    with pytest.raises(FinetuneError, match="already"):
        export(request(home), home=home)


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal")
def test_killed_anywhere_no_half_release_shows_and_the_next_run_goes_on(home: Path) -> None:
    written: dict[str, int] = {}
    for until in ("blk.0", "q8_0 blk.0", "measure q8_0"):
        _kill_at(until, home)
        assert releases(home) == ()
        part = home / "releases" / f"{PART}shop"
        done = json.loads((part / "progress.json").read_text(encoding="utf-8"))
        for piece, at in written.items():
            assert (part / piece).stat().st_mtime_ns == at  # what was whole was not made again
        written = {file.name: file.stat().st_mtime_ns for file in part.glob("model-*.gguf") if _whole(file.name, done)}
    release = export(request(home), home=home)
    assert set(written) == {"model-F16.gguf", "model-q8_0.gguf", "model-q4_0.gguf"}
    assert all((release.folder / name).stat().st_mtime_ns == at for name, at in written.items())
    assert [one.name for one in releases(home)] == ["shop"]
    assert not list((home / "releases").glob(".part-*"))


def test_other_text_begins_anew(home: Path) -> None:
    _kill_at("q8_0 blk.0", home)
    (home / "other.txt").write_text(" ".join(LINES * 9), encoding="utf-8")
    part = home / "releases" / f"{PART}shop" / "model-F16.gguf"
    before = part.stat().st_mtime_ns
    release = export(request(home, texts=(home / "other.txt",)), home=home)
    assert (release.folder / "model-F16.gguf").stat().st_mtime_ns != before


def test_without_held_out_text_nothing_is_begun(home: Path) -> None:
    with pytest.raises(FinetuneError, match=r"--text FILE .* or --examples"):
        export(request(home, texts=()), home=home)
    assert not (home / "releases").exists()


def test_too_little_text_is_told_before_anything_is_merged(home: Path) -> None:
    (home / "short.txt").write_text(LINES[0], encoding="utf-8")
    steps: list[str] = []
    with pytest.raises(FinetuneError, match=r"Only \d+ tokens could be judged.*Next: give more .*--text FILE"):
        export(
            request(home, texts=(home / "short.txt",)), home=home, progress=lambda name, _done, _all: steps.append(name)
        )
    assert steps == []
    assert not list((home / "releases").rglob("merged"))


def test_every_file_of_held_out_text_that_cannot_be_used_names_one_mend(home: Path) -> None:
    (home / "latin.txt").write_bytes(b"\xff\xfe\xfa")
    (home / "bad.jsonl").write_text("{\n", encoding="utf-8")
    with pytest.raises(FinetuneError) as caught:
        read_material(request(home, texts=(home / "latin.txt",), examples=(home / "bad.jsonl",)))
    first, *second = str(caught.value).splitlines()
    assert "latin.txt cannot be read as text" in first
    assert first.endswith("Next: name a text file in UTF-8.")
    assert "\n".join(second).count("Next:") == 1


def test_a_full_disk_is_refused_before_the_first_byte(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("finetune.exporting.disk.shutil.disk_usage", lambda _: SimpleNamespace(free=1 << 20))
    with pytest.raises(FinetuneError, match=r"needs 0\.3 GB .* 0\.0 GB are free"):
        export(request(home), home=home)
    assert not list((home / "releases").rglob("*.gguf"))


def _whole(name: str, done: dict[str, object]) -> bool:
    kind = name.removeprefix("model-").removesuffix(".gguf")
    return ("f16" if kind == "F16" else f"quantized {kind}") in done


def _kill_at(until: str, home: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", COMMAND, str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            if line.startswith(until):
                os.kill(process.pid, signal.SIGKILL)
                break
        else:
            pytest.fail(f"the export ended before {until!r}")
    process.wait(timeout=20)
    time.sleep(0.1)


def drawn(quantization: str, megabytes: int, **loss: float) -> dict[str, Any]:
    """Return what the report needs of a file."""
    kept = {"kl": 0.0, "kl_error": 0.0, "perplexity": 1.0, "same_top": 1.0}
    return {"quantization": quantization, "bytes": megabytes * 1_000_000, **kept, **loss}


def test_a_file_outside_the_band_says_for_which_limit() -> None:
    band = {"kl": 0.05, "perplexity_rise": 0.02, "same_top": 0.9}
    one = drawn("q4_0", 90, kl=0.06, perplexity=1.03, same_top=0.899)

    assert breaches(one, drawn("F16", 270), band) == ["KL 0.060", "perplexity +3.0 %", "same top 89.9 %"]
    assert breaches(drawn("q8_0", 140, kl=0.05, perplexity=1.02, same_top=0.9), drawn("F16", 270), band) == []


def test_every_name_in_the_drawing_can_be_read() -> None:
    """Two files that lie close, and one whose interval leaves the field."""
    files = [drawn("F16", 270), drawn("q8_0", 145, kl=0.001), drawn("q6_K", 138, kl=0.001)]
    files.append(drawn("q5_K_M", 112, kl=0.07, kl_error=0.5))
    drawing = scatter(files, "q6_K", limit=0.05, outside=("q5_K_M",))
    names = re.findall(r'<text class="(\w+)" x="([\d.-]+)" y="([\d.-]+)" text-anchor="middle">(\w+)<', drawing)
    places = {name: (float(x), float(y)) for _, x, y, name in names}

    assert {name: kind for kind, _, _, name in names} == {"q6_K": "chosen", "q8_0": "inside", "q5_K_M": "outside"}
    assert all(LETTER * len(name) / 2 < x < LEFT + WIDTH and TOP < y < TOP + HEIGHT for name, (x, y) in places.items())
    near = [abs(places["q6_K"][axis] - places["q8_0"][axis]) for axis in (0, 1)]
    assert near[0] > LETTER * 4 or near[1] >= LINE
    assert min(float(y) for y in re.findall(r'y1="([\d.-]+)"', drawing)) >= TOP
