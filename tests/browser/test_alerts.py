"""Alerts: they appear by themselves, are answered with a click, and say who was told."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SignIn
from tests.browser.served import Site
from tests.workers.alarms.sinks import Sink, web_sink

TEXT = "The valves of Krios 1 did not close."
RAISE = """
from smartscope.domain.alarms import Level
from smartscope.models import Microscope, Session
from smartscope.operations.raise_alarm import raise_alarm
session = Session.objects.get(name="20261120_ribosome")
raise_alarm(key="valves.open", level=Level.{level}, microscope=session.microscope_id,
            session=session.pk, text="{text}", advice="Close them at the console.")
"""
CLEAR = """
from smartscope.models import Microscope
from smartscope.operations.clear_alarm import clear_alarm
clear_alarm(key="valves.open", microscope=Microscope.objects.get(name="Krios 1").pk)
"""
FORGET = """
from smartscope.models import Alarm
Alarm.objects.all().delete()
"""


@pytest.fixture(autouse=True)
def _none_left(site: Site) -> Iterator[None]:
    yield
    site.python(FORGET)


@pytest.fixture
def phone() -> Iterator[Sink]:
    with web_sink() as sink:
        yield sink


def up(site: Site, level: str = "MAJOR") -> None:
    site.python(RAISE.format(level=level, text=TEXT))


def bell(page: Page) -> str:
    return str(page.get_by_role("banner").locator("a.bell").get_attribute("aria-label"))


def test_an_alarm_rings_the_bell_without_a_reload_and_a_click_leads_to_it(
    sign_in: SignIn, site: Site
) -> None:
    page = sign_in()
    expect(page.locator(".live")).to_contain_text("live")
    assert bell(page) == "No open alarm"
    up(site)
    ringing = page.get_by_role("link", name="1 alarm to answer, the worst major")
    ringing.click()
    card = page.get_by_role("article", name=TEXT)
    expect(card).to_contain_text("major")
    expect(card).to_contain_text("simulated")
    expect(card).to_contain_text("Close them at the console.")
    expect(card).to_contain_text(re.compile(r"for \d+.(s|min).*nobody has acknowledged it"))


def test_acknowledged_it_is_quiet_and_once_over_it_stands_among_the_answered(
    sign_in: SignIn, site: Site
) -> None:
    up(site)
    page = sign_in("alerts")
    card = page.get_by_role("region", name="Open").get_by_role("article", name=TEXT)
    card.get_by_role("button", name="Acknowledge").click()
    expect(card).to_contain_text("operator has seen it at")
    expect(card.get_by_role("button", name="Acknowledge")).to_have_count(0)
    expect(page.get_by_role("link", name="No open alarm")).to_be_visible()
    site.python(CLEAR)
    answered = page.get_by_role("region", name="Answered").get_by_role("article", name=TEXT)
    expect(answered).to_contain_text("seen by operator")
    expect(page.get_by_role("region", name="Open")).to_contain_text("Nothing is wrong")


def test_it_is_put_aside_with_a_reason_on_a_phone(sign_in: SignIn, site: Site) -> None:
    up(site)
    page = sign_in("alerts", width=360, height=740)
    card = page.get_by_role("article", name=TEXT)
    card.get_by_role("button", name="Put aside").click()
    card.get_by_label("because").fill("the engineer comes at nine")
    card.get_by_role("combobox").select_option("4 h")
    card.locator("form").get_by_role("button", name="Put aside").click()
    expect(card).to_contain_text(re.compile("put aside until .* by operator: the engineer comes"))
    expect(page.get_by_role("link", name="No open alarm")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.fixture
def waiting_run(site: Site) -> Iterator[str]:
    """A run that the service paused in the night, as one round of the sweeper finds it; its alarm's
    id."""
    site.python(PAUSED)
    yield site.python(NOTICED).strip()
    site.python(GOES_ON)


def test_an_idle_microscope_is_told_and_acknowledged_on_a_phone_within_two_taps_of_the_message(
    journey: SignIn, waiting_run: str
) -> None:
    page = journey(f"alerts?alarm={waiting_run}", width=360, height=740)
    card = page.get_by_role("article", name="The run on Krios 1 is paused and waits for a person")
    expect(card).to_contain_text("refrigerant is low")
    expect(card).to_contain_text("resume the run")
    button = card.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    button.click()
    expect(card).to_contain_text("operator has seen it at")
    card.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/s/20261120_ribosome"))
    expect(page.get_by_role("heading").first).to_be_visible()


PAUSED = """
from smartscope.models import Run
Run.objects.filter(session__name="20261120_ribosome").update(
    state="paused", wish="pause", state_reason="the refrigerant is low")
"""
GOES_ON = """
from smartscope.models import Run
Run.objects.filter(session__name="20261120_ribosome").update(
    state="running", wish="run", state_reason="")
"""
NOTICED = """
from django.utils import timezone
from smartscope.models import Alarm
from workers.alarms.watch import watch
watch(timezone.now())
print(Alarm.objects.get(key="run.waits_for_person").pk)
"""


def test_a_viewer_sees_an_alarm_and_has_no_button_to_answer_it(sign_in: SignIn, site: Site) -> None:
    up(site)
    page = sign_in("alerts", as_="viewer")
    card = page.get_by_role("article", name=TEXT)
    expect(card).to_be_visible()
    expect(card.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("button", name="Test the alarms")).to_have_count(0)
    expect(page.get_by_role("banner").get_by_role("button", name="Emergency stop")).to_be_visible()


def test_a_link_in_a_message_leads_to_its_alarm(sign_in: SignIn, site: Site) -> None:
    up(site)
    key = site.python("from smartscope.models import Alarm; print(Alarm.objects.get().pk)").strip()
    page = sign_in(f"alerts?alarm={key}")
    expect(page.locator("article.chosen")).to_contain_text(TEXT)


def test_the_test_button_says_who_got_it_and_who_did_not(
    sign_in: SignIn, site: Site, phone: Sink
) -> None:
    page = sign_in("alerts")
    expect(page.get_by_text("Nothing leaves this server")).to_be_visible()
    page.get_by_role("button", name="Test the alarms").click()
    card = page.get_by_role("article", name="This is a test of the alarms")
    expect(card).to_contain_text("note")
    site.python(SEND.format(port=phone.port))
    expect(card).to_contain_text("on call 1 by json 127.0.0.1 was told at")
    expect(card).to_contain_text("lead 1 by json 127.0.0.1 is to be told: ")
    assert [path for path, _ in phone.posts] == ["/pager"]


#: one round of the sweeper on a machine that has channels: one works, one does not
SEND = """
from django.conf import settings
from django.utils import timezone
from workers.alarms.tell import tell_people
settings.ALARM_URLS = dict(user=[], operator=[], on_call=["json://127.0.0.1:{port}/pager"],
                           lead=["json://127.0.0.1:1/nobody"])
tell_people(timezone.now())
"""
