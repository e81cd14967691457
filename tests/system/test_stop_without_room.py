"""A real bridge whose files may not grow: a stop is obeyed, and the movie comes home afterwards."""

from __future__ import annotations

import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smartscope.models import Alarm, Command, Exposure, Lease, Microscope, Run, Step, StepItem
from tests.system.test_kill_bridge import start
from tests.workers.bridge.served_house import ServedHouse, served_house
from tests.workers.bridge.whole_process import a_person_wishes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.system, pytest.mark.timeout(300)]

PATIENCE_S = 90.0
#: a view and the notes of a movie are written before; a movie is larger
LARGEST_FILE_BYTES = 64 * 1024
#: the bridge looks at wishes every second; the rest is a busy machine's
OBEYED_WITHIN_S = 15.0
LOOK_S = 3.0


@pytest.fixture
def served(tmp_path: Path, settings: object) -> Iterator[ServedHouse]:
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()  # type: ignore[attr-defined]
    with served_house(tmp_path, version="4.3") as made:
        yield made


def until(served: ServedHouse, met: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    gives_up_at_s = time.monotonic() + within_s
    while not met():
        said = (served.house.directory / "bridge.txt").read_text(encoding="utf-8")
        assert time.monotonic() < gives_up_at_s, said[-4_000:]
        served.house.work_off()
        time.sleep(0.005)


def files_may_grow_to(process: subprocess.Popen[bytes], size_bytes: int) -> None:
    _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size_bytes, most))


def stop_is_wished() -> None:
    run = Run.objects.get()
    a_person_wishes("stop")
    Command.objects.create(
        microscope=run.microscope,
        type="stop",
        state="wished",
        arguments={"session": str(run.session_id)},
    )


def test_a_stop_is_obeyed_by_a_bridge_that_cannot_write_and_nothing_is_lost(
    served: ServedHouse,
) -> None:
    bridge = start(served.house, "", ttl_s=6.0)
    try:
        until(served, StepItem.objects.filter(name__startswith="h0", state="issued").exists)
        files_may_grow_to(bridge, LARGEST_FILE_BYTES)
        until(served, Alarm.objects.filter(key="adoption.no_room").exists)
        assert "too large" in Alarm.objects.get(key="adoption.no_room").text.lower()
        closed = [each for each in served.evidence().sent if each.name == "SetColumnOrGunValve"]
        assert closed[-1].arguments == (0,)

        stop_is_wished()
        until(served, lambda: Lease.objects.get().holder is None, OBEYED_WITHIN_S)
        assert Run.objects.get().state == "aborted"
        assert Command.objects.get().state == "done"
        assert Step.objects.get(kind="expose").state == "unknown"
        sent = len(served.evidence().sent)
        time.sleep(LOOK_S)
        assert len(served.evidence().sent) == sent, "the microscope was not left alone"

        files_may_grow_to(bridge, resource.RLIM_INFINITY)
        first = Run.objects.get()
        Run.objects.create(session=first.session, microscope=Microscope.objects.get())
        until(served, Run.objects.filter(state="done").exists)
        assert bridge.poll() is None, "one process lived through all of it"
        bridge.send_signal(signal.SIGTERM)
        assert bridge.wait(30) == 0
    finally:
        if bridge.poll() is None:
            bridge.kill()
            bridge.wait()
    assert served.violations() == []
    assert Exposure.objects.exclude(status="lost").count() == 2
    assert not StepItem.objects.filter(state="lost").exists()
    assert Alarm.objects.get(key="adoption.no_room").state == "cleared"
