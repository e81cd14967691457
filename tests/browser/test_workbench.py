"""The workbench of a grid: select, relabel, take back, queue with an honest count, link."""

from __future__ import annotations

import re

from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.conftest import SESSION, SignIn
from tests.browser.served import Site


def bench(sign_in: SignIn, grid: str = "g02", query: str = "", **who: str | int) -> Page:
    page = sign_in(f"s/{SESSION}/g/{grid}{query}", **who)
    expect(page.get_by_role("region", name="Atlas")).to_be_visible()
    expect(page.locator(".openseadragon-canvas canvas").first).to_be_visible()
    return page


def table(page: Page, pane: str) -> Locator:
    """The table twin of a map."""
    region = page.get_by_role("region", name=pane)
    region.get_by_role("button", name="Table").click()
    return region.get_by_role("table")


def rows(listing: Locator, text: str) -> Locator:
    """Rows that say `text`; an id is not the beginning of a longer one."""
    exact = re.compile(rf"{re.escape(text)}(?!\d)") if text[-1].isdigit() else text
    return listing.locator("tbody tr").filter(has_text=exact)


def test_a_label_given_to_squares_is_taken_back_with_undo_and_stays_back(sign_in: SignIn) -> None:
    page = bench(sign_in, "g01")
    squares = table(page, "Atlas")
    first = rows(squares, "cracked").first
    name = first.get_by_role("button").inner_text()
    first.click()
    page.keyboard.press("1")
    one = rows(squares, name)
    expect(one).to_contain_text("good (person)")
    toast = page.get_by_text(re.compile("1 square → good"))
    expect(toast).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text(re.compile(r"\d+ restored"))).to_be_visible()
    expect(one).to_contain_text("cracked")
    page.reload()
    expect(rows(table(page, "Atlas"), name)).to_contain_text("cracked")


def test_a_mixed_selection_says_how_many_will_be_queued_and_why_not_the_rest(
    sign_in: SignIn,
) -> None:
    page = bench(sign_in, "g01")
    squares = table(page, "Atlas")
    squares.get_by_role("button", name="State").click()
    rows(squares, "done").last.click()
    rows(squares, "found").nth(1).click(modifiers=["Shift"])
    bar = page.get_by_role("toolbar", name="Acts on the selection")
    button = bar.get_by_role("button", name=re.compile(r"queue 2 of 3; 1 already exposed"))
    button.click()
    expect(page.get_by_text(re.compile("2 squares queued; 1 already exposed"))).to_be_visible()
    expect(rows(squares, "queued")).to_have_count(2)
    page.keyboard.press("Control+z")
    expect(page.get_by_text(re.compile(r"\d+ restored"))).to_be_visible()
    expect(rows(squares, "queued")).to_have_count(0)


def test_a_click_on_the_map_selects_and_a_double_click_opens_the_square(sign_in: SignIn) -> None:
    page = bench(sign_in)
    atlas = page.get_by_role("region", name="Atlas")
    table(page, "Atlas")
    # a square whose holes are known: the first that is done
    done = rows(atlas.get_by_role("table"), "done").first.get_by_role("button").inner_text()
    atlas.get_by_role("button", name="Map").click()
    box = atlas.locator(".map").bounding_box()
    assert box is not None
    at = _place_of(page, done, box)
    page.mouse.click(*at)
    expect(page.get_by_role("toolbar")).to_contain_text("1 square")
    page.mouse.dblclick(*at)
    expect(page.get_by_role("region", name=f"Square {done}")).to_be_visible()
    expect(page).to_have_url(re.compile(f"square={done}"))


def test_an_address_brings_square_and_hole_back(sign_in: SignIn) -> None:
    page = bench(sign_in, "g01")
    title = page.get_by_role("region", name="Square").get_by_role("heading").inner_text()
    square = title.removeprefix("Square ")
    holes = table(page, "Square")
    hole = rows(holes, "analysed").first.get_by_role("button").inner_text()
    rows(holes, hole).dblclick()
    expect(page).to_have_url(re.compile(f"hole={hole}"))
    page.reload()
    expect(page.get_by_role("region", name=f"Hole {hole}")).to_be_visible()
    expect(page.get_by_role("region", name=f"Square {square}")).to_be_visible()


def test_another_programs_squares_are_named_and_never_acted_on(sign_in: SignIn) -> None:
    page = bench(sign_in)
    squares = table(page, "Atlas")
    foreign = rows(squares, "imported").first
    foreign.click()
    bar = page.get_by_role("toolbar", name="Acts on the selection")
    expect(bar.get_by_role("button", name=re.compile("^queue"))).to_be_disabled()
    expect(bar.get_by_role("button", name="good 1")).to_be_disabled()


