"""How the house stands, for people and for a metrics collector."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings
from rest_framework.test import APIClient

from smartscope.models import Analysis, Event, Lease, Webhook, WebhookDelivery
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"


def verdicts(as_: As) -> dict[str, str]:
    found = as_("nobody").get(f"{API}/health/details").json()
    return {one["subject"]: one["verdict"] for one in found["services"]}


def analysis(world: World, state: str, **values: object) -> None:
    Analysis.objects.create(
        image=world.ours.image, kind=f"find_{state}", plugin="classical-squares",
        plugin_version="1", state=state, visible_at_s=0.0, **values,
    )  # fmt: skip


def test_every_part_is_told_with_what_is_wrong(as_: As, world: World) -> None:
    Event.objects.update(published_at=timezone.now())
    good = verdicts(as_)
    assert {good[name] for name in ("database", "migrations", "redis", "sweeper", "workers")} == {
        "ok"
    }
    Event.objects.update(published_at=None, time=timezone.now() - timedelta(minutes=10))
    analysis(world, "wanted")
    Analysis.objects.update(created_at=timezone.now() - timedelta(hours=2))
    bad = verdicts(as_)
    assert (bad["sweeper"], bad["workers"], bad["database"]) == ("fail", "fail", "ok")


def test_microscopes_queues_plugins_and_versions_are_shown(as_: As, world: World) -> None:
    now = timezone.now()
    analysis(world, "dead")
    analysis(world, "wanted")
    Lease.objects.create(
        microscope=world.microscope, epoch=7, state="held", expires_at=now - timedelta(minutes=5)
    )
    found = as_("nobody").get(f"{API}/health/details").json()
    (microscope,) = found["microscopes"]
    checks = {one["subject"]: one for one in microscope["checks"]}
    assert (checks["bridge"]["verdict"], checks["camera"]["verdict"]) == ("fail", "warn")
    assert [(q["kind"], q["wanted"], q["dead"]) for q in found["queues"]] == [
        ("find_dead", 0, 1),
        ("find_wanted", 1, 0),
    ]
    assert {one["name"] for one in found["plugins"]} == {"classical-squares"}
    assert found["versions"]["postgresql"]
    assert world.ours.session.name not in str(found)


def test_figures_are_counted_from_rows(as_: As, world: World) -> None:
    now = timezone.now()
    analysis(world, "done", started_at=now - timedelta(seconds=3), finished_at=now)
    hook = Webhook.objects.create(name="hook", url="https://example.org/")
    for seq, state, attempts in ((1, "sent", 3), (2, "wanted", 2), (3, "sending", 1)):
        WebhookDelivery.objects.create(
            webhook=hook, seq=seq, kind="grid.done", due_at=now, state=state, attempts=attempts
        )
    answer = APIClient().get(f"{API}/metrics")
    assert answer.status_code == 200
    text = answer.content.decode()
    found = {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert found["screening_steps_total", frozenset({"atlas", "done"})] == 2
    assert found["screening_wait_seconds_total", frozenset({"analysis"})] == 20
    assert found["screening_analysis_seconds_bucket", frozenset({"find_done", "2.0"})] == 0
    assert found["screening_analysis_seconds_bucket", frozenset({"find_done", "5.0"})] == 1
    assert found["screening_event_head_seq", frozenset()] >= 2
    # two before the one that was taken, and two that were not
    assert found["screening_webhook_failures_total", frozenset()] == 4
    assert "ours" not in text


@pytest.mark.parametrize(
    ("headers", "address", "expected"),
    [
        ({}, "127.0.0.1", 200),
        ({}, "::1", 200),
        ({}, "10.0.0.9", 403),
        ({"Authorization": "Bearer hush"}, "10.0.0.9", 200),
        ({"Authorization": "Bearer wrong"}, "127.0.0.1", 403),
        ({"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 403),
    ],
)
def test_figures_are_for_the_collector_alone(
    headers: dict[str, str], address: str, expected: int, settings: Settings, db: None
) -> None:
    settings.METRICS_TOKEN = "hush"
    answer = APIClient().get(f"{API}/metrics", headers=headers, REMOTE_ADDR=address)
    assert answer.status_code == expected


def test_every_answer_says_what_is_left_of_the_budget(as_: As, world: World) -> None:
    client = as_("member")
    first, second = client.get(f"{API}/me"), client.get(f"{API}/me")
    assert first["RateLimit-Policy"] == '"requests";q=600;w=60'
    assert first["RateLimit"].startswith('"requests";r=599;t=')
    assert second["RateLimit"].startswith('"requests";r=598;t=')
    assert "RateLimit" not in client.get(f"{API}/health/live")
