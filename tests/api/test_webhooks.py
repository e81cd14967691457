"""Events leave signed for hosts that an administrator allowed, at least once, never inside."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import BRIDGE
from smartscope.domain.outbound import Outbound, is_inside, read_outbound
from smartscope.models import Alarm, Event, Webhook, WebhookDelivery
from smartscope.operations.deliver_webhooks import (
    LONGEST_PAUSE,
    due_webhooks,
    pause_after,
    plan_webhooks,
)
from smartscope.operations.event_log import Scope, Told, record_event
from tests.api.conftest import As
from tests.api.world import World, make_world
from workers.webhooks.deliver import deliver
from workers.webhooks.post import post

API = "/api/v1/"


@dataclass(slots=True)
class Receiver:
    """A real HTTP server on this machine; `status` is what it answers next."""

    address: str = ""
    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.got.append((dict(self.headers.items()), body))
            self.send_response(found.status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            """Silent: the test says what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def allowed(receiver: Receiver, settings: Any) -> Receiver:
    settings.OUTBOUND_HOSTS = [receiver.address.removeprefix("http://")]
    return receiver


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def added(as_: As, receiver: Receiver, *kinds: str) -> Any:
    body = {"name": "hook", "url": f"{receiver.address}/in?x=1", "kinds": list(kinds)}
    return as_("staff").post(f"{API}webhooks", body, format="json")


def happened(world: World, kind: str) -> Event:
    scope = Scope(world.microscope.pk, world.ours.session.pk, world.ours.grid.pk)
    with transaction.atomic():
        return record_event(kind, BRIDGE, scope, Told(subjects=[world.ours.grid.pk]))


def test_an_event_of_a_wanted_kind_is_sent_signed_and_others_are_not(
    as_: As, world: World, allowed: Receiver
) -> None:
    happened(world, "grid.done")  # before the webhook: nobody asked
    made = added(as_, allowed, "grid.")
    assert made.status_code == 201, made.content
    secret = made.json()["secret"]
    event = happened(world, "grid.done")
    happened(world, "exposure.taken")
    now = timezone.now()
    assert plan_webhooks(now) == 1
    assert plan_webhooks(now) == 0
    (delivery,) = due_webhooks(timezone.now())
    assert deliver(delivery)
    assert not deliver(delivery), "it was sent"
    ((headers, body),) = allowed.got
    told = json.loads(body)
    assert (told["type"], told["data"]["seq"]) == ("grid.done", event.seq)
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    (row,) = as_("staff").get(f"{API}webhook-deliveries").json()["results"]
    assert (row["state"], row["status_code"], row["attempts"]) == ("sent", 200, 1)
    assert "secret" not in as_("staff").get(f"{API}webhooks").json()["results"][0]
    assert as_("operator").get(f"{API}webhooks").json()["results"] == []


def test_what_was_not_taken_is_tried_again_later_and_given_up_after_a_day(
    as_: As, world: World, allowed: Receiver
) -> None:
    allowed.status = 302  # no redirect is followed
    added(as_, allowed)
    happened(world, "grid.done")
    plan_webhooks(timezone.now())
    row = WebhookDelivery.objects.get(kind="grid.done")
    assert deliver(row.pk)
    row.refresh_from_db()
    assert (row.state, row.status_code) == ("wanted", 302)
    assert row.due_at > timezone.now()
    assert row.pk not in due_webhooks(timezone.now())
    past = timezone.now() - timedelta(hours=25)
    WebhookDelivery.objects.filter(pk=row.pk).update(due_at=past, began_at=past)
    assert deliver(row.pk)
    row.refresh_from_db()
    assert row.state == "failed"
    assert not Webhook.objects.get().enabled
    assert Alarm.objects.get(key="webhook.failing").text.startswith("Webhook hook")
    assert len(allowed.got) == 2


