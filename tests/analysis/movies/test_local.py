"""Motion over the field is found where there is some, undone at once, and else not claimed."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage

from smartscope.analysis.base import FloatArray
from smartscope.analysis.movies.align import AlignedMovie, Taken, align_movie
from smartscope.analysis.movies.correct import CorrectedFrames
from smartscope.analysis.movies.local_field import LocalMotion, SpaceBasis, TimeBasis
from smartscope.analysis.movies.magnification import Magnification
from smartscope.analysis.movies.prepare import prepare
from smartscope.analysis.movies.sums import movie_sums
from smartscope.analysis.movies.transforms import FrameSpectra
from tests.analysis.movies.moving_specimen import ArrayMovie, correlation, record

PIXEL_ANGSTROM = 1.2
SIDE = 1536
FRAMES = 10
PLACES = np.array([-0.7, 0.0, 0.7])


def scene() -> np.ndarray:
    """Detail between 60 and 6 Å, sd 1."""
    rng = np.random.default_rng(3)
    k = np.hypot(
        np.fft.fftfreq(SIDE, PIXEL_ANGSTROM)[:, None], np.fft.rfftfreq(SIDE, PIXEL_ANGSTROM)
    )
    spectrum = fft.rfft2(rng.normal(size=(SIDE, SIDE)).astype(np.float32))
    spectrum *= np.exp(-20 * k**2) * (k > 1 / 60)
    made = np.asarray(fft.irfft2(spectrum, s=(SIDE, SIDE)), dtype=np.float32)
    return np.asarray(made / made.std())


def tilting() -> LocalMotion:
    """A burst that is upwards at the left and downwards at the right, and bends."""
    coefficients = np.zeros((6, 3, 2))
    coefficients[1, 0] = (0.4, 2.5)
    coefficients[2, 1] = (1.5, -0.5)
    coefficients[4, 0] = (-1.2, 0.3)
    return LocalMotion(
        coefficients,
        SpaceBasis.QUADRATIC,
        TimeBasis.BURST,
        3.0 * (np.arange(FRAMES, dtype=np.float64) + 0.5),
    )


def film(local: LocalMotion | None) -> ArrayMovie:
    """Counts of the scene, bent in each frame by `local`."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    picture = ndimage.spline_filter(scene(), mode="grid-wrap")
    line = np.linspace(-1, 1, 33)
    nodes = np.meshgrid(line, line)
    shifts = np.zeros((FRAMES, 33, 33, 2))
    if local is not None:
        shifts = local.shifts_angstrom(*nodes).reshape(shifts.shape) / PIXEL_ANGSTROM
    counts = []
    for frame in shifts:
        dx, dy = (ndimage.zoom(frame[..., axis], SIDE / 33, order=1) for axis in (0, 1))
        moved = ndimage.map_coordinates(
            picture, [y - dy, x - dx], order=3, mode="grid-wrap", prefilter=False
        )
        counts.append(rng.poisson(np.maximum(3.0 * (1.0 + 0.25 * moved), 0.0)))
    return ArrayMovie(np.array(counts, dtype=np.uint8))


def aligned(movie: ArrayMovie, *, local: bool = True) -> AlignedMovie:
    return align_movie(
        movie,
        Taken(pixel_size_angstrom=PIXEL_ANGSTROM, dose_per_frame_e_per_a2=3.0),
        local=local,
    )


def total_shifts(found: AlignedMovie) -> FloatArray:
    """(frames, places, 2), Å."""
    x, y = np.meshgrid(PLACES, PLACES)
    whole = found.shifts_angstrom[:, None, :]
    return whole if found.local is None else whole + found.local.shifts_angstrom(x, y)


def test_a_bending_field_is_followed_everywhere_and_sharpens_the_sum() -> None:
    truth = tilting()
    movie = film(truth)
    found = aligned(movie)
    assert found.local is not None
    assert found.local.space is SpaceBasis.QUADRATIC
    x, y = np.meshgrid(PLACES, PLACES)
    away = total_shifts(found) - truth.shifts_angstrom(x, y)
    away -= away.mean(axis=0)
    assert np.sqrt(np.mean(away**2)) < 0.2
    whole = aligned(movie, local=False)
    inner = slice(20, -20), slice(20, -20)
    sharp = correlation(found.sums.plain[inner], scene()[inner])
    assert sharp > 1.02 * correlation(whole.sums.plain[inner], scene()[inner])


def test_where_nothing_bends_nothing_is_claimed() -> None:
    assert aligned(film(None)).local is None


def test_a_small_field_is_not_bent() -> None:
    recorded = record(np.zeros((12, 2)), shape=(360, 400))
    found = align_movie(recorded.movie, Taken(pixel_size_angstrom=1.2, dose_per_frame_e_per_a2=2.0))
    assert found.local is None


def test_whole_shift_and_bend_are_undone_together_as_a_spline_would() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(20.0, (1, 96, 130)).astype(np.uint8)
    movie = prepare(ArrayMovie(counts), None)
    magnification = Magnification(ratio=0.02, angle_deg=30.0)
    shift = np.array([[2.5, -1.25]]) * PIXEL_ANGSTROM
    corrected = CorrectedFrames(
        movie, shift, pixel_size_angstrom=PIXEL_ANGSTROM, magnification=magnification
    ).frame(0)
    y, x = np.mgrid[:96, :130].astype(float)
    centred = np.stack([x - 64.5, y - 47.5], axis=-1)
    observed = centred @ np.linalg.inv(magnification.matrix()).T
    expected = ndimage.map_coordinates(
        fft_shifted(movie.frame(0), -2.5, 1.25),
        [observed[..., 1] + 47.5, observed[..., 0] + 64.5],
        order=3,
        mode="grid-wrap",
    )
    assert np.allclose(corrected, expected, atol=0.02)


def fft_shifted(image: np.ndarray, right: float, down: float) -> np.ndarray:
    """Moved by a fraction of pixels, in Fourier space."""
    height, width = image.shape
    phase = np.exp(
        -2j * np.pi * (np.fft.fftfreq(height)[:, None] * down + np.fft.rfftfreq(width) * right)
    )
    return np.asarray(fft.irfft2(fft.rfft2(image.astype(float)) * phase, s=image.shape))


def test_halves_of_a_bent_movie_have_independent_noise() -> None:
    rng = np.random.default_rng(2)
    counts = rng.poisson(3.0, (FRAMES, 512, 512)).astype(np.uint8)
    sums = movie_sums(
        FrameSpectra(prepare(ArrayMovie(counts), None)),
        rng.normal(size=(FRAMES, 2)),
        pixel_size_angstrom=PIXEL_ANGSTROM,
        local=tilting(),
    )
    assert abs(correlation(sums.even, sums.odd)) < 0.01
    assert np.allclose(sums.even + sums.odd, sums.plain)
