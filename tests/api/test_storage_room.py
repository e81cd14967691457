"""The room of the image store, and how fast it fills, by what was written lately."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from smartscope.models import Image, Microscope
from tests.api.conftest import As
from tests.api.world import World


def test_what_was_written_lately_says_when_the_store_is_full(as_: As, world: World) -> None:
    Image.objects.update(created_at=timezone.now() - timedelta(hours=9))
    quiet = as_("viewer").get("/api/v1/storage").json()
    assert quiet["free_bytes"] > 0
    assert (quiet["written_bytes_per_h"], quiet["full_in_h"]) == (None, None)
    Image.objects.filter(pk=world.ours.image.pk).update(
        created_at=timezone.now() - timedelta(hours=2), bytes=8 * 10**9
    )
    found = as_("stranger").get("/api/v1/storage").json()
    assert found["written_bytes_per_h"] == pytest.approx(4e9, rel=0.01)
    assert found["full_in_h"] == pytest.approx(found["free_bytes"] / 4e9, rel=0.05)


def test_the_column_is_told_as_last_read_and_a_filling_is_counted_down(
    as_: As, world: World
) -> None:
    path = f"/api/v1/microscopes/{world.microscope.pk}"
    unread = as_("viewer").get(path).json()
    assert (unread["vacuum_ready"], unread["next_filling_in_s"]) == (None, None)
    Microscope.objects.update(
        vacuum_ready=True, dewars_filling=False, next_filling_at_s=5_600.0, stage_temperature_k=84.0
    )
    read = as_("viewer").get(path).json()
    told = (read["vacuum_ready"], read["next_filling_in_s"], read["stage_temperature_k"])
    assert told == (True, 600.0, 84.0)
