"""What axe-core finds wrong with a page for screen readers, keyboards and weak eyes."""

from typing import Any

from playwright.sync_api import Page

from tests.conftest import missing

OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
"""All rules that are on by default, best practice among them, and the least size of what is tapped (WCAG 2.2)."""


def faults(page: Page, *, rule: str = "") -> str:
    """Return every rule that a page breaks with the elements that do; "" for none.

    Args:
        rule: the only one that is looked at; "" looks at all.
    """
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-playwright-python")
    options = {"resultTypes": ["violations"], "runOnly": [rule]} if rule else OPTIONS
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return "\n".join(f"{fault['id']}: {[node['html'][:200] for node in fault['nodes']]}" for fault in found)
