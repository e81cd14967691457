"""The audit log is append-only: whatever is changed in it after the seal is named, each time."""

from __future__ import annotations

import random
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.models import Event, EventSeal
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.seal_events import seal_events
from smartscope.queries.event_chain import SEALED, broken_seals, head

pytestmark = pytest.mark.django_db

ATTEMPTS = 100
MIRA = Actor("user", "mira", 7)


def happened(times: int) -> None:
    for n in range(times):
        with transaction.atomic():
            told = Told(before={"n": n}, after={"n": n + 1}, reason=f"because {n}")
            record_event("hole.changed", MIRA, Scope(), told)


@pytest.fixture
def log(db: None) -> None:
    """Sixty events under several seals."""
    for _ in range(3):
        happened(20)
        assert seal_events() == 20


def tampered(event: Event, name: str) -> Any:
    """Another value of that column."""
    value = getattr(event, name)
    if name == "time":
        return value + timedelta(microseconds=1)
    if name in ("count", "actor_user", "epoch"):
        return (value or 0) + 1
    if name in ("microscope", "session", "grid", "changeset", "token"):
        return "00000000-0000-7000-8000-000000000001"
    if name in ("before", "after"):
        return {"n": -1}
    return ["x"] if name == "subjects" else f"{value}."


def test_a_log_nobody_touched_is_whole(log: None) -> None:
    assert list(broken_seals()) == []
    Event.objects.update(published_at="2026-11-21T00:00:00Z")
    assert list(broken_seals()) == []


def test_every_change_of_any_column_is_named(log: None) -> None:
    dice = random.Random(18)
    columns = [name for name in SEALED if name != "seq"]
    for n in range(ATTEMPTS):
        event = Event.objects.get(seq=dice.randint(1, 60))
        with transaction.atomic():
            name = columns[n % len(columns)]
            Event.objects.filter(pk=event.pk).update(**{name: tampered(event, name)})
            assert [one.seq for one in broken_seals()] == [event.seq], name
            transaction.set_rollback(True)


def test_what_is_taken_away_is_named(log: None) -> None:
    Event.objects.filter(seq=31).delete()
    assert [one.words for one in broken_seals()] == ["event 31 is missing"]
    EventSeal.objects.filter(last_seq=40).delete()
    assert "a seal before event 41 is missing" in [one.words for one in broken_seals()]


def test_whoever_seals_anew_is_found_by_a_head_kept_elsewhere(log: None) -> None:
    kept = head()
    Event.objects.filter(seq=5).update(actor_name="nobody")
    EventSeal.objects.all().delete()
    while seal_events(20):
        pass
    assert list(broken_seals()) == []
    assert [one.words for one in broken_seals(kept=kept)] == [
        "everything up to event 60 was sealed anew"
    ]
    EventSeal.objects.filter(last_seq=60).delete()
    assert "gone" in next(iter(broken_seals(kept=kept))).words


def test_the_command_prints_the_head_and_fails_on_what_differs(log: None) -> None:
    out = StringIO()
    call_command("verify_events", stdout=out)
    text = out.getvalue().strip()
    assert text == f"60:{head()[1]}"
    call_command("verify_events", "--kept", text, stdout=out)
    Event.objects.filter(seq=9).update(reason="another")
    told = StringIO()
    with pytest.raises(CommandError, match="1 places"):
        call_command("verify_events", stdout=out, stderr=told)
    assert "event 9 was changed" in told.getvalue()
    with pytest.raises(CommandError, match="SEQ:SHA256"):
        call_command("verify_events", "--kept", "nonsense", stdout=out)
