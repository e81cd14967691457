"""The wall an operator looks at: what moves, since when, and how to stop it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SignIn


@pytest.mark.usefixtures("as_planted")
def test_a_card_says_what_the_microscope_does_and_since_when(sign_in: SignIn) -> None:
    page = sign_in()
    card = page.get_by_role("article", name="Krios 1")
    expect(card).to_contain_text(re.compile(r"Grid 2 of 4, rib-2: \d+ of \d+ squares imaged"))
    expect(card.locator("strong").first).to_have_text(re.compile(r"\d+.(s|min)"))
    expect(card.get_by_role("img", name="Micrograph")).to_be_visible()
    expect(card.get_by_role("img", name="Power spectrum")).to_be_visible()
    expect(card).to_contain_text("CTF fit not measured yet")
    expect(page.get_by_text("Simulated data")).to_be_visible()


def test_one_click_on_emergency_stop_stops_nothing(sign_in: SignIn) -> None:
    page = sign_in()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    button = page.get_by_role("banner").get_by_role("button", name="Emergency stop")
    button.click()
    again = page.get_by_role("banner").get_by_role("button", name="Click again to stop")
    expect(again).to_be_visible()
    expect(button).to_be_visible()
    assert "POST" not in asked


def test_a_phone_shows_the_card_and_its_buttons_without_scrolling_sideways(sign_in: SignIn) -> None:
    page = sign_in(width=360, height=740)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.get_by_role("button", name="Pause").bounding_box()
    assert box is not None
    assert box["height"] >= 44


def test_a_viewer_may_stop_in_an_emergency_and_nothing_else(sign_in: SignIn) -> None:
    page = sign_in(as_="viewer")
    card = page.get_by_role("article", name="Krios 1")
    expect(card.get_by_role("button", name="Emergency stop")).to_be_visible()
    expect(card.get_by_role("button", name="Pause")).to_have_count(0)


def test_the_wall_tells_vacuum_dewars_temperatures_and_room(sign_in: SignIn) -> None:
    card = sign_in().get_by_role("article", name="Krios 1")
    expect(card).to_contain_text("ready")
    expect(card).to_contain_text("filled in 1 h 30 min")
    expect(card).to_contain_text("84 K, 88 K")
    expect(card.get_by_text("Disk free")).to_be_visible()
