"""What a bridge that dies anywhere costs: holes exposed twice, holes lost, runs that never end.

In each campaign the bridge's process ends at a dozen places, one after the other; the world and the
rows stay. The instrument's own exposure log is the judge. The baseline is the same session in which
nobody dies.

Run: `python -m benchmarks.faults [--quick] [--json PATH]`.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Report, main
from benchmarks.scratch_database import scratch_database


@dataclass(slots=True)
class Tally:
    """Sums over campaigns."""

    runs: int = 0
    ended: int = 0
    deaths: int = 0
    places: int = 0
    shots: int = 0
    twice: int = 0
    lost: int = 0
    sound: int = 0


def claims(quick: bool) -> Report:  # noqa: FBT001 (the form of every benchmark)
    """Deaths at every place between a commit and a command, and what they cost."""
    with scratch_database() as directory:
        from tests.workers.bridge.campaigns import CAMPAIGNS, PLACES, campaign

        numbers = range(2) if quick else range(CAMPAIGNS)
        clean, killed = Tally(), Tally()
        _live(directory / "clean", [], clean)
        for number in numbers:
            _live(directory / f"campaign{number}", campaign(number), killed)
    report = Report(f"{killed.deaths} deaths in {killed.runs} sessions")
    report.at_most(
        "holes exposed twice, by the instrument's log",
        killed.twice,
        unit="holes",
        target=0,
        baseline=clean.twice,
        baseline_name="nobody dies",
    )
    report.at_least(
        "runs that ended by themselves",
        killed.ended / killed.runs,
        unit="of all",
        target=1.0,
        baseline=clean.ended / clean.runs,
        baseline_name="nobody dies",
    )
    report.at_least(
        "sessions whose rows, disk and instrument agree",
        killed.sound / killed.runs,
        unit="of all",
        target=1.0,
        baseline=clean.sound / clean.runs,
        baseline_name="nobody dies",
    )
    report.at_most(
        "images lost for each death", killed.lost / killed.deaths, unit="images", target=1.0
    )
    report.inform("places visited", killed.places, unit=f"of {len(PLACES)}")
    report.inform("high-magnification exposures", killed.shots, unit="exposures")
    report.leave_out("deaths by power cut: processes end here, the machine lives on.")
    return report


def _live(directory: Path, places: list[str], tally: Tally) -> None:
    from django.core.management import call_command

    from smartscope.models import Run, StepItem
    from tests.workers.bridge.campaigns import live_through, quick_house
    from tests.workers.bridge.invariants import check, world_lines

    call_command("flush", verbosity=0, interactive=False)
    directory.mkdir()
    house = quick_house(directory)
    died = live_through(house, places)
    items = [line["item"] for line in world_lines(house) if line["k"] == "exposure"]
    shots = Counter(item.split("_")[1] for item in items if item)
    tally.runs += 1
    tally.deaths += len(died)
    tally.places += len(set(died))
    tally.ended += Run.objects.get().state == "done"
    tally.shots += sum(shots.values())
    tally.twice += sum(count - 1 for count in shots.values())
    tally.lost += StepItem.objects.filter(state="lost").count()
    try:
        check(house, deaths=len(died))
    except AssertionError as disagreement:
        print(f"{directory.name}: {disagreement}", file=sys.stderr)
    else:
        tally.sound += 1


if __name__ == "__main__":
    sys.exit(main(claims))
