"""The holes of a square are corrected by hand: the lattice goes on, holes come, move and go."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SESSION, SignIn
from tests.browser.served import Site
from tests.browser.test_workbench import rows, table

#: where a hole stands, px of the square's picture
PLACE = """async (slug) => {
    const hole = await (await fetch(`api/v1/holes/${slug}?session=20261120_ribosome`)).json();
    return [hole.x_px, hole.y_px];
}"""


IS_AT = """async ([slug, x, y]) => {
    const hole = await (await fetch(`api/v1/holes/${slug}?session=20261120_ribosome`)).json();
    return Math.hypot(hole.x_px - x, hole.y_px - y) < 1;
}"""
SOLVED_WITHIN_MS = 60_000
#: whether the square's picture has come to rest
STANDS = """() => {
    const map = document.querySelector('section[aria-label^="Square"] .map');
    const now = map.querySelector("canvas").toDataURL();
    const stands = now === window.lastSeen;
    window.lastSeen = now;
    return stands;
}"""


#: imaged and searched for holes; by its id, for what is done may wait again after an edit
SQUARE = """
from smartscope.models import Square
held = Square.objects.filter(grid__slug="g01", picture__isnull=False).order_by("slug")
print(held[2].slug, end="")
"""


@pytest.fixture
def page(journey: SignIn, site: Site) -> Page:
    """The workbench with a square that no other test edits, its holes as a table, tools open."""
    slug = site.python(SQUARE)
    page = journey(f"s/{SESSION}/g/g01?square={slug}")
    expect(page.get_by_role("region", name=f"Square {slug}")).to_be_visible()
    listed = table(page, "Square")
    expect(listed.locator("tbody tr").first).to_be_visible()
    page.get_by_role("button", name="Edit holes").click()
    return page


def tools(page: Page) -> Locator:
    return page.get_by_role("group", name="Edit holes")


def count(page: Page) -> int:
    listed = page.get_by_role("region", name="Square").get_by_role("table")
    return int(listed.get_attribute("aria-rowcount") or 0) - 1


def expect_count(page: Page, holes: int) -> None:
    listed = page.get_by_role("region", name="Square").get_by_role("table")
    expect(listed).to_have_attribute("aria-rowcount", str(holes + 1))


def undo(page: Page, holes: int) -> None:
    """Taken back, groups solved anew: with their first solving a server takes its time."""
    with page.expect_response(re.compile("/revert$"), timeout=SOLVED_WITHIN_MS):
        page.get_by_role("button", name="Undo").last.click()
    expect_count(page, holes)


def expect_at(page: Page, slug: str, x_px: float, y_px: float) -> None:
    """The hole's row says so, once what was asked for is written."""
    page.wait_for_function(IS_AT, arg=[slug, x_px, y_px], timeout=SOLVED_WITHIN_MS)


def a_hole(page: Page) -> str:
    """Select one that was never exposed and is in no group; its id."""
    listed = page.get_by_role("region", name="Square").get_by_role("table")
    row = rows(listed, "rejected").first
    slug = row.get_by_role("button").inner_text()
    row.click()
    expect(tools(page)).to_contain_text(f"{slug}: arrows nudge")
    return slug


def test_the_lattice_goes_on_as_previewed_and_is_taken_back(page: Page) -> None:
    before = count(page)
    tools(page).get_by_role("button", name="Preview").click()
    add = tools(page).get_by_role("button", name=re.compile(r"^Add [\d,]+ holes?"))
    expect(add).to_be_visible()
    new = int(re.sub(r"\D", "", add.inner_text()))
    page.get_by_role("region", name="Square").get_by_role("button", name="Map").click()
    expect(page.locator(".hand .ghost")).to_have_count(new)
    add.click()
    expect(page.get_by_text(re.compile(rf"^{new} holes? added on the lattice"))).to_be_visible()
    expect(page.locator(".hand .ghost")).to_have_count(0)
    table(page, "Square")
    expect_count(page, before + new)
    undo(page, before)


def test_a_hole_is_added_between_others_deleted_and_brought_back(page: Page) -> None:
    before = count(page)
    x_px, y_px = page.evaluate(PLACE, a_hole(page))
    # the middle between four holes of the film
    tools(page).get_by_label("x", exact=True).fill(f"{x_px + 21:.0f}")
    tools(page).get_by_label("y", exact=True).fill(f"{y_px + 21:.0f}")
    tools(page).get_by_role("button", name="Add there").click()
    expect(page.get_by_text("1 hole added")).to_be_visible()
    expect_count(page, before + 1)
    undo(page, before)
    a_hole(page)
    tools(page).get_by_role("button", name="Delete 1 hole").click()
    expect(page.get_by_text(re.compile("^1 hole deleted"))).to_be_visible()
    expect_count(page, before - 1)
    undo(page, before)
    a_hole(page)
    page.keyboard.press("Delete")
    expect_count(page, before - 1)
    undo(page, before)


def test_a_click_on_the_map_adds_a_hole_where_one_is_missing(page: Page) -> None:
    before = count(page)
    x_px, y_px = page.evaluate(PLACE, a_hole(page))
    square = page.get_by_role("region", name="Square")
    square.get_by_role("button", name="Map").click()
    tools(page).get_by_role("button", name="Add by clicking").click()
    expect(square.locator(".map .bar")).to_be_visible()
    page.wait_for_function(STANDS)
    box = square.locator(".map").bounding_box()
    assert box is not None
    # the picture of 1024 px is centred, and as large as fits
    side = min(box["width"], box["height"])
    left, top = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2
    page.mouse.click(left + (x_px + 21) / 1024 * side, top + (y_px + 21) / 1024 * side)
    expect(page.get_by_text("1 hole added")).to_be_visible()
    tools(page).get_by_role("button", name="Add by clicking").click()
    table(page, "Square")
    expect_count(page, before + 1)
    undo(page, before)


def test_a_hole_is_nudged_by_keys_and_moved_by_numbers_and_put_back(page: Page) -> None:
    slug = a_hole(page)
    x_px, y_px = page.evaluate(PLACE, slug)
    for key in ("ArrowRight", "Shift+ArrowDown"):
        page.keyboard.press(key)
    expect_at(page, slug, x_px + 1, y_px + 10)
    expect(page.get_by_text(f"{slug} moved")).to_be_visible()
    page.keyboard.press("Control+z")
    # with those of its square that had changed groups
    expect(page.get_by_text(re.compile(r"^\d+ restored"))).to_be_visible(timeout=SOLVED_WITHIN_MS)
    expect_at(page, slug, x_px, y_px)
    tools(page).get_by_label("x", exact=True).fill(f"{x_px + 5:.0f}")
    tools(page).get_by_label("y", exact=True).fill(f"{y_px:.0f}")
    with page.expect_response(lambda one: one.request.method == "PATCH", timeout=SOLVED_WITHIN_MS):
        tools(page).get_by_role("button", name="Move there").click()
    expect_at(page, slug, round(x_px + 5), round(y_px))
    page.get_by_role("heading", name="Square").click()
    page.keyboard.press("Control+z")
    expect_at(page, slug, x_px, y_px)
