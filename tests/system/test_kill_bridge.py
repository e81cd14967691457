"""The real process, `manage.py bridge`, killed with SIGKILL and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from smartscope.models import Lease, Run, StepItem
from tests.workers.bridge.invariants import check
from tests.workers.bridge.quick_findings import find_quickly
from tests.workers.bridge.rig import Facility, facility
from workers.bridge.fault_points import VARIABLE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.system, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
KILLS = ("load_grid:issued:1", "square:written:square:1", "expose:issued:h0001:1")
PATIENCE_S = 120.0


@pytest.fixture
def house(tmp_path: Path, settings: object) -> Facility:
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()  # type: ignore[attr-defined]
    made = facility(
        tmp_path,
        atlas_tiles_x=1,
        atlas_tiles_y=1,
        image_shift_radius_um=5.0,
        record_dose_e_per_angstrom2=4.0,
    )
    made.analyse = find_quickly
    return made


def start(
    house: Facility, fault: str, *, ttl_s: float = 3.0, **more: str
) -> subprocess.Popen[bytes]:
    """A bridge on this test's database and world; `ttl_s` is how long its lease lives unrenewed.

    `more` are further environment variables.
    """
    name = connection.settings_dict["NAME"]
    url, _, rest = os.environ["DATABASE_URL"].partition("?")
    base = url.rpartition("/")[0]
    environment = os.environ | {
        "DATABASE_URL": f"{base}/{name}" + (f"?{rest}" if rest else ""),
        "SMARTSCOPE_STORAGE_URL": house.store.root_url,
        "SMARTSCOPE_LEASE_TTL_S": str(ttl_s),
        "SMARTSCOPE_PROCESS": "bridge",
        "DJANGO_SETTINGS_MODULE": "smartscope.settings",
        VARIABLE: fault,
        **more,
    }
    command = [sys.executable, "manage.py", "bridge"]
    with (house.directory / "bridge.txt").open("ab") as log:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)


def live(house: Facility, fault: str) -> int:
    """Work off analyses until the process has ended, or the run has; its exit code."""
    process = start(house, fault)
    try:
        give_up_at = time.monotonic() + PATIENCE_S
        while process.poll() is None and time.monotonic() < give_up_at:
            house.work_off()
            if Run.objects.get().state == "done":
                process.send_signal(signal.SIGTERM)
                return process.wait(30)
            time.sleep(0.05)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    log = (house.directory / "bridge.txt").read_text()
    assert process.returncode == -signal.SIGKILL, log
    return process.returncode


def test_three_sigkills_cost_one_hole_and_the_run_still_ends(house: Facility) -> None:
    for fault in KILLS:
        assert live(house, fault) == -signal.SIGKILL
    assert live(house, "") == 0
    assert Run.objects.get().state == "done"
    check(house, deaths=len(KILLS))
    assert StepItem.objects.get(state="lost").name == "h0001"
    lease = Lease.objects.get()
    assert (lease.state, lease.holder, lease.epoch) == ("free", None, len(KILLS) + 1)
