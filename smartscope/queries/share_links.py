"""Links that show a report to outsiders: which hold now, and what of the report they may show."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils import timezone

from smartscope.models import Event, Session, ShareLink
from smartscope.queries.report.session_report import session_report
from smartscope.queries.report.values import SessionReport
from smartscope.queries.visible import Reader, visible_sessions

SOMEBODY = "a person"


def visible_share_links(reader: Reader) -> QuerySet[ShareLink]:
    """Links of sessions the reader may see."""
    links = ShareLink.objects.select_related("author", "session")
    return links.filter(session__in=visible_sessions(reader).values("pk"))


def valid_link(link_id: UUID) -> ShareLink | None:
    """The link when it is neither expired nor revoked."""
    links = ShareLink.objects.select_related(
        "session__group", "session__microscope", "session__detector"
    )
    return links.filter(pk=link_id, revoked_at=None, expires_at__gt=timezone.now()).first()


def report_for_outsiders(session: Session) -> SessionReport:
    """The session's report without notes and without anybody's name."""
    report = replace(session_report(session), notes="", group="")
    pattern = _names(session)
    found: SessionReport = _without(report, pattern)
    return found


def _names(session: Session) -> re.Pattern[str]:
    """Everybody who did something in the session, the longest name first."""
    events = Event.objects.filter(session=session.pk, actor_type__in=("user", "token"))
    actors = events.exclude(actor_user=None).values_list("actor_user", "actor_name").distinct()
    known: set[str] = set()
    people = get_user_model().objects.filter(pk__in={pk for pk, _ in actors})
    for person in people:
        known |= {person.get_username(), person.get_full_name(), person.email}
    known |= {name for _, name in actors}
    ordered = sorted(filter(None, known), key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in ordered) or r"(?!)")


def _without(value: Any, pattern: re.Pattern[str]) -> Any:
    """The same value with every name replaced, however deep."""
    if isinstance(value, str):
        return pattern.sub(SOMEBODY, value)
    if isinstance(value, tuple):
        return tuple(_without(one, pattern) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {one.name: _without(getattr(value, one.name), pattern) for one in fields(value)}
        return replace(value, **parts)
    return value
