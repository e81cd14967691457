"""Whole instant runs on films without holes: real finders, a microscope with its usual errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartscope.microscope.simulator.cassette import cassette_from
from smartscope.microscope.simulator.ledger import read_lines
from smartscope.microscope.simulator.specimen.values import Pose
from smartscope.microscope.simulator.specimen.world import Specimen
from smartscope.models import Exposure, Grid, Run, Square
from tests.workers.bridge.invariants import check
from tests.workers.bridge.rig import facility, small_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("film", ["lacey", "continuous"])
def test_a_film_without_holes_is_screened_where_it_can_be(tmp_path: Path, film: str) -> None:
    grids = {"1": {"preset": "good", "film": film, "grid_id": "no-holes"}}
    world = small_world(tmp_path, grids=grids, error_scale=1)
    house = facility(tmp_path, world=world, squares_per_grid=1, holes_per_square=2)
    Grid.objects.update(hole_type=film)
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    house.work_off()
    run = Run.objects.get()
    assert run.state == "done", run.state_reason
    assert Square.objects.exclude(image=None).count() == 1
    assert Exposure.objects.filter(status="analysed").count() == 2
    spec = cassette_from(grids, 1).specimen(1)
    assert spec is not None
    specimen = Specimen(spec)
    hits = [
        line
        for line in read_lines(Path(world["data_dir"]) / "world.jsonl")
        if line["k"] == "exposure" and line["area"] == "record"
    ]
    assert len(hits) == 2
    for hit in hits:
        pose = Pose(x_um=hit["specimen_x_um"], y_um=hit["specimen_y_um"])
        field = specimen.render(pose, (40, 40), 0.16 / 40)
        wanted = field.hole if film == "lacey" else field.foil
        assert float(np.mean(wanted)) > 0.95
        assert float(field.contaminant_nm.max()) < 300.0
    check(house, deaths=0)
