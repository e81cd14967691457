"""Bridge process, SerialEM's server, database and agent together; then the bridge freezes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from safety_agent.memory import Watch
from safety_agent.settings import Settings, Times
from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.microscope.simulator.server import SimulatorServer
from smartscope.models import Lease, Microscope, Run
from tests.architecture.sources import ROOT
from tests.microscope.serialem.served import remembers_empty_stage, row_settings
from tests.safety_agent.rig import KEY, Rig, database_url, running
from tests.workers.bridge.rig import Facility, facility, small_world

pytestmark = [pytest.mark.system, pytest.mark.django_db(transaction=True), pytest.mark.timeout(240)]

LEASE_TTL_S = 3.0
#: a tenth of the agent's 60 s, and longer than the lease lives, as in earnest
SILENCE_S = 6.0
PATIENCE_S = 90.0
CLOSING = ["SetColumnOrGunValve", "ReportColumnOrGunValve", "Exit"]
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@contextmanager
def bridge(house: Facility, agent_port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py bridge` on this test's rows, beating to the agent on that port."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "SMARTSCOPE_STORAGE_URL": house.store.root_url,
        "SMARTSCOPE_LEASE_TTL_S": str(LEASE_TTL_S),
        "SMARTSCOPE_PROCESS": "bridge",
        "SMARTSCOPE_AGENTS": f"{house.microscope.pk}=127.0.0.1:{agent_port}",
        "SMARTSCOPE_AGENT_KEY": KEY,
        "DJANGO_SETTINGS_MODULE": "smartscope.settings",
    }
    with (house.directory / "bridge.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "bridge"],
            cwd=ROOT, env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()


@pytest.fixture
def house(tmp_path: Path, settings: Any) -> Facility:
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()
    return facility(
        tmp_path, world=small_world(tmp_path), atlas_tiles_x=1, atlas_tiles_y=1,
        record_dose_e_per_angstrom2=4.0,
    )  # fmt: skip


@pytest.fixture
def server(house: Facility, tmp_path: Path) -> Iterator[SimulatorServer]:
    with SimulatorServer(small_world(tmp_path) | {"header_pause_s": 0.0}) as found:
        remembers_empty_stage(found)
        Microscope.objects.filter(pk=house.microscope.pk).update(
            driver_kind="serialem", driver_settings=row_settings(found, tmp_path, "4.1")
        )
        yield found


def commands(server: SimulatorServer) -> list[str]:
    with ControlClient(server.control_port) as control:
        return [str(entry["name"]) for entry in control.log()]


def until(rig: Rig, true: Any, house: Facility) -> float:
    began_s = time.monotonic()
    while not true():
        assert time.monotonic() - began_s < PATIENCE_S, (
            f"{rig.agent.memory} {(house.directory / 'bridge.txt').read_text()[-3000:]}"
        )
        time.sleep(0.05)
    return time.monotonic() - began_s


def agent_settings(house: Facility, server: SimulatorServer, database: str) -> Settings:
    return Settings(
        microscope=str(house.microscope.pk),
        listen=("127.0.0.1", 0),
        key=KEY.encode(),
        database_url=database,
        instrument=("127.0.0.1", server.port),
        state_file=house.directory / "agent.json",
        times=Times(silence_s=SILENCE_S),
    )


@pytest.mark.parametrize("cut_off", [False, True], ids=["lease expires", "database cut off too"])
def test_a_frozen_bridge_is_replaced_by_the_agent_and_thawed_it_sends_nothing(
    cut_off: bool, house: Facility, server: SimulatorServer
) -> None:
    database = NOWHERE if cut_off else database_url()
    with running(agent_settings(house, server, database)) as rig:
        with bridge(house, rig.port) as process:
            # nobody works off analyses: it waits, with the valves open
            until(rig, lambda: Run.objects.get().waits.filter(cause="analysis").exists(), house)
            assert rig.is_(Watch.ARMED)
            open_now = commands(server)
            assert open_now.count("SetColumnOrGunValve") > 0
            process.send_signal(signal.SIGSTOP)
            seconds = until(rig, lambda: "valves closed" in rig.pages.titles, house)
            # F36, T5: within 120 s; here a tenth
            assert seconds < 2 * SILENCE_S
            before = commands(server)
            assert [name for name in before[len(open_now) :] if name in CLOSING][-3:] == CLOSING
            process.send_signal(signal.SIGCONT)
            assert process.wait(30) == 75
        after = commands(server)[len(before) :]
    assert after == []
    lease = Lease.objects.get()
    if cut_off:
        assert rig.agent.memory.quarantine_owed
    else:
        assert (lease.state, lease.epoch) == ("quarantined", 2)


def test_beats_that_are_lost_on_the_way_trip_nothing_while_the_bridge_drives(
    house: Facility, server: SimulatorServer
) -> None:
    with running(agent_settings(house, server, database_url())) as rig:
        with bridge(house, agent_port=9) as process:
            until(rig, lambda: Run.objects.get().waits.filter(cause="analysis").exists(), house)
            rig.epoch = Lease.objects.get().epoch
            rig.beat()
            rig.stays(Watch.ARMED, 1.5 * SILENCE_S)
            sent = commands(server)
            assert process.poll() is None
        assert "Exit" not in sent[sent.index("SetColumnOrGunValve") :]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM smartscope_event WHERE kind = 'lease.quarantined'")
        assert cursor.fetchone()[0] == 0


def test_ended_in_order_the_bridge_disarms_the_agent(
    house: Facility, server: SimulatorServer
) -> None:
    with running(agent_settings(house, server, database_url())) as rig:
        with bridge(house, rig.port) as process:
            until(rig, lambda: Run.objects.get().waits.filter(cause="analysis").exists(), house)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, (house.directory / "bridge.txt").read_text()[-3000:]
        assert rig.is_(Watch.WATCHING)
        assert rig.agent.memory.why.startswith("released by epoch")
        rig.stays(Watch.WATCHING, 1.0)
    assert rig.pages.titles == []
