"""Faults that a schedule may draw: where they strike, how late, and whether they may ask a person.

A fault that is not marked so must be got over by the service alone; a stop that no struck fault
explains is a defect.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_DOSE = ("Record", "View", "Search")
_MOVES = ("MoveStageTo", "TiltTo", "GoToLowDoseArea", "SetImageShift")
_NEVER = ("LoadCartridge", "SetColumnOrGunValve")
_READS = ("ReportStageXYZ", "ReportColumnOrGunValve", "ReportVacuumStatus", "AreDewarsFilling")
_ALL = (*_DOSE, *_MOVES, *_NEVER, *_READS, "AutoFocus", "Eucentricity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One row of the table; `highest` is the largest nth that a small session still reaches."""

    kind: str
    commands: Sequence[str]
    phases: Sequence[str] = ("before",)
    parameters: Sequence[Mapping[str, Any]] = ({},)
    family: str
    asks_person: bool = False
    highest: int = 2

    def drawn(self, chance: random.Random) -> dict[str, Any]:
        """The fault as the control port wants it."""
        command = chance.choice(list(self.commands))
        highest = 8 * self.highest if command in _READS else self.highest
        return {
            "kind": self.kind,
            "command": command,
            "phase": chance.choice(list(self.phases)),
            "nth": chance.randint(1, highest),
            "parameters": dict(chance.choice(list(self.parameters))),
        }


_EVERYWHERE = ("before", "during", "after")
_CUTS = ({"how": "close"}, {"how": "reset"}, {"how": "half_close"})

TABLE: tuple[Drawn, ...] = (
    Drawn(
        kind="connection_lost",
        commands=_ALL,
        phases=_EVERYWHERE,
        parameters=_CUTS,
        family="transport",
    ),
    Drawn(kind="truncated_reply", commands=_ALL, phases=("before", "after"), family="transport"),
    Drawn(kind="no_reply", commands=_ALL, phases=("before", "after"), family="transport"),
    Drawn(
        kind="late_reply",
        commands=_ALL,
        phases=("after",),
        parameters=({"delay_s": 0.3},),
        family="transport",
    ),
    Drawn(kind="trickle", commands=_ALL, phases=("after",), family="transport"),
    Drawn(kind="latency", commands=_ALL, parameters=({"median_s": 0.02},), family="transport"),
    Drawn(
        kind="restart",
        commands=_READS,
        phases=("before", "after"),
        parameters=({"for_s": 0.05},),
        family="restart",
    ),
    Drawn(
        kind="garbage",
        commands=_ALL,
        phases=("before", "after"),
        family="wire",
        asks_person=True,
    ),
    Drawn(
        kind="wrong_size",
        commands=_ALL,
        phases=("before", "after"),
        family="wire",
        asks_person=True,
    ),
    Drawn(kind="status", commands=_ALL, family="wire", asks_person=True),
    Drawn(
        kind="not_a_number", commands=_READS, phases=("after",), family="reply", asks_person=True
    ),
    Drawn(kind="infinite", commands=_READS, phases=("after",), family="reply", asks_person=True),
    Drawn(
        kind="missing_values", commands=_READS, phases=("after",), family="reply", asks_person=True
    ),
    Drawn(
        kind="extra_values",
        commands=("MoveStageTo", "SetImageShift"),
        phases=("after",),
        family="reply",
    ),
    Drawn(kind="not_utf8", commands=_READS, phases=("after",), family="reply", asks_person=True),
    Drawn(
        kind="error_reply",
        commands=_ALL,
        parameters=({"text": "Something went wrong."},),
        family="reply",
        asks_person=True,
    ),
    Drawn(kind="error_without_text", commands=_ALL, family="reply", asks_person=True),
    Drawn(kind="no_image", commands=("bufferImage",), family="image", asks_person=True),
    Drawn(kind="image_cut", commands=("bufferImage",), family="image"),
    Drawn(kind="chunks", commands=("bufferImage",), family="image"),
    Drawn(kind="joined", commands=("bufferImage",), family="image"),
    Drawn(kind="padded_rows", commands=("bufferImage",), family="image"),
    Drawn(kind="camera_error", commands=_DOSE, family="image", asks_person=True),
    Drawn(kind="camera_timeout", commands=_DOSE, family="image", asks_person=True),
    Drawn(kind="stage_short", commands=("MoveStageTo",), family="silent no"),
    Drawn(kind="shift_refused", commands=("SetImageShift",), family="silent no", asks_person=True),
    Drawn(kind="autofocus_no_lock", commands=("AutoFocus",), family="silent no", highest=1),
    Drawn(kind="nothing_done", commands=("GoToLowDoseArea",), family="silent no"),
    Drawn(kind="runaway_height", commands=("Eucentricity",), family="silent no", highest=1),
    Drawn(
        kind="load_failure",
        commands=("LoadCartridge",),
        family="machine",
        asks_person=True,
        highest=1,
    ),
    Drawn(
        kind="load_error_but_loaded",
        commands=("LoadCartridge",),
        family="machine",
        asks_person=True,
        highest=1,
    ),
    Drawn(
        kind="refill",
        commands=("MoveStageTo", "AutoFocus"),
        parameters=({"for_s": 600.0},),
        family="machine",
    ),
    Drawn(kind="pump", commands=("MoveStageTo",), parameters=({"for_s": 60.0},), family="machine"),
    Drawn(
        kind="vacuum",
        commands=("MoveStageTo",),
        parameters=({"for_s": 300.0},),
        family="machine",
        asks_person=True,
    ),
    Drawn(kind="screen_down", commands=("MoveStageTo",), family="machine"),
    Drawn(kind="low_dose_off", commands=("MoveStageTo",), family="machine"),
    Drawn(kind="slow_camera", commands=_DOSE, parameters=({"for_s": 20.0},), family="machine"),
    Drawn(kind="valve_closes", commands=_DOSE, family="machine", asks_person=True),
    Drawn(kind="truncated_file", commands=("Record",), phases=("after",), family="file"),
    Drawn(
        kind="file_late",
        commands=("Record",),
        parameters=({"for_s": 20.0},),
        family="file",
    ),
    Drawn(
        kind="file_grows",
        commands=("Record",),
        parameters=({"for_s": 20.0},),
        family="file",
    ),
    Drawn(kind="file_missing", commands=("Record",), family="file"),
    Drawn(kind="dialog", commands=_READS, family="dialog", highest=1),
    Drawn(kind="operator_stop", commands=(*_DOSE, *_READS), family="person", asks_person=True),
)
ASKS = frozenset(row.kind for row in TABLE if row.asks_person)
FAMILIES = tuple(dict.fromkeys(row.family for row in TABLE))


def schedule(seed: int, count: int) -> list[dict[str, Any]]:
    """So many faults, drawn from that seed; the first is of the family that the seed falls on."""
    chance = random.Random(seed)
    of_family = [row for row in TABLE if row.family == FAMILIES[seed % len(FAMILIES)]]
    rows = [chance.choice(of_family), *chance.choices(TABLE, k=count - 1)]
    return [row.drawn(chance) for row in rows]
