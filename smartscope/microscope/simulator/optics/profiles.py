"""Counting cameras as data: size, transfer, quantum efficiency, gain, defects."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraProfile:
    """One camera. `mtf` holds (cycles per pixel, value) knots at 300 kV; values between are
    interpolated.

    Electrons are counted, with coincidence loss; saved images hold `counts_per_electron` counts for
    each, and read noise where a camera has any. Defect rates, gain spread and loss are assumed.
    """

    name: str
    width_px: int
    height_px: int
    physical_pixel_um: float
    dqe0: float
    mtf: tuple[tuple[float, float], ...]
    counts_per_electron: float = 16.0
    gain_rms: float = 0.02
    gain_reference_error: float = 0.006
    hot_pixel_fraction: float = 3e-5
    dead_columns: int = 1
    coincidence_loss_per_e_px_s: float = 0.0075
    read_noise_counts: float = 0.0
    saturation_counts: int = 65535

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.height_px, self.width_px


K3_MTF = ((0.0, 1.0), (0.127, 0.96), (0.286, 0.86), (0.444, 0.70), (0.49, 0.64))
FALCON4_MTF = ((0.0, 1.0), (0.125, 0.84), (0.25, 0.53), (0.375, 0.25), (0.49, 0.09))

K2 = CameraProfile(
    name="K2",
    width_px=3838,
    height_px=3710,
    physical_pixel_um=5.0,
    dqe0=0.80,
    mtf=K3_MTF,
)
K3 = CameraProfile(
    name="K3",
    width_px=5760,
    height_px=4092,
    physical_pixel_um=5.0,
    dqe0=0.83,
    mtf=K3_MTF,
)
FALCON4 = CameraProfile(
    name="Falcon 4",
    width_px=4096,
    height_px=4096,
    physical_pixel_um=14.0,
    dqe0=0.93,
    mtf=FALCON4_MTF,
)
MINI = CameraProfile(
    name="mini",
    width_px=1024,
    height_px=1024,
    physical_pixel_um=5.0,
    dqe0=0.83,
    mtf=K3_MTF,
    dead_columns=0,
)
MINI_WIDE = CameraProfile(
    name="mini-wide",
    width_px=720,
    height_px=512,
    physical_pixel_um=5.0,
    dqe0=0.83,
    mtf=K3_MTF,
    dead_columns=0,
)
PROFILES = {profile.name: profile for profile in (K2, K3, FALCON4, MINI, MINI_WIDE)}
