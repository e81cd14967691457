"""The one checker (`tests.invariants`) asked about a facility, for tests of the bridge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from smartscope.microscope.simulator.ledger import read_lines
from smartscope.microscope.simulator.world import LEDGER
from tests.invariants.checker import violations
from tests.invariants.dose import lost_items
from tests.invariants.events import one_event_each
from tests.invariants.evidence import Evidence, gather
from tests.invariants.files import files_and_rows
from tests.invariants.journal import left_open
from tests.invariants.violation import Violation
from tests.workers.bridge.rig import Facility


def world_lines(house: Facility) -> list[dict[str, Any]]:
    """Everything the simulated world remembers."""
    return read_lines(house.directory / "world" / LEDGER)


def evidence_of(house: Facility) -> Evidence:
    """What can be held against this house so far."""
    return gather(house.directory / "world", house.directory / "files", house.directory / "frames")


def none_of(found: Iterable[Violation]) -> None:
    """Fails with the words of everything found."""
    words = [str(each) for each in found]
    assert not words, "\n".join(words)


def check(house: Facility, *, deaths: int) -> None:
    """Every invariant that a run can show, and no more losses than deaths."""
    none_of(violations(evidence_of(house)))
    lost = lost_items()
    assert lost <= deaths, f"{lost} items lost in {deaths} deaths"


def nothing_is_left_open() -> None:
    none_of(left_open())


def every_file_is_a_row_or_in_quarantine(house: Facility) -> None:
    none_of(files_and_rows(evidence_of(house)))


def events_are_gapless() -> None:
    none_of(one_event_each())
