"""What no decision waits for takes its turn after everything else that is in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kombu.simple import SimpleQueue

from smartscope.celery import app
from smartscope.models import Analysis, ImageKind
from tests.workers.night import grid_with_atlas, image_of, wanted
from workers.nudge import nudge

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("servers")]


def told(most: int) -> Iterator[str]:
    """Ids in the order a worker is handed them."""
    with app.connection_for_read() as connection:
        simple: Any = SimpleQueue
        queue = simple(connection, app.conf.task_default_queue)
        try:
            for _ in range(most):
                message = queue.get(timeout=10)
                message.ack()
                (analysis_id,), _, _ = message.payload
                yield analysis_id
        finally:
            queue.close()


def test_an_exposure_is_measured_before_particles_of_earlier_ones_are_looked_for() -> None:
    grid = grid_with_atlas()
    earlier, later = (image_of(grid, ImageKind.MOVIE, at_s=at) for at in (300.0, 400.0))
    others: list[Analysis] = [
        wanted(earlier, kind, plugin="any") for kind in ("pick", "denoise", "fine_sum")
    ]
    urgent = wanted(later, "measure_exposure", plugin="local-motion")
    for analysis in (*others, urgent):
        assert nudge(analysis.pk)
    mine = {str(analysis.pk) for analysis in (*others, urgent)}
    # the queue is this run's: what other tests left in it does not count
    order = []
    for one in told(10_000):
        order += [one] if one in mine else []
        if len(order) == len(mine):
            break
    assert order[0] == str(urgent.pk)
