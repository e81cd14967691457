"""The journal against the instrument's log: one open step, what never repeats, what has ended."""

from __future__ import annotations

from collections import Counter, defaultdict
from uuid import UUID

from smartscope.domain.status import OPEN_STEPS, RunState
from smartscope.models import Event, Run, Step
from tests.invariants.evidence import Evidence, Sent
from tests.invariants.violation import Violation, Violations

#: steps are stamped and commands logged by the same clock, read at slightly different moments
TICK_S = 0.01
_OF_STEPS = {
    "load": "load_grid",
    "LoadCartridge": "load_grid",
    "unload": "load_grid",
    "UnloadCartridge": "load_grid",
    "open_valves": "open_valves",
    "SetColumnOrGunValve": "open_valves",
}
_ENDED_RUNS = frozenset({RunState.DONE, RunState.ABORTED, RunState.FAILED})


def open_steps() -> Violations:
    """I2: at most one open step per microscope."""
    open_now = Counter(
        Step.objects.filter(state__in=sorted(OPEN_STEPS)).values_list("microscope", flat=True)
    )
    for microscope, count in open_now.items():
        if count > 1:
            yield Violation("I2", f"microscope {microscope} has {count} open steps")


def left_open() -> Violations:
    """I2, once a run has ended: nothing waits for an outcome any more."""
    for step in Step.objects.filter(state__in=sorted(OPEN_STEPS)):
        yield Violation("I2", f"step {step.number} ({step.kind}) was left {step.state}")
    for step in Step.objects.exclude(state__in=sorted(OPEN_STEPS)):
        for item in step.items.filter(state__in=("planned", "issued")):
            yield Violation("I2", f"item {item.name} of step {step.number} was left {item.state}")


def repeated_commands(evidence: Evidence) -> Violations:
    """I4: what must never be repeated is sent at most once in its step, and in no other."""
    steps = list(Step.objects.order_by("number"))
    sent_in: dict[UUID, set[tuple[object, ...]]] = defaultdict(set)
    for sent in evidence.sent:
        if not sent.never_repeats or sent.connection in evidence.foreign:
            continue
        mark = (sent.name, *sent.arguments)
        homes = [step for step in steps if _within(step, sent)]
        if not homes:
            yield Violation("I4", f"command {sent.number} ({sent.name}) was sent in no step")
            continue
        free = [step for step in homes if mark not in sent_in[step.pk]]
        if not free:
            yield Violation(
                "I4",
                f"command {sent.number} ({sent.name}) was sent again in step {homes[0].number}",
            )
            continue
        sent_in[free[0].pk].add(mark)


def _within(step: Step, sent: Sent) -> bool:
    """Whether a step of this kind was being driven by the sender at that moment."""
    if step.epoch != sent.epoch or step.began_at_s > sent.begun_s + TICK_S:
        return False
    kind = _OF_STEPS.get(sent.name)
    if kind is not None and step.kind != kind:
        return False
    return step.ended_at_s is None or sent.begun_s <= step.ended_at_s + TICK_S


def reopened(*, people_speak_in_commands: bool) -> Violations:
    """I10: a closed step stays as it was closed; an ended run stays ended."""
    yield from _reopened_steps()
    yield from _restarted_runs(people_speak_in_commands)


def _reopened_steps() -> Violations:
    ended: dict[str, str] = {}
    numbers = {str(pk): number for pk, number in Step.objects.values_list("pk", "number")}
    for event in Event.objects.filter(kind__startswith="step.").order_by("seq"):
        step = next((each for each in event.subjects if each in numbers), None)
        if step is None:
            continue
        if step in ended:
            yield Violation(
                "I10", f"step {numbers[step]} was {ended[step]}, then came {event.kind}"
            )
        state = event.kind.removeprefix("step.")
        if state not in ("begun", "issued", "unknown"):
            ended[step] = state
    for row in Step.objects.filter(pk__in=list(ended)):
        if row.state != ended[str(row.pk)]:
            yield Violation(
                "I10", f"step {row.number} was closed as {ended[str(row.pk)]} and is {row.state}"
            )


def _restarted_runs(people_speak_in_commands: bool) -> Violations:
    runs = {str(pk) for pk in Run.objects.values_list("pk", flat=True)}
    state: dict[str, str] = {}
    asked: set[str] = set()
    for event in Event.objects.order_by("seq"):
        run = next((each for each in event.subjects if each in runs), None)
        if run is None:
            continue
        if event.kind == "command.wished":
            asked.add(run)
        if not event.kind.startswith("run.") or event.kind == "run.changed":
            continue
        before, now = state.get(run), event.kind.removeprefix("run.")
        if before in _ENDED_RUNS:
            yield Violation("I10", f"run {run} was {before} and became {now}")
        if before == RunState.INTERRUPTED and people_speak_in_commands and run not in asked:
            yield Violation("I10", f"run {run} was interrupted and became {now} unasked")
        if now == RunState.INTERRUPTED:
            asked.discard(run)
        state[run] = now
    for row in Run.objects.filter(pk__in=list(state)):
        known = state[str(row.pk)]
        if known in _ENDED_RUNS and row.state != known:
            yield Violation("I10", f"run {row.pk} had ended as {known} and is {row.state}")
