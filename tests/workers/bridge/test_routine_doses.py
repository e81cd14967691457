"""Beam without a file is journaled before it comes: the ledger is the world's own."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from smartscope.models import Hole, RoutineDose, Run
from smartscope.queries.dose_ledger import dose_of_grid, dose_of_hole
from tests.workers.bridge.campaigns import live_through
from tests.workers.bridge.invariants import check, world_lines
from tests.workers.bridge.whole_process import quick_facility

pytestmark = pytest.mark.django_db(transaction=True)


def test_all_beam_that_the_world_remembers_is_in_the_ledger(tmp_path: Path) -> None:
    house = quick_facility(tmp_path)
    live_through(house, [])
    assert Run.objects.get().state == "done"
    world: dict[str, float] = defaultdict(float)
    for line in world_lines(house):
        if line["k"] == "exposure":
            world[line.get("routine") or line["area"]] += line["dose_e_per_a2"]
    ledger = dose_of_grid(Hole.objects.first().square.grid)  # type: ignore[union-attr]
    told = {area.area: area.given_e_per_angstrom2 for area in ledger.areas}
    views = told.get("view", 0.0) + told.get("recentre", 0.0)
    assert views == pytest.approx(world["hole"])
    for ours, theirs in (("focus", "focus"), ("height", "height"), ("record", "record"),
                         ("square", "square"), ("atlas", "atlas")):  # fmt: skip
        assert told[ours] == pytest.approx(world[theirs]), ours
    assert told.get("realign", 0.0) == pytest.approx(world.get("realign", 0.0))
    assert ledger.beside_e_per_angstrom2 == pytest.approx(world["focus"])
    assert not ledger.uncertain
    check(house, deaths=0)


def test_a_death_in_a_routine_leaves_its_dose_possible(tmp_path: Path) -> None:
    house = quick_facility(tmp_path)
    live_through(house, ["command:eucentric_height", "command:autofocus"])
    left = RoutineDose.objects.filter(ended_at_s=None).values_list("routine", flat=True)
    assert sorted(left) == ["focus", "height"]
    hole = Hole.objects.get(number=1)
    ledger = dose_of_hole(hole)
    assert ledger.uncertain
    possible = [dose.area for dose in ledger.doses if dose.certainty == "possible"]
    assert {"focus", "height"} <= set(possible)
    check(house, deaths=2)
