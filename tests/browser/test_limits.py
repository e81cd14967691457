"""A limit is applied to a grid, a session or a preset, and the groups may follow it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SESSION, SignIn
from tests.browser.served import Site

STAFF = (
    "from django.contrib.auth.models import User;"
    "User.objects.filter(username='second').update(is_staff={})"
)


def ice_limits(page: Page, high_nm: str) -> Locator:
    """The panel of limits on the ice of the open square's holes, with an upper limit typed."""
    square = page.get_by_role("region", name=re.compile("^Square g"))
    square.get_by_role("combobox").first.select_option("Ice thickness")
    square.get_by_role("button", name="Limits").click()
    limits = square.get_by_role("group", name="Limits of Ice thickness")
    limits.get_by_label("Ice thickness, to").fill(high_nm)
    return limits


def test_staff_put_a_limit_into_a_preset_and_nobody_else_is_offered_it(
    sign_in: SignIn, site: Site
) -> None:
    site.python(STAFF.format(True))
    try:
        page = sign_in(f"s/{SESSION}/g/g02", as_="second")
        limits = ice_limits(page, "61")
        limits.get_by_role("button", name="Apply to preset…").click()
        limits.get_by_label("Preset").select_option("Collection")
        limits.get_by_role("button", name="Change this preset").click()
        expect(page.get_by_text("Collection has the limit")).to_be_visible()
        page.goto(f"{site.address}facility/admin")
        kept = page.get_by_role("listitem").filter(has_text="Collection")
        expect(kept).to_contain_text("kept by second")
        expect(kept).to_contain_text("61")
    finally:
        site.python(STAFF.format(False))
    other = sign_in(f"s/{SESSION}/g/g02")
    limits = ice_limits(other, "61")
    expect(limits.get_by_role("button", name="Apply to grid")).to_be_enabled()
    expect(limits.get_by_role("button", name="Apply to preset…")).to_have_count(0)


def test_after_a_limit_the_groups_are_counted_before_and_after_and_solved(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}/g/g02")
    limits = ice_limits(page, "90")
    limits.get_by_role("button", name="Apply to grid").click()
    offer = limits.get_by_role("button", name=re.compile(r"^Regroup: \d+ → \d+ groups$"))
    expect(offer).to_be_visible(timeout=60_000)
    expect(limits.get_by_role("status")).to_contain_text("waiting would become")
    offer.click()
    expect(page.get_by_text(re.compile(r"\d squares? grouped anew"))).to_be_visible(timeout=60_000)
    expect(offer).to_have_count(0)


def test_the_ranking_shows_the_ice_of_each_grid_and_what_was_dirty(sign_in: SignIn) -> None:
    page = sign_in(f"s/{SESSION}")
    first = page.get_by_role("row").filter(has_text="rib-1")
    ice = first.get_by_role("img", name=re.compile(r"^Ice: [\d,]+ holes, median \d+"))
    expect(ice).to_be_visible()
    expect(page.get_by_role("columnheader", name="Dirty")).to_be_visible()
    fourth = page.get_by_role("row").filter(has_text="rib-4")
    expect(fourth.get_by_role("img", name=re.compile("^Ice"))).to_have_count(0)