def test_the_legend_counts_every_square_and_filters_to_a_class(sign_in: SignIn) -> None:
    page = bench(sign_in)
    squares = table(page, "Atlas")
    expect(squares.locator("tbody tr").first).to_be_visible()
    total = squares.locator("tbody tr").count()
    legend = page.get_by_role("region", name="Atlas").get_by_role("group", name="Legend")
    counts = legend.locator("button .soft").all_inner_texts()
    assert sum(int(count.replace(",", "")) for count in counts) == total
    legend.get_by_role("button", name="dry").click()
    expect(squares.locator("tbody tr")).to_have_count(rows(squares, "dry").count())


def test_what_was_not_measured_is_said_and_not_shown_as_a_number(sign_in: SignIn) -> None:
    page = bench(sign_in)
    exposures = page.get_by_role("region", name="Exposures")
    expect(exposures).to_contain_text(
        re.compile(r"Not measured yet: .*CTF fit, defocus, astigmatism, ice by rings\.")
    )
    expect(exposures.get_by_role("img", name="Power spectrum")).to_be_visible()


def test_a_measured_ctf_is_shown_with_its_error_and_a_refused_one_with_its_reason(
    sign_in: SignIn,
) -> None:
    page = bench(sign_in, "g01")
    exposures = page.get_by_role("region", name="Exposures")
    strip = exposures.get_by_role("group", name=re.compile("All exposures")).get_by_role("button")
    expect(strip.first).to_be_visible()
    said = []
    for number in range(min(strip.count(), 6)):
        strip.nth(number).click()
        expect(strip.nth(number)).to_have_attribute("aria-pressed", "true")
        said.append(exposures.inner_text())
    assert any(re.search(r"Defocus\s+\d\.\d{3}\s± 0\.\d{3}\sµm", text) for text in said)
    assert any(re.search(r"Astigmatism\s+\d+\snm at \d+°", text) for text in said)
    refused = [text for text in said if "No CTF: No Thon rings" in text]
    assert refused
    assert all("Not measured yet: CTF fit" not in text for text in refused)


def test_a_viewer_selects_but_is_offered_no_act(journey: SignIn) -> None:
    page = bench(journey, as_="viewer")
    rows(table(page, "Atlas"), "dry").first.click()
    bar = page.get_by_role("toolbar", name="Acts on the selection")
    expect(bar).to_contain_text("may look at this group's data but not change it")
    # what is left: ten alike, why it is so, and clear the selection
    expect(bar.get_by_role("button")).to_have_count(3)


def _place_of(page: Page, slug: str, box: FloatRect) -> tuple[float, float]:
    """Where a square is drawn at first: the picture is centred and as large as fits."""
    place = page.evaluate(
        """async (slug) => {
            const ask = async (path) => (await fetch(`api/v1/${path}`)).json();
            const square = await ask(`squares/${slug}?session=20261120_ribosome`);
            const atlas = (await ask(`atlases?grid=${square.grid}`)).results[0];
            const image = await ask(`images/${atlas.image}`);
            return [square.x_px / image.width_px, square.y_px / image.height_px];
        }""",
        slug,
    )
    side = min(box["width"], box["height"])
    left = box["x"] + (box["width"] - side) / 2
    top = box["y"] + (box["height"] - side) / 2
    return left + place[0] * side, top + place[1] * side


def test_the_page_works_below_any_prefix(journey: SignIn, below: Site) -> None:
    page = journey(f"s/{SESSION}/g/g02", at=below)
    atlas = page.get_by_role("region", name="Atlas")
    expect(atlas.locator(".openseadragon-canvas canvas").first).to_be_visible()
    expect(page.locator(".live")).to_contain_text("live")
    page.get_by_role("link", name="Now").click()
    expect(page.get_by_role("article", name="Krios 1")).to_be_visible()
    assert page.url == f"{below.address}now"


def test_a_picture_that_cannot_be_read_is_named_and_its_targets_stay_usable(
    sign_in: SignIn,
) -> None:
    page = sign_in("now", expected=(r"status of 404", r"net::ERR_", r"TileSource"))
    page.route("**/info.json", lambda route: route.abort())
    page.goto(page.url.replace("now", f"s/{SESSION}/g/g01"))
    square = page.get_by_role("region", name=re.compile("^Square"))
    expect(square.get_by_role("alert")).to_contain_text(re.compile("square image [0-9a-f-]{36}"))
    middle = square.locator(".map").bounding_box()
    assert middle is not None
    bar = page.get_by_role("toolbar", name="Acts on the selection")
    page.mouse.click(middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2)
    page.keyboard.press("a")
    expect(bar).to_contain_text(re.compile(r"\d+ holes"))
