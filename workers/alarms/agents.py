"""Ask the safety agents how they are, and raise what they answer, or that they do not."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

from django.conf import settings

from smartscope.domain.alarms import Level
from smartscope.domain.errors import SmartscopeError
from smartscope.domain.safety_messages import Message
from smartscope.domain.status import LIVE_RUNS
from smartscope.models import Microscope, Run
from smartscope.operations.note_agent import note_agent
from smartscope.queries.agents import agent_line
from workers.alarms.condition import Condition, settle

log = logging.getLogger(__name__)

ANSWER_WITHIN_S = 0.5
#: how far two clocks may be apart before people are told
CLOCK_S = 2.0


def watch_agents() -> None:
    """Every agent that is configured."""
    for microscope in Microscope.objects.filter(pk__in=list(settings.AGENTS)).order_by("name"):
        answer = _answer_of(microscope)
        note_agent(microscope.pk, "absent" if answer is None else answer.text)
        for condition in conditions(microscope, answer, time.time()):
            settle(condition)


def _answer_of(microscope: Microscope) -> Message | None:
    """An agent that cannot even be asked, because the settings are wrong, is absent."""
    try:
        line = agent_line(str(microscope.pk))
    except SmartscopeError as problem:
        log.error("the safety agent of %s cannot be asked: %s", microscope.name, problem)
        return None
    return None if line is None else line.status(timeout_s=ANSWER_WITHIN_S)


def conditions(microscope: Microscope, answer: Message | None, now_s: float) -> Iterator[Condition]:
    """agent.absent, agent.tripped and agent.clock."""
    name, pk = microscope.name, microscope.pk
    run = Run.objects.filter(microscope=pk, state__in=LIVE_RUNS).first()
    unguarded = Level.MAJOR if run is not None else Level.MINOR
    yield Condition(
        key="agent.absent",
        level=unguarded if answer is None else None,
        microscope=pk,
        session=None if run is None else run.session_id,
        text=f"The safety agent of {name} does not answer: nothing closes the valves for a bridge "
        "that dies.",
        advice="Start it again on its host, and see in its log why it ended.",
    )
    yield Condition(
        key="agent.tripped",
        level=Level.MAJOR if answer is not None and answer.text == "tripped" else None,
        microscope=pk,
        text=f"The safety agent of {name} has closed the valves.",
        advice="Find out why in the Decisions and its log; then clear the lease.",
    )
    off_s = 0.0 if answer is None else answer.time_s - now_s
    yield Condition(
        key="agent.clock",
        level=Level.MINOR if abs(off_s) > CLOCK_S else None,
        microscope=pk,
        text=f"The clock of the safety agent of {name} is {off_s:+.0f} s off.",
        advice="Set both clocks by NTP: at 120 s the agent would believe nobody any more.",
    )
