"""Files of the simulated camera are whole and readable by others, or are not there."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import mrcfile
import numpy as np
import pytest
import tifffile

from smartscope.domain.errors import StorageFull
from smartscope.microscope.errors import CameraFailed, CommandRefused
from smartscope.microscope.simulator import frame_files
from smartscope.microscope.values import ImageShift, RecordItem, RecordPlan
from tests.microscope.rig import Rig


def item(name: str) -> RecordItem:
    return RecordItem(
        name=name, image_shift=ImageShift(0, 0), defocus_um=1.0, dose_e_per_a2=25, frames=3
    )


@pytest.mark.parametrize("suffix", ["tif", "mrc"])
def test_other_programs_read_the_same_frames(tmp_path: Path, suffix: str) -> None:
    frames = np.arange(3 * 6 * 8, dtype=np.uint8).reshape(3, 6, 8)
    path = tmp_path / f"movie.{suffix}"
    frame_files.write_frames(path, frames, 0.83)
    if suffix == "tif":
        read = tifffile.imread(path)
    else:
        with mrcfile.open(path) as opened:
            assert float(opened.voxel_size.x) == pytest.approx(0.83)
            read = opened.data.copy()
        assert mrcfile.validate(path)
    assert np.array_equal(read, frames)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_movie_times_its_gain_is_flat_and_counts_its_dose(rig: Rig, exposures: Path) -> None:
    rig.ready().microscope.stage.move_to(rig.good_square())
    (file,) = rig.microscope.camera.record(RecordPlan(items=(item("a"),), folder=exposures))
    frames = tifffile.imread(file.path)
    assert frames.shape == (3, file.height_px, file.width_px)
    assert file.gain_path is not None
    with mrcfile.open(file.gain_path) as gain:
        assert gain.data.shape == (file.height_px, file.width_px)
    assert float(frames.sum(axis=0).mean()) == pytest.approx(file.mean_counts)
    per_pixel = file.dose_e_per_a2 * file.pixel_size_angstrom**2
    assert 0.2 * per_pixel < file.mean_counts < per_pixel
    notes = (exposures / "a.tif.mdoc").read_text()
    assert "NumSubFrames = 3" in notes
    assert "Defocus = -1.0000" in notes


def test_without_frames_only_the_sum_is_kept(rig: Rig, exposures: Path) -> None:
    rig.ready()
    plan = RecordPlan(items=(item("a"),), folder=exposures, save_frames=False, file_format="mrc")
    (file,) = rig.microscope.camera.record(plan)
    assert file.frames == 1
    assert file.gain_path is None
    with mrcfile.open(file.path) as opened:
        assert opened.data.dtype == np.float32


@pytest.mark.parametrize(
    "wrong", [item("../a"), item(""), replace(item("a"), frames=0), replace(item("a"), frames=9999)]
)
def test_impossible_plans_are_refused_before_the_beam(
    rig: Rig, exposures: Path, wrong: RecordItem
) -> None:
    rig.ready()
    with pytest.raises(CommandRefused):
        rig.microscope.camera.record(RecordPlan(items=(item("good"), wrong), folder=exposures))
    assert len(rig.scope.world.exposures) == 0


@pytest.mark.parametrize(
    ("number", "kind", "advice"),
    [(errno.ENOSPC, StorageFull, "Make room"), (errno.EIO, CameraFailed, "that computer's disk")],
)
def test_a_file_that_cannot_be_written_is_not_left_in_part(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    kind: type[Exception],
    advice: str,
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(kind, match=advice):
        frame_files.write_frames(tmp_path / "a.mrc", np.zeros((1, 4, 4), np.float32), 1.0)
    assert not list(tmp_path.iterdir())
