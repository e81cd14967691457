"""A whole instant run on real rows, real files and the simulated world."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.models import Run, Step, StepItem
from tests.workers.bridge.rig import facility

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_instant_run_goes_from_queued_to_done_by_itself(tmp_path: Path) -> None:
    house = facility(tmp_path, squares_per_grid=1, holes_per_square=2)
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    run = Run.objects.get()
    assert run.state == "done", run.state_reason
    print([(s.number, s.kind, s.state, s.reason) for s in Step.objects.order_by("number")])
    print([(i.name, i.state) for i in StepItem.objects.order_by("step__number", "name")])
    from smartscope.models import Analysis, Grid, Hole, Square

    print(
        list(Analysis.objects.values_list("kind", "state", "error")),
        Square.objects.count(),
        Hole.objects.count(),
        list(Grid.objects.values_list("status", "status_reason")),
    )
    print(list(Square.objects.values_list("status", "model_label", "reason"))[:20])
