"""Alarms leave this machine: to whom, when, how often, and what is kept of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from smartscope.domain.actor import Actor
from smartscope.domain.alarms import Level
from smartscope.models import Alarm, AlarmDelivery, Event
from smartscope.operations.acknowledge_alarm import acknowledge_alarm
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.deliver_alarms import claim_delivery, plan_deliveries
from smartscope.operations.raise_alarm import raise_alarm
from smartscope.operations.shelve_alarm import shelve_alarm
from smartscope.operations.try_alarms import try_alarms
from tests.workers.alarms.conftest import Facility
from tests.workers.alarms.sinks import Sink
from workers.alarms.tell import tell_people

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("channels")]


def up(facility: Facility, level: Level = Level.MAJOR, **more: Any) -> Alarm:
    raise_alarm(
        key=more.get("key", "valves.open"),
        level=level,
        microscope=facility.microscope.pk,
        session=facility.session.pk,
        text="The valves did not close.",
        advice="Close them by hand.",
    )
    return Alarm.objects.get(key=more.get("key", "valves.open"))


def after(alarm: Alarm, minutes: float) -> datetime:
    return alarm.escalates_from + timedelta(minutes=minutes)


def who(mail: Sink, web: Sink) -> list[str]:
    people = [address.split("@")[0] for to, _ in mail.mails for address in to]
    return sorted(people + [path for path, _ in web.posts])


def actor(name: str) -> Actor:
    return Actor("user", name, User.objects.get(username=name).pk)


def test_the_ladder_reaches_each_person_once_at_their_time(
    facility: Facility, mail: Sink, web: Sink
) -> None:
    alarm = up(facility)
    told = []
    for minutes in (0, 0.1, 9, 10, 11, 19, 20, 25, 39, 40, 600):
        tell_people(after(alarm, minutes))
        told.append(len(mail.mails) + len(web.posts))
    assert told == [1, 1, 1, 2, 2, 2, 4, 4, 4, 6, 6]
    assert who(mail, web) == ["/lead", "/pager", "lead", "operator", "phone", "user"]


def test_a_message_is_one_sentence_what_to_do_and_a_link_and_says_simulated(
    facility: Facility, mail: Sink
) -> None:
    alarm = up(facility)
    tell_people(after(alarm, 0))
    [(to, message)] = mail.mails
    assert to == ["user@example.org"]
    assert message["subject"] == "[MAJOR] Titan (simulated): The valves did not close."
    body = message.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "What to do: Close them by hand." in text
    assert f"https://scope.example.org/em/alerts?alarm={alarm.pk}" in text


def test_acknowledged_nobody_else_is_told(facility: Facility, mail: Sink, web: Sink) -> None:
    alarm = up(facility)
    tell_people(after(alarm, 0))
    acknowledge_alarm(actor("user"), alarm.pk)
    tell_people(after(alarm, 60))
    assert who(mail, web) == ["user"]


def test_what_is_over_wakes_nobody_but_stays_raised_for_eyes(
    facility: Facility, mail: Sink, web: Sink
) -> None:
    alarm = up(facility)
    plan_deliveries(after(alarm, 0))
    clear_alarm(key=alarm.key, microscope=facility.microscope.pk)
    tell_people(after(alarm, 60))
    assert who(mail, web) == []
    assert AlarmDelivery.objects.get().state == "dropped"
    assert Alarm.objects.get().state == "cleared"


def test_shelved_it_waits_and_then_climbs_anew(facility: Facility, mail: Sink, web: Sink) -> None:
    alarm = up(facility)
    tell_people(after(alarm, 0))
    shelved = shelve_alarm(
        actor("user"), alarm.pk, duration=timedelta(hours=2), reason="waiting for the engineer"
    )
    tell_people(after(alarm, 119))
    assert who(mail, web) == ["user"]
    tell_people(after(shelved, 0.1))
    tell_people(after(shelved, 10))
    assert who(mail, web) == ["operator", "user", "user"]


def test_a_channel_that_fails_is_tried_again_and_then_the_next_person_is_told(
    facility: Facility, mail: Sink, web: Sink
) -> None:
    alarm = up(facility)
    mail.refuses = True
    now = after(alarm, 0)
    for _ in range(6):
        tell_people(now)
        now += timedelta(seconds=90)
    user = AlarmDelivery.objects.get(recipient="user")
    assert (user.state, user.attempts) == ("failed", 5)
    assert user.answer
    assert "operator" in set(AlarmDelivery.objects.values_list("recipient", flat=True))
    undelivered = Alarm.objects.get(key="alarms.undelivered.mail.user")
    assert (undelivered.level, undelivered.state) == ("MINOR", "raised")


def test_a_message_that_got_through_at_last_is_sent_once_and_its_alarm_is_over(
    facility: Facility, mail: Sink
) -> None:
    alarm = up(facility)
    mail.refuses = True
    tell_people(after(alarm, 0))
    mail.refuses = False
    for minutes in (0, 0.1, 0.2, 0.3, 0.5, 1):
        tell_people(after(alarm, minutes) + timedelta(seconds=15))
    assert len(mail.mails) == 1
    assert AlarmDelivery.objects.get().attempts == 2


def test_a_sender_that_died_is_not_repeated_but_the_ladder_goes_on(
    facility: Facility, mail: Sink, web: Sink
) -> None:
    alarm = up(facility)
    plan_deliveries(after(alarm, 0))
    assert claim_delivery(timezone.now()) is not None  # and dies
    tell_people(after(alarm, 1))
    assert who(mail, web) == []
    tell_people(after(alarm, 3))
    tell_people(after(alarm, 3.1))
    assert who(mail, web) == ["operator"]
    assert AlarmDelivery.objects.get(recipient="user").state == "unknown"


def test_two_senders_never_take_the_same_message(facility: Facility) -> None:
    up(facility)
    now = timezone.now()
    plan_deliveries(now)
    assert claim_delivery(now) is not None
    assert claim_delivery(now) is None


def test_a_person_without_an_address_is_passed_by_at_once(
    facility: Facility, mail: Sink, web: Sink
) -> None:
    User.objects.filter(username="user").update(email="")
    alarm = up(facility)
    tell_people(after(alarm, 0))
    assert who(mail, web) == ["operator"]


@pytest.mark.parametrize("address", ["a@b.org?to=evil@x.org", "a b@c.org", "x@y.org,z@y.org", "x"])
def test_an_account_cannot_write_into_the_address_line(
    address: str, facility: Facility, mail: Sink
) -> None:
    User.objects.filter(username="user").update(email=address)
    tell_people(after(up(facility), 0))
    assert [to for to, _ in mail.mails] == [["operator@example.org"]]


def test_the_test_button_reaches_everybody_at_once_and_says_what_arrived(
    facility: Facility, mail: Sink, web: Sink
) -> None:
    for _ in range(2):
        alarm = try_alarms(actor("operator"))
        tell_people(timezone.now())
    assert who(mail, web) == 2 * ["/lead"] + 2 * ["/pager"] + 2 * ["operator"] + 2 * ["phone"]
    rows = AlarmDelivery.objects.filter(alarm=alarm, round=2)
    assert {(row.recipient, row.channel, row.state) for row in rows} == {
        ("operator", "mail", "sent"),
        ("on call 1", "json 127.0.0.1", "sent"),
        ("on call 2", "mail 127.0.0.1", "sent"),
        ("lead 1", "json 127.0.0.1", "sent"),
    }


def test_nothing_that_is_kept_or_told_holds_a_secret(
    facility: Facility, settings: Settings, web: Sink
) -> None:
    settings.ALARM_URLS = {
        "user": [],
        "operator": [],
        "on_call": ["json://name:hush-hush@127.0.0.1:1/secret-path"],
        "lead": [],
    }
    try_alarms(actor("operator"))
    tell_people(timezone.now())
    kept = str(list(AlarmDelivery.objects.values())) + str(list(Event.objects.values()))
    assert "refused" in kept.lower() or "error" in kept.lower()
    assert "hush-hush" not in kept
    assert "secret-path" not in kept
