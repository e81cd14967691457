"""The log of events: gapless, one for each change, and nothing that was confirmed is gone."""

from __future__ import annotations

from collections import Counter

from smartscope.domain.status import OPEN_STEPS
from smartscope.models import Event, Exposure, Image, Lease, Run, Step
from tests.invariants.acknowledged import Acknowledged, acknowledged_now
from tests.invariants.violation import Violation, Violations

_TOLD_OTHERWISE = {"arm": "run.running", "finish_grid": "grid.finished"}
_RUN_STATES = "run."


def one_event_each() -> Violations:
    """I8: each state change has exactly one Event, numbered without a gap."""
    events = list(Event.objects.order_by("seq"))
    numbers = [event.seq for event in events]
    expected = list(range(numbers[0], numbers[0] + len(numbers))) if numbers else []
    if numbers != expected:
        missing = sorted(set(expected) - set(numbers))
        yield Violation("I8", f"event {missing[0]} is missing")
    told = Counter((event.kind, subject) for event in events for subject in event.subjects)
    yield from _steps(told)
    yield from _images(events)
    yield from _invalid(told)
    yield from _runs(events)
    yield from _epochs(events)


def _steps(told: Counter[tuple[str, str]]) -> Violations:
    for step in Step.objects.all():
        subject, name = str(step.pk), f"step {step.number} ({step.kind})"
        if step.kind in _TOLD_OTHERWISE:
            wanted = [_TOLD_OTHERWISE[step.kind]]
        else:
            wanted = ["step.begun"]
            if step.state not in OPEN_STEPS:
                wanted.append(f"step.{step.state}")
        for kind in wanted:
            if told[kind, subject] != 1:
                yield Violation("I8", f"{name} has {told[kind, subject]} events {kind}")
        if step.issued_at_s is not None and not told["step.issued", subject]:
            yield Violation("I8", f"{name} was issued without an event")


def _images(events: list[Event]) -> Violations:
    """Images of steps are told of by the event that moved their target."""
    told = Counter(str((event.after or {}).get("image")) for event in events)
    for image in Image.objects.exclude(step=None).filter(source=None):
        if told[str(image.pk)] != 1:
            yield Violation("I8", f"{image.key} has {told[str(image.pk)]} events")


def _invalid(told: Counter[tuple[str, str]]) -> Violations:
    for exposure in Exposure.objects.filter(status="invalid"):
        count = told["exposure.invalid", str(exposure.pk)]
        if count != 1:
            yield Violation("I8", f"exposure {exposure.slug} became invalid in {count} events")


def _runs(events: list[Event]) -> Violations:
    """The states told of a run follow one another, and the last is the row's."""
    for run in Run.objects.all():
        state = ""
        for event in events:
            if not event.kind.startswith(_RUN_STATES) or str(run.pk) not in event.subjects:
                continue
            if "state" not in (event.after or {}):
                continue
            before = (event.before or {}).get("state", state)
            if state and before != state:
                yield Violation("I8", f"run {run.pk} was {state}, event {event.seq} says {before}")
            state = str((event.after or {}).get("state"))
        stopped_before_it_began = run.state == "aborted" and run.wish == "stop"
        if state and run.state != state and not stopped_before_it_began:
            yield Violation("I8", f"run {run.pk} is {run.state}, the events end with {state}")


def _epochs(events: list[Event]) -> Violations:
    taken = Counter(
        (str(event.microscope), event.epoch) for event in events if event.kind == "lease.acquired"
    )
    for lease in Lease.objects.filter(epoch__gt=0):
        count = taken[str(lease.microscope_id), lease.epoch]
        if count > 1:
            yield Violation("I8", f"epoch {lease.epoch} was acquired {count} times")


def taken_back(acknowledged: tuple[Acknowledged, ...]) -> Violations:
    """I9: what was confirmed once is there, as it was confirmed."""
    now = acknowledged_now()
    for then in acknowledged:
        for seq, kind in then.events.items():
            if now.events.get(seq) != kind:
                yield Violation("I9", f"event {seq} ({kind}) was confirmed and is gone")
        for step, state in then.closed.items():
            if now.closed.get(step) != state:
                yield Violation("I9", f"step {step} was confirmed as {state} and is not")
        for key, sha256 in then.images.items():
            if now.images.get(key) != sha256:
                yield Violation("I9", f"the row of {key} was confirmed and is gone")
