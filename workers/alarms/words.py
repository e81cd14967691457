"""An alarm as a message: one sentence, what to do, since when, and where to answer it."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from smartscope.models import Alarm


@dataclass(frozen=True, slots=True)
class Words:
    """Plain text; the title is the subject of a mail and the first line elsewhere."""

    title: str
    body: str


def words_of(alarm: Alarm) -> Words:
    """Simulated instruments say so in the title, where nobody overlooks it."""
    scope = alarm.microscope
    where = "smartscope" if scope is None else scope.name
    simulated = " (simulated)" if scope is not None and scope.simulated else ""
    lines = [alarm.text]
    if alarm.advice:
        lines.append(f"What to do: {alarm.advice}")
    lines.append(f"Since {alarm.raised_at:%Y-%m-%d %H:%M} UTC.")
    if settings.PAGE_URL:
        lines.append(f"Look and acknowledge: {settings.PAGE_URL}/alerts?alarm={alarm.pk}")
    first_line = " ".join(f"{where}{simulated}: {alarm.text}".split())
    return Words(f"[{alarm.level}] {first_line}"[:200], "\n".join(lines))
