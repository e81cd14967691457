"""Movies onto the disk of the camera's computer, under the base name, and what can happen there."""

from __future__ import annotations

import time
from pathlib import Path

from smartscope.domain.errors import StorageFull
from smartscope.microscope.simulator import frame_files, recording
from smartscope.microscope.simulator.durations import Operation, duration_s
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.recording import Filmed
from smartscope.microscope.simulator.serialem.answers import ScriptError
from smartscope.microscope.simulator.serialem.machine import join
from smartscope.microscope.simulator.serialem.program import Program
from smartscope.microscope.values import RecordItem

SUFFIX = ".tif"


def save_movie(program: Program, filmed: Filmed, item: RecordItem) -> None:
    """Write the frames, note their name, and let a fault spoil them.

    Raises StorageFull; the dose is spent then and there is no file.
    """
    started, world = time.perf_counter(), program.scope.world
    folder = movie_folder(program)
    stem = program.frames.stem(world.count("movies") + 1, world.clock.now())
    name = join(folder, stem + SUFFIX)
    path = program.machine.path(name)
    if program.suffers(FaultKind.DISK_FULL):
        raise StorageFull("There is not enough space on the disk for the frames.")
    path.parent.mkdir(parents=True, exist_ok=True)
    recording.save(program.scope, filmed, item, path, save_frames=True)
    seconds = duration_s(world.seed, Operation.SAVE, world.count(f"op:{Operation.SAVE}"))
    world.pass_time(seconds * program.scope.calibration.record_save_factor, started_wall_s=started)
    program.frames.last = name
    _spoil(program, path)


def movie_folder(program: Program) -> str:
    """The folder of the next movie, in SerialEM's words. Raises ScriptError when none is set."""
    if not program.frames.folder:
        raise ScriptError("There is no folder for frames; use SetFolderForFrames first")
    if program.frames.base_in_folder and program.frames.base:
        return join(program.frames.folder, program.frames.base)
    return program.frames.folder


def _spoil(program: Program, path: Path) -> None:
    now_s = program.scope.world.clock.now()
    if program.suffers(FaultKind.TRUNCATED_FILE):
        frame_files.truncate(path)
    if program.suffers(FaultKind.FILE_MISSING):
        path.unlink()
        return
    for kind in (FaultKind.FILE_LATE, FaultKind.FILE_GROWS):
        fault = program.suffers(kind)
        if fault is not None and path.exists():
            program.slow_files.hold_back(
                path,
                now_s=now_s,
                for_s=fault.number("for_s", 30.0),
                grows=kind is FaultKind.FILE_GROWS,
                whole_frames=fault.number("whole_frames", 0.0) != 0.0,
            )
