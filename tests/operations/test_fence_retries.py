"""A deadlock undoes a bridge's transaction whole and is tried again; at last it is raised."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection

from smartscope.models import Detector, Microscope
from smartscope.operations.lease.acquire_lease import acquire_lease
from smartscope.operations.lease.fence import TRIES, fenced
from smartscope.operations.lease.held import Held, LeaseTimes

pytestmark = pytest.mark.django_db(transaction=True)

DEADLOCK = "DO $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$"


@pytest.fixture
def held() -> Iterator[Held]:
    microscope = Microscope.objects.create(name="titan")
    acquired = acquire_lease(microscope.pk, LeaseTimes(600.0))
    assert acquired is not None
    yield acquired.held
    acquired.connection.close()


@fenced
def write_in_a_deadlock(held: Held, left: list[str]) -> None:
    """Half of the change is written before the database gives up, as often as `left` says."""
    Detector.objects.create(
        microscope_id=held.microscope,
        number=1,
        name="camera",
        model="mini",
        width_px=512,
        height_px=512,
        physical_pixel_um=5.0,
    )
    if left:
        left.pop()
        with connection.cursor() as cursor:
            cursor.execute(DEADLOCK)


def test_three_deadlocks_cost_time_and_nothing_else(held: Held) -> None:
    left = ["deadlock"] * (TRIES - 1)
    write_in_a_deadlock(held, left)
    assert left == []
    assert Detector.objects.count() == 1


def test_what_never_passes_is_raised_and_leaves_no_half(held: Held) -> None:
    left = ["deadlock"] * TRIES
    with pytest.raises(OperationalError, match="deadlock"):
        write_in_a_deadlock(held, left)
    assert left == []
    assert Detector.objects.count() == 0