def test_a_replay_sends_it_again_under_the_same_id(
    as_: As, world: World, allowed: Receiver
) -> None:
    added(as_, allowed)
    happened(world, "grid.done")
    plan_webhooks(timezone.now())
    row = WebhookDelivery.objects.get(kind="grid.done")
    deliver(row.pk)
    answer = as_("staff").post(f"{API}webhook-deliveries/{row.pk}/replay")
    assert (answer.status_code, answer.json()["state"]) == (200, "wanted")
    deliver(row.pk)
    ids = {headers["webhook-id"] for headers, _ in allowed.got}
    assert (len(allowed.got), ids) == (2, {str(row.pk)})


def test_a_sender_that_died_is_followed_by_another(
    as_: As, world: World, allowed: Receiver
) -> None:
    added(as_, allowed)
    happened(world, "grid.done")
    plan_webhooks(timezone.now())
    row = WebhookDelivery.objects.get(kind="grid.done")
    now = timezone.now()
    WebhookDelivery.objects.filter(pk=row.pk).update(state="sending", claimed_at=now)
    assert not deliver(row.pk)
    WebhookDelivery.objects.filter(pk=row.pk).update(claimed_at=now - timedelta(minutes=3))
    assert deliver(row.pk)
    assert len(allowed.got) == 1


def test_nobody_but_staff_and_only_to_hosts_that_are_allowed(
    as_: As, world: World, receiver: Receiver, settings: Any
) -> None:
    refused = added(as_, receiver)
    assert refused.status_code == 400
    assert "SMARTSCOPE_OUTBOUND_HOSTS" in refused.json()["errors"][0]["message"]
    settings.OUTBOUND_HOSTS = ["*"]
    assert added(as_, receiver).status_code == 400
    settings.OUTBOUND_HOSTS = [receiver.address.removeprefix("http://")]
    body = {"name": "hook", "url": receiver.address}
    assert as_("operator").post(f"{API}webhooks", body, format="json").status_code == 403
    # what was allowed when it was made is asked again at each sending
    added(as_, receiver)
    settings.OUTBOUND_HOSTS = []
    happened(world, "grid.done")
    plan_webhooks(timezone.now())
    row = WebhookDelivery.objects.get(kind="grid.done")
    deliver(row.pk)
    row.refresh_from_db()
    assert (row.status_code, receiver.got) == (None, [])


def test_a_public_name_that_leads_inside_is_not_connected_to() -> None:
    answer = post("https://localhost/", b"{}", {}, ["*"])
    assert answer.status_code is None
    assert "inside" in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.9", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1",  # noqa: S104 (an address to be refused)
        "::1", "fe80::1%eth0", "fc00::1", "::ffff:8.8.8.8", "ff02::1",
    ],
)  # fmt: skip
def test_every_address_inside_is_known(address: str) -> None:
    assert is_inside(address)


def test_addresses_outside_are_not_inside() -> None:
    assert not is_inside("8.8.8.8")
    assert not is_inside("2001:4860:4860::8888")


@pytest.mark.parametrize(
    ("url", "hosts", "allowed"),
    [
        ("https://example.org/x", ["example.org"], True),
        ("https://example.org/x", ["*"], True),
        ("http://example.org/x", ["*", "example.org"], False),
        ("http://example.org/x", ["example.org:80"], True),
        ("https://example.org:8443/", ["*", "example.org"], False),
        ("https://example.org.evil.net/", ["example.org"], False),
        ("https://user:pw@example.org/", ["*"], False),
        ("ftp://example.org/", ["*"], False),
        ("https://[broken/", ["*"], False),
    ],
)
def test_only_what_is_listed_may_be_sent_to(url: str, hosts: list[str], allowed: bool) -> None:
    assert isinstance(read_outbound(url, hosts), Outbound) == allowed


def test_pauses_grow_and_end_growing() -> None:
    assert pause_after(1) == timedelta(seconds=10)
    assert pause_after(3) == timedelta(seconds=40)
    assert pause_after(60) == LONGEST_PAUSE
