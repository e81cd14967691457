"""The doctor at the simulated microscope, as every version of SerialEM that can be driven."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.domain.check_up import Verdict
from smartscope.microscope.registry import examine
from smartscope.microscope.simulator.server import SimulatorServer
from tests.microscope.serialem.served import row_settings


@pytest.mark.parametrize("version", ["4.0", "4.1", "4.2", "4.3"])
def test_a_simulated_microscope_of_any_version_is_fit_for_a_night(
    tmp_path: Path, version: str
) -> None:
    world = {"data_dir": tmp_path / "world", "seed": 7, "serialem_version": version}
    with SimulatorServer(world) as server:
        settings = row_settings(server, tmp_path, version)
        found = list(examine("serialem", settings, in_control=True))
    assert [finding for finding in found if finding.verdict is Verdict.FAIL] == []
    told = {finding.subject: finding.told for finding in found}
    assert told["version"].startswith(f"SerialEM {version}")
    assert told["instrument"] == "a simulator"


def test_a_folder_of_another_place_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    with SimulatorServer({"data_dir": tmp_path / "world", "seed": 7}) as server:
        settings = row_settings(server, tmp_path, "4.1")
        settings["frames_mount"] = str(tmp_path / "elsewhere")
        found = {f.subject: f for f in examine("serialem", settings, in_control=True)}
    assert found["frames folder"].verdict is Verdict.FAIL
    assert "is not seen there" in found["frames folder"].told
