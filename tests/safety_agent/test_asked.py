"""The sweeper asks the agents, says what they answer, and raises that they do not."""

from __future__ import annotations

from typing import Any

import pytest

from smartscope.domain.safety_messages import Kind, Message
from smartscope.models import Alarm, Event, Microscope
from smartscope.queries.agents import unguarded
from tests.safety_agent.conftest import Start, hold
from tests.safety_agent.rig import KEY, SILENCE_S
from workers.alarms.agents import conditions, watch_agents
from workers.bridge.agent_heartbeat import AgentHeartbeat, heartbeat_of


@pytest.fixture
def agents(microscope: Microscope, settings: Any) -> Any:
    """Tell the settings where the agent listens."""

    def at(port: int) -> None:
        settings.AGENTS = {str(microscope.pk): f"127.0.0.1:{port}"}
        settings.AGENT_KEY = KEY

    return at


def raised() -> dict[str, str]:
    return {alarm.key: alarm.level for alarm in Alarm.objects.exclude(state="cleared")}


def test_what_the_agent_answers_is_shown_and_lets_runs_start(
    microscope: Microscope, start: Start, agents: Any
) -> None:
    assert unguarded(microscope)
    with start() as rig:
        agents(rig.line._address[1])
        watch_agents()
        microscope.refresh_from_db()
        assert (microscope.agent_state, unguarded(microscope), raised()) == ("watching", "", {})
        hold(microscope, seconds=-1)
        heartbeat = heartbeat_of(microscope.pk, epoch=1)
        heartbeat.begin()
        rig.until(lambda: rig.agent.memory.counter == 1)
        watch_agents()
        watch_agents()
        microscope.refresh_from_db()
        assert microscope.agent_state == "armed"
        rig.until(lambda: "valves closed" in rig.pages.titles, 10 * SILENCE_S)
        watch_agents()
    assert raised() == {"agent.tripped": "MAJOR"}
    watch_agents()
    microscope.refresh_from_db()
    assert microscope.agent_state == "absent"
    assert raised() == {"agent.absent": "MINOR"}
    assert "absent" in unguarded(microscope)
    kinds = list(Event.objects.filter(kind="microscope.changed").values_list("after", flat=True))
    told = [each["agent"] for each in kinds if each is not None]
    assert told == ["watching", "armed", "tripped", "absent"]


def test_a_clock_that_is_off_is_told_in_good_time(microscope: Microscope) -> None:
    def answer(off_s: float) -> Message:
        return Message(
            kind=Kind.ANSWER, microscope="m", time_s=1_000.0 + off_s, nonce="n", text="watching"
        )

    seen = {
        off_s: {c.key for c in conditions(microscope, answer(off_s), 1_000.0) if c.level}
        for off_s in (0.0, 1.9, 2.1, -30.0)
    }
    assert seen == {0.0: set(), 1.9: set(), 2.1: {"agent.clock"}, -30.0: {"agent.clock"}}


def test_a_released_heart_beats_no_more(microscope: Microscope, start: Start) -> None:
    with start() as rig:
        heartbeat = AgentHeartbeat(rig.line, epoch=4)
        heartbeat.begin()
        rig.until(lambda: rig.agent.memory.counter == 1)
        heartbeat.release()
        heartbeat.beat()
        rig.stays(rig.agent.memory.watch, 0.2)
        assert rig.agent.memory.why == "released by epoch 4"


def test_an_agent_that_is_not_there_holds_nobody_up(microscope: Microscope, agents: Any) -> None:
    agents(9)
    heartbeat = heartbeat_of(microscope.pk, epoch=1)
    heartbeat.begin()
    for _ in range(3):
        heartbeat.beat()
    heartbeat.release()


@pytest.mark.parametrize("key", ["", "short"])
def test_settings_that_make_no_sense_end_neither_bridge_nor_sweeper(
    key: str, microscope: Microscope, agents: Any, settings: Any
) -> None:
    agents(9)
    settings.AGENT_KEY = key
    heartbeat_of(microscope.pk, epoch=1).begin()
    watch_agents()
    assert raised() == {"agent.absent": "MINOR"}
