"""Movies obey their own truth: motion, contrast transfer, ice power, dose."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import fft, ndimage, optimize

from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.ctf import Frequencies, contrast_transfer, ctf_of
from smartscope.microscope.simulator.optics.electron import (
    relativistic_factor,
    wavelength_angstrom,
)
from smartscope.microscope.simulator.optics.moving_ice import (
    moving_frames,
    moving_ice,
    roll_offsets,
)
from smartscope.microscope.simulator.optics.profiles import MINI
from smartscope.microscope.simulator.optics.radiation import (
    damage_basis,
    remaining_power,
    split_power,
    surviving_amplitude,
)
from smartscope.microscope.simulator.optics.record import record_movie
from smartscope.microscope.simulator.optics.resampling import moved
from smartscope.microscope.simulator.optics.scattering import (
    ice_power,
    residue_phase,
    scattering_factor,
    solute_power,
)
from smartscope.microscope.simulator.optics.specimen_bases import specimen_bases, transfer_table
from smartscope.microscope.simulator.optics.values import Level, NoiseKey, Recording, RecordSettings
from smartscope.microscope.simulator.specimen.spec import ParticleSpec, Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import (
    Box,
    HoleFault,
    IceClass,
    PastExposure,
    Patch,
    Pose,
)
from smartscope.microscope.simulator.specimen.world import Specimen

SETTINGS = RecordSettings(
    pixel_size_angstrom=1.6,
    frames=6,
    dose_e_per_a2=48.0,
    defocus_um=1.4237,
    astigmatism_angstrom=180.0,
)
NOISE = NoiseKey(seed=5, level=Level.RECORD, stage_x_nm=1234, stage_y_nm=-99)

Floats = NDArray[np.float64]


@cache
def world() -> Specimen:
    spec = preset_spec(Preset.GOOD, "movies")
    particle = ParticleSpec(species="shell24", density_per_um2=2500.0, junk_fraction=0.0)
    return Specimen(replace(spec, particle=particle))


@cache
def in_hole() -> Pose:
    square = next(s for s in world().squares(Box.around(0, 0, 200)) if s.usable)
    hole = next(
        h
        for h in world().holes(Box.around(square.stage_x_um, square.stage_y_um, 8))
        if h.visible and h.ice_class is IceClass.GOOD and h.fault is HoleFault.NONE
    )
    return Pose(x_um=hole.stage_x_um, y_um=hole.stage_y_um, rotation_deg=9.0)


@cache
def recording(side: int = 768) -> Recording:
    camera = Camera(replace(MINI, width_px=side, height_px=side), seed=2)
    return record_movie(world(), in_hole(), camera, SETTINGS, NOISE)


def flattened(of: Recording) -> Floats:
    movie = of.movie
    frames = movie.frames * movie.gain_reference.astype(np.float64)
    for frame in frames:
        frame[movie.defects] = np.median(frame)
    # Hot pixels that no reference knows would be fixed points for an aligner.
    limit = frames.mean() + 8 * math.sqrt(frames.mean())
    return np.where(frames > limit, frames.mean(), frames)


def moved_back(image: Floats, shift_px: Floats) -> Floats:
    result: Floats = fft.irfft2(
        ndimage.fourier_shift(fft.rfft2(image), -shift_px[::-1], n=image.shape[1]),
        s=image.shape,
    )
    return result


def measured_shifts(frames: Floats) -> Floats:
    """A small independent aligner: each frame against the sum of the others, sub-pixel."""
    side = frames.shape[1]
    k = Frequencies.of((side, side), 1.0).k
    weight = np.exp(-150.0 * k.astype(np.float64) ** 2 / 4) * (k > 0.006)
    spectra = [fft.rfft2(frame - frame.mean()) * weight for frame in frames]
    shifts = np.zeros((len(frames), 2))
    for _ in range(6):
        aligned = [
            ndimage.fourier_shift(s, -shift[::-1], n=side)
            for s, shift in zip(spectra, shifts, strict=True)
        ]
        total = np.sum(aligned, axis=0)
        for n, spectrum in enumerate(spectra):
            others = np.conj(total - aligned[n])
            shifts[n] = _peak(fft.fftshift(fft.irfft2(spectrum * others, s=(side, side))))
        shifts -= shifts[0]
    return shifts


def _peak(cross: Floats) -> Floats:
    middle = cross.shape[0] // 2
    window = cross[middle - 14 : middle + 15, middle - 14 : middle + 15]
    row, column = divmod(int(np.argmax(window[1:-1, 1:-1])), 27)
    y, x = row + 1, column + 1

    def vertex(low: float, mid: float, high: float) -> float:
        return 0.5 * (low - high) / (low - 2 * mid + high)

    return np.array(
        [
            x - 14 + vertex(window[y, x - 1], window[y, x], window[y, x + 1]),
            y - 14 + vertex(window[y - 1, x], window[y, x], window[y + 1, x]),
        ]
    )


def test_true_shifts_are_found_in_the_raw_frames() -> None:
    truth = recording().truth
    expected = truth.shifts_px + truth.local_px.mean(axis=(1, 2))
    expected = expected - expected[0]
    assert np.abs(expected).max() > 1.0
    error = measured_shifts(flattened(recording())) - expected
    error -= error.mean(axis=0)
    assert math.sqrt(float((error**2).sum(axis=1).mean())) < 0.2


def test_a_small_fit_recovers_the_defocus_on_carbon() -> None:
    (ax, bx), (ay, by) = world().film.basis
    between = Pose(x_um=in_hole().x_um + (ax + bx) / 2, y_um=in_hole().y_um + (ay + by) / 2)
    camera = Camera(replace(MINI, width_px=768, height_px=768), seed=2)
    on_carbon = record_movie(world(), between, camera, SETTINGS, NOISE)
    truth = on_carbon.truth
    assert float(truth.foil.min()) > 0.99
    shifts = truth.shifts_px + truth.local_px.mean(axis=(1, 2))
    total = np.sum(
        [moved_back(f, s) for f, s in zip(flattened(on_carbon), shifts, strict=True)], axis=0
    )
    fitted = fitted_defocus(total)
    true = (truth.ctf.defocus_u_angstrom, truth.ctf.defocus_v_angstrom)
    assert abs(sum(fitted) - sum(true)) / 2 < 50.0
    assert abs((fitted[0] - fitted[1]) - (true[0] - true[1])) < 60.0


def fitted_defocus(image: Floats) -> tuple[float, float]:
    """Defocus (u, v) in Å whose squared transfer matches the power spectrum best."""
    box = 256
    starts = range(0, image.shape[0] - box + 1, box // 2)
    taper = np.outer(np.hanning(box), np.hanning(box))
    power = np.mean(
        [
            np.abs(fft.rfft2((t - t.mean()) * taper)) ** 2
            for t in (image[y : y + box, x : x + box] for y in starts for x in starts)
        ],
        axis=0,
    )
    pixel = SETTINGS.pixel_size_angstrom
    frequencies = Frequencies.of((box, box), pixel)
    k = frequencies.k.astype(np.float64)
    ring = np.round(k * box * pixel).astype(int)
    background = ndimage.gaussian_filter1d(
        ndimage.mean(power, ring, np.arange(ring.max() + 1)), 5.0
    )
    used = (k > 0.04) & (k < 0.2)
    signal = (power / background[ring])[used]
    signal -= signal.mean()

    def mismatch(parameters: Floats) -> float:
        mean, cos, sin = parameters
        half = math.hypot(cos, sin)
        ctf = replace(
            ctf_of(SETTINGS),
            defocus_u_angstrom=mean + half,
            defocus_v_angstrom=mean - half,
            astigmatism_angle_deg=math.degrees(math.atan2(sin, cos)) / 2,
        )
        model = contrast_transfer(ctf, frequencies)[used].astype(np.float64) ** 2
        model -= model.mean()
        return -float((signal * model).sum() / np.linalg.norm(model))

    scan = np.arange(6000.0, 25000.0, 60.0)
    start = scan[np.argmin([mismatch(np.array([d, 0.0, 0.0])) for d in scan])]
    corner = np.array(
        [[start, 0, 0], [start + 80, 0, 0], [start, 120, 0], [start, 0, 120]], dtype=float
    )
    best = optimize.minimize(
        mismatch, corner[0], method="Nelder-Mead", options={"initial_simplex": corner}
    ).x
    half = math.hypot(best[1], best[2])
    return float(best[0] + half), float(best[0] - half)


def test_a_replay_is_bit_equal_and_a_repeat_moves_and_flickers_otherwise() -> None:
    camera = Camera(replace(MINI, width_px=128, height_px=128))
    settings = replace(SETTINGS, frames=3)
    first = record_movie(world(), in_hole(), camera, settings, NOISE)
    again = record_movie(world(), in_hole(), camera, settings, NOISE)
    other = record_movie(world(), in_hole(), camera, settings, replace(NOISE, repeat=1))
    assert (first.movie.frames == again.movie.frames).all()
    assert (first.movie.frames != other.movie.frames).mean() > 0.5
    assert np.abs(first.truth.shifts_px - other.truth.shifts_px).max() > 0.1
    assert (first.truth.noise_free == other.truth.noise_free).all()


def test_counts_are_the_dose_that_arrived() -> None:
    movie, truth = recording().movie, recording().truth
    expected = SETTINGS.dose_e_per_a2 / SETTINGS.frames * MINI.dqe0
    expected *= SETTINGS.pixel_size_angstrom**2
    passed = float(truth.noise_free.mean()) / expected
    thickness = truth.mean_ice_nm
    assert passed == pytest.approx(math.exp(-thickness * (1 / 300 + 1 / 315)), rel=0.02)
    assert float(movie.frames.mean()) == pytest.approx(passed * expected, rel=0.02)
    assert movie.frames.dtype == np.uint8


def test_particles_lie_where_truth_says_and_are_dark() -> None:
    truth = recording().truth
    coarse = ndimage.gaussian_filter(truth.noise_free.astype(np.float64), 5.0)
    side = coarse.shape[0]
    inside = truth.particle_px[
        ((truth.particle_px > 60) & (truth.particle_px < side - 60)).all(axis=1)
    ]
    assert len(inside) >= 5
    # The shell's wall is dark; its middle, a hollow, is not.
    ring = [
        coarse[round(y + 31 * math.sin(t)), round(x + 31 * math.cos(t))]
        for x, y in inside
        for t in np.arange(0, 2 * math.pi, 0.3)
    ]
    assert np.mean(ring) < coarse.mean() - 0.3 * coarse.std()


def flat_ice(side: int, thickness_nm: float) -> Patch:
    small = side // 8 + 4
    level, none = np.full((small, small), 0.9, np.float32), np.zeros((small, small), np.float32)
    return Patch(
        transmission=level,
        ice_nm=np.full_like(none, thickness_nm),
        contaminant_nm=none,
        foil=none,
        hole=np.ones_like(none),
        bar=none,
        vacuum=none,
        foil_thickness_nm=13.0,
        foil_is_gold=False,
        image_to_stage=Pose(x_um=0, y_um=0).image_to_stage((small, small), 8e-4),
        pixel_size_um=8e-4,
        seed=77,
    )


@pytest.mark.parametrize("frames", [1, 8, 30])
def test_ice_has_the_right_power_in_a_frame_and_in_the_sum(frames: int) -> None:
    side, thickness_nm = 540, 40.0
    settings = RecordSettings(frames=frames, dose_e_per_a2=50.0, defocus_um=2.0, b_factor_a2=20.0)
    affine = Pose(x_um=0.003, y_um=0.001).image_to_stage((side, side), 1e-4)
    patch = flat_ice(side, thickness_nm)
    still = specimen_bases(patch, affine, (side, side), (), settings, MINI, 0.0).images[0]
    moving = moving_ice((side, side), MINI, settings, 4242) * math.sqrt(10 * thickness_nm)
    offsets = roll_offsets(frames, (side, side), 99)
    stack = [still + np.roll(moving, offset, axis=(0, 1)) for offset in offsets]
    frame_dose = settings.dose_e_per_a2 / frames
    for image, dose in ((stack[0], frame_dose), (np.mean(stack, axis=0), settings.dose_e_per_a2)):
        for low, high in ((0.08, 0.2), (0.2, 0.32), (0.32, 0.45)):
            measured, expected = ring_power(image, settings, thickness_nm, dose, low, high)
            assert measured == pytest.approx(expected, rel=0.03)


def test_on_a_tilted_stage_moving_water_is_in_focus_where_the_rest_is() -> None:
    shape = (1440, 256)
    settings = RecordSettings(frames=20, dose_e_per_a2=50.0, defocus_um=1.0, tilt_deg=60.0)
    noise = NoiseKey(seed=3, level=Level.RECORD, stage_x_nm=1, stage_y_nm=2)
    frames = list(moving_frames(shape, MINI, settings, noise, root_thickness=np.float32(20.0)))
    assert len(frames) == 20
    assert not np.allclose(frames[0], frames[17])
    for rows in (slice(60, 188), slice(1252, 1380)):
        middle = 0.5 * (rows.start + rows.stop - 1 - (shape[0] - 1))
        gained_um = math.tan(math.radians(60.0)) * middle * settings.pixel_size_angstrom * 1e-4
        power = np.mean([np.abs(fft.rfft2(frame[rows])) ** 2 for frame in frames], axis=0)
        frequencies = Frequencies.of((128, 256), settings.pixel_size_angstrom)
        used = (frequencies.k > 0.06) & (frequencies.k < 0.16)
        likeness = []
        for assumed_um in (gained_um, 0.0, -gained_um):
            there = replace(settings, defocus_um=settings.defocus_um + assumed_um)
            square = contrast_transfer(ctf_of(there), frequencies) ** 2
            likeness.append(float(np.corrcoef(power[used], square[used])[0, 1]))
        assert likeness[0] > max(likeness[1:]) + 0.1


def ring_power(
    image: NDArray[np.float32],
    settings: RecordSettings,
    thickness_nm: float,
    dose: float,
    low: float,
    high: float,
) -> tuple[float, float]:
    """Power of a contrast image between two frequencies: measured, and as McMullan's law has it."""
    frequencies = Frequencies.of((image.shape[0], image.shape[1]), 1.0)
    k = frequencies.k.astype(np.float64)
    used = (k > low) & (k < high)
    used[:, 0] = used[:, -1] = False
    measured = (np.abs(fft.rfft2(image.astype(np.float64))) ** 2)[used].mean() / image.size
    expected = ice_power(k[used], 300.0) * remaining_power(k[used], dose)
    expected += solute_power(k[used], 300.0)
    transfer = contrast_transfer(ctf_of(settings), frequencies)[used].astype(np.float64)
    expected *= (transfer * transfer_table(k[used], settings, MINI)) ** 2 * 10 * thickness_nm
    return float(measured), float(expected.mean())


