"""The runs that `benchmarks.faults` sums up: each a session over SerialEM's socket, in which things
go wrong, and the checker's word on it. A shard has a database and files of its own.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from benchmarks.lived import Lived, judged
from benchmarks.scratch_database import scratch_database

if TYPE_CHECKING:
    from tests.workers.bridge.compressed_night import Night
    from tests.workers.bridge.served_house import ServedHouse
    from tests.workers.bridge.supervised import Supervised

FAULTS_PER_SCHEDULE = 4
#: where a second client comes in, in a session of its own each; the last comes three times
VISITS = (
    ["expose:issued:h0001"],
    ["command:load"],
    ["command:move_to", "command:image", "command:autofocus"],
)
#: one that tells after its restart which grid is on the stage
VERSION = "4.3"


@dataclass(frozen=True, slots=True)
class Task:
    """What a shard is to do: a kind of run with its protocol, seed or number."""

    kind: str
    name: str
    number: int = 0


def run_shard(number: int, tasks: list[Task]) -> list[Lived]:
    """Do these one after the other, in a database of its own."""
    _own_database(number)
    with scratch_database() as directory:
        return [_timed(task, directory / f"{index}") for index, task in enumerate(tasks)]


def _own_database(number: int) -> None:
    """A given server is shared by the shards; each has another name on it."""
    given = os.environ.get("DATABASE_URL")
    if given:
        parts = urlsplit(given)
        os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"{parts.path}_{number}"))


def _timed(task: Task, directory: Path) -> Lived:
    from django.core.management import call_command

    call_command("flush", verbosity=0, interactive=False)
    directory.mkdir()
    began_s = time.perf_counter()
    try:
        lived = _KINDS[task.kind](task, directory)
    except Exception as error:  # noqa: BLE001 - kept with its seed; the other runs go on
        words = traceback.format_exception(error)
        lived = Lived(kind=task.kind, name=f"{task.name} {task.number}", state="broken off")
        lived.unexplained = ["".join(words)]
    lived.seconds = time.perf_counter() - began_s
    return lived


def _clean(task: Task, directory: Path) -> Lived:
    """Nobody dies and nothing fails: the baseline."""
    from tests.workers.bridge.deaths import drive_cleanly
    from tests.workers.bridge.served_house import served_house

    lived = Lived(kind=task.kind, name=task.name)
    with served_house(directory, task.name) as served:
        lived.passed = len(drive_cleanly(served))
        return judged(lived, served)


def _deaths(task: Task, directory: Path) -> Lived:
    """The campaign of that number: deaths at an eighth of all places of the protocol."""
    from tests.workers.bridge.deaths import dealt, die_at_each, drive_cleanly
    from tests.workers.bridge.served_house import served_house

    lived = Lived(kind=task.kind, name=f"{task.name} {task.number}")
    places = _PLACES.get(task.name)
    if places is None:
        first = directory / "places"
        first.mkdir()
        with served_house(first, task.name) as served:
            places = _PLACES[task.name] = drive_cleanly(served)
        _flush()
    mine = dealt(places)[task.number]
    with served_house(directory, task.name) as served:
        died = die_at_each(served, mine)
        lived.passed, lived.died, lived.starts = len(mine), len(died), len(died) + 1
        judged(lived, served)
    for number, place in enumerate(place for place in mine if place not in died):
        _alone(lived, directory / f"alone{number}", task.name, place)
    return lived


def _alone(lived: Lived, directory: Path, protocol: str, place: str) -> None:
    """A place that the deaths before it made unreachable is visited in a session of its own."""
    from tests.workers.bridge.deaths import die_at_each
    from tests.workers.bridge.served_house import served_house

    _flush()
    directory.mkdir()
    with served_house(directory, protocol) as served:
        died = die_at_each(served, [place])
        seen = judged(Lived(kind=lived.kind, name=place), served)
    lived.died += len(died)
    lived.violations += seen.violations
    lived.lost += seen.lost
    lived.shots += seen.shots
    lived.commands += seen.commands
    if not died:
        lived.unexplained.append(f"{place} was not passed")
    if seen.state != "done":
        lived.state = seen.state


_PLACES: dict[str, list[str]] = {}


def _flush() -> None:
    from django.core.management import call_command

    call_command("flush", verbosity=0, interactive=False)


def _schedule(task: Task, directory: Path) -> Lived:
    """Random faults of the seed `number`, got over by whole processes and a person."""
    from tests.workers.bridge.fault_table import schedule
    from tests.workers.bridge.served_house import served_house
    from tests.workers.bridge.supervised import Supervised, hasty_clients

    lived = Lived(kind=task.kind, name=f"seed {task.number}")
    with served_house(directory, task.name, version=VERSION) as served, hasty_clients():
        served.plan(*schedule(task.number, FAULTS_PER_SCHEDULE))
        return _supervised(lived, served, Supervised(served))


def _second_client(task: Task, directory: Path) -> Lived:
    """Another program takes our connection at the places of that number."""
    from tests.workers.bridge.rivals import intruder
    from tests.workers.bridge.served_house import served_house
    from tests.workers.bridge.supervised import Supervised, hasty_clients

    places = VISITS[task.number]
    lived = Lived(kind=task.kind, name=f"at {', '.join(places)}")
    with (
        served_house(directory, version=VERSION) as served,
        hasty_clients(),
        intruder(served, places) as rival,
    ):
        supervised = Supervised(served)
        _supervised(lived, served, supervised)
        lived.struck = len(rival.sockets)
        # the third time within ten minutes asks a person, earlier ones do not
        due = 1 if len(places) >= 3 else 0
        words = [stop.reason for stop in supervised.stops]
        lived.unexplained = [] if len(words) == due else [f"{len(words)} stops, due {due}: {words}"]
        return lived


def _supervised(lived: Lived, served: ServedHouse, supervised: Supervised) -> Lived:
    lived.state = supervised.live_to_the_end()
    evidence = served.evidence()
    lived.starts, lived.stops = supervised.starts, len(supervised.stops)
    lived.struck = sum(len(sent.faults) for sent in evidence.sent)
    lived.unexplained = supervised.unexplained(evidence) + supervised.killed_by_keeper
    return judged(lived, served, people_speak_in_commands=True)


def _frozen(task: Task, directory: Path) -> Lived:
    from benchmarks.fault_processes import frozen_and_thawed

    return frozen_and_thawed(task.number, directory)


def _killed(task: Task, directory: Path) -> Lived:
    from benchmarks.fault_processes import killed_and_replaced

    return killed_and_replaced(directory)


def _valves(task: Task, directory: Path) -> Lived:
    from benchmarks.valve_runs import valves_closed

    return valves_closed(task.name, directory)


def _stops(task: Task, directory: Path) -> Lived:
    from benchmarks.emergency_stop import stopped_under_load

    took_s = stopped_under_load(directory, task.number)
    return Lived(kind=task.kind, name=task.name, state="done", took_s=took_s)


def _servers(task: Task, directory: Path) -> Lived:
    from benchmarks.lost_servers import lived_on

    return lived_on(directory)


def _quiet_night(task: Task, directory: Path) -> Lived:
    """Nothing fails: whoever is asked for is asked for nothing."""
    from tests.workers.bridge.compressed_night import live_through_a_quiet_night

    night = live_through_a_quiet_night(directory, task.number)
    return _as_lived(task, night)


def _night(task: Task, directory: Path) -> Lived:
    """Twelve hours, eight grids and some thirty recoverable faults, drawn from the seed."""
    from tests.workers.bridge.compressed_night import live_through_a_night

    return _as_lived(task, live_through_a_night(directory, task.number))


def _as_lived(task: Task, night: Night) -> Lived:
    return Lived(
        kind=task.kind,
        name=f"seed {task.number}",
        state=night.state,
        starts=night.starts,
        struck=night.struck,
        stops=len(night.stops),
        hours=night.hours,
        plannable=night.plannable,
        imaged=night.imaged,
        unexplained=night.stops,
        violations=night.violations,
    )


_KINDS: dict[str, Callable[[Task, Path], Lived]] = {
    "clean": _clean,
    "deaths": _deaths,
    "schedule": _schedule,
    "second client": _second_client,
    "frozen": _frozen,
    "killed": _killed,
    "valves": _valves,
    "stops": _stops,
    "servers": _servers,
    "quiet night": _quiet_night,
    "night": _night,
}


def patient_tasks() -> Iterator[Task]:
    """What mostly waits, in real time: for leases that run out, and for an agent's patience."""
    from benchmarks.valve_runs import CASES

    for case in CASES:
        yield Task("valves", case)


def tasks_of(
    *,
    schedules: range,
    protocols: tuple[str, ...],
    campaigns: int,
    frozen: int,
    stops: int,
    quiet_nights: range,
    servers: bool,
) -> Iterator[Task]:
    """Everything else, what takes longest first."""
    if servers:
        yield Task("servers", "demo")
    for seed in quiet_nights:
        yield Task("quiet night", f"seed {seed}", seed)
    yield Task("stops", "under load", stops)
    yield Task("killed", "collection")
    for number in range(frozen):
        yield Task("frozen", "collection", number)
    for protocol in protocols:
        yield Task("clean", protocol)
        for number in range(campaigns):
            yield Task("deaths", protocol, number)
    for number in range(len(VISITS)):
        yield Task("second client", "collection", number)
    for seed in schedules:
        yield Task("schedule", protocols[seed % len(protocols)], seed)
