"""SerialEM started anew has low dose off, whatever the lenses were set to before."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from smartscope.microscope.errors import ConnectionLost
from smartscope.microscope.values import Area
from tests.microscope.serialem.served import served


def _await_start(port: int) -> None:
    """Return when it listens again."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError("SerialEM did not start again")


def test_low_dose_that_is_off_is_not_taken_for_the_atlas(tmp_path: Path) -> None:
    with served(tmp_path, error_scale=0, serialem_version="4.3") as (rig, server):
        rig.microscope.optics.go_to(Area.ATLAS)
        rig.microscope.optics.go_to(Area.RECORD)
        rig.plan({"kind": "restart", "nth": 1, "command": "ReportStageXYZ"})
        with pytest.raises(ConnectionLost):
            rig.microscope.stage.position()
        _await_start(server.port)
        with rig.again(epoch=5) as successor:
            assert rig.scope.world.state.lenses.area is Area.RECORD
            successor.optics.go_to(Area.ATLAS)
            assert rig.scope.world.state.lenses.area is Area.ATLAS
