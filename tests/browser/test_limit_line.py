"""A line across a plot, moved by keys or by hand, becomes a choice, an alert rule or a limit."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SESSION, SignIn
from tests.browser.served import Site

FORGET = "from smartscope.models import AlertRule; AlertRule.objects.all().delete()"


def lined(page: Page, title: str) -> Locator:
    """The plot with its line drawn."""
    plot = page.get_by_role("figure", name=title)
    plot.get_by_role("button", name="Line", exact=True).click()
    expect(plot.get_by_role("slider")).to_be_visible()
    return plot


def beyond(plot: Locator) -> int:
    return int(plot.get_by_role("status").inner_text().split()[0].replace(",", ""))


def test_a_line_moved_by_keys_or_by_hand_tells_what_lies_beyond_and_chooses_it(
    sign_in: SignIn,
) -> None:
    page = sign_in(f"s/{SESSION}/live")
    plot = lined(page, "Ice thickness")
    line = plot.get_by_role("slider")
    first, before = beyond(plot), float(line.get_attribute("aria-valuenow") or "nan")
    line.focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowDown")
    expect(line).not_to_have_attribute("aria-valuenow", f"{before:g}")
    assert beyond(plot) >= first
    box = line.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 60, steps=4)
    page.mouse.up()
    assert beyond(plot) > first
    plot.get_by_role("button", name="Choose").click()
    expect(page.get_by_text(f"{beyond(plot)} exposures chosen")).to_be_visible()


def test_a_line_becomes_an_alert_rule_of_the_session(sign_in: SignIn, site: Site) -> None:
    page = sign_in(f"s/{SESSION}/live")
    try:
        plot = lined(page, "CTF fit")
        plot.get_by_role("button", name="Tell me").click()
        expect(page.get_by_text(re.compile("You are told when ctf fit is over"))).to_be_visible()
        page.goto(f"{site.address}alerts")
        expect(page.get_by_text(re.compile("when CTF fit is over"))).to_be_visible()
    finally:
        site.python(FORGET)


def test_a_viewer_chooses_with_it_and_changes_nothing(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/live", as_="viewer")
    plot = lined(page, "Drift over the exposure")
    expect(plot.get_by_role("button", name="Choose")).to_be_visible()
    for name in ("Tell me", "Judge bad", "Limit holes"):
        expect(plot.get_by_role("button", name=name)).to_have_count(0)
