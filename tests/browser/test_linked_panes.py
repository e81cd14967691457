"""The panes of the workbench light, warn and act together: exposure and hole, stage and pause."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import SESSION, SignIn
from tests.browser.served import Site

BENCH = f"s/{SESSION}/g/g02"
WARNED = """
from smartscope.models import Exposure
Exposure.objects.filter(slug={slug!r}).update(warnings={warning!r})
"""


def exposures(page: Page) -> list[str]:
    """Short ids of the exposures in the strip, newest first."""
    strip = page.get_by_role("group", name=re.compile("^All exposures of this square"))
    expect(strip.get_by_role("button").first).to_be_visible()
    titles = strip.get_by_role("button").evaluate_all("(all) => all.map((one) => one.title)")
    return [title.split(" ")[0] for title in titles]


def test_an_exposure_under_the_pointer_lights_its_hole_and_a_hole_its_exposure(
    sign_in: SignIn,
) -> None:
    page = sign_in(BENCH)
    square = page.get_by_role("region", name=re.compile("^Square g02"))
    expect(square.locator(".openseadragon-canvas canvas").first).to_be_visible()
    rings = square.locator("circle.ghost")
    expect(rings).to_have_count(0)
    button = page.get_by_role("button", name=exposures(page)[2])
    button.hover()
    expect(rings).to_have_count(1)
    place = rings.bounding_box()
    assert place is not None
    at = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(*at)
    expect(button).to_have_class(re.compile("hinted"))
    page.mouse.move(5, 5)
    expect(rings).to_have_count(0)
    expect(button).not_to_have_class(re.compile("hinted"))


def test_a_micrograph_is_zoomed_into_and_what_is_odd_about_it_is_said(
    sign_in: SignIn, site: Site
) -> None:
    page = sign_in(BENCH)
    slug = next(
        one
        for one in exposures(page)
        if "analysed" in str(page.get_by_role("button", name=one).get_attribute("title"))
    )
    try:
        site.python(WARNED.format(slug=slug, warning="the gain reference lies wrongly"))
        page.reload()
        page.get_by_role("button", name=slug).click()
        expect(page.get_by_role("note")).to_have_text("Check: the gain reference lies wrongly")
        picture = page.get_by_role("img", name=f"Sum of {slug}")
        bar = picture.locator(".bar")
        expect(bar).to_be_visible()
        before = bar.inner_text()
        picture.focus()
        for _ in range(4):
            page.keyboard.press("+")
        expect(bar).not_to_have_text(before)
    finally:
        site.python(WARNED.format(slug=slug, warning=""))


def test_the_stage_is_not_moved_while_a_run_acts_and_the_page_says_what_to_do(
    sign_in: SignIn,
) -> None:
    page = sign_in(BENCH, expected=(r"status of 409",))
    exposures(page)
    page.get_by_role("region", name=re.compile("^Square g02")).get_by_role(
        "button", name="Table"
    ).click()
    page.get_by_role("region", name=re.compile("^Square g02")).locator("tbody tr").first.click()
    bar = page.get_by_role("toolbar", name="Acts on the selection")
    bar.get_by_role("button", name="Move stage here").click()
    bar.get_by_role("button", name=re.compile("click again")).click()
    expect(page.get_by_text(re.compile("pause it and wait until it is paused"))).to_be_visible()
    other = sign_in(BENCH, as_="viewer")
    exposures(other)
    other.get_by_role("region", name="Atlas").get_by_role("button", name="Table").click()
    other.get_by_role("region", name="Atlas").locator("tbody tr").first.click()
    expect(other.get_by_role("button", name="Why?")).to_be_visible()
    expect(other.get_by_role("button", name="Move stage here")).to_have_count(0)


def test_p_says_what_a_pause_would_do_before_it_is_wished(sign_in: SignIn) -> None:
    page = sign_in(BENCH)
    exposures(page)
    page.keyboard.press("p")
    dialog = page.get_by_role("dialog", name=re.compile("Pause Krios 1"))
    expect(dialog.get_by_role("region", name="What it does")).to_be_visible()
    expect(dialog).to_contain_text("nothing after it is begun")
    dialog.get_by_role("button", name="Go on").click()
    expect(dialog).to_have_count(0)
    assert not page.get_by_text("Pause after the current target wished").is_visible()
