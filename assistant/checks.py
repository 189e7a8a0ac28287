"""What `doctor` tells of one part; here of feeds, tools, and what was tuned: releases, adapters, what makes them.

settings -> Check: well or not, and which command mends it
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.models.adapters import ADAPTERS, read_adapters
from agents.models.loading import chosen
from agents.models.promotion import BACK
from agents.tools import IDENTIFIES, Tool
from assistant.app import model_options
from assistant.feed_settings import MAIL, password_variable
from assistant.feeds import undeclared
from assistant.settings import Settings


@dataclass(frozen=True, slots=True)
class Check:
    """One part, looked at."""

    name: str
    ok: bool
    detail: str
    fix: str = ""
    """The command or edit that mends it; "" when all is well."""


def check_adapters(settings: Settings) -> Check:
    """Compare every adapter with what was added, and its base with what is served; one unused is a fault too."""
    from agents.models.llamacpp import file_in_process

    found = read_adapters(settings.home / ADAPTERS)
    options = model_options(settings)
    served = file_in_process(settings.model, options) if found else None
    told, faults, fixes = [], [], []
    for one in found:
        if fault := one.fault():
            faults.append(f"{one.name}: its file {fault}")
            fixes.append(f"frontdesk adapters remove {one.name}, then: frontdesk adapters add {one.run}")
        elif served is None or not one.fits(served):
            faults.append(
                f"{one.name} is not used: it is for {one.base}, and {chosen(settings.model, options)} is served"
            )
            fixes.append(f"serve {one.base} again, or: frontdesk adapters remove {one.name}")
        else:
            told.append(f"{one.name} ({one.purpose})")
    return Check("adapters", not faults, "; ".join([*faults, *told]) or "none", "; ".join(fixes))


def check_tools(tools: Sequence[Tool], settings: Settings) -> Check:
    """List the company's tools; those that nobody can use, since nothing finds out who the customer is, are a fault."""
    told = ", ".join(f"{tool.name} ({tool.effect}{', of own records' * tool.own_data})" for tool in tools) or "none"
    closed = [tool.name for tool in tools if tool.identified]
    if not closed or settings.session_key or any(tool.name == IDENTIFIES for tool in tools):
        return Check("tools", True, told)
    fault = f"nothing finds out who the customer is, so these are never run: {', '.join(closed)}"
    fix = f"set FRONTDESK_SESSION_KEY, or write a tool {IDENTIFIES} (docs/tools.md)"
    return Check("tools", False, f"{fault}; all: {told}", fix)


def check_export() -> Iterator[Check]:
    """Tell whether what converts and quantizes is here; its absence is no fault of a machine that only serves."""
    from finetune.exporting.export_tools import examine as examine_tools

    for tool in examine_tools():
        yield Check(tool.name, tool.ok, tool.detail, tool.fix)


def check_release(settings: Settings) -> Check:
    """Compare every byte that serves of the promoted release with its hash."""
    from finetune.promoting import promoted
    from finetune.releases import check, open_release

    now = promoted(settings.home)
    if now is None:
        return Check("release", True, "none is promoted")
    release = open_release(now.release, home=settings.home)
    wrong = check(release, only_served=True)
    if release.fingerprint != now.fingerprint:
        wrong = ("it is another one than was promoted", *wrong)
    if wrong:
        return Check("release", False, f"{now.release}: {', '.join(wrong)}", BACK)
    unused = "" if settings.model == "auto" else f', but model = "{settings.model}" is set'
    return Check("release", True, f"{now.release} serves, as it was exported{unused}")


def check_feeds(settings: Settings) -> Check:
    """Tell what the feeds lack; nothing is asked of a server, which may be slow."""
    faults = []
    for feed in settings.feeds:
        if feed.path is not None and not feed.path.is_dir():
            faults.append(f"{feed.name}: there is no folder {feed.path}")
        if feed.kind == "imap" and not feed.password:
            faults.append(f"{feed.name}: {password_variable(feed.name)} is not set")
        if feed.kind in MAIL and feed.audience == "public":
            faults.append(f"{feed.name}: everyone may read these mails")
    left = undeclared(settings)
    faults += [f"{name}: declared no more, and its documents still answer" for name in left]
    detail = "; ".join(faults) or ", ".join(
        f"{feed.name} ({feed.kind}, {feed.audience or 'public'})" for feed in settings.feeds
    )
    fixes = [f"frontdesk sync --forget {name}" for name in left]
    fixes += ["edit [[feeds]] in frontdesk.toml, then: frontdesk sync"] if len(faults) > len(left) else []
    return Check("feeds", not faults, detail, "; ".join(fixes))
