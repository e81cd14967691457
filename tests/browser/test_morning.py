"""The morning after: the report opens, prints and hides nothing; the time is accounted for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import SESSION, SignIn


def test_the_report_opens_prints_and_has_no_empty_section(journey: SignIn) -> None:
    page = journey(f"s/{SESSION}")
    page.locator("#main").get_by_role("link", name="Report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SESSION)
    expect(page.get_by_role("heading", level=2).first).to_contain_text("rib-1")
    expect(page.get_by_role("note")).to_have_text("Simulated data")
    for section in page.locator("section").all():
        assert len(section.inner_text()) > 40, section.inner_html()
    for picture in page.locator("main img").all():
        assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="One file")).to_be_hidden()
    paper = page.pdf(format="A4", print_background=True)
    assert paper.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 12, "a report is a few sheets"
    page.emulate_media(media="screen")


def test_the_downloaded_report_needs_no_server(
    sign_in: SignIn, chromium: Browser, tmp_path: Path
) -> None:
    page = sign_in(f"s/{SESSION}/report")
    with page.expect_download() as download:
        page.get_by_role("link", name="One file").click()
    kept = tmp_path / "report.html"
    download.value.save_as(kept)
    alone = chromium.new_context(offline=True)
    try:
        read = alone.new_page()
        read.goto(kept.as_uri())
        expect(read.get_by_role("heading", level=1)).to_have_text(SESSION)
        atlas = read.locator("main svg image").first.get_attribute("href") or ""
        assert atlas.startswith("data:image/jpeg")
        shade = read.locator(".simulated").evaluate("e => getComputedStyle(e).backgroundImage")
        assert "repeating-linear-gradient" in shade, "the style sheet must have come along"
    finally:
        alone.close()


@pytest.mark.usefixtures("as_planted")
def test_the_timeline_accounts_for_the_night(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}")
    page.locator("#main").get_by_role("link", name="Timeline").click()
    drawn = page.get_by_role("img", name=re.compile(r"^\d+ steps in "))
    expect(drawn).to_be_visible()
    names = page.locator(".names li").all_inner_texts()
    assert names[:2] == ["loader", "valves"]
    assert {"atlas", "square", "exposure"} <= set(names)
    failed = drawn.locator("rect.bad")
    expect(failed.first).to_be_attached()
    before = drawn.bounding_box()
    page.get_by_role("button", name="Show more detail").click()
    after = drawn.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > 1.5 * before["width"]
    drawn.locator("rect.atlas").first.hover(force=True)
    expect(page.locator(".said")).to_contain_text("atlas")

    for summed in ("Beam on the specimen", "Moves", "Planned, and taken"):
        expect(page.get_by_text(summed)).to_be_visible()
    page.goto(page.url.replace(f"s/{SESSION}/timeline", "m/Krios%201/timeline"))
    expect(page.get_by_role("heading", name=f"Krios 1 · {SESSION}")).to_be_visible()
    page.locator("rect.square").first.click()
    page.wait_for_url(re.compile(r"/g/g0\d\?square=g0\d-s\d+$"))
