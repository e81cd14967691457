"""Plots of a night choose exposures together, by hand and by numbers, and lead to the map."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import SESSION, SignIn
from tests.browser.served import Site

PLOTS = (
    "CTF fit",
    "Defocus against target",
    "Astigmatism",
    "Ice thickness",
    "Drift over the exposure",
    "Mean counts",
    "Targeting error",
    "From image to measurement",
    "Holes per hour",
)

GIVEN_UP = """
from smartscope.models import Analysis, Image
image = Image.objects.filter(grid__session__name={session!r}).order_by("created_at").first()
Analysis.objects.create(
    image=image, kind="find_holes", plugin="classical-holes", plugin_version="0", state="dead",
    attempts=3, error="Its file ends after 12 of 4096 rows.", visible_at_s=0.0,
)
"""
TIDIED = """
from smartscope.models import Analysis
Analysis.objects.filter(plugin_version="0").delete()
"""


def chosen(page: Page) -> int:
    told = page.get_by_role("status").filter(has_text=re.compile("exposures? chosen"))
    return int(told.inner_text().split()[0].replace(",", ""))


def test_every_measured_value_has_its_plot_and_the_feed_says_the_same(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/live")
    for title in PLOTS:
        expect(page.get_by_role("figure", name=title)).to_be_visible()
    expect(page.get_by_role("figure", name="Ice thickness").locator("canvas")).to_be_visible()
    feed = page.get_by_role("region", name="Exposures, newest first")
    expect(feed.get_by_role("row").nth(1)).to_contain_text("g0")


def test_what_is_dragged_over_in_one_plot_is_chosen_in_all(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/live")
    plot = page.get_by_role("figure", name="Drift over the exposure").locator(".u-over")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 2, steps=6)
    page.mouse.up()
    expect(page.get_by_text(re.compile("exposures? chosen"))).to_be_visible()
    assert 0 < chosen(page) < 400
    feed = page.get_by_role("region", name="Exposures, newest first")
    expect(feed.locator("tr.chosen").first).to_be_attached()
    page.keyboard.press("Escape")
    expect(page.get_by_text("none chosen")).to_be_visible()


def test_without_a_pointer_a_band_chooses_the_same_and_leads_to_the_map(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/live?grid=g01")
    page.get_by_label("Choose by").select_option("Ice thickness")
    page.get_by_label("Ice thickness from, nm").fill("20")
    page.get_by_label("Ice thickness to, nm").fill("60")
    page.get_by_role("button", name="Choose", exact=True).click()
    expect(page.get_by_text(re.compile("exposures? chosen"))).to_be_visible()
    assert chosen(page) > 0
    page.get_by_role("button", name="Open on map").click()
    page.wait_for_url(re.compile(rf"/s/{SESSION}/g/g01\?square=g01-s\d+"))


def test_by_stage_position_a_drawn_line_chooses(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/live?by=stage&grid=g01")
    canvas = page.get_by_role("figure", name="Exposures by stage position").locator("canvas")
    box = canvas.bounding_box()
    assert box is not None
    left, top = box["x"] + 3, box["y"] + 3
    right, low = box["x"] + box["width"] - 3, box["y"] + box["height"] - 3
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, low), (left, low)):
        page.mouse.move(x, y, steps=4)
    page.mouse.up()
    expect(page.get_by_text(re.compile("exposures? chosen"))).to_be_visible()
    feed = page.get_by_role("region", name="Exposures, newest first")
    expect(feed.locator("tr.chosen").first).to_be_attached()


def test_what_was_given_up_says_why_and_is_tried_again(sign_in: SignIn, site: Site) -> None:
    site.python(GIVEN_UP.format(session=SESSION))
    try:
        page = sign_in(f"s/{SESSION}/live")
        page.get_by_text("1 given up: why").click()
        expect(page.get_by_text("holes of squares, after 3 tries: Its file ends")).to_be_visible()
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("It is tried again.")).to_be_visible()
        expect(page.get_by_text("given up: why")).to_have_count(0)
        expect(page.get_by_text("1 waiting: holes of squares")).to_be_visible()
    finally:
        site.python(TIDIED)
