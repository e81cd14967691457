"""The keys of alarms that a bridge raises as it meets or leaves its instrument."""

from __future__ import annotations

VALVES_OPEN = "valves.open"
NO_ANSWER = "command.timeout"
LINK_LOST = "link.lost"
TAKEN = "operator.stop"
QUARANTINED = "lease.quarantined"
UNREACHABLE = "instrument.unreachable"
MISTAKE = "bridge.failed"
NO_ROOM = "adoption.no_room"
