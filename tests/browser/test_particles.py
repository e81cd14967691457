"""Particles on the page: marked, corrected by clicks and keys, taken back, taken away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import SESSION, SignIn
from tests.browser.served import Site

UNDO = re.compile("Undo")


@pytest.fixture(scope="module")
def query(site: Site) -> str:
    """Opens the exposure whose particles were found."""
    plant = f"from tests.browser.picked import plant_picks; print(plant_picks({SESSION!r}, 'g01'))"
    return site.python(plant).strip().splitlines()[-1]


def pane(page: Page) -> Page:
    expect(page.get_by_role("group", name="Particles")).to_be_visible()
    return page


def opened(sign_in: SignIn, query: str, **who: str) -> Page:
    return pane(sign_in(f"s/{SESSION}/g/g01{query}", **who))


def corrected(page: Page) -> Page:
    page.get_by_role("button", name="Correct…").click()
    expect(page.get_by_role("dialog", name=re.compile("Particles of"))).to_be_visible()
    return page


def test_particles_are_counted_and_marked_and_the_noise_goes_at_a_click(
    sign_in: SignIn, query: str
) -> None:
    page = opened(sign_in, query)
    particles = page.get_by_role("group", name="Particles")
    expect(particles).to_contain_text("5 particles")
    expect(particles).to_contain_text(re.compile(r"42\s*Å ± 3"))
    particles.get_by_role("button", name="Mark them").click()
    rings = page.locator(".pair svg circle")
    expect(rings).to_have_count(5)
    page.get_by_role("button", name="Denoised", exact=True).click()
    expect(page.get_by_alt_text(re.compile("^Denoised picture of"))).to_be_visible()
    expect(page.get_by_text("for looking only")).to_be_visible()


def test_a_click_adds_one_a_click_takes_one_away_and_undo_brings_it_back(
    sign_in: SignIn, query: str
) -> None:
    page = corrected(opened(sign_in, query))
    dialog = page.get_by_role("dialog")
    drawing = dialog.locator("svg.editing")
    rings = drawing.locator("circle")
    expect(rings).to_have_count(5)
    box = drawing.bounding_box()
    assert box is not None
    side = min(box["width"], box["height"])
    left, top = box["x"] + (box["width"] - side) / 2, box["y"] + (box["height"] - side) / 2

    def click(x_px: float, y_px: float) -> None:
        page.mouse.click(left + x_px * side / 512, top + y_px * side / 512)

    click(460, 460)
    expect(rings).to_have_count(6)
    expect(dialog.get_by_role("row").filter(has_text="by a person")).to_have_count(1)
    click(462, 458)
    expect(rings).to_have_count(5)
    click(330, 300)
    expect(rings).to_have_count(4)
    dialog.get_by_role("button", name=UNDO).last.click()
    expect(rings).to_have_count(5)
    # the slider shows what another score would leave, and nothing is written by looking
    dialog.get_by_role("slider").fill("7.2")
    expect(rings).to_have_count(3)
    assert_accessible(page)
    page.reload()
    expect(page.get_by_role("group", name="Particles")).to_contain_text("5 particles")


def test_the_table_and_the_keys_do_what_clicks_do(sign_in: SignIn, query: str) -> None:
    page = corrected(opened(sign_in, query))
    dialog = page.get_by_role("dialog")
    rings = dialog.locator("svg.editing circle")
    expect(rings).to_have_count(5)
    dialog.get_by_role("button", name="Take away the particle at 420, 90").click()
    expect(rings).to_have_count(4)
    dialog.get_by_label("x of a particle in pixels").fill("420")
    dialog.get_by_label("y of a particle in pixels").fill("90")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(rings).to_have_count(5)
    dialog.locator("svg.editing").focus()
    page.keyboard.press("Enter")
    expect(rings).to_have_count(6)
    page.keyboard.press("Enter")
    expect(rings).to_have_count(5)


def test_the_other_picker_shows_its_steps_and_follows_a_setting(
    sign_in: SignIn, query: str
) -> None:
    page = corrected(opened(sign_in, query))
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("See what clusters of grey go by").click()
    mask = dialog.get_by_alt_text("After the step chosen cluster, cleaned")
    expect(mask).to_be_visible()
    before = mask.get_attribute("src")
    assert before is not None
    dialog.get_by_label(re.compile("Which one, 1 the darkest")).fill("4")
    expect(mask).not_to_have_attribute("src", before)


def test_who_may_only_look_sees_rings_and_changes_nothing(sign_in: SignIn, query: str) -> None:
    page = opened(sign_in, query, as_="viewer")
    page.get_by_role("button", name="Look closer…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("svg circle")).to_have_count(5)
    expect(dialog.locator("svg.editing")).to_have_count(0)
    expect(dialog.get_by_role("button", name="Count at this score")).to_have_count(0)
    expect(dialog.get_by_role("button", name=re.compile("^Take away"))).to_have_count(0)


def test_a_file_of_particles_is_asked_for_and_fetched(
    sign_in: SignIn, query: str, site: Site
) -> None:
    page = opened(sign_in, query)
    page.get_by_role("button", name="Particles", exact=True).click()
    dialog = page.get_by_role("dialog", name=re.compile("Particles of grid"))
    expect(dialog).to_contain_text("5 counted")
    dialog.get_by_role("button", name="Write the file").click()
    expect(dialog.get_by_role("listitem").first).to_contain_text("RELION coordinates")
    site.python(
        "from smartscope.models import Export; from workers.exports.run import run_export; "
        "run_export(Export.objects.latest('created_at').pk)"
    )
    fetch = dialog.get_by_role("link", name=re.compile("Download"))
    expect(fetch).to_be_visible()
    assert_accessible(page)
    with page.expect_download() as download:
        fetch.click()
    assert download.value.suggested_filename == "g01-relion-star.zip"


def test_the_ranking_and_the_plots_tell_of_particles(sign_in: SignIn, query: str) -> None:
    page = sign_in(f"s/{SESSION}")
    row = page.get_by_role("row").filter(has_text="5 counted")
    expect(row).to_have_count(1)
    page.goto(page.url.rstrip("/") + "/live")
    expect(page.get_by_role("figure", name="Particles per exposure")).to_be_visible()