@pytest.mark.parametrize("frames", [2, 8, 30, 60, 120])
def test_rolled_ice_never_comes_close_to_itself(frames: int) -> None:
    offsets = np.array(roll_offsets(frames, (1000, 1000), 31)) / 1000.0
    apart = np.abs(offsets[:, None] - offsets[None])
    apart = np.minimum(apart, 1 - apart).max(axis=-1) + np.eye(frames)
    assert apart.min() >= 0.055


def test_power_shares_are_never_negative_and_add_up_in_a_frame() -> None:
    k = np.linspace(0.0, 0.7, 200)
    for frames in (1, 2, 40):
        static, dynamic = split_power(k, 60.0, frames)
        assert (static >= 0).all()
        assert (dynamic >= -1e-12).all()
        assert np.allclose(static + dynamic, remaining_power(k, 60.0 / frames), atol=1e-9)


def test_few_bases_carry_the_damage() -> None:
    k = np.linspace(0.01, 0.5, 200)
    amplitude = surviving_amplitude(k, (np.arange(40, dtype=np.float64) + 0.5) * 1.25, 300.0)
    coefficients, tables = damage_basis(amplitude)
    error = coefficients @ tables - amplitude
    assert coefficients.shape == (40, 3)
    assert np.abs(error).max() < 0.04
    assert math.sqrt(float((error**2).mean())) < 0.01


