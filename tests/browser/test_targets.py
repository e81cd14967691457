"""What hands do on a map, done through its table alone."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignIn
from tests.browser.test_workbench import bench, table


def square(page: Page) -> Locator:
    return page.get_by_role("region", name="Square")


def bar(page: Page) -> Locator:
    return page.get_by_role("toolbar", name="Acts on the selection").last


def chosen(page: Page) -> int:
    """How many holes the action bar speaks of."""
    text = bar(page).locator("strong").inner_text()
    return int(text.split(" ")[0].replace(",", ""))


def test_the_table_alone_selects_relabels_redoes_and_limits(journey: SignIn) -> None:
    page = bench(journey, "g01")
    holes = table(page, "Square")
    listed = holes.locator("tbody tr:not([aria-hidden])")
    expect(listed.first).to_be_visible()
    listed.nth(1).get_by_role("button").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(bar(page).locator("strong")).to_contain_text("3 holes")
    page.keyboard.press("2")
    expect(page.get_by_text(re.compile("holes? → "))).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text(re.compile(r"\d+ restored"))).to_be_visible()
    limits = _limits(page)
    limits.get_by_label(re.compile(", from$")).fill("30")
    limits.get_by_label(re.compile(", to$")).fill("60")
    expect(limits).to_contain_text(re.compile(r"keeps [\d,]+, loses [\d,]+"))
    limits.get_by_role("button", name="Select outside").click()
    assert chosen(page) > 0


def _limits(page: Page) -> Locator:
    """The panel with the limits of the square's ice."""
    square(page).get_by_role("combobox").first.select_option("ice")
    square(page).get_by_role("button", name="Limits").click()
    panel = square(page).get_by_role("group", name=re.compile("^Limits of"))
    expect(panel).to_be_visible()
    return panel
