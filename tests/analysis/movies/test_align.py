"""Motion is found, undone, and never claimed where there is none to see."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.analysis.movies.align import Taken, align_movie
from smartscope.domain.errors import BadFile, InvalidInput
from tests.analysis.movies.moving_specimen import (
    ArrayMovie,
    burst_and_drift,
    correlation,
    record,
    rmse,
)


def test_a_burst_and_a_drift_are_followed_to_a_fraction_of_a_pixel() -> None:
    recorded = record(burst_and_drift(20))
    aligned = align_movie(
        recorded.movie, Taken(pixel_size_angstrom=1.2, dose_per_frame_e_per_a2=1.0)
    )
    assert aligned.aligned
    assert aligned.warnings == ()
    assert rmse(aligned.shifts_angstrom, recorded.positions_angstrom) < 0.25
    assert aligned.shift_error_angstrom is not None
    assert aligned.shift_error_angstrom < 0.25
    steps = np.hypot(*np.diff(recorded.positions_angstrom, axis=0).T)
    assert aligned.drift_total_angstrom == pytest.approx(steps.sum(), abs=1.5)
    assert aligned.drift_early_angstrom == pytest.approx(steps[:3].sum(), abs=1.0)


def test_the_aligned_sum_shows_the_scene_better_than_the_plain_one() -> None:
    recorded = record(burst_and_drift(20))
    aligned = align_movie(
        recorded.movie, Taken(pixel_size_angstrom=1.2, dose_per_frame_e_per_a2=1.0)
    )
    plain = recorded.movie.counts.sum(axis=0).astype(np.float32)
    # The sum stands at the mean position, so the scene is moved there by the frames' mean.
    path_mean = burst_and_drift(20).mean(axis=0)
    scene = np.roll(recorded.scene, np.rint(path_mean[::-1] / 1.2).astype(int), axis=(0, 1))
    inner = slice(20, -20), slice(20, -20)
    sharp = correlation(aligned.aligned_sum[inner], scene[inner])
    assert sharp > 1.15 * correlation(plain[inner], scene[inner])
    assert aligned.aligned_sum.dtype == np.float32
    assert aligned.aligned_sum.mean() == pytest.approx(plain.mean(), rel=1e-4)


def test_frames_of_little_dose_are_grouped_and_each_still_gets_its_place() -> None:
    path = burst_and_drift(40) * 0.5
    recorded = record(path, dose_per_frame=0.3)
    aligned = align_movie(
        recorded.movie, Taken(pixel_size_angstrom=1.2, dose_per_frame_e_per_a2=0.3)
    )
    assert aligned.shifts_angstrom.shape == (40, 2)
    assert rmse(aligned.shifts_angstrom, recorded.positions_angstrom) < 0.5


@pytest.mark.parametrize("seed", range(6))
def test_pure_noise_moves_nowhere(seed: int) -> None:
    counts = np.random.default_rng(seed).poisson(1.0, (15, 256, 256)).astype(np.uint8)
    aligned = align_movie(
        ArrayMovie(counts), Taken(pixel_size_angstrom=1.0, dose_per_frame_e_per_a2=1.0)
    )
    assert not aligned.aligned
    assert np.all(aligned.shifts_angstrom == 0.0)
    assert aligned.drift_total_angstrom is None
    assert "drift is not known" in aligned.warnings[0]
    assert np.array_equal(aligned.aligned_sum, counts.sum(axis=0))


def test_a_pattern_that_stands_still_is_not_mistaken_for_a_specimen_at_rest() -> None:
    gain = 1.0 + 0.05 * np.random.default_rng(5).normal(size=(360, 400)).astype(np.float32)
    recorded = record(burst_and_drift(20), contrast=0.06, gain=gain)
    aligned = align_movie(
        recorded.movie, Taken(pixel_size_angstrom=1.2, dose_per_frame_e_per_a2=1.0)
    )
    assert rmse(aligned.shifts_angstrom, recorded.positions_angstrom) < 0.4


def test_a_specimen_at_rest_is_left_where_it_is() -> None:
    recorded = record(np.zeros((15, 2)))
    aligned = align_movie(
        recorded.movie, Taken(pixel_size_angstrom=1.2, dose_per_frame_e_per_a2=1.0)
    )
    assert np.all(aligned.shifts_angstrom == 0.0)
    assert aligned.drift_total_angstrom == 0.0


def test_the_gain_is_applied_and_hot_and_dead_pixels_are_replaced() -> None:
    rng = np.random.default_rng(6)
    gain = rng.uniform(0.9, 1.1, (360, 400)).astype(np.float32)
    recorded = record(np.zeros((30, 2)), gain=gain, contrast=0.02)
    counts = recorded.movie.counts.copy()
    counts[:, 50, 60] = 40
    counts[:, :, 200] = 0
    aligned = align_movie(
        ArrayMovie(counts),
        Taken(pixel_size_angstrom=1.2, dose_per_frame_e_per_a2=1.0),
        gain=gain * 3.0,
    )
    total = aligned.aligned_sum
    assert 361 <= aligned.defects <= 370
    assert abs(total[50, 60] - total.mean()) < 6 * total.std()
    assert total[:, 200].mean() == pytest.approx(total.mean(), rel=0.02)
    assert total.std() < 1.1 * np.sqrt(total.mean()) + 0.02 * total.mean()


def test_the_result_is_the_same_every_time() -> None:
    recorded = record(burst_and_drift(8), shape=(256, 256))
    first, second = (
        align_movie(recorded.movie, Taken(pixel_size_angstrom=1.2, dose_per_frame_e_per_a2=1.0))
        for _ in range(2)
    )
    assert np.array_equal(first.shifts_angstrom, second.shifts_angstrom)
    assert np.array_equal(first.aligned_sum, second.aligned_sum)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_very_short_movies_are_summed(frames: int) -> None:
    recorded = record(burst_and_drift(20)[:frames] * 3, dose_per_frame=4.0, shape=(256, 256))
    aligned = align_movie(
        recorded.movie, Taken(pixel_size_angstrom=1.2, dose_per_frame_e_per_a2=4.0)
    )
    assert aligned.shifts_angstrom.shape == (frames, 2)
    if frames == 1:
        assert aligned.drift_total_angstrom is None
        assert "single frame" in aligned.warnings[0]
    else:
        assert rmse(aligned.shifts_angstrom, recorded.positions_angstrom) < 0.4


def fine_scene_moving(path_px: np.ndarray, side: int = 512) -> ArrayMovie:
    """Half an electron per pixel and frame of a scene of even detail from 30 to 3 pixels."""
    rng = np.random.default_rng(4)
    ky, kx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    k = np.hypot(ky, kx)
    spectrum = np.fft.rfft2(rng.normal(size=(side, side))) * ((k > 1 / 30) & (k < 1 / 3))
    spectrum *= 0.15 / np.fft.irfft2(spectrum).std()
    counts = [
        rng.poisson(
            np.maximum(
                0.5 + 0.5 * np.fft.irfft2(spectrum * np.exp(-2j * np.pi * (kx * x + ky * y))), 0.0
            )
        )
        for x, y in path_px
    ]
    return ArrayMovie(np.array(counts, dtype=np.uint8))


def test_where_electrons_are_few_fine_detail_tells_shifts(monkeypatch: pytest.MonkeyPatch) -> None:
    path = 0.3 * burst_and_drift(20)
    movie = fine_scene_moving(path)
    taken = Taken(pixel_size_angstrom=1.0, dose_per_frame_e_per_a2=0.5)
    fine = align_movie(movie, taken)
    monkeypatch.setattr("smartscope.analysis.movies.align.WELL_KNOWN_ANGSTROM", np.inf)
    coarse = align_movie(movie, taken)
    true = path - path.mean(axis=0)
    assert rmse(fine.shifts_angstrom, true) < 0.7 * rmse(coarse.shifts_angstrom, true)
    assert rmse(fine.shifts_angstrom, true) < 0.1


def test_without_a_dose_there_is_no_early_drift() -> None:
    recorded = record(burst_and_drift(8), shape=(256, 256))
    aligned = align_movie(recorded.movie, Taken(pixel_size_angstrom=1.2))
    assert aligned.drift_total_angstrom is not None
    assert aligned.drift_early_angstrom is None


@pytest.mark.parametrize(
    ("pixel_size_angstrom", "dose", "gain"),
    [
        (0.0, 1.0, None),
        (float("nan"), 1.0, None),
        (1e-9, 1.0, None),
        (1e9, 1.0, None),
        (1.0, 0.0, None),
        (1.0, 1.0, np.ones((4, 4))),
        (1.0, 1.0, np.zeros((64, 64))),
    ],
)
def test_arguments_that_cannot_be_are_refused(
    pixel_size_angstrom: float, dose: float, gain: np.ndarray | None
) -> None:
    movie = ArrayMovie(np.ones((3, 64, 64), dtype=np.uint8))
    with pytest.raises(InvalidInput):
        align_movie(
            movie,
            Taken(pixel_size_angstrom=pixel_size_angstrom, dose_per_frame_e_per_a2=dose),
            gain=gain,
        )


def test_a_movie_with_a_pixel_that_is_no_number_is_a_bad_file() -> None:
    counts = np.ones((3, 64, 64), dtype=np.float32)
    counts[1, 2, 3] = np.nan
    with pytest.raises(BadFile, match="not finite"):
        align_movie(ArrayMovie(counts), Taken(pixel_size_angstrom=1.0))


def test_a_camera_that_was_off_is_no_error() -> None:
    movie = ArrayMovie(np.zeros((4, 128, 128), dtype=np.uint8))
    aligned = align_movie(movie, Taken(pixel_size_angstrom=1.0, dose_per_frame_e_per_a2=1.0))
    assert aligned.mean_counts == 0.0
    assert aligned.drift_total_angstrom is None
