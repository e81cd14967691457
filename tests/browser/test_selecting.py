"""Many targets at once on the workbench: lasso, box, limits, undo across a reload; and triage."""

from __future__ import annotations

import math
import re
import time

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SESSION, SignIn
from tests.browser.test_workbench import bench, table

HELD = re.compile(r"^([\d,]+) (squares?|holes?)")


def pane(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def open_map(page: Page, name: str) -> Locator:
    """A pane whose picture stands: only then is there a scale."""
    region = pane(page, name)
    expect(region.locator(".map .bar")).to_be_visible()
    return region


def held(page: Page) -> int:
    """How many targets the action bar says are selected."""
    strong = page.get_by_role("toolbar", name="Acts on the selection").locator("strong")
    found = HELD.match(strong.inner_text())
    assert found is not None, strong.inner_text()
    return int(found[1].replace(",", ""))


def circle(page: Page, on: Locator, share: float = 0.3) -> None:
    """Draw around the middle of a map with the mouse."""
    box = on.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    reach = share * min(box["width"], box["height"])
    page.mouse.move(x + reach, y)
    page.mouse.down()
    for turn in range(1, 37):
        angle = 2 * math.pi * turn / 36
        page.mouse.move(x + reach * math.cos(angle), y + reach * math.sin(angle))
    page.mouse.up()


def test_a_lassoed_class_is_relabelled_taken_back_and_after_a_reload_redone(
    journey: SignIn,
) -> None:
    page = bench(journey, "g01")
    atlas = open_map(page, "Atlas")
    atlas.get_by_role("button", name="Lasso").click()
    circle(page, atlas.locator(".map"))
    count = held(page)
    assert count > 4
    page.keyboard.press("5")  # a label that no other test gives
    done = page.get_by_text(re.compile(rf"^{count} squares → partial"))
    expect(done).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text(re.compile(r"^[\d,]+ restored"))).to_be_visible()
    page.reload()
    expect(pane(page, "Atlas").locator(".openseadragon-canvas canvas").first).to_be_visible()
    page.keyboard.press("Control+Shift+Z")
    expect(page.get_by_text(re.compile(r"^[\d,]+ redone"))).to_be_visible()
    people = table(page, "Atlas").locator("tbody tr").filter(has_text="partial (person)")
    expect(people).to_have_count(count)
    page.keyboard.press("Control+z")
    expect(people).to_have_count(0)


