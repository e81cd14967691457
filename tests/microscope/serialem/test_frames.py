"""Movies that grow, stop growing, come broken, or find no room: real files in real folders."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import tifffile

from smartscope.domain.errors import StorageFull
from smartscope.microscope.errors import CameraFailed
from smartscope.microscope.serialem.frames import CLOCKS_DIFFER_S, SAVING_S, STABLE_S, FrameFolder
from smartscope.microscope.serialem.settings import Frames

NAME, REPORTED = "00007_h0001_e3", "00007_h0001_e3_00001.tif"
FRAMES = 4


@dataclass(slots=True)
class Camera:
    """A clock on which a camera goes on writing: at each of `writes` another frame."""

    path: Path
    writes: dict[float, int] = field(default_factory=dict)
    now_s: float = 0.0
    simulated: bool = True

    def now(self) -> float:
        return self.now_s

    def wait_until(self, time_s: float) -> None:
        for at_s in sorted(self.writes):
            if self.now_s < at_s <= time_s:
                self.write(self.writes[at_s])
        self.now_s = max(self.now_s, time_s)

    def write(self, frames: int) -> None:
        """The movie as it is after so many frames; each time a TIFF that can be read."""
        content = np.arange(frames * 64, dtype=np.uint16).reshape(frames, 8, 8)
        tifffile.imwrite(self.path, content, metadata=None, photometric="minisblack")
        os.utime(self.path, ns=(frames, frames))


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    """The camera's folder and ours."""
    mount, ours = tmp_path / "frames", tmp_path / "ours"
    mount.mkdir()
    ours.mkdir()
    return mount, ours


def folder_of(camera: Camera) -> FrameFolder:
    frames = Frames(
        folder="X:\\frames",
        mount=camera.path.parent,
        file_format="tif",
        sets_frame_time=True,
        rotation_flip=0,
    )
    return FrameFolder(frames, camera)


def fetched(camera: Camera, ours: Path, frames: int | None) -> int:
    folder = folder_of(camera)
    return folder.fetch(NAME, ours, "tif", reported=REPORTED, frames=frames).shape.frames


def note(camera: Camera, frames: int) -> None:
    camera.path.with_name(f"{camera.path.name}.mdoc").write_text(
        f"[FrameSet = 0]\nNumSubFrames = {frames}\n"
    )


def test_a_movie_whose_frames_are_not_all_there_is_waited_for(places: tuple[Path, Path]) -> None:
    """After each frame it is a TIFF that can be read; it rests longer than a closed file does."""
    mount, ours = places
    camera = Camera(mount / REPORTED, {10.0: 3, 20.0: FRAMES})
    camera.write(2)
    assert fetched(camera, ours, FRAMES) == FRAMES
    assert camera.now_s >= 20.0


def test_the_cameras_notes_know_better_than_the_plan(places: tuple[Path, Path]) -> None:
    """A camera that rounds its frame time took three where four were planned, and says so."""
    mount, ours = places
    camera = Camera(mount / REPORTED, {10.0: 3})
    camera.write(2)
    note(camera, 3)
    assert fetched(camera, ours, FRAMES) == 3
    assert 10.0 <= camera.now_s < 12.0


def test_without_a_number_a_movie_is_closed_once_it_rests(places: tuple[Path, Path]) -> None:
    mount, ours = places
    camera = Camera(mount / REPORTED, {1.0: 2, 2.5: 3, 4.0: FRAMES})
    camera.write(1)
    assert fetched(camera, ours, None) == FRAMES
    assert camera.now_s >= 4.0 + STABLE_S


def test_a_movie_that_stays_short_is_an_error_that_says_by_how_much(
    places: tuple[Path, Path],
) -> None:
    mount, ours = places
    camera = Camera(mount / REPORTED)
    camera.write(2)
    with pytest.raises(CameraFailed, match=r"2 of 4 frames.*sets_frame_time"):
        fetched(camera, ours, FRAMES)
    assert camera.now_s >= SAVING_S
    assert not list(ours.iterdir())


def test_a_broken_movie_may_still_be_on_its_way_until_it_is_due(places: tuple[Path, Path]) -> None:
    """It rests, but its writer may only be held up; then it is brought, to be judged."""
    mount, ours = places
    camera = Camera(mount / REPORTED)
    camera.write(FRAMES)
    os.truncate(camera.path, camera.path.stat().st_size // 2)
    folder = folder_of(camera)
    assert folder.find(NAME, ours, "tif", broken_from_s=100.0) is None
    assert not list(ours.iterdir())
    camera.wait_until(100.0)
    found = folder.find(NAME, ours, "tif", broken_from_s=100.0)
    assert found is not None
    assert found.stat().st_size == camera.path.stat().st_size


def test_a_held_up_movie_is_found_whole_before_it_is_due(places: tuple[Path, Path]) -> None:
    mount, ours = places
    camera = Camera(mount / REPORTED, {50.0: FRAMES})
    camera.write(FRAMES)
    os.truncate(camera.path, camera.path.stat().st_size // 2)
    folder = folder_of(camera)
    assert folder.find(NAME, ours, "tif", broken_from_s=100.0) is None
    camera.wait_until(50.0)
    found = folder.find(NAME, ours, "tif", broken_from_s=100.0)
    assert found is not None
    assert found.read_bytes() == camera.path.read_bytes()


def failing(number: int) -> Callable[[int], None]:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EFBIG, StorageFull),
        (errno.EIO, CameraFailed),
        (errno.EACCES, CameraFailed),
        (errno.ESTALE, CameraFailed),
    ],
    ids=errno.errorcode.get,
)
def test_only_no_room_is_no_room(
    places: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    kind: type[Exception],
) -> None:
    """Room is waited for; a disk that fails otherwise is an exposure's failure, and is counted."""
    mount, ours = places
    camera = Camera(mount / REPORTED)
    camera.write(FRAMES)
    monkeypatch.setattr(os, "fsync", failing(number))
    with pytest.raises(kind, match="safe where the camera saved it"):
        fetched(camera, ours, FRAMES)
    assert not list(ours.iterdir())
    assert camera.path.is_file()


def test_a_movie_that_is_older_than_its_exposure_is_not_adopted(places: tuple[Path, Path]) -> None:
    """Of another night, or put there by hand: its name says nothing."""
    mount, ours = places
    camera = Camera(mount / f"{NAME}.tif", now_s=2e9, simulated=False)
    camera.write(FRAMES)
    folder = folder_of(camera)
    os.utime(camera.path, (1e9, 1e9))
    assert folder.find(NAME, ours, "tif", begun_s=1e9 + 10 * CLOCKS_DIFFER_S) is None
    assert not list(ours.iterdir())
    found = folder.find(NAME, ours, "tif", begun_s=1e9 + CLOCKS_DIFFER_S / 2)
    assert found == ours / f"{NAME}.tif", "clocks may differ a little"
