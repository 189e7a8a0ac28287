"""The demo company, in a home of its own.

    examples/brindlemoor/documents/{public,staff} -> library
    examples/brindlemoor/make_shop.py             -> HOME/shop.sqlite3 <- examples/brindlemoor/shop_tools.py

Safe to repeat: what is there is not made again, so a second start takes seconds.
"""

import os
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path

from assistant.model_files import get_model, model_state
from assistant.settings import PREFIX, Settings, SettingsError, default_home, load
from knowledge.environment import PIP

if TYPE_CHECKING:
    from assistant.app import Application

COMPANY = "brindlemoor"
SHOP = "shop.sqlite3"
TOOLS = "shop_tools.py"
PROFILE = {
    "company": "Brindlemoor",
    "tagline": "Lamps and lanterns, made to last",
    "contact": "help@example.com",
    "embedder": "multilingual",
    "examples": (
        "How long do I have to return a lamp?",
        "How long is the warranty on a lantern battery?",
        "How long does a repair take in December?",
        "How much does the Bittern floor lamp cost in walnut?",
        "礼品卡丢了怎么办？",
        "Heron 的保修期多长？",
    ),
}
MODELS = ("smollm2-135m-instruct", "multilingual-e5-small")
"""What the demo runs on: a third of its documents are Chinese, so its embedder knows more than English."""
OWNERS_PLACES = frozenset(
    {"catalog_url", "chroma_url", "documents", "feeds", "smtp_sender", "smtp_url", "ticket_email"}
    | {"ticket_webhook_secret", "ticket_webhook_url"}
)
"""Settings of the environment that lead to what is the owner's: the demo neither writes there nor sends anything."""
Progress = Callable[[str, float, int], None]


def demo_home() -> Path:
    """Return where the demo lives: beside the owner's state, never in it."""
    home = os.environ.get(PREFIX + "HOME")
    return Path(home).expanduser() / "demo" if home else user_data_path("frontdesk-demo", appauthor=False)


def demo_settings(*, home: Path | None = None, config: Path | None = None, **flags: object) -> Settings:
    """Return the settings of the demo; `frontdesk.toml` in the current folder or in the owner's home is not read.

    What the demo company says must not get into the owner's library, nor its tickets to the owner's people.

    Args:
        config: A settings file for the demo; None takes the one in its home, if there is one.
    """
    home = (home or demo_home()).absolute()
    config = config.absolute() if config else None
    tools = (str(company_folder() / TOOLS),)
    owners = {PREFIX + key.upper() for key in OWNERS_PLACES}
    environment = {name: value for name, value in os.environ.items() if name not in owners}
    environment[PREFIX + "HOME"] = str(home)
    flags = {**PROFILE, "tools": tools, **flags, "home": home}
    return load(config=config, flags=flags, environment=environment, folder=home)


def company_folder() -> Path:
    """Return the demo company's folder, in a checkout or in an installed package.

    Raises:
        SettingsError: Neither is there.
    """
    package = Path(__file__).parent
    for folder in (package.parent / "examples" / COMPANY, package / "demo_company" / COMPANY):
        if (folder / "documents").is_dir():
            return folder
    raise SettingsError(
        "The demo company's documents are missing from this installation. Next, in Frontdesk's folder: "
        f"{PIP} install --force-reinstall --no-deps ."
    )


def get_models(settings: Settings, *, progress: Callable[[str], None]) -> None:
    """Get the embedded models that the demo uses, from the owner's home where they are there already.

    With `model = "embedded:NAME"` that one too.
    """
    home = os.environ.get(PREFIX + "HOME")
    own = (Path(home).expanduser() if home else default_home()) / "models"
    larger = settings.model.removeprefix("embedded:") if settings.model.startswith("embedded:") else ""
    for name in (*MODELS, *filter(None, [larger])):
        sources = [own / name] if model_state(own, name, hashed=False) == "ready" else []
        get_model(settings.models_folder, name, sources=sources, offline=settings.offline, progress=progress)


def fill(application: "Application", *, progress: Progress | None = None) -> int:
    """Make the shop and ingest both sets of documents; return how many documents are new.

    Raises:
        KnowledgeError: The documents cannot be ingested.
    """
    company = company_folder()
    _make_shop(company, application.settings.home / SHOP)
    new = 0
    for audience in ("public", "staff"):
        report = application.library.ingest(
            [company / "documents" / audience], audience=audience, prune=True, progress=progress
        )
        new += report.documents
    return new


def _make_shop(company: Path, target: Path) -> None:
    if target.exists():
        return
    partial = target.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    runpy.run_path(str(company / "make_shop.py"), run_name="demo_shop")["make_shop"](partial)
    partial.replace(target)
