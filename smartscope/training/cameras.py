"""Cameras, lenses and doses drawn at random: counting and integrating, sharp and blurred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from smartscope.microscope.simulator.optics.camera import LensQuality
from smartscope.microscope.simulator.optics.profiles import FALCON4, K2, K3, CameraProfile
from smartscope.microscope.simulator.optics.values import ExposureConditions, Level

_MOST_COUNTS = 45_000.0
_INTEGRATING_SHARE = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Imaging:
    """One way of taking an image: camera, lens, conditions, and the camera's own pattern."""

    profile: CameraProfile
    lens: LensQuality
    conditions: ExposureConditions
    camera_seed: int
    dose_e_per_px: float

    def drawn(self) -> dict[str, float | str]:
        """What was drawn, for the record."""
        return {
            "camera": self.profile.name,
            "read_noise_counts": self.profile.read_noise_counts,
            "dose_e_per_px": self.dose_e_per_px,
            "blur_px": self.lens.blur_px,
            "ghost": self.lens.ghost,
            "scatter": self.lens.scatter,
            "defocus_um": self.conditions.defocus_um,
        }


_DOSES: Mapping[Level, tuple[float, float]] = {
    Level.ATLAS: (5.0, 4000.0),
    Level.SQUARE: (4.0, 400.0),
    Level.HOLE: (8.0, 200.0),
}


def random_imaging(
    random: np.random.Generator, level: Level, shape: tuple[int, int], pixel_size_um: float
) -> Imaging:
    """A camera of (height, width) pixels and how it is used at a level.

    The dose is per pixel of the image as it is handed out: binning has added up several.
    """
    low, high = _DOSES[level]
    dose = float(np.exp(random.uniform(np.log(low), np.log(high))))
    ghost = float(random.uniform(0.0, 0.06)) if level is Level.ATLAS else 0.0
    lens = LensQuality(
        blur_px=float(random.uniform(0.4, 1.5)),
        ghost=ghost,
        ghost_px=(float(random.uniform(-12.0, 12.0)), float(random.uniform(-12.0, 12.0))),
        scatter=float(random.uniform(0.01, 0.08)),
    )
    conditions = ExposureConditions(
        level=level,
        dose_e_per_a2=dose / (pixel_size_um * 1e4) ** 2,
        defocus_um=float(random.uniform(30.0, 120.0)) if level is Level.HOLE else 0.0,
        voltage_kv=float(random.choice([200.0, 300.0])),
        slit_in=bool(random.uniform() < 0.3),
    )
    return Imaging(
        profile=_profile(random, shape, dose),
        lens=lens,
        conditions=conditions,
        camera_seed=int(random.integers(1, 2**31)),
        dose_e_per_px=dose,
    )


def _profile(random: np.random.Generator, shape: tuple[int, int], dose: float) -> CameraProfile:
    chosen = (K2, K3, FALCON4)[int(random.integers(3))]
    integrating = bool(random.uniform() < _INTEGRATING_SHARE)
    gain = min(float(random.uniform(8.0, 32.0)), _MOST_COUNTS / dose)
    return replace(
        chosen,
        name=f"{chosen.name} {'integrating' if integrating else 'counting'}",
        height_px=shape[0],
        width_px=shape[1],
        mtf=FALCON4.mtf if integrating else chosen.mtf,
        counts_per_electron=gain,
        read_noise_counts=float(random.uniform(3.0, 20.0)) if integrating else 0.0,
        gain_rms=float(random.uniform(0.01, 0.03)),
        gain_reference_error=float(random.uniform(0.003, 0.01)),
        hot_pixel_fraction=float(10.0 ** random.uniform(-5.0, -4.0)),
        dead_columns=int(random.integers(0, 3)),
    )
