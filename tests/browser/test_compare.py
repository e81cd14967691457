"""Grids side by side, judged by keyboard alone; the palette goes anywhere."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import SESSION, SignIn


def test_grids_are_compared_and_judged_by_keyboard_alone(journey: SignIn) -> None:
    page = journey(f"s/{SESSION}")
    expect(page.locator("tbody tr")).to_have_count(4)
    for key in ("j", "Shift+ArrowDown", "c"):
        page.keyboard.press(key)
    page.wait_for_url(re.compile("compare"))
    columns = page.get_by_role("article")
    expect(columns).to_have_count(2)
    with page.expect_response(lambda answer: answer.url.endswith("/grids/bulk")):
        for key in ("k", "j", "d"):
            page.keyboard.press(key)
    judged = columns.nth(1).get_by_role("combobox")
    expect(judged).to_have_value("discard")
    page.reload()
    expect(judged).to_have_value("discard")
    expect(columns.nth(0).get_by_role("combobox")).not_to_have_value("discard")


def test_columns_share_their_scales_and_differing_conditions_are_marked(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/compare?grids=g01,g02")
    columns = page.get_by_role("article")
    expect(columns.nth(0).get_by_role("img", name=re.compile("Drift.*median"))).to_be_visible()
    ranges = [
        re.findall(r"from .*", columns.nth(n).get_by_role("img", name=re.compile("^Ice"))
                   .get_attribute("aria-label") or "")
        for n in range(2)
    ]  # fmt: skip
    assert ranges[0]
    assert ranges[0] == ranges[1]
    conditions = page.get_by_role("region", name="Conditions")
    expect(conditions.get_by_role("row").filter(has_text="Sample")).to_contain_text("≠")
    expect(conditions.get_by_role("row").filter(has_text="Film")).not_to_contain_text("≠")
    with page.expect_download() as download:
        page.get_by_role("button", name="Table as CSV").click()
    table = download.value.path().read_text("utf-8")
    assert table.startswith(",rib-1,rib-2")
    assert re.search(r"^expected usable holes,\d[\d.]*,\d[\d.]*$", table, re.MULTILINE)


def test_fewer_than_two_grids_say_what_to_do(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/compare")
    expect(page.get_by_text("Pick two grids")).to_be_visible()
    page.get_by_role("button", name="1 · rib-1").click()
    page.get_by_role("button", name="2 · rib-2").click()
    expect(page.get_by_role("article")).to_have_count(2)


def test_the_palette_goes_to_ids_and_pages_and_does_acts(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}")
    expect(page.locator("tbody tr")).to_have_count(4)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Where to").fill("skip grid 4")
    offers = page.get_by_role("listbox", name="Offers").get_by_role("option")
    expect(offers.first).to_contain_text("Do: skip grid rib-4")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 grid skipped")).to_be_visible()
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_text("1 restored")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Where to").fill("live pl")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/live$"))
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Where to").fill("g02-s01")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/g/g02\?square=g02-s01"))


def test_single_keys_are_switched_off_and_on(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}")
    expect(page.locator("tbody tr")).to_have_count(4)
    page.keyboard.press("?")
    page.get_by_label("Single keys act").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    expect(page.locator("tbody tr[aria-selected=true]")).to_have_count(0)
    page.keyboard.press("?")
    page.get_by_label("Single keys act").check()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    expect(page.locator("tbody tr[aria-selected=true]")).to_have_count(1)


def test_a_token_is_made_shown_once_and_revoked(sign_in: SignIn) -> None:
    page = sign_in("facility/admin")
    page.get_by_label("Name", exact=True).fill("nightly export")
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_text("Shown this once")).to_be_visible()
    made = page.get_by_role("status").filter(has_text="Shown this once")
    secret = made.locator("code").inner_text()
    assert len(secret) > 40
    page.reload()
    row = page.get_by_role("row").filter(has_text="nightly export")
    expect(row).to_contain_text("never")
    expect(made).to_have_count(0)
    revoke = row.get_by_role("button")
    revoke.click()
    revoke.click()
    expect(row).to_have_count(0)


def test_a_page_is_shown_as_a_script_and_events_as_they_come(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/live")
    page.get_by_role("link", name="Developer").click()
    shown = page.locator("pre")
    expect(shown).to_contain_text(f"sessions/{SESSION}/series")
    page.get_by_role("button", name="Python").click()
    expect(shown).to_contain_text("import httpx")
    expect(page.get_by_text("last seq")).to_be_visible()
