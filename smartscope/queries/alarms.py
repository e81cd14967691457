"""Alarms as people see them, and who is to be told of one over which channel."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from smartscope.domain.actor import Actor
from smartscope.domain.alarms import LADDER, TEST_KEY, AlarmState, Duty, Level
from smartscope.domain.errors import NotAllowed
from smartscope.models import Alarm, Membership, Microscope, MicroscopeGrant, Role, Run
from smartscope.queries.rights import require_alarm_test
from smartscope.queries.visible import Reader, visible_sessions

#: what an account may call its address; anything else would write into the mail's address line
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,190}")
MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Addressee:
    """`recipient` and `channel` may be shown; `url` is for apprise and may hold a secret."""

    recipient: str
    channel: str
    url: str


def visible_alarms(reader: Reader) -> QuerySet[Alarm]:
    """Those of visible sessions, of microscopes near the reader, and the reader's own tests.

    Staff see all, the service's own included.
    """
    people = ("raised_by", "acknowledged_by", "shelved_by")
    alarms = Alarm.objects.select_related("microscope", *people)
    if reader.sees_everything:
        return alarms
    if reader.user_id is None:
        return alarms.none()
    sessions = visible_sessions(reader)
    near = Microscope.objects.filter(
        Q(pk__in=sessions.values("microscope")) | Q(grants__user=reader.user_id)
    )
    return alarms.filter(
        Q(session__in=sessions.values("pk"))
        | Q(session=None, microscope__in=near.values("pk"))
        | Q(raised_by=reader.user_id)
    )


def alarm_is_raised(key: str, microscope: UUID) -> bool:
    """Whether that alarm stands and nobody has answered it."""
    return Alarm.objects.filter(key=key, microscope=microscope, state=AlarmState.RAISED).exists()


def unanswered(alarm: Alarm, now: Any) -> bool:
    """Whether people are still to be told of it."""
    shelved = alarm.shelved_until is not None and alarm.shelved_until > now
    return alarm.state == AlarmState.RAISED and not shelved


def addressees(alarm: Alarm, duty: Duty) -> list[Addressee]:
    """Everybody of that duty who can be reached: people by mail, the site's own addresses."""
    people = {person.pk: person for person in _people(alarm, duty)}
    by_mail = [Addressee(person.get_username(), MAIL, url) for person, url in _mailed(people)]
    return by_mail + _of_the_site(duty)


def ladder(actor: Actor) -> dict[str, Any]:
    """Who is told when of the worst alarms, without addresses; whether the actor may test it."""
    rungs = [
        {
            "duty": str(rung.duty),
            "after_minutes": int(rung.after.total_seconds() // 60),
            "channels": [one.channel for one in _of_the_site(rung.duty)],
        }
        for rung in LADDER[Level.MAJOR]
    ]
    try:
        require_alarm_test(actor)
    except NotAllowed:
        may_test = False
    else:
        may_test = True
    return {"mail": bool(settings.ALARM_MAIL_URL), "rungs": rungs, "may_test": may_test}


def _people(alarm: Alarm, duty: Duty) -> Iterable[User]:
    users = get_user_model().objects.filter(is_active=True)
    if alarm.key == TEST_KEY:
        return users.filter(pk=alarm.raised_by_id or 0) if duty is Duty.USER else ()
    match duty:
        case Duty.USER:
            return users.filter(pk__in=_whose_run(alarm))
        case Duty.OPERATOR if alarm.microscope_id is None:
            return users.filter(is_staff=True)
        case Duty.OPERATOR:
            grants = MicroscopeGrant.objects.filter(microscope=alarm.microscope_id, operator=True)
            return users.filter(pk__in=grants.values("user"))
        case Duty.LEAD if alarm.session is not None:
            leads = Membership.objects.filter(group=alarm.session.group_id, role=Role.LEAD)
            return users.filter(pk__in=leads.values("user"))
        case _:
            return ()


def _whose_run(alarm: Alarm) -> list[int]:
    """Who last wished the session's run something: they started it, or took it over."""
    if alarm.session_id is None:
        return []
    runs = Run.objects.filter(session=alarm.session_id, wished_by__isnull=False)
    return [pk for pk in runs.order_by("-created_at").values_list("wished_by", flat=True)[:1] if pk]


def _mailed(people: dict[int, User]) -> Iterable[tuple[User, str]]:
    relay = settings.ALARM_MAIL_URL
    for person in people.values():
        if relay and _MAIL_ADDRESS.fullmatch(person.email):
            joint = "&" if urlsplit(relay).query else "?"
            yield person, f"{relay}{joint}to={quote(person.email, safe='@')}"


def _of_the_site(duty: Duty) -> list[Addressee]:
    urls: list[str] = settings.ALARM_URLS[duty]
    return [
        Addressee(f"{duty.replace('_', ' ')} {number}", _channel(url), url)
        for number, url in enumerate(urls, start=1)
    ]


def _channel(url: str) -> str:
    """The kind of channel and its host: paths, names and passwords are nobody's business."""
    parts = urlsplit(url)
    kind = MAIL if parts.scheme in ("mailto", "mailtos") else parts.scheme
    return f"{kind} {parts.hostname or ''}".strip()[:80]
