"""What the instrument's log alone can show: stale commands, dose in a bad column, bad readings."""

from __future__ import annotations

from smartscope.domain.suspenders import SUSPENDERS, Signal, Then
from smartscope.models import Event
from tests.invariants.evidence import Evidence, Sent, Shot
from tests.invariants.violation import Violation, Violations

#: what a client may send before it has said its epoch: taking control, and asking
_SETTING_UP = frozenset(
    {"OKtoRun", "NoMessageBoxOnError", "SuppressReports", "Echo", "Exit", "bufferImage"}
)
_ASKING = ("Report", "Get", "Is", "Are")
#: faults that make a reading no reading
_SPOILT = frozenset(
    {"not_a_number", "infinite", "missing_values", "replaced_values", "not_utf8", "no_reply"}
)
_COLUMN_READINGS = frozenset(
    {"ReportColumnOrGunValve", "ReportVacuumStatus", "AreDewarsFilling", "IsPVPRunning"}
)
_HARMLESS = (Then.GO_ON, Then.NO_NEW_GRID)


def stale_commands(evidence: Evidence) -> Violations:
    """I1: epochs of arriving commands never go down; who has no epoch may only ask."""
    highest = 0
    fences = list(evidence.fences)
    for sent in evidence.sent:
        while fences and fences[0][0] < sent.number:
            highest = max(highest, fences.pop(0)[1])
        if sent.closes_valves or sent.connection in evidence.foreign:
            continue
        if sent.epoch is None:
            if sent.name not in _SETTING_UP and not sent.name.startswith(_ASKING):
                yield Violation("I1", f"{_named(sent)} came from nobody who had said an epoch")
            continue
        if sent.epoch < highest:
            yield Violation("I1", f"{_named(sent)} of epoch {sent.epoch} came after {highest}")
        highest = max(highest, sent.epoch)


def dose_in_a_bad_column(evidence: Evidence) -> Violations:
    """I3, by the instrument: valves, screen, dewars, stage and gun as the beam came on."""
    for shot in evidence.shots:
        for bad in _bad(shot):
            yield Violation("I3", f"exposure {shot.serial} ({shot.area} {shot.item}) with {bad}")


def _bad(shot: Shot) -> list[str]:
    column, stage, at_s = shot.column, shot.stage, shot.start_s
    tests = {
        "the valves closed": not column.get("valves_open", False),
        "the screen down": column.get("screen_down", False),
        "the beam blanked": column.get("beam_blanked", False),
        "the high tension off": not column.get("high_tension_on", True),
        "the vacuum bad": column.get("vacuum_ready_at_s", 0.0) > at_s,
        "the dewars filling": column.get("refill_from_s", 0.0)
        <= at_s
        < column.get("refill_until_s", 0.0),
        "the stage moving": stage.get("moved_at_s", 0.0) > at_s,
    }
    return [words for words, bad in tests.items() if bad]


def dose_under_a_suspender() -> Violations:
    """I3, by the rows: between a trip that forbids dose and its clearing nothing is issued.

    Who comes after a process that ended reads every level anew, and tells again what is bad.
    """
    tripped: set[str] = set()
    kinds = ("suspender.tripped", "suspender.cleared", "step.issued", "lease.acquired")
    for event in Event.objects.filter(kind__in=kinds).order_by("seq"):
        after = event.after or {}
        if event.kind == "lease.acquired":
            tripped.clear()
        elif event.kind == "suspender.cleared":
            tripped.discard(after["signal"])
        elif event.kind == "suspender.tripped":
            first = SUSPENDERS[Signal(after["signal"])].stages[0].then
            if first not in _HARMLESS:
                tripped.add(after["signal"])
        elif after.get("items") and tripped:
            yield Violation(
                "I3", f"event {event.seq} issued {after['items']} while {sorted(tripped)} held"
            )


def dose_on_a_bad_reading(evidence: Evidence) -> Violations:
    """I12: after a reading that was none, no dose before a good reading of the same thing."""
    unknown: dict[str, int] = {}
    for sent in evidence.sent:
        if sent.name in _COLUMN_READINGS:
            spoilt = bool(_SPOILT & set(sent.faults)) or sent.outcome.startswith("failed")
            if spoilt:
                unknown[sent.name] = sent.number
            else:
                unknown.pop(sent.name, None)
        elif sent.doses and unknown:
            yield Violation(
                "I12",
                f"{_named(sent)} exposed although {', '.join(unknown)} had not been read "
                f"(entry {max(unknown.values())})",
            )


def _named(sent: Sent) -> str:
    return f"command {sent.number} ({sent.name})"
