"""What trouble costs a bridge that drives SerialEM's socket: bridges that die at every place of the
journal, random faults of wire, replies, images, machine and people, frozen and rival bridges, and
clients that take our connection; a column that nobody guards, people who press stop, servers that
are killed under a running demo, and nights in which nothing is wrong.

After every session one checker compares the instrument's own logs, the disk and the rows; it is
proved by planted violations (`tests/invariants`). The baseline is the same session undisturbed.

Run: `python -m benchmarks.faults [--quick] [--json PATH]`. All of it: `make soak`.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

from benchmarks.emergency_stop import LAST_COMMAND_S, WRITERS
from benchmarks.fault_runs import Task, patient_tasks, run_shard, tasks_of
from benchmarks.lived import Lived
from benchmarks.report import Report, main
from benchmarks.valve_runs import LIMITS_S

CAMPAIGNS = 8
PROTOCOLS = ("screening", "collection", "tilted")
QUICK_SCHEDULES, ALL_SCHEDULES = 20, 1000
SHARDS = 2
#: one bridge holds the lease, the other's start is part of the run: as often as there are moments
QUICK_FROZEN, ALL_FROZEN = 2, 4
QUICK_STOPS, ALL_STOPS = 40, 200
QUICK_QUIET_NIGHTS, ALL_QUIET_NIGHTS = 1, 20
#: one false stop in so many nights in which nothing fails
FALSE_STOPS_PER_NIGHT = 1 / 20
#: caught up after a loss of Redis (T9); the others are not given longer
BACK_WITHIN_S = 300.0
#: kinds of runs that are no sessions over the socket with faults
_APART = ("clean", "valves", "stops", "servers", "quiet night")


def claims(quick: bool) -> Report:  # noqa: FBT001 (the form of every benchmark)
    """Every session, and what it cost."""
    many = tasks_of(
        schedules=range(QUICK_SCHEDULES if quick else ALL_SCHEDULES),
        protocols=PROTOCOLS,
        campaigns=CAMPAIGNS,
        frozen=QUICK_FROZEN if quick else ALL_FROZEN,
        stops=QUICK_STOPS if quick else ALL_STOPS,
        quiet_nights=range(QUICK_QUIET_NIGHTS if quick else ALL_QUIET_NIGHTS),
        servers=not quick,
    )
    lived = lived_through(list(many), list(patient_tasks()))
    clean = [each for each in lived if each.kind == "clean"]
    troubled = [each for each in lived if each.kind not in _APART]
    for each in lived:
        for words in (*each.violations, *each.unexplained):
            print(f"{each.kind} {each.name}: {words}", file=sys.stderr)
    report = Report(f"{len(troubled)} troubled sessions over SerialEM's socket")
    _promises(report, troubled, clean)
    _deaths(report, [each for each in lived if each.kind == "deaths"])
    _others(report, troubled)
    _guarded(report, lived)
    _quiet(report, [each for each in lived if each.kind == "quiet night"])
    if quick:
        report.leave_out("SIGKILL of a demo's PostgreSQL, Redis, web and worker: without --quick.")
    else:
        _servers(report, next(each for each in lived if each.kind == "servers"))
    report.leave_out("power cuts of the instrument: processes end here, the machine lives on.")
    return report


def lived_through(tasks: list[Task], patient: list[Task]) -> list[Lived]:
    """All tasks, by as many processes as there are cores, two at most, and one that waits."""
    shards = min(SHARDS, os.cpu_count() or 1)
    hands = [patient, *(tasks[number::shards] for number in range(shards))]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=len(hands), mp_context=spawn) as pool:
        done = pool.map(run_shard, range(len(hands)), hands)
        return [each for shard in done for each in shard]


def _promises(report: Report, troubled: list[Lived], clean: list[Lived]) -> None:
    """What may never happen, whatever goes wrong (T1, T2, T3)."""
    for claim, invariant, unit in (
        ("stale commands at the instrument (I1)", "I1", "commands"),
        ("never-repeat commands sent twice (I4)", "I4", "commands"),
        ("holes exposed twice, doses over plan or unflagged (I5)", "I5", "doses"),
        ("files and rows that disagree (I6)", "I6", "files"),
    ):
        report.at_most(
            claim,
            sum(each.broken(invariant) for each in troubled),
            unit=unit,
            target=0,
            baseline=sum(each.broken(invariant) for each in clean),
            baseline_name="undisturbed",
        )
    report.at_most(
        "violations of any invariant",
        _sum(len(each.violations) for each in troubled),
        unit="violations",
        target=0,
        baseline=_sum(len(each.violations) for each in clean),
        baseline_name="undisturbed",
    )
    report.at_most(
        "stops that no fault explains",
        _sum(len(each.unexplained) for each in troubled),
        unit="stops",
        target=0,
    )
    report.at_least(
        "sessions that came to their end",
        _sum(each.state == "done" for each in troubled) / len(troubled),
        unit="of all",
        target=1.0,
        baseline=_sum(each.state == "done" for each in clean) / len(clean),
        baseline_name="undisturbed",
    )
    report.inform(
        "commands at the instrument",
        _sum(each.commands for each in troubled),
        unit="commands",
        baseline=_sum(each.commands for each in clean),
        baseline_name="undisturbed",
    )


def _deaths(report: Report, deaths: list[Lived]) -> None:
    """Killed at every place of every protocol (T2)."""
    passed, died = _sum(each.passed for each in deaths), _sum(each.died for each in deaths)
    report.at_least(
        "places of the journal at which a bridge was killed",
        died / passed,
        unit=f"of {passed}",
        target=1.0,
    )
    report.at_most(
        "images lost for each death",
        _sum(each.lost for each in deaths) / max(died, 1),
        unit="images",
        target=1.0,
    )
    report.inform("high-magnification exposures", _sum(each.shots for each in deaths), unit="")


def _others(report: Report, troubled: list[Lived]) -> None:
    """Random schedules, rivals, frozen bridges, and how soon somebody drives again (T1, T4)."""
    drawn = [each for each in troubled if each.kind == "schedule"]
    report.inform("random schedules", len(drawn), unit="sessions")
    report.inform("faults that struck in them", _sum(each.struck for each in drawn), unit="faults")
    report.inform("their stops for a person", _sum(each.stops for each in drawn), unit="stops")
    report.inform("their images lost", _sum(each.lost for each in drawn), unit="images")
    frozen = [each for each in troubled if each.kind == "frozen"]
    report.at_least(
        "bridges frozen past their lease, thawed, that ended without a word",
        _sum(each.died for each in frozen) / max(len(frozen), 1),
        unit=f"of {len(frozen)}",
        target=1.0,
    )
    rivals = [each for each in troubled if each.kind == "second client"]
    report.inform("visits of a second client", _sum(each.struck for each in rivals), unit="visits")
    gaps = [each.gap_s for each in troubled if each.gap_s is not None]
    report.at_most(
        "from SIGKILL to the successor's next step, lease of 15 s", max(gaps), unit="s", target=60.0
    )


def _guarded(report: Report, lived: list[Lived]) -> None:
    """How soon the column is closed, and a stop heard (T5, T22)."""
    for each in lived:
        if each.kind == "valves":
            whole = each.state == "done"
            took_s = each.took_s if whole else float("inf")
            report.at_most(each.name, took_s, unit="s", target=LIMITS_S[each.name])
        elif each.kind == "stops":
            name = f"emergency stop to the last command, p99, {WRITERS} others writing events"
            report.at_most(name, each.took_s, unit="s", target=LAST_COMMAND_S)


def _quiet(report: Report, nights: list[Lived]) -> None:
    """Whether anybody is asked for nothing (T8)."""
    report.inform("nights in which nothing fails, grids of every quality", len(nights), unit="")
    stops = _sum(each.stops + len(each.violations) for each in nights)
    ended = all(each.state == "done" for each in nights)
    rate = stops / max(len(nights), 1) if ended else float("inf")
    target = FALSE_STOPS_PER_NIGHT
    report.at_most("people asked in them for nothing", rate, unit="per night", target=target)


def _servers(report: Report, demo: Lived) -> None:
    """A demo whose servers are killed one after the other (T9, T10)."""
    gone, whole = len(demo.violations), demo.state == "done"
    name = "a demo's PostgreSQL, web, worker, Redis killed: confirmed rows gone"
    report.at_most(name, gone, unit="rows", target=0)
    report.at_least("results that were there at its end", float(whole), unit="of all", target=1.0)
    for victim, back_s in demo.back_s.items():
        name = f"from SIGKILL of {victim} until all that waited was done"
        if victim in ("PostgreSQL", "web"):
            name = f"from SIGKILL of {victim} until it served again"
        report.at_most(name, back_s, unit="s", target=BACK_WITHIN_S)


def _sum(values: Iterable[int]) -> int:
    return sum(values)


if __name__ == "__main__":
    sys.exit(main(claims))