def test_dose_taken_earlier_has_faded_the_molecules() -> None:
    camera = Camera(replace(MINI, width_px=256, height_px=256))
    pose = in_hole()
    burnt = PastExposure(
        stage_x_um=pose.x_um, stage_y_um=pose.y_um, radius_um=0.5, dose_e_per_a2=60.0, time_s=0.0
    )
    settings = replace(SETTINGS, frames=2)
    fresh = record_movie(world(), pose, camera, settings, NOISE).truth.noise_free
    faded = record_movie(world(), pose, camera, settings, NOISE, earlier=[burnt]).truth.noise_free
    assert faded.mean() > fresh.mean()
    contrast = [ndimage.gaussian_filter(i / i.mean(), 3.0).std() for i in (fresh, faded)]
    assert contrast[1] < 0.9 * contrast[0]


def test_resampling_moves_by_exactly_what_it_is_told() -> None:
    y, x = np.mgrid[0:224, 0:224].astype(np.float32)
    wave = np.sin(0.2 * x + 0.13 * y).astype(np.float32)
    shifts = np.zeros((4, 5, 2))
    shifts[..., 0], shifts[..., 1] = 3.3, -7.6
    found = moved(wave, (40, 30), (100, 140), shifts)
    expected = np.sin(0.2 * (x - 3.3) + 0.13 * (y + 7.6))[40:140, 30:170]
    assert found.shape == (100, 140)
    assert np.abs(found - expected).max() < 0.002


def test_electron_constants_match_the_textbook() -> None:
    assert wavelength_angstrom(300.0) == pytest.approx(0.01969, abs=1e-5)
    assert wavelength_angstrom(200.0) == pytest.approx(0.02508, abs=1e-5)
    assert relativistic_factor(300.0) == pytest.approx(1.587, abs=1e-3)
    at_zero = np.array([0.0])
    factors = {e: float(scattering_factor(e, at_zero)[0]) for e in ("H", "C", "N", "O")}
    residue = 4.9 * factors["C"] + 1.35 * factors["N"] + 1.5 * factors["O"] + 7.8 * factors["H"]
    assert residue == pytest.approx(22.4, abs=0.2)
    assert float(residue_phase(at_zero, 300.0)[0]) > 0
