"""Which grid is on the stage: only a person can say, on the page or over the API, and is heard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SignIn
from tests.browser.served import Site

PAGE = "m/Krios%201"
DOUBT = "slots 3 and 4 read empty and nothing is remembered"
ASK = f"""
from smartscope.models import Microscope
Microscope.objects.update(stage_doubt={DOUBT!r}, stage_answer=None)
"""
QUIET = """
from smartscope.models import Command, DriverLease, Microscope
Microscope.objects.update(stage_doubt="", stage_answer=None)
Command.objects.filter(type="confirm_stage").delete()
DriverLease.objects.all().delete()
"""
ANSWER = """
from smartscope.models import Command, Microscope
command = Command.objects.get(type="confirm_stage")
print(Microscope.objects.get().stage_answer, command.wished_by.username, command.state)
"""
HELD = """
from smartscope.domain.actor import Actor
from django.contrib.auth.models import User
from smartscope.models import Microscope
from smartscope.operations.take_driver_lease import take_driver_lease
person = User.objects.get(username="second")
take_driver_lease(Actor("user", "second", person.pk), Microscope.objects.get().pk)
"""


@pytest.fixture(autouse=True)
def _asked(site: Site) -> Iterator[None]:
    site.python(ASK)
    yield
    site.python(QUIET)


def question(page: Page) -> Locator:
    return page.get_by_role("region", name="Which grid is on the stage?")


@pytest.mark.parametrize("width", [1440, 390])
def test_who_looked_says_it_and_the_page_tells_that_it_was_heard(
    width: int, journey: SignIn, site: Site
) -> None:
    page = journey(PAGE, width=width)
    asked = question(page)
    expect(asked).to_contain_text(DOUBT.capitalize())
    expect(asked).to_contain_text("Nothing is loaded before somebody has looked")
    say = asked.get_by_role("button", name="Say so")
    expect(say).to_be_disabled()
    box = asked.get_by_label("What is on the stage")
    expect(box.locator("option")).to_have_count(2 + 12)
    box.select_option(label="the grid of slot 3")
    if width == 390:
        for touched in (box, say):
            place = touched.bounding_box()
            assert place is not None
            assert place["height"] >= 44.0, "a finger needs 44 pixels"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    say.click()
    expect(asked.get_by_role("status")).to_have_text(
        "Answered: the grid of slot 3. The bridge takes it up."
    )
    expect(box).to_have_count(0)
    assert site.python(ANSWER).split() == ["3", "operator", "done"]


def test_an_empty_stage_is_an_answer_too(sign_in: SignIn, site: Site) -> None:
    page = sign_in(PAGE)
    question(page).get_by_label("What is on the stage").select_option(label="no grid")
    question(page).get_by_role("button", name="Say so").click()
    expect(question(page).get_by_role("status")).to_contain_text("Answered: none.")
    assert site.python(ANSWER).split() == ["0", "operator", "done"]


def test_a_viewer_reads_the_question_and_is_offered_no_answer(sign_in: SignIn) -> None:
    page = sign_in(PAGE, as_="viewer")
    expect(question(page)).to_contain_text(DOUBT.capitalize())
    expect(question(page).get_by_role("combobox")).to_have_count(0)
    expect(question(page).get_by_role("button")).to_have_count(0)


def test_while_another_is_at_the_helm_the_answer_is_theirs(sign_in: SignIn, site: Site) -> None:
    site.python(HELD)
    page = sign_in(PAGE)
    question(page).get_by_label("What is on the stage").select_option("3")
    say = question(page).get_by_role("button", name="Say so")
    expect(say).to_be_disabled()
    assert say.get_attribute("title") == "second is at the helm; ask for it first"


def test_where_nobody_asks_nothing_is_shown_and_an_answer_is_refused(
    sign_in: SignIn, site: Site
) -> None:
    site.python(QUIET)
    page = sign_in(PAGE, expected=(r"status of 409",))
    expect(page.get_by_role("heading", name="Krios 1")).to_be_visible()
    expect(question(page)).to_have_count(0)
    refused = page.evaluate(CONFIRM)
    assert refused["status"] == 409
    assert "it is known" in refused["detail"]


CONFIRM = """async () => {
    const token = document.querySelector('meta[name="csrf-token"]').content;
    const microscope = (await (await fetch("api/v1/microscopes")).json()).results[0];
    const sessions = (await (await fetch("api/v1/sessions")).json()).results;
    const answer = await fetch(`api/v1/microscopes/${microscope.id}/commands`,
        { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": token,
          "Idempotency-Key": crypto.randomUUID() },
          body: JSON.stringify({ type: "confirm_stage",
            arguments: { session: sessions[0].id, slot: 3 } }) });
    return { status: answer.status, detail: (await answer.json()).detail };
}"""
