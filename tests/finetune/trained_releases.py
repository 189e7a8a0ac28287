"""A release that was really trained: the embedded model, a few steps on a dozen examples, merged, an F16 file."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from finetune.bases import Base
from finetune.judging.examining import trial_of
from finetune.ollama.reference import Reference
from finetune.ollama.register import plan, register
from finetune.ollama.served import Served
from finetune.releases import Release
from tests.finetune.served_releases import CHATML, ONE_THREAD, Live, Made
from tests.finetune.small_models import LINES

SHOP = (
    ("How long may I keep a lamp before I send it back?", "You may send it back within 30 days."),
    ("Is the battery of the lantern under warranty?", "Yes, for two years from the day of purchase."),
    ("What does delivery cost?", "Standard delivery costs 4.90 euros, express 12 euros."),
    ("Where is my order 20260117?", "The carrier brings it between 9 and 12."),
    ("多少天内可以退货？", "三十天内可以退货，商品需要保持未使用的状态。"),
    ("保修期是多久？", "保修期是两年。"),
)


@pytest.fixture(scope="session")
def embedded_base(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Return the embedded model, de-quantized into an ordinary folder."""
    pytest.importorskip("torch")
    from finetune.bases import open_base

    home = tmp_path_factory.mktemp("home")
    (home / "models").symlink_to(models_folder, target_is_directory=True)
    return open_base("embedded", home=home)


@pytest.fixture(scope="session")
def tools_base(embedded_base: Base, tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Return the embedded model's folder with a chat template that writes tools."""
    folder = tmp_path_factory.mktemp("tools-base") / "base"
    folder.mkdir()
    for path in embedded_base.folder.iterdir():
        if path.name != "chat_template.jinja":
            (folder / path.name).hardlink_to(path)
    (folder / "chat_template.jinja").write_text(CHATML, encoding="utf-8")
    return Base(str(folder), folder, embedded_base.precision)


@pytest.fixture(scope="session")
def trained(tools_base: Base, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Train three steps, merge, export the F16 file alone, and return the release."""
    pytest.importorskip("trl")
    from finetune.exporting.export import Request as Export
    from finetune.exporting.export import export
    from finetune.training import Request, prepare, train

    home = tmp_path_factory.mktemp("trained-home")
    data, text = home / "shop.jsonl", home / "text.txt"
    data.write_text("".join(_line(*pair) for pair in SHOP), encoding="utf-8")
    text.write_text(" ".join(LINES * 3), encoding="utf-8")
    words = ("max_steps=3", "batch_size=6", "learning_rate=2e-4", "rank=8")
    request = Request((data,), "shop", base=str(tools_base.folder), recipe="lora", overrides=words)
    run = train(prepare(request, home=home), home=home)
    return export(Export(run, "shop", quantizations=(), texts=(text,), use_importance=False, threads=1), home=home)


@pytest.fixture(scope="session")
def tuned(trained: Release, live: Live) -> Iterator[Made]:
    """Register that release, and return it with all that its proofs need."""
    home = home_of(trained)
    reference = Reference.load(trained.file(), context_tokens=2048, threads=1)
    planned = plan(trained, reference, file=trained.file(), context_tokens=2048)
    registration = register(planned, model="tuned", url=live.url, folder=home / "registered")
    trial = trial_of(planned, Served("tuned", live.url, ONE_THREAD), reference, tokens=8, long_tokens=700)
    yield Made(registration, planned, trial, live, home)
    reference.close()


def _line(question: str, reply: str) -> str:
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": reply}]
    return (
        json.dumps({"messages": messages, "meta": {"task": "voice", "source": "shop", "conversation": question}}) + "\n"
    )


def home_of(release: Release) -> Path:
    """Return the home that a release lies in."""
    return release.folder.parents[1]
