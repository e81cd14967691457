"""Two drivers, one microscope: the helm is seen, asked for, handed over; stopping stays open."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SESSION, SignIn
from tests.browser.served import Site


@pytest.fixture(autouse=True)
def _free_helm(site: Site) -> Iterator[None]:
    yield
    site.python("from smartscope.models import DriverLease; DriverLease.objects.all().delete()")


def helm(page: Page) -> Locator:
    return page.get_by_role("article", name="Krios 1").get_by_role("group", name="Helm of Krios 1")


def test_the_helm_is_asked_for_and_handed_over_from_whatever_page(
    sign_in: SignIn, site: Site
) -> None:
    mira, sam = sign_in(), sign_in(as_="second")
    expect(helm(mira)).to_contain_text("Nobody is at the helm")
    helm(mira).get_by_role("button", name="Take the helm").click()
    expect(helm(mira)).to_contain_text("You are at the helm")
    expect(helm(sam)).to_contain_text(re.compile(r"operator is at the helm until \d\d:\d\d:\d\d"))

    mira.goto(f"{site.address}s/{SESSION}/journal")
    helm(sam).get_by_role("button", name="Ask for the helm").click()
    expect(helm(sam)).to_contain_text("to answer")
    asked = mira.get_by_role("alert").filter(has_text="second asks for the helm of Krios 1")
    asked.get_by_role("button", name="Hand over").click()
    expect(helm(sam)).to_contain_text("You are at the helm")
    expect(asked).to_have_count(0)


def test_who_is_not_at_the_helm_may_stop_but_not_start(sign_in: SignIn) -> None:
    mira = sign_in()
    helm(mira).get_by_role("button", name="Take the helm").click()
    expect(helm(mira)).to_contain_text("You are at the helm")
    sam = sign_in(as_="second")
    card = sam.get_by_role("article", name="Krios 1")
    expect(card.get_by_role("button", name="Stop", exact=True)).to_be_enabled()
    expect(card.get_by_role("button", name="Pause")).to_be_enabled()
    expect(card.get_by_role("button", name="Emergency stop")).to_be_enabled()


def test_a_viewer_sees_who_drives_and_is_offered_nothing(sign_in: SignIn) -> None:
    page = sign_in(as_="viewer")
    expect(helm(page)).to_contain_text("Nobody is at the helm")
    expect(helm(page).get_by_role("button")).to_have_count(0)
