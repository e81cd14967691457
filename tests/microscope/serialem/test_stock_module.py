"""SerialEM's own Python module at our simulated microscope, where that module is installed.

It is built from SerialEM's sources (`PythonModule`, MIT) and lies in no package index, so this is
skipped on most machines. The module holds the interpreter during a command and keeps its connection
for the life of its process: each script runs in a process of its own.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from smartscope.microscope.simulator.server import SimulatorServer

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("serialem") is None,
    reason="the stock serialem module is not installed; build it from SerialEM's PythonModule",
)

SCRIPT = """
import json, sys
import numpy, serialem as sem

sem.ConnectToSEM(int(sys.argv[1]), "127.0.0.1")
sem.NoMessageBoxOnError(1)
told = {"nothing": sem.Echo("hello"), "error": ""}
sem.MoveStageTo(5.0, -2.5)
told["stage"] = sem.ReportStageXYZ()
told["slot"] = sem.ReportSlotStatus(1)
told["directory"] = sem.ReportDirectory()
told["variable"] = sem.SetVariable("held", "12")
told["held"] = sem.GetVariable("held")
try:
    sem.GetVariable("nobodyDefinedThis")
except sem.SEMerror as error:
    told["error"] = str(error)
pixels = numpy.arange(1500 * 2000, dtype=numpy.uint16).reshape(1500, 2000)
sem.PutImageInBuffer(pixels, "B", 2000, 1500, "A")
told["size"] = sem.ImageProperties("B")[:2]
told["same"] = bool((numpy.asarray(sem.bufferImage("B")) == pixels).all())
told["exit"] = sem.Exit(1)
told["again"] = sem.ReportTiltAngle()
print(json.dumps(told))
"""


def told_by(port: int) -> dict[str, Any]:
    """What a script of the stock module found."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(port)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("version", ["4.0", "4.1", "4.2", "4.3"])
def test_a_script_of_the_stock_module_runs_as_on_a_microscope(tmp_path: Path, version: str) -> None:
    world = {"data_dir": tmp_path / "world", "seed": 7, "serialem_version": version}
    with SimulatorServer(world) as server:
        told = told_by(server.port)
    assert told["stage"][:2] == pytest.approx([5.0, -2.5], abs=2.0)
    assert (told["slot"] if version == "4.0" else told["slot"][0]) == 1.0
    assert told["directory"]
    assert float(told["held"]) == 12.0
    assert "nobodyDefinedThis" in told["error"]
    assert told["size"] == [2000.0, 1500.0]
    assert told["same"] is True
    assert (told["nothing"], told["variable"], told["exit"]) == (None, None, None)
    assert told["again"] == pytest.approx(0.0, abs=0.5)
