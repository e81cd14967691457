"""Images have the noise of their own exposure and the texture of their own place."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.domain.errors import InstrumentError
from smartscope.microscope.simulator.optics.acquire import take_image
from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.ladder import MINI_LADDER
from smartscope.microscope.simulator.optics.profiles import MINI
from smartscope.microscope.simulator.optics.shot_noise import poisson_counts
from smartscope.microscope.simulator.optics.values import ExposureConditions, Image, Level, NoiseKey
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box, Pose
from smartscope.microscope.simulator.specimen.world import Specimen

SMALL = replace(MINI, width_px=256, height_px=256, hot_pixel_fraction=0.0)
PIXEL_UM = 0.007


@cache
def world() -> Specimen:
    return Specimen(preset_spec(Preset.GOOD, "camera"))


@cache
def camera() -> Camera:
    return Camera(SMALL, seed=3)


@cache
def on_film() -> Pose:
    """A place on the carbon between four holes of a usable square."""
    square = next(s for s in world().squares(Box.around(0, 0, 200)) if s.usable)
    hole = next(
        h for h in world().holes(Box.around(square.stage_x_um, square.stage_y_um, 6)) if h.visible
    )
    (ax, bx), (ay, by) = world().film.basis
    return Pose(
        x_um=hole.stage_x_um + (ax + bx) / 2, y_um=hole.stage_y_um + (ay + by) / 2, rotation_deg=9
    )


def hole_view(*, repeat: int = 0, dose: float = 400.0, dx_px: float = 0.0) -> NDArray[np.float64]:
    pose = on_film()
    there = pose.image_to_stage((1, 1), PIXEL_UM).apply(dx_px, 0.0)
    image = take_image(
        world(),
        replace(pose, x_um=there.x_um, y_um=there.y_um),
        camera(),
        PIXEL_UM,
        ExposureConditions(
            level=Level.HOLE, dose_e_per_a2=dose / (PIXEL_UM * 1e4) ** 2, defocus_um=80.0
        ),
        NoiseKey(seed=1, level=Level.HOLE, stage_x_nm=10, stage_y_nm=20, repeat=repeat),
    )
    return image.counts.astype(np.float64)


def high_pass(image: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = image - ndimage.gaussian_filter(image, 6.0)
    return result


def correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


@pytest.mark.parametrize("mean", [0.3, 6.0, 40.0, 250.0, 2000.0])
def test_shot_noise_has_its_mean_and_variance(mean: float) -> None:
    counts = poisson_counts(np.full((1024, 1024), mean, dtype=np.float32), 12345)
    values = counts.astype(np.float64)
    assert abs(values.mean() / mean - 1) < 0.002
    assert abs(values.var() / values.mean() - 1) < 0.006


def test_shot_noise_is_white() -> None:
    counts = poisson_counts(np.full((1024, 1024), 6.0, dtype=np.float32), 99).astype(float)
    counts -= counts.mean()
    counts /= counts.std()
    for lag in range(1, 9):
        assert abs(float((counts[:, lag:] * counts[:, :-lag]).mean())) < 0.004
        assert abs(float((counts[lag:] * counts[:-lag]).mean())) < 0.004


def test_a_replay_is_bit_equal_and_a_repeat_is_not() -> None:
    assert (hole_view() == hole_view()).all()
    assert (hole_view() != hole_view(repeat=1)).mean() > 0.5


def test_repeats_share_film_grain_but_not_shot_noise() -> None:
    bright = [high_pass(hole_view(repeat=n, dose=4000.0)) for n in (0, 1)]
    assert correlation(*bright) > 0.3
    texture = (bright[0] + bright[1]) / 2
    dim = [high_pass(hole_view(repeat=n, dose=20.0)) for n in (2, 3)]
    residue = [d - texture * 20.0 / 4000.0 for d in dim]
    assert abs(correlation(*residue)) < 0.02


def test_film_grain_stays_with_the_place_when_the_image_moves() -> None:
    still = high_pass(hole_view(dose=4000.0))
    moved = high_pass(hole_view(repeat=1, dose=4000.0, dx_px=20.0))
    assert correlation(still[:, 30:-10], moved[:, 10:-30]) > 0.3
    assert abs(correlation(still[:, 30:-10], moved[:, 30:-10])) < 0.05


def test_no_border_is_darker_or_streaked() -> None:
    image = hole_view(dose=1000.0)
    middle = image[40:-40, 40:-40]
    for edge in (image[:3], image[-3:], image[:, :3], image[:, -3:]):
        assert abs(edge.mean() / middle.mean() - 1) < 0.08
        assert edge.std() < 1.5 * middle.std()


def test_a_closed_valve_gives_a_dark_image() -> None:
    rung = MINI_LADDER[Level.SQUARE]
    image = take_image(
        world(),
        on_film(),
        camera(),
        rung.pixel_size_um,
        replace(rung.conditions(), intensity=0.0),
        NoiseKey(seed=1, level=Level.SQUARE, stage_x_nm=0, stage_y_nm=0),
    )
    assert int(image.counts.max()) == 0


def atlas_view() -> Image:
    rung = MINI_LADDER[Level.ATLAS]
    return take_image(
        world(),
        Pose(x_um=60.0, y_um=-40.0),
        camera(),
        rung.pixel_size_um,
        rung.conditions(),
        NoiseKey(seed=1, level=Level.ATLAS, stage_x_nm=60_000, stage_y_nm=-40_000),
    )


def test_an_image_knows_where_each_pixel_lies() -> None:
    image = atlas_view()
    patch = world().render(
        Pose(x_um=60.0, y_um=-40.0), SMALL.shape, MINI_LADDER[Level.ATLAS].pixel_size_um
    )
    expected = patch.image_to_stage.apply(100.0, 30.0)
    found = image.image_to_stage.apply(100.0, 30.0)
    assert found.distance_um(expected) < 1e-6
    assert correlation(image.counts.astype(float), patch.transmission.astype(float)) > 0.97


def test_bars_are_dark_but_not_black() -> None:
    counts = atlas_view().counts
    patch = world().render(Pose(x_um=60.0, y_um=-40.0), SMALL.shape, 0.52)
    deep = ndimage.binary_erosion(patch.bar > 0.99, iterations=14)
    electrons = MINI_LADDER[Level.ATLAS].dose_e_per_px * SMALL.dqe0 * SMALL.counts_per_electron
    assert 0.003 < float(counts[deep].mean()) / electrons < 0.06


def test_a_patch_smaller_than_the_frame_is_refused() -> None:
    patch = world().render(on_film(), (64, 64), PIXEL_UM)
    conditions = ExposureConditions(level=Level.SQUARE, dose_e_per_a2=1.0)
    noise = NoiseKey(seed=1, level=Level.SQUARE, stage_x_nm=0, stage_y_nm=0)
    with pytest.raises(InstrumentError, match="render at least"):
        camera().expose(patch, conditions, noise)


def test_the_gain_reference_flattens_the_fixed_pattern() -> None:
    detector = Camera(replace(MINI, width_px=512, height_px=512, dead_columns=2)).detector
    flat = (detector.gain * detector.gain_reference)[~detector.defects]
    assert abs(float(flat.mean()) - 1) < 0.001
    assert float(detector.gain.std()) > 0.015
    assert float(flat.std()) < 0.01
    assert int(detector.defects.all(axis=0).sum()) == 2
