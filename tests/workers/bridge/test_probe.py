"""The storage's probe and the watchdog of progress, on clocks that the test moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from smartscope.domain.errors import StorageFull
from smartscope.models import Alarm
from smartscope.storage.local import LocalStore
from smartscope.storage.store import StoredFile, Writer
from tests.workers.bridge.rig import Bridge
from tests.workers.bridge.whole_process import quick_facility
from workers.bridge.probe import GOOD_AGAIN, SLOW_S, StorageProbe
from workers.bridge.progress import LEAST_S, STUCK, check_progress, progress_made


class SlowStore(LocalStore):
    """Each write takes as long as the test says, or does not come back before it is let go."""

    def __init__(self, root: Path, clock: list[float]) -> None:
        super().__init__(root)
        self.clock = clock
        self.takes_s = 0.1
        self.full = False
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Event()

    def write_atomic(self, key: str, writer: Writer) -> StoredFile:
        self.begun.set()
        assert self.go.wait(10.0)
        if self.full:
            raise StorageFull("no room")
        self.clock[0] += self.takes_s
        return super().write_atomic(key, writer)


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def store(tmp_path: Path, clock: list[float]) -> SlowStore:
    return SlowStore(tmp_path, clock)


def probe_of(store: SlowStore) -> StorageProbe:
    return StorageProbe(store, UUID(int=1), clock=lambda: store.clock[0])


def test_a_slow_write_is_bad_until_three_good_ones(store: SlowStore) -> None:
    probe = probe_of(store)
    probe.probe()
    assert not probe.bad()
    store.takes_s = SLOW_S + 0.1
    probe.probe()
    assert probe.bad()
    store.takes_s = 0.1
    for good in range(1, GOOD_AGAIN + 1):
        probe.probe()
        assert probe.bad() is (good < GOOD_AGAIN)


def test_a_write_that_fails_is_bad(store: SlowStore) -> None:
    probe = probe_of(store)
    store.full = True
    probe.probe()
    assert probe.bad()


def test_a_write_that_hangs_is_noticed_while_it_hangs_and_leaves_nothing_behind(
    store: SlowStore, tmp_path: Path
) -> None:
    store.go.clear()
    probe = probe_of(store)
    probe.start()
    assert store.begun.wait(10.0)
    assert not probe.bad()
    store.clock[0] += SLOW_S + 1.0
    assert probe.bad()
    store.go.set()
    probe.stop()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    (tmp_path / "house").mkdir()
    opened = quick_facility(tmp_path / "house").bridge()
    yield opened
    opened.die()


@pytest.mark.django_db(transaction=True)
def test_no_closed_step_for_ten_minutes_is_told_once_and_cleared_by_the_next(
    bridge: Bridge,
) -> None:
    helm = bridge.helm
    check_progress(helm, "deciding")
    helm.clock.wait_until(helm.clock.now() + LEAST_S)
    check_progress(helm, "deciding")
    assert not Alarm.objects.filter(key=STUCK).exists()
    helm.clock.wait_until(helm.clock.now() + 1.0)
    check_progress(helm, "atlas")
    assert not Alarm.objects.filter(key=STUCK).exists(), "an atlas may take so long"
    for _ in range(2):
        check_progress(helm, "deciding")
    alarm = Alarm.objects.get(key=STUCK)
    assert (alarm.level, alarm.state) == ("MAJOR", "raised")
    progress_made(helm)
    alarm.refresh_from_db()
    assert alarm.state == "cleared"
