"""What a camera's settings say is done to movies that arrive, and what cannot be used is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from numpy.typing import NDArray

from smartscope.analysis.io.mrc import read_mrc_image, save_mrc
from smartscope.models import Analysis, Detector, Event, Exposure, Grid, Image
from tests.workers.test_exposure_measured import taken
from workers.analyses.run import run_analysis

pytestmark = pytest.mark.django_db

SHAPE = (256, 320)
BAD = (40, 60)


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings: object) -> None:
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()  # type: ignore[attr-defined]


def sensitivity() -> NDArray[np.float32]:
    """What each pixel counts of one electron: fine, uneven, and unlike itself when turned."""
    return np.random.default_rng(3).uniform(0.6, 1.4, SHAPE).astype(np.float32)


def raw_frames(frames: int = 10) -> NDArray[np.uint8]:
    """An even beam through that camera, with one pixel that counts nothing."""
    counts = np.random.default_rng(4).poisson(20.0 * sensitivity(), (frames, *SHAPE))
    counts[:, BAD[0], BAD[1]] = 0
    return counts.astype(np.uint8)


def arrived(tmp_path: Path, frames: NDArray[np.uint8]) -> tuple[Analysis, Exposure]:
    """A movie on storage, its row saying what it is."""
    analysis, exposure = taken(tmp_path, frames)
    Image.objects.filter(pk=analysis.image_id).update(height_px=SHAPE[0], width_px=SHAPE[1])
    Detector.objects.update(height_px=SHAPE[0], width_px=SHAPE[1])
    return analysis, exposure


def measured(analysis: Analysis, exposure: Exposure) -> tuple[Analysis, Exposure]:
    run_analysis(analysis.pk)
    return Analysis.objects.get(pk=analysis.pk), Exposure.objects.get(pk=exposure.pk)


def summed(tmp_path: Path, exposure: Exposure) -> NDArray[np.float32]:
    assert exposure.sum_image is not None
    return read_mrc_image(tmp_path / "files" / exposure.sum_image.key)[0]


def file_of(tmp_path: Path, pixels: NDArray[np.float32]) -> Path:
    path = tmp_path / "reference.mrc"
    save_mrc(path, pixels, pixel_size_angstrom=1.0)
    return path


def unevenness(picture: NDArray[np.float32]) -> float:
    """Of an even beam, beside what counting alone makes it."""
    return float(picture.std() / np.sqrt(picture.mean()))


def test_the_cameras_gain_and_bad_pixels_are_applied_to_what_arrives(tmp_path: Path) -> None:
    analysis, exposure = arrived(tmp_path, raw_frames())
    defects = tmp_path / "defects.txt"
    defects.write_text(f"BadPixels {BAD[1]} {BAD[0]}\n", encoding="utf-8")
    gain = file_of(tmp_path, 1.0 / sensitivity())
    call_command("movie_references", "titan", gain=gain, defects=defects)
    done, exposure = measured(analysis, exposure)
    assert (done.state, done.error) == ("done", "")
    assert "gain" not in exposure.warnings
    flat = summed(tmp_path, exposure)
    assert unevenness(flat) < 1.3
    assert flat[BAD] > 100.0


def test_without_references_the_same_movie_is_uneven(tmp_path: Path) -> None:
    done, exposure = measured(*arrived(tmp_path, raw_frames()))
    assert done.state == "done"
    assert unevenness(summed(tmp_path, exposure)) > 2.5


def test_a_gain_that_lies_wrongly_is_doubted_on_the_exposure(tmp_path: Path) -> None:
    analysis, exposure = arrived(tmp_path, raw_frames())
    wrong = np.ascontiguousarray(np.rot90(1.0 / sensitivity(), 2))
    call_command("movie_references", "titan", gain=file_of(tmp_path, wrong))
    done, exposure = measured(analysis, exposure)
    assert done.state == "done"
    assert "turned_180" in exposure.warnings
    assert "Check its orientation" in exposure.warnings


def test_turned_as_the_doubt_says_it_fits(tmp_path: Path) -> None:
    analysis, exposure = arrived(tmp_path, raw_frames())
    wrong = np.ascontiguousarray(np.rot90(1.0 / sensitivity(), 2))
    call_command(
        "movie_references", "titan", gain=file_of(tmp_path, wrong), gain_orientation="turned_180"
    )
    _, exposure = measured(analysis, exposure)
    assert "gain" not in exposure.warnings
    assert unevenness(summed(tmp_path, exposure)) < 1.3


def test_a_stretched_picture_is_undone(tmp_path: Path) -> None:
    analysis, exposure = arrived(tmp_path, raw_frames())
    call_command("movie_references", "titan", distortion=0.04)
    _, exposure = measured(analysis, exposure)
    stretched = summed(tmp_path, exposure)
    total = raw_frames().sum(axis=0)
    middle = (slice(125, 131), slice(157, 163))
    assert np.corrcoef(stretched[middle].ravel(), total[middle].ravel())[0, 1] > 0.8
    assert abs(np.corrcoef(stretched[:, :40].ravel(), total[:, :40].ravel())[0, 1]) < 0.5


def test_a_gain_of_another_camera_ends_the_measurement_with_what_to_do(tmp_path: Path) -> None:
    analysis, exposure = arrived(tmp_path, raw_frames())
    save_mrc(
        tmp_path / "files" / "other.mrc", np.ones((64, 64), np.float32), pixel_size_angstrom=1.0
    )
    Detector.objects.update(gain_key="other.mrc")
    done, exposure = measured(analysis, exposure)
    assert done.state == "dead"
    assert "64 x 64" in done.error
    assert "choose the reference of this camera mode" in done.error
    assert exposure.status == "transferred"
    assert Event.objects.filter(kind="finding.failed", reason=done.error).exists()


def test_a_refused_reference_changes_nothing(tmp_path: Path) -> None:
    arrived(tmp_path, raw_frames())
    small = file_of(tmp_path, np.ones((64, 64), np.float32))
    with pytest.raises(CommandError, match="64 x 64"):
        call_command("movie_references", "titan", gain=small)
    with pytest.raises(CommandError, match="There is no such camera; there are titan 1"):
        call_command("movie_references", "other")
    assert Detector.objects.get().gain_key == ""


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def not_a_number(path: Path) -> None:
    frames = np.ones((10, *SHAPE), np.float32)
    frames[2, 5, 5] = np.nan
    save_mrc(path, frames, pixel_size_angstrom=1.0)


@pytest.mark.parametrize(
    ("harm", "said"),
    [(cut, "still being written"), (emptied, "still being written"), (not_a_number, "finite")],
)
def test_a_broken_movie_says_what_is_wrong_and_the_grid_goes_on(
    tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    analysis, exposure = arrived(tmp_path, raw_frames())
    path = tmp_path / "files" / analysis.image.key
    whole = path.read_bytes()
    Image.objects.filter(pk=analysis.image_id).update(bytes=len(whole))
    harm(path)
    done, exposure = measured(analysis, exposure)
    assert done.state == "dead"
    assert said in done.error
    assert exposure.status == "transferred", "its dose is not forgotten"
    assert path.exists(), "the file is kept"
    assert Grid.objects.get(pk=exposure.hole.square.grid_id).status != "failed"
