"""Alarms over the API: who sees them, who may answer, and what an answer does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from smartscope.domain.alarms import Level
from smartscope.models import Alarm, Event
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.deliver_alarms import plan_deliveries
from smartscope.operations.raise_alarm import raise_alarm
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1/alarms"
EVERYBODY = (
    "viewer", "member", "granted", "lead", "operator", "stranger", "nobody", "staff", "admin",
)  # fmt: skip
#: alarm: who sees it, who may answer it
RIGHTS = {
    "session": (
        {"viewer", "member", "granted", "lead", "operator", "staff", "admin"},
        {"member", "granted", "lead", "operator", "staff", "admin"},
    ),
    "microscope": (set(EVERYBODY) - {"nobody"}, {"granted", "operator", "staff", "admin"}),
    "service": ({"staff", "admin"}, {"staff", "admin"}),
}


@pytest.fixture
def alarms(world: World) -> dict[str, Alarm]:
    places: dict[str, dict[str, Any]] = {
        "session": {"microscope": world.microscope.pk, "session": world.ours.session.pk},
        "microscope": {"microscope": world.microscope.pk},
        "service": {"microscope": None},
    }
    for name, place in places.items():
        raise_alarm(key=name, level=Level.MAJOR, text="It is wrong.", advice="Look.", **place)
    return {alarm.key: alarm for alarm in Alarm.objects.all()}


@pytest.mark.parametrize("place", RIGHTS)
@pytest.mark.parametrize("person", EVERYBODY)
def test_who_sees_an_alarm_and_who_may_answer_it(
    person: str, place: str, as_: As, alarms: dict[str, Alarm]
) -> None:
    sees, answers = RIGHTS[place]
    listed = {row["key"] for row in as_(person).get(API).json()["results"]}
    assert (place in listed) == (person in sees)
    expected = 200 if person in answers else 403 if person in sees else 404
    shelf = {"hours": 1, "reason": "the engineer comes at nine"}
    path = f"{API}/{alarms[place].pk}"
    before = Event.objects.count()
    assert as_(person).get(path).status_code == (200 if person in sees else 404)
    assert as_(person).post(f"{path}/shelve", shelf).status_code == expected
    assert as_(person).post(f"{path}/acknowledge").status_code == expected
    assert Event.objects.count() - before == (2 if person in answers else 0)


def test_acknowledged_it_names_the_person_and_is_closed_once_it_is_over(
    as_: As, alarms: dict[str, Alarm], world: World
) -> None:
    path = f"{API}/{alarms['session'].pk}"
    body = as_("member").post(f"{path}/acknowledge").json()
    assert (body["state"], body["acknowledged_by"]) == ("acknowledged", "member")
    again = as_("lead").post(f"{path}/acknowledge")
    assert (again.status_code, "member" in again.json()["detail"]) == (409, True)
    clear_alarm(key="session", microscope=world.microscope.pk)
    assert as_("member").get(path).json()["state"] == "closed"
    assert (
        as_("member").get(f"{API}?state=raised,cleared,acknowledged").json()["results"][0]["key"]
        == "microscope"
    )


def test_over_before_anybody_looked_it_waits_for_eyes_and_then_closes(
    as_: As, alarms: dict[str, Alarm], world: World
) -> None:
    clear_alarm(key="session", microscope=world.microscope.pk)
    path = f"{API}/{alarms['session'].pk}"
    assert as_("member").get(path).json()["state"] == "cleared"
    assert as_("member").post(f"{path}/acknowledge").json()["state"] == "closed"


@pytest.mark.parametrize(
    "shelf",
    [
        {},
        {"hours": 1},
        {"hours": 1, "reason": "  "},
        {"hours": 12.1, "reason": "x"},
        {"hours": 0, "reason": "x"},
        {"hours": -1, "reason": "x"},
        {"hours": "NaN", "reason": "x"},
        {"hours": 1, "reason": "x", "more": 1},
    ],
)
def test_a_shelf_needs_a_reason_and_lasts_at_most_twelve_hours(
    shelf: dict[str, Any], as_: As, alarms: dict[str, Alarm]
) -> None:
    answer = as_("staff").post(f"{API}/{alarms['session'].pk}/shelve", shelf)
    assert answer.status_code == 400, answer.content
    assert Alarm.objects.get(key="session").shelved_until is None


def test_what_is_shelved_says_until_when_by_whom_and_why(as_: As, alarms: dict[str, Alarm]) -> None:
    path = f"{API}/{alarms['session'].pk}"
    body = as_("member").post(f"{path}/shelve", {"hours": 2, "reason": "we know"}).json()
    assert (body["shelved"], body["shelved_by"], body["shelf_reason"]) == (
        True,
        "member",
        "we know",
    )
    Alarm.objects.update(shelved_until=timezone.now() - timedelta(seconds=1))
    assert as_("member").get(path).json()["shelved"] is False


def test_who_was_told_is_shown_without_addresses(
    as_: As, world: World, settings: Any, alarms: dict[str, Alarm]
) -> None:
    settings.ALARM_URLS = {**settings.ALARM_URLS, "operator": ["json://u:hush@example.org/secret"]}
    plan_deliveries(timezone.now() + timedelta(minutes=10))
    answer = as_("member").get(f"{API}/{alarms['session'].pk}")
    [row] = answer.json()["deliveries"]
    assert (row["duty"], row["recipient"], row["channel"], row["state"]) == (
        "operator", "operator 1", "json example.org", "wanted",
    )  # fmt: skip
    assert "hush" not in answer.content.decode()
    ladder = as_("member").get(f"{API}/ladder")
    assert ladder.json()["rungs"][1] == {
        "duty": "operator", "after_minutes": 10, "channels": ["json example.org"],
    }  # fmt: skip
    assert "hush" not in ladder.content.decode()


@pytest.mark.parametrize("person", EVERYBODY)
def test_operators_and_staff_test_the_alarms(person: str, as_: As, world: World) -> None:
    may = person in ("operator", "staff", "admin")
    answer = as_(person).post(f"{API}/test", headers={"Idempotency-Key": "t"})
    assert answer.status_code == (202 if may else 403)
    assert as_(person).get(f"{API}/ladder").json()["may_test"] is may
    mine = Alarm.objects.filter(key="alarms.test", raised_by=world.people[person])
    assert mine.exists() is may
    if may:
        path = f"{API}/{mine.get().pk}"
        assert as_(person).get(path).json()["raised_by"] == person
        assert as_("lead").get(path).status_code == 404
        assert as_(person).post(f"{path}/acknowledge").status_code == 200


def test_a_token_that_may_only_read_answers_nothing(
    as_: As, world: World, alarms: dict[str, Alarm]
) -> None:
    from rest_framework.test import APIClient

    from smartscope.domain.actor import Actor
    from smartscope.operations.tokens import create_token

    staff = Actor("user", "staff", world.people["staff"].pk)
    _, secret = create_token(staff, name="reader", scopes=["read"], lifetime=timedelta(hours=1))
    client = APIClient(headers={"Authorization": f"Bearer {secret}"})
    assert client.get(API).status_code == 200
    assert client.post(f"{API}/{alarms['session'].pk}/acknowledge").status_code == 403
