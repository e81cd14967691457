"""`make soak`: what takes too long for every check. Nights of twelve hours one after the other,
nights in which nothing fails, random fault schedules by the hundred, random requests to the API,
bridges at odds over a lease; every seed and what became of it is kept.

A seed that shows something is lived through again with `--nights 1 --first-seed SEED`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from defusedxml import ElementTree

from benchmarks.fault_runs import Task, run_shard

NIGHTS, QUIET_NIGHTS, SCHEDULES, FIRST_SEED = 30, 20, 1000, 1
#: random requests against the API's own description, and how many are asked of one seed
API_CASES, CASES_OF_A_SEED = 10_000, 1_000
#: acts of bridges at odds over lease and journal, and how many are done of one seed
ODDS, ODDS_OF_A_SEED = 10_000, 1_000
PROTOCOLS = ("screening", "collection", "tilted")
LOG = Path("var") / "soak"
#: of the plannable targets, on each night
LEAST_IMAGED = 0.98
#: in each night that is no quiet one
LEAST_FAULTS = 20
COLUMNS = ("seed", "state", "hours", "struck", "starts", "plannable", "imaged", "stops", "broken")


def main() -> int:
    """Live through what is asked for; returns 1 when something was not as it must be."""
    parser = argparse.ArgumentParser(prog="make soak ARGS=...", description=__doc__)
    parser.add_argument("--nights", type=int, default=NIGHTS, help=f"compressed nights ({NIGHTS})")
    parser.add_argument(
        "--quiet-nights",
        type=int,
        default=QUIET_NIGHTS,
        help=f"nights in which nothing fails, on grids of every quality ({QUIET_NIGHTS})",
    )
    parser.add_argument(
        "--schedules", type=int, default=SCHEDULES, help=f"random fault schedules ({SCHEDULES})"
    )
    parser.add_argument(
        "--first-seed", type=int, default=FIRST_SEED, help=f"the others follow ({FIRST_SEED})"
    )
    parser.add_argument(
        "--api-cases", type=int, default=API_CASES, help=f"random API requests ({API_CASES})"
    )
    parser.add_argument("--odds", type=int, default=ODDS, help=f"acts of bridges at odds ({ODDS})")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--log", type=Path, default=LOG, help=f"where results are kept ({LOG})")
    options = parser.parse_args()
    options.log.mkdir(parents=True, exist_ok=True)
    seeds = range(options.first_seed, options.first_seed + options.nights)
    nights = [Task("night", "night", seed) for seed in seeds]
    quiet_seeds = range(options.first_seed, options.first_seed + options.quiet_nights)
    quiet = [Task("quiet night", "quiet", seed) for seed in quiet_seeds]
    drawn = range(options.first_seed, options.first_seed + options.schedules)
    schedules = [Task("schedule", PROTOCOLS[seed % len(PROTOCOLS)], seed) for seed in drawn]
    good = _nights(_lived(nights, options, "nights", at_once=1), least_faults=LEAST_FAULTS)
    good &= _nights(_lived(quiet, options, "quiet", at_once=1), least_faults=0)
    good &= _schedules(_lived(schedules, options, "schedules", at_once=25))
    good &= _tested(_API, options.api_cases, options)
    good &= _tested(_ODDS, options.odds, options)
    print(f"Every result with its seed is in {options.log}.")
    return 0 if good else 1


def _lived(
    tasks: list[Task], options: argparse.Namespace, name: str, *, at_once: int
) -> Iterator[dict[str, Any]]:
    """What came of each task, in their order; written down as soon as it is known.

    `at_once` runs share a database server; each such lot has a process of its own.
    """
    lots = [tasks[begin : begin + at_once] for begin in range(0, len(tasks), at_once)]
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(options.processes, mp_context=spawn, max_tasks_per_child=1)
    with pool, (options.log / f"{name}.jsonl").open("a", encoding="utf-8") as kept:
        for lot, lived in zip(lots, pool.map(run_shard, range(len(lots)), lots), strict=True):
            for task, each in zip(lot, lived, strict=True):
                result = {"seed": task.number, **asdict(each)}
                kept.write(json.dumps(result) + "\n")
                kept.flush()
                yield result


def _nights(nights: Iterable[dict[str, Any]], *, least_faults: int) -> bool:
    """One line a night, then the sums; whether every night was as it must be.

    Where nothing fails, nobody may be asked for anything.
    """
    bad, whole, total, imaged, plannable, stops = [], 0, 0, 0, 0, 0
    for night in nights:
        if not total:
            print("\t".join(COLUMNS))
        night |= {"broken": len(night["violations"])}
        print("\t".join(_shown(night[name]) for name in COLUMNS), flush=True)
        for words in (*night["violations"], *night["unexplained"]):
            print(f"  {words}")
        total += 1
        imaged, plannable = imaged + night["imaged"], plannable + night["plannable"]
        stops += night["stops"]
        good = (
            night["state"] == "done"
            and night["struck"] >= least_faults
            and not (night["stops"] and not least_faults)
            and night["imaged"] >= LEAST_IMAGED * night["plannable"]
            and not night["broken"]
        )
        whole += good
        if not good:
            bad.append(night["seed"])
    if total:
        print(
            f"{whole} of {total} nights as they must be; {imaged} of {plannable} targets imaged "
            f"({imaged / max(plannable, 1):.2%}); {stops} stops for a person; "
            f"seeds to look at: {bad or 'none'}."
        )
    return not bad


def _schedules(schedules: Iterable[dict[str, Any]]) -> bool:
    """The sums of all schedules, and the words of those that showed something."""
    total, struck, commands, bad = 0, 0, 0, []
    for each in schedules:
        total, struck = total + 1, struck + each["struck"]
        commands += each["commands"]
        words = [*each["violations"], *each["unexplained"]]
        if each["state"] != "done":
            words.append(f"the run came to {each['state']}")
        for word in words:
            print(f"schedule {each['seed']}: {word}", flush=True)
        if words:
            bad.append(each["seed"])
    if total:
        print(
            f"{total - len(bad)} of {total} random schedules without a finding; {struck} faults "
            f"struck {commands} commands; seeds to look at: {bad or 'none'}."
        )
    return not bad


@dataclass(frozen=True, slots=True)
class _Test:
    """A test that draws from a seed; `many` and `seed` are variables that it reads."""

    what: str
    at: str
    many: str
    seed: str
    of_a_seed: int


_API = _Test(
    "random requests",
    "tests/api/test_contract.py::test_random_requests_find_no_defect",
    "API_CASES",
    "API_SEED",
    CASES_OF_A_SEED,
)
_ODDS = _Test(
    "acts of bridges at odds",
    "tests/operations/test_bridges_at_odds.py::test_lease_and_journal_keep_their_word",
    "STATE_MACHINE_STEPS",
    "STATE_MACHINE_SEED",
    ODDS_OF_A_SEED,
)


def _tested(test: _Test, wanted: int, options: argparse.Namespace) -> bool:
    """Whether so many draws show no defect; each seed is a run of its own, written down at its end.

    What was interrupted goes on with `--first-seed` where its log stops.
    """
    made, bad, seed = 0, [], options.first_seed
    name = test.what.replace(" ", "_")
    while made < wanted:
        began_s, report = time.monotonic(), options.log / f"{name}_{seed}.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "--timeout", "0"]
        command += ["-o", "junit_family=xunit1"]
        done = subprocess.run(
            [*command, "--show-capture=no", f"--junitxml={report}", test.at],
            env={**os.environ, test.many: str(test.of_a_seed), test.seed: str(seed)},
            check=False,
        )
        drawn = _drawn(report)
        result = {"seed": seed, "made": drawn, "s": round(time.monotonic() - began_s)}
        result |= {"good": done.returncode == 0}
        with (options.log / f"{name}.jsonl").open("a", encoding="utf-8") as kept:
            kept.write(json.dumps(result) + "\n")
        print(f"seed {seed}: {drawn} {test.what}, {'sound' if result['good'] else 'a defect'}")
        if not result["good"]:
            bad.append(seed)
        if not drawn:
            break
        made, seed = made + drawn, seed + 1
    if wanted:
        print(f"{made} {test.what}; seeds to look at: {bad or 'none'}.")
    return not bad


def _drawn(report: Path) -> int:
    """How many the test says that it made; 0 when it did not come so far."""
    if not report.exists():
        return 0
    made = ElementTree.parse(report).iterfind(".//property[@name='made']")
    return sum(int(each.get("value", "0")) for each in made)


def _shown(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
