"""What happened overnight: the events a person would have wanted to be told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from uuid import UUID

from django.db.models import Q

from smartscope.models import Event
from smartscope.queries.report.values import Incident

#: beyond these the report says how many more there were
MOST = 200
_CLASS_NAME = re.compile(r"^[A-Z]\w+: ")
_RUN_ENDS = ("run.done", "run.aborted", "run.failed", "run.interrupted")
_TOLD = Q(
    kind__in=(
        "run.paused",
        "run.suspended",
        "step.failed",
        "step.lost",
        "step.unknown",
        "finding.failed",
        "lease.quarantined",
        "alarm.raised",
        *_RUN_ENDS,
    )
) | Q(kind="command.wished", actor_type="user")


def incidents_of(session: UUID) -> tuple[list[Incident], int]:
    """The session's incidents in order, and how many there were in all."""
    rows = Event.objects.filter(_TOLD, session=session).order_by("seq")
    return [_incident(row) for row in rows[:MOST]], rows.count()


def _incident(row: Event) -> Incident:
    say = _SENTENCES.get(row.kind, _by_kind)
    return Incident(at=row.time, text=say(row), grid=row.grid)


def _by_kind(row: Event) -> str:
    what, _, happened = row.kind.partition(".")
    return f"The {what} {'is' if what == 'run' else 'was'} {happened}{_because(row)}."


def _because(row: Event) -> str:
    """The reason without the name of the error's class, which only programmers read."""
    reason = _CLASS_NAME.sub("", row.reason).rstrip(".")
    return f": {reason}" if reason else ""


def _failed(row: Event) -> str:
    return f"A step failed{_because(row)}."


def _lost(row: Event) -> str:
    return f"An image is lost: its step ended without a reply{_because(row)}."


def _unknown(row: Event) -> str:
    return f"The outcome of a step was unknown after an interruption{_because(row)}."


def _analysis(row: Event) -> str:
    return f"An image could not be analysed{_because(row)}."


def _asked(row: Event) -> str:
    asked = str((row.after or {}).get("type", "something")).replace("_", " ")
    return f"{row.actor_name} asked for {asked}."


_SENTENCES: Mapping[str, Callable[[Event], str]] = {
    "step.failed": _failed,
    "step.lost": _lost,
    "step.unknown": _unknown,
    "finding.failed": _analysis,
    "command.wished": _asked,
}
