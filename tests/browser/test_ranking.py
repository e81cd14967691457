"""The ranking of a session: verdicts by keyboard, parameters with their limits, audit of both."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SESSION, SignIn


def row(page: Page, grid: str) -> Locator:
    return page.get_by_role("row").filter(has_text=grid)


@pytest.mark.usefixtures("as_planted")
def test_grids_stand_in_the_order_of_what_they_are_worth_with_reasons(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.first).to_contain_text("rib-1")
    expect(rows.first).to_contain_text("1,480")
    expect(rows.first).to_contain_text("20 of 24 exposures usable")
    expect(rows.first).to_contain_text(re.compile(r"\d+.% look good"))
    expect(rows.nth(2)).to_contain_text("nothing measured yet")


@pytest.mark.usefixtures("as_planted")
def test_a_verdict_given_by_keyboard_is_kept_beside_the_suggestion(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}")
    expect(page.locator("tbody tr")).to_have_count(4)
    page.keyboard.press("j")
    page.keyboard.press("j")
    with page.expect_response(lambda one: one.url.endswith("/grids/bulk")):
        page.keyboard.press("d")
    expect(row(page, "rib-2")).to_contain_text("suggested was Re-screen")
    told = page.get_by_role("status").filter(has_text="rib-2 → Discard")
    expect(told.get_by_role("button", name="Undo")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Verdict on rib-2")).to_have_value("discard")


@pytest.mark.usefixtures("as_planted")
def test_who_may_only_look_opens_a_grid_by_keyboard_all_the_same(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}", as_="viewer")
    expect(page.get_by_role("img", name=re.compile(r"^\d+ squares imaged$")).first).to_be_visible()
    expect(row(page, "rib-4")).to_contain_text("expected")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/g/g01")


def test_what_is_being_typed_stays_and_another_persons_change_beside_it_is_said(
    sign_in: SignIn,
) -> None:
    # whoever leaves the field before the other's change is read is refused
    page = sign_in(f"s/{SESSION}", expected=(r"status of 412",))
    other = sign_in(f"s/{SESSION}", as_="second")
    tag = page.get_by_label("Tag of rib-3")
    tag.fill("half typed")
    other.get_by_label("Tag of rib-3").fill("theirs")
    with page.expect_response(lambda one: "/grids?" in one.url):
        other.get_by_label("Tag of rib-3").press("Tab")
    expect(tag).to_have_value("half typed")

    for one, value in ((page, "21"), (other, "22")):
        one.get_by_role("button", name="Parameters of rib-4").click()
        one.get_by_label("Squares per grid").fill(value)
    other.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("somebody set this to 22 meanwhile")).to_be_visible()
    expect(page.get_by_label("Squares per grid")).to_have_value("21")


def test_a_parameter_outside_its_limits_is_refused_where_it_was_typed(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}", expected=(r"status of 400",))
    page.get_by_role("button", name="Parameters of rib-4").click()
    panel = page.get_by_role("region", name="Grid 4, rib-4")
    panel.get_by_label("Squares per grid").fill("9000")
    panel.get_by_role("button", name="Save 1 change").click()
    expect(panel.get_by_role("alert")).to_contain_text("500")
    panel.get_by_label("Squares per grid").fill("11")
    panel.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("1 parameter saved")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Parameters of rib-4").click()
    expect(panel.get_by_label("Squares per grid")).to_have_value("11")


def test_the_audit_names_who_did_what(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/decisions")
    expect(page.get_by_text("operator created the session")).to_be_visible()
    expect(page.get_by_text("operator asked the microscope to start the run")).to_be_visible()
    expect(page.get_by_text("bridge took an atlas")).to_be_visible()
    expect(page.get_by_text("bridge took exposures")).to_have_count(0)
    page.get_by_label("Whose acts").select_option("What happened, each image")
    expect(page.get_by_text("bridge took exposures").first).to_be_visible()
    page.get_by_label("Whose acts").select_option("People and scripts only")
    expect(page.get_by_text("bridge took an atlas")).to_have_count(0)
