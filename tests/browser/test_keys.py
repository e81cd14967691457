"""Keys are shown, put on others and switched off, and stay so for the person who did it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import SESSION, SignIn

PAUSE = "pause after the current target, once it is said what that does"


def put_on(page: Page, words: str, key: str) -> None:
    page.get_by_role("button", name=f"change the key for: {words}").click()
    page.keyboard.press(key)


def test_an_act_is_put_on_another_key_and_stays_there(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.keyboard.press("?")
    put_on(page, PAUSE, "j")
    expect(page.get_by_text("J is taken: next")).to_be_visible()
    page.keyboard.press("m")
    expect(page.get_by_role("row").filter(has_text=PAUSE)).to_contain_text("was P")
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("tbody tr").first).to_be_visible()
    asked = page.get_by_role("heading", name="Pause Krios 1 after the current target?")
    page.keyboard.press("p")
    expect(asked).to_have_count(0)
    page.keyboard.press("m")
    expect(asked).to_be_visible()
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    page.keyboard.press("?")
    page.get_by_role("button", name="All keys as they came").click()
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    expect(asked).to_be_visible()