def test_a_box_by_two_clicks_holds_what_a_dragged_one_holds(sign_in: SignIn) -> None:
    page = bench(sign_in)
    atlas = open_map(page, "Atlas")
    atlas.get_by_role("button", name="Box").click()
    box = atlas.locator(".map").bounding_box()
    assert box is not None
    first = (box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    last = (box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"])
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move(*last, steps=8)
    page.mouse.up()
    dragged = held(page)
    assert dragged > 1
    page.get_by_role("button", name="Clear the selection").click()
    page.mouse.click(*first)
    page.mouse.move(*last, steps=4)
    page.mouse.click(*last)
    assert held(page) == dragged


def test_keys_select_all_invert_and_grow_to_the_class(sign_in: SignIn) -> None:
    page = bench(sign_in, "g01")
    squares = table(page, "Atlas")
    total = squares.locator("tbody tr").count()
    cracked = squares.locator("tbody tr").filter(has_text="cracked")
    cracked.first.get_by_role("button").click()
    page.keyboard.press("s")
    assert held(page) == cracked.count()
    page.keyboard.press("i")
    assert held(page) == total - cracked.count()
    page.keyboard.press("a")
    assert held(page) == total


def test_the_most_alike_join_ten_at_a_time(sign_in: SignIn) -> None:
    page = bench(sign_in, "g01")
    table(page, "Atlas").locator("tbody tr").first.get_by_role("button").click()
    assert held(page) == 1
    page.keyboard.press("Shift+S")
    assert held(page) == 11
    page.get_by_role("button", name="Ten alike").click()
    assert held(page) == 21


def test_a_limit_says_what_it_keeps_and_loses_and_selects_without_dragging(
    journey: SignIn,
) -> None:
    page = bench(journey, "g01")
    square = pane(page, "Square")
    square.get_by_label("Colours of").select_option("ice")
    expect(page).to_have_url(re.compile(r"overlay=class\.ice"))
    square.get_by_role("button", name="Limits").click()
    limits = square.get_by_role("group", name="Limits of Ice thickness")
    limits.get_by_label("Ice thickness, to").fill("40")
    expect(limits).to_contain_text(re.compile(r"On the whole grid: keeps [\d,]+, loses [\d,]+"))
    square.get_by_role("button", name="Select outside").click()
    outside = held(page)
    square.get_by_role("button", name="Select inside").click()
    holes = table(page, "Square").locator("tbody tr")
    # the table shows what lies inside the band, and that is what is selected
    assert held(page) == holes.count()
    square.get_by_role("button", name="Limits").click()
    assert outside + held(page) == holes.count()


def test_the_holes_of_several_squares_are_one_selection(sign_in: SignIn) -> None:
    page = bench(sign_in, "g01")
    squares = table(page, "Atlas")
    squares.get_by_role("button", name="State").click()
    done = squares.locator("tbody tr").filter(has_text="done")
    done.first.get_by_role("button").click()
    done.nth(1).get_by_role("button").click(modifiers=["Shift"])
    page.get_by_role("button", name="Their holes").click()
    bar = page.get_by_role("toolbar", name="Acts on the selection")
    expect(bar).to_contain_text("in other squares")
    expect(bar.get_by_role("button", name=re.compile(r"^skip [\d,]+ of [\d,]+;"))).to_be_visible()


def test_a_person_judges_by_keyboard_and_many_at_once_after_a_preview(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/triage?grid=g01")
    tiles = page.locator("[data-item]")
    expect(tiles.first).to_be_visible()
    progress = page.get_by_role("status").filter(has_text=" of ")
    tiles.first.click()
    page.keyboard.press("1")
    expect(progress).to_contain_text(re.compile(r"^1 of \d+"))
    page.keyboard.press("2")
    expect(progress).to_contain_text(re.compile(r"^2 of \d+, \d+\.\d\ss each"))
    expect(tiles.nth(2)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("2")
    preview = page.get_by_role("dialog")
    expect(preview).to_contain_text("3 exposures → bad")
    preview.get_by_role("button", name="Label 3").click()
    expect(progress).to_contain_text(re.compile(r"^5 of \d+"))
    page.get_by_label("Show").select_option("unlabelled")
    expect(progress).to_contain_text(re.compile(r"^0 of \d+"))


#: tiles whose canvas shows more than one grey: a picture, not an empty frame
PICTURED = """() => [...document.querySelectorAll("[data-item] canvas")].filter((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(data.filter((_, at) => at % 4 === 0)).size > 8;
}).length"""


def test_holes_too_are_judged_by_their_pictures(journey: SignIn) -> None:
    page = journey(f"s/{SESSION}/triage?grid=g01")
    page.get_by_label("Judge").select_option("holes")
    tiles = page.locator("[data-item]")
    expect(tiles.nth(5).locator("canvas")).to_be_visible()
    until = time.monotonic() + 15
    while page.evaluate(PICTURED) < 6:
        assert time.monotonic() < until, "the holes' pictures did not come"
        page.wait_for_timeout(100)
    tiles.first.click()
    page.keyboard.press("2")
    expect(page.get_by_text(re.compile("^1 hole → bad"))).to_be_visible()
    expect(page.get_by_role("status").filter(has_text=" of ")).to_contain_text(re.compile("^1 of"))
    page.keyboard.press("Control+z")
    # with those of its square that had changed groups
    expect(page.get_by_text(re.compile(r"^\d+ restored"))).to_be_visible()
    expect(page.get_by_role("status").filter(has_text=" of ")).to_contain_text(re.compile("^0 of"))


def test_a_telephone_says_that_drawing_needs_a_larger_screen(sign_in: SignIn) -> None:
    page = bench(sign_in, width=390, height=844)
    expect(page.get_by_text("needs a larger screen")).to_be_visible()
    expect(page.get_by_role("button", name="Lasso")).to_be_hidden()
