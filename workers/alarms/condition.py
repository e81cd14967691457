"""One thing that is looked at again and again, and the alarm that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from smartscope.domain.alarms import Level
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.raise_alarm import raise_alarm


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """`level` is None while it is as it should be."""

    key: str
    level: Level | None
    microscope: UUID | None = None
    session: UUID | None = None
    text: str = ""
    advice: str = ""


def settle(condition: Condition) -> None:
    """Raise the condition's alarm, or say that it is over."""
    if condition.level is None:
        clear_alarm(key=condition.key, microscope=condition.microscope)
        return
    raise_alarm(
        key=condition.key,
        level=condition.level,
        microscope=condition.microscope,
        session=condition.session,
        text=condition.text,
        advice=condition.advice,
    )
