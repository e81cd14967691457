"""The view at hole magnification: the group's holes are drawn on it, the chosen one marked."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignIn
from tests.browser.test_workbench import bench, rows, table


def view(page: Page) -> Locator:
    """The hole pane's picture, once its holes are drawn."""
    picture = page.get_by_role("img", name=re.compile(r"^View of the holes around .*drawn$"))
    expect(picture.locator("circle.focus")).to_have_count(1)
    return picture


def at(page: Page) -> tuple[float, float]:
    """Where the focused hole is drawn on the view, px of the screen."""
    ring = view(page).locator("circle.focus")
    return float(ring.get_attribute("cx") or 0), float(ring.get_attribute("cy") or 0)


def test_the_groups_holes_are_drawn_and_the_chosen_one_stands_out(journey: SignIn) -> None:
    page = bench(journey, "g01")
    picture = view(page)
    members = page.get_by_text(re.compile(r"^c\d\d, \d+ holes"))
    count = int(members.inner_text().split(", ")[1].split(" ")[0])
    assert count > 2
    expect(picture.locator("circle")).to_have_count(count)
    expect(picture.locator(".bar")).to_contain_text("µm")
    first, group = at(page), members.inner_text().split(",")[0]
    # another exposed hole of the same group
    strip = page.get_by_role("region", name="Exposures").get_by_role(
        "group", name=re.compile("All exposures")
    )
    for number in range(strip.get_by_role("button").count()):
        strip.get_by_role("button").nth(number).click()
        expect(strip.get_by_role("button").nth(number)).to_have_attribute("aria-pressed", "true")
        if members.inner_text().startswith(group) and at(page) != first:
            break
    else:
        raise AssertionError("no other hole of the group was exposed")
    expect(picture.locator("circle")).to_have_count(count)


def test_a_hole_that_waits_says_that_its_view_is_not_taken(sign_in: SignIn) -> None:
    page = bench(sign_in, "g01")
    view(page)
    rows(table(page, "Square"), "queued").first.click()
    expect(page.get_by_text("no view at hole magnification")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^View of the holes"))).to_have_count(0)
