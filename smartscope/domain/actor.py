"""Who did it: every state change names a person, a token or a part of the service."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """`kind` is "user", "token", "bridge" or "service"; the name is what people read."""

    kind: str
    name: str
    user_id: int | None = None
    token_id: UUID | None = None


BRIDGE = Actor("bridge", "bridge")
ANALYSIS = Actor("service", "analysis")
SWEEPER = Actor("service", "sweeper")
ALARMS = Actor("service", "alarms")
SETUP = Actor("service", "setup")
