"""Webhooks on the page: added, refused, delivered to a receiver of this machine, sent again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import SignIn
from tests.browser.served import Site
from tests.workers.alarms.sinks import Sink, web_sink

STAFF = (
    "from django.contrib.auth.models import User;"
    "User.objects.filter(username='second').update(is_staff={0}, is_superuser={0})"
)
FORGET = "from smartscope.models import Webhook; Webhook.objects.all().delete()"
#: something happens, and the sweeper and a worker take one round each
ROUND = """
from django.db import transaction
from django.utils import timezone
from smartscope.domain.actor import BRIDGE
from smartscope.operations.deliver_webhooks import due_webhooks, plan_webhooks
from smartscope.operations.event_log import Scope, Told, record_event
from workers.webhooks.deliver import deliver
if {happens}:
    with transaction.atomic():
        record_event("run.changed", BRIDGE, Scope(), Told(after={{"state": "done"}}))
plan_webhooks(timezone.now())
for delivery in due_webhooks(timezone.now()):
    deliver(delivery)
"""


@pytest.fixture
def receiver(site: Site) -> Iterator[Sink]:
    """The one address that the site may send to."""
    with web_sink(site.receiver_port) as sink:
        yield sink


@pytest.fixture
def page(sign_in: SignIn, site: Site) -> Iterator[Page]:
    """Seen by staff; no webhook is left behind."""
    site.python(STAFF.format(True))
    yield sign_in("dev", as_="second", expected=(r"status of 400",))
    site.python(STAFF.format(False))
    site.python(FORGET)


def add(page: Page, url: str) -> None:
    form = page.get_by_role("form", name="A new webhook")
    form.get_by_label("Name").fill("pager")
    form.get_by_label("Address").fill(url)
    form.get_by_label("Kinds").fill("run.")
    form.get_by_role("button", name="Send events there").click()


def test_an_event_reaches_a_receiver_once_it_answers_and_no_more_once_forgotten(
    page: Page, site: Site, receiver: Sink
) -> None:
    hooks = page.get_by_role("region", name="Webhooks", exact=True)
    deliveries = page.get_by_role("region", name="Webhook deliveries")
    add(page, f"http://127.0.0.1:{site.receiver_port}/hook")
    expect(hooks.get_by_role("status")).to_contain_text("shown this once")
    hooks.get_by_role("button", name="I have it").click()
    row = hooks.get_by_role("listitem").filter(has_text="pager")
    expect(row).to_contain_text("/hook")

    receiver.refuses = True
    site.python(ROUND.format(happens=True))
    deliveries.get_by_role("button", name="Look again").click()
    sent = deliveries.get_by_role("row").filter(has_text="run.changed")
    expect(sent).to_contain_text("not taken, tried again at")
    expect(sent).to_contain_text("503 Service Unavailable")
    assert receiver.posts == []
    assert_accessible(page)

    receiver.refuses = False
    sent.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("A worker sends it again")).to_be_visible()
    site.python(ROUND.format(happens=False))
    deliveries.get_by_role("button", name="Look again").click()
    expect(sent).to_contain_text(re.compile(r"taken \d\d:\d\d:\d\d"))
    assert [(path, body["type"]) for path, body in receiver.posts] == [("/hook", "run.changed")]

    row.get_by_role("button", name="Switch off").click()
    expect(row).to_contain_text("switched off")
    row.get_by_role("button", name="Forget").click()
    row.get_by_role("button", name="Click again to forget it").click()
    expect(row).to_have_count(0)
    expect(deliveries).to_contain_text("Nothing was sent yet.")
    site.python(ROUND.format(happens=True))
    assert len(receiver.posts) == 1


def test_an_address_that_nobody_allowed_is_refused_where_it_was_typed(page: Page) -> None:
    add(page, "https://example.org/hook")
    hooks = page.get_by_role("region", name="Webhooks", exact=True)
    expect(hooks.get_by_role("alert")).to_contain_text("SMARTSCOPE_OUTBOUND_HOSTS")
    # what was typed stays
    expect(hooks.get_by_label("Address")).to_have_value("https://example.org/hook")
    expect(hooks).to_contain_text("No event is sent anywhere.")


def test_others_see_nothing_of_webhooks(sign_in: SignIn) -> None:
    page = sign_in("dev")
    expect(page.get_by_role("heading", name="A page as a script")).to_be_visible()
    expect(page.get_by_role("region", name="Webhooks", exact=True)).to_have_count(0)
