"""A movie file is believed only as far as its bytes go."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import tifffile

from smartscope.domain.errors import BadFile
from smartscope.microscope.serialem.frames import FrameFolder
from smartscope.microscope.serialem.movie_files import shape_of, write_sum
from smartscope.microscope.serialem.settings import settings_from
from smartscope.microscope.simulator.clock import SimulatedClock
from smartscope.microscope.simulator.frame_files import truncate, write_frames
from tests.microscope.serialem.site import site

FRAMES = np.arange(3 * 20 * 30, dtype=np.uint16).reshape(3, 20, 30)


@pytest.mark.parametrize("suffix", [".tif", ".mrc"])
def test_a_whole_movie_tells_its_shape(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"movie{suffix}"
    write_frames(path, FRAMES, 1.0)
    shape = shape_of(path)
    assert (shape.frames, shape.height_px, shape.width_px) == (3, 20, 30)


@pytest.mark.parametrize("suffix", [".tif", ".mrc"])
def test_a_movie_that_was_cut_is_no_movie(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"movie{suffix}"
    write_frames(path, FRAMES, 1.0)
    truncate(path)
    with pytest.raises(BadFile, match="movie"):
        shape_of(path)


def test_a_movie_cut_between_two_frames_is_no_shorter_movie(tmp_path: Path) -> None:
    """All pages in one row at its beginning, as tifffile and libtiff may write them."""
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, FRAMES, metadata=None, photometric="minisblack")
    with tifffile.TiffFile(path) as movie:
        second = movie.pages[1].offset
    os.truncate(path, second)
    with tifffile.TiffFile(path) as movie:
        assert len(movie.pages) == 1, "tifffile itself reads on without a word"
    with pytest.raises(BadFile, match="more frames than the 1"):
        shape_of(path)


@pytest.mark.parametrize("suffix", [".tif", ".mrc"])
@pytest.mark.parametrize("content", [b"", b"II*\x00", b"\x00" * 1024, b"\xff" * 4096])
def test_what_is_no_movie_is_said_to_be_none(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"movie{suffix}"
    path.write_bytes(content)
    with pytest.raises(BadFile):
        shape_of(path)


def test_a_sum_is_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "sum.tif"
    write_sum(path, FRAMES[0], 1.3)
    shape = shape_of(path)
    assert (shape.frames, shape.height_px, shape.width_px) == (1, 20, 30)


@pytest.fixture
def folder(tmp_path: Path) -> FrameFolder:
    mount = tmp_path / "mount"
    mount.mkdir()
    settings = settings_from(site(frames_mount=str(mount)))
    return FrameFolder(settings.frames, SimulatedClock(0.0))


@pytest.mark.parametrize("written", ["a_1.tif", "a_00012_Jan02_10.00.00.tif", "a.tif"])
def test_what_the_camera_puts_behind_the_name_does_not_hide_it(
    folder: FrameFolder, tmp_path: Path, written: str
) -> None:
    write_frames(folder.frames.mount / written, FRAMES, 1.0)
    assert folder.find("a", tmp_path, "tif") == tmp_path / "a.tif"
    assert (tmp_path / "a.tif").read_bytes() == (folder.frames.mount / written).read_bytes()


@pytest.mark.parametrize("other", ["ab.tif", "b_a.tif", "a_1.mrc", "a_1.tif.part", "ab_1.tif"])
def test_another_movie_is_not_taken_for_it(folder: FrameFolder, tmp_path: Path, other: str) -> None:
    (folder.frames.mount / other).write_bytes(b"x")
    assert folder.find("a", tmp_path, "tif") is None


def test_a_movie_cut_short_is_brought_for_whoever_adopts_it_to_judge(
    folder: FrameFolder, tmp_path: Path
) -> None:
    source = folder.frames.mount / "a_1.tif"
    write_frames(source, FRAMES, 1.0)
    truncate(source)
    found = folder.find("a", tmp_path, "tif")
    assert found is not None
    assert found.read_bytes() == source.read_bytes()


def test_notes_that_name_a_file_elsewhere_fetch_nothing(
    folder: FrameFolder, tmp_path: Path
) -> None:
    """A gain reference is a plain name in the same folder, or none."""
    write_frames(folder.frames.mount / "a.tif", FRAMES, 1.0)
    secret = tmp_path / "secret"
    secret.write_text("x")
    notes = folder.frames.mount / "a.tif.mdoc"
    notes.write_text("[FrameSet = 0]\nGainReference = ../secret\n")
    (tmp_path / "ours").mkdir()
    assert folder.find("a", tmp_path / "ours", "tif") is not None
    assert sorted(each.name for each in (tmp_path / "ours").iterdir()) == ["a.tif", "a.tif.mdoc"]
