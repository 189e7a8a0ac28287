"""What axe-core finds wrong with a page for screen readers, keyboards and weak eyes."""

from typing import Any

from playwright.sync_api import Page

from tests.conftest import missing

OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
"""All rules that are on by default, best practice among them, and the least size of what is tapped (WCAG 2.2)."""


def faults(page: Page) -> str:
    """Return every rule that a page breaks with the elements that do; "" for none."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        missing("axe-playwright-python")
    found: list[dict[str, Any]] = Axe().run(page, options=OPTIONS).response["violations"]
    return "\n".join(f"{fault['id']}: {[node['html'][:200] for node in fault['nodes']]}" for fault in found)
