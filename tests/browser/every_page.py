"""The pages of the planted night, for what must be true of each of them."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import SESSION

#: name to address below the site's own; the report is the one page that Django draws
EVERY_PAGE = {
    "now": "now",
    "microscope": "m/Krios%201",
    "alerts": "alerts",
    "plan": "plan",
    "session": f"s/{SESSION}",
    "session plan": f"s/{SESSION}/plan",
    "grid": f"s/{SESSION}/g/g02",
    "triage": f"s/{SESSION}/triage?grid=g01",
    "compare": f"s/{SESSION}/compare?grids=g01,g02",
    "live": f"s/{SESSION}/live",
    "timeline": f"s/{SESSION}/timeline",
    "journal": f"s/{SESSION}/journal",
    "decisions": f"s/{SESSION}/decisions",
    "report": f"s/{SESSION}/report",
    "health": "facility/health",
    "admin": "facility/admin",
    "developer": "dev",
}


def opened(page: Page, address: str) -> None:
    """Go there and wait until every panel shows what it was made for."""
    page.goto(address)
    expect(page.get_by_role("heading").first).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.wait_for_load_state("networkidle")
