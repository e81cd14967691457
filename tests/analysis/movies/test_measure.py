"""One call measures an exposure from its file, whatever the format, and refuses a broken one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.io.mrc import save_mrc
from smartscope.analysis.io.tiff import save_tiff_stack
from smartscope.analysis.movies.align import Taken
from smartscope.analysis.movies.measure import CtfWanted, measure_exposure
from smartscope.domain.errors import BadFile, InvalidInput
from tests.analysis.movies.moving_specimen import burst_and_drift, record, rmse

CTF = CtfWanted(optics=Optics())


def test_a_movie_gives_the_same_measures_from_mrc_and_tiff(tmp_path: Path) -> None:
    recorded = record(burst_and_drift(12))
    mrc, tiff = tmp_path / "a.mrcs", tmp_path / "a.tif"
    save_mrc(mrc, recorded.movie.counts, pixel_size_angstrom=9.9)
    save_tiff_stack(tiff, recorded.movie.counts, lzw=True)
    first, second = (
        measure_exposure(path, Taken(pixel_size_angstrom=1.2, dose_per_frame_e_per_a2=1.0), ctf=CTF)
        for path in (mrc, tiff)
    )
    assert np.array_equal(first.aligned.aligned_sum, second.aligned.aligned_sum)
    assert first.aligned.drift_total_angstrom == second.aligned.drift_total_angstrom
    assert rmse(first.aligned.shifts_angstrom, recorded.positions_angstrom) < 0.3
    assert first.frames == 12
    assert first.aligned.aligned
    assert first.aligned.mean_counts == pytest.approx(1.44, rel=0.02)
    assert first.aligned.pixel_size_angstrom == 1.2
    assert first.power_spectrum.amplitude.max() == 1.0


def test_a_single_image_is_measured_and_says_that_it_has_no_motion(tmp_path: Path) -> None:
    path = tmp_path / "image.mrc"
    image = np.random.default_rng(1).poisson(40.0, (200, 240)).astype(np.uint16)
    save_mrc(path, image, pixel_size_angstrom=1.2)
    measures = measure_exposure(path, Taken(pixel_size_angstrom=1.2), ctf=CTF)
    assert np.array_equal(measures.aligned.aligned_sum, image)
    assert measures.aligned.drift_total_angstrom is None
    assert measures.aligned.shifts_angstrom.shape == (1, 2)
    assert "single frame" in measures.aligned.warnings[0]


def test_a_file_that_is_still_being_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "growing.mrcs"
    save_mrc(path, np.ones((3, 64, 64), dtype=np.uint8), pixel_size_angstrom=1.0)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadFile, match="still being written"):
        measure_exposure(path, Taken(pixel_size_angstrom=1.0), ctf=CTF)


@pytest.mark.parametrize("pixel_angstrom", [1e-4, 300.0, 1e6])
def test_a_pixel_that_no_exposure_has_is_refused_in_words(
    tmp_path: Path, pixel_angstrom: float
) -> None:
    path = tmp_path / "movie.mrcs"
    save_mrc(path, np.ones((3, 64, 64), dtype=np.uint8), pixel_size_angstrom=1.0)
    with pytest.raises(InvalidInput, match="correct the record area's magnification"):
        measure_exposure(path, Taken(pixel_size_angstrom=pixel_angstrom), ctf=CTF)
