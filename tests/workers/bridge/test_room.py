"""Where there is no room: ours, the camera's own disk, or a quota that only a large file meets."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from smartscope.domain.errors import StorageFull
from smartscope.domain.suspenders import Signal
from smartscope.models import Run
from smartscope.storage.local import LocalStore
from smartscope.storage.store import StoredFile, Writer
from tests.workers.bridge.invariants import world_lines
from tests.workers.bridge.served_house import served_house
from tests.workers.bridge.whole_process import quick_facility
from workers.bridge.room import GIB, disk_levels

pytestmark = pytest.mark.django_db(transaction=True)
#: more turns than a night of one group takes
TURNS = 60


class Usage(NamedTuple):
    total: int
    used: int
    free: int


class Quota(LocalStore):
    """A file of 1 MiB fits, a view does not."""

    def write_atomic(self, key: str, writer: Writer) -> StoredFile:
        if "/hole/" in key and key.endswith(".mrc"):
            raise StorageFull(f"{key}: disk quota exceeded")
        return super().write_atomic(key, writer)


def test_a_quota_that_no_probe_meets_costs_three_views_and_asks_a_person(tmp_path: Path) -> None:
    house = quick_facility(tmp_path)
    house.store = Quota(tmp_path / "files")
    bridge = house.bridge()
    try:
        for _ in range(TURNS):
            bridge.loop.turn()
            if Run.objects.get().wish == "pause":
                break
    finally:
        bridge.die()
    run = Run.objects.get()
    assert (run.wish, run.wished_by) == ("pause", None)
    assert "quota exceeded" in run.state_reason
    views = [
        line for line in world_lines(house) if line["k"] == "exposure" and line["area"] == "hole"
    ]
    assert len(views) == 3


def test_the_disk_of_the_camera_counts_as_ours_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served_house(tmp_path) as served:
        bridge = served.bridge()
        frames, real = tmp_path / "frames", shutil.disk_usage

        def usage(path: Path) -> object:
            return Usage(1_000 * GIB, 999 * GIB, GIB) if Path(path) == frames else real(path)

        try:
            assert Signal.DISK_FULL not in disk_levels(bridge.helm)
            monkeypatch.setattr(shutil, "disk_usage", usage)
            levels = disk_levels(bridge.helm)
            assert list(levels) == [Signal.DISK_FULL]
            assert "where the camera saves" in levels[Signal.DISK_FULL]
            monkeypatch.setattr(shutil, "disk_usage", real)
            frames.rename(tmp_path / "elsewhere")
            assert list(disk_levels(bridge.helm)) == [Signal.STORAGE]
        finally:
            bridge.die()
