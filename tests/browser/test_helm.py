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
    site.python(FREE)


def helm(page: Page) -> Locator:
    return page.get_by_role("article", name="Krios 1").get_by_role("group", name="Helm of Krios 1")


def test_the_helm_is_asked_for_and_handed_over_from_whatever_page(
    journey: SignIn, site: Site
) -> None:
    mira, sam = journey(), journey(as_="second")
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


def test_a_second_driver_is_refused_by_name_and_may_still_stop(journey: SignIn, site: Site) -> None:
    mira = journey()
    helm(mira).get_by_role("button", name="Take the helm").click()
    expect(helm(mira)).to_contain_text("You are at the helm")
    sam = journey(as_="second", expected=(r"status of 409",))
    refused = sam.evaluate(TAKE)
    assert refused["status"] == 409
    assert "operator" in refused["detail"]
    card = sam.get_by_role("article", name="Krios 1")
    expect(card.get_by_role("button", name="Pause")).to_be_enabled()
    expect(card.get_by_role("button", name="Emergency stop")).to_be_enabled()
    card.get_by_role("button", name="Stop", exact=True).click()
    card.get_by_role("button", name="Click again to end the run").click()
    for page in (sam, mira):
        expect(page.get_by_role("article", name="Krios 1")).to_contain_text("stop wished")
    assert site.python(WISHED).split() == ["stop", "second"]


TAKE = """async () => {
    const token = document.querySelector('meta[name="csrf-token"]').content;
    const microscopes = await (await fetch("api/v1/microscopes")).json();
    const answer = await fetch(`api/v1/microscopes/${microscopes.results[0].id}/driver-lease`,
        { method: "PUT", headers: { "Content-Type": "application/json", "X-CSRFToken": token },
          body: "{}" });
    return { status: answer.status, detail: (await answer.json()).detail };
}"""
WISHED = """
from smartscope.models import Run
run = Run.objects.select_related("wished_by").get(session__name="20261120_ribosome")
print(run.wish, run.wished_by.username)
"""
#: as the night left it, whatever was wished meanwhile
FREE = """
from smartscope.models import Command, DriverLease, Run
run = Run.objects.get(session__name="20261120_ribosome")
Run.objects.filter(pk=run.pk).update(wish="run", wished_by=None)
Command.objects.all().delete()
DriverLease.objects.all().delete()
"""


def test_a_viewer_sees_who_drives_and_is_offered_nothing(sign_in: SignIn) -> None:
    page = sign_in(as_="viewer")
    expect(helm(page)).to_contain_text("Nobody is at the helm")
    expect(helm(page).get_by_role("button")).to_have_count(0)
