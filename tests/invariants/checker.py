"""The one checker: after whatever happened, every invariant that a run can show is asked here.

I13 is asked as far as commands go; who may see what is the permission matrix's, which walks every
address of the service.
"""

from __future__ import annotations

from tests.invariants import dose, events, files, instrument, journal, leases, people
from tests.invariants.evidence import Evidence
from tests.invariants.violation import Violation


def violations(evidence: Evidence, *, ended: bool = True) -> list[Violation]:
    """Every broken promise; `ended` says that a run came to its end, so nothing may be open."""
    speaks = evidence.people_speak_in_commands
    found = [
        *instrument.stale_commands(evidence),
        *journal.open_steps(),
        *instrument.dose_in_a_bad_column(evidence),
        *instrument.dose_under_a_suspender(),
        *journal.repeated_commands(evidence),
        *dose.overspent(evidence),
        *files.files_and_rows(evidence),
        *leases.undriven_runs(),
        *events.one_event_each(),
        *events.taken_back(evidence.acknowledged),
        *journal.reopened(people_speak_in_commands=speaks),
        *instrument.dose_on_a_bad_reading(evidence),
        *people.commands_without_grant(),
        *people.undeclared_simulation(evidence),
    ]
    if speaks:
        found += leases.moved_after_trouble()
    if ended:
        found += journal.left_open()
    return found
