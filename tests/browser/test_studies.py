"""Learning from clicks and class averages on the page of a grid's particles."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import SESSION, SignIn
from tests.browser.served import Site

RUN = (
    "from smartscope.models import ParticleStudy; from workers.studies.run import run_study; "
    "run_study(ParticleStudy.objects.latest('created_at').pk)"
)


@pytest.fixture(scope="module")
def query(site: Site) -> str:
    """Opens a grid with an exposure of discs, forty of them picked, and ten more clicked on."""
    plant = f"from tests.browser.picked import plant_discs; print(plant_discs({SESSION!r}, 'g02'))"
    return site.python(plant).strip().splitlines()[-1]


def opened(sign_in: SignIn, query: str, **who: str) -> Page:
    page = sign_in(f"s/{SESSION}/g/g02{query}", **who)
    page.get_by_role("button", name="Particles", exact=True).click()
    expect(page.get_by_role("dialog", name=re.compile("Particles of grid"))).to_be_visible()
    return page


def test_a_picker_learns_is_chosen_and_is_taken_back(
    sign_in: SignIn, query: str, site: Site
) -> None:
    page = opened(sign_in, query)
    learn = page.get_by_role("region", name="Learn from clicks")
    learn.get_by_role("button", name="Learn from my clicks").click()
    expect(learn.get_by_role("status")).to_contain_text("waits its turn")
    site.python(RUN)
    expect(learn.get_by_role("listitem")).to_contain_text(
        re.compile("Picker 1.*learnt from 10 clicks.*added particles found")
    )
    learn.get_by_role("button", name="Use for the next exposures").click()
    expect(learn.get_by_text("in use")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Undo")).last.click()
    expect(learn.get_by_role("button", name="Use for the next exposures")).to_be_visible()


def test_classes_are_averaged_and_shown(sign_in: SignIn, query: str, site: Site) -> None:
    page = opened(sign_in, query)
    averages = page.get_by_role("region", name="Class averages")
    averages.get_by_role("button", name="Average the particles").click()
    expect(averages.get_by_role("status")).to_contain_text("Averaging")
    site.python(RUN)
    expect(averages.get_by_role("img", name="Class 1", exact=True)).to_be_visible()
    expect(averages.get_by_role("figure").first).to_contain_text("particle")
    assert_accessible(page)
    with page.expect_download() as download:
        averages.get_by_role("link", name="Download averages and classes").click()
    assert download.value.suggested_filename == "g02-class-averages-1.zip"


def test_who_may_only_look_sees_what_was_worked_out(sign_in: SignIn, query: str) -> None:
    page = opened(sign_in, query, as_="viewer")
    expect(page.get_by_role("button", name="Learn from my clicks")).to_have_count(0)
    expect(page.get_by_role("button", name="Average the particles")).to_have_count(0)
    expect(page.get_by_role("region", name="Learn from clicks")).to_be_visible()
