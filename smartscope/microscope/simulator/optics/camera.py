"""From a rendered patch to saved counts: lens blur, illumination, detector transfer, shot noise,
defects.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.domain.errors import InstrumentError
from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.optics.detector import Detector, transfer
from smartscope.microscope.simulator.optics.fresnel import defocused_intensity, fresnel_margin_px
from smartscope.microscope.simulator.optics.profiles import CameraProfile
from smartscope.microscope.simulator.optics.shot_noise import poisson_counts
from smartscope.microscope.simulator.optics.values import (
    ExposureConditions,
    Image,
    Level,
    NoiseKey,
)
from smartscope.microscope.simulator.specimen.hashing import Channel, key, uniform, white
from smartscope.microscope.simulator.specimen.values import Patch

FloatImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class LensQuality:
    """Low-magnification blur (assumed but for the ghost and scatter, seen in a real atlas)."""

    blur_px: float
    ghost: float
    ghost_px: tuple[float, float]
    scatter: float


LENSES = {
    Level.ATLAS: LensQuality(blur_px=0.85, ghost=0.035, ghost_px=(9.0, 4.0), scatter=0.06),
    Level.SQUARE: LensQuality(blur_px=0.7, ghost=0.0, ghost_px=(0.0, 0.0), scatter=0.04),
}
SHARP = LensQuality(blur_px=0.0, ghost=0.0, ghost_px=(0.0, 0.0), scatter=0.005)
DIFFRACTING = (Level.HOLE, Level.FOCUS)


def shot_key(noise: NoiseKey, channel: Channel, *extra: int) -> int:
    """The 64-bit key of an acquisition's noise."""
    return key(
        noise.seed,
        channel,
        int(noise.level),
        noise.stage_x_nm,
        noise.stage_y_nm,
        noise.shift_x_nm,
        noise.shift_y_nm,
        noise.repeat,
        *extra,
    )


class Camera:
    """One camera with its own fixed pattern; `seed` tells two cameras of a kind apart.

    `lenses` are the column's before it, by level; a level without one is sharp.
    """

    def __init__(
        self,
        profile: CameraProfile,
        *,
        seed: int = 0,
        lenses: Mapping[Level, LensQuality] = MappingProxyType(LENSES),
    ) -> None:
        self.profile = profile
        self.detector = Detector(profile, seed)
        self.lenses = lenses

    def render_shape(self, conditions: ExposureConditions, pixel_size_um: float) -> tuple[int, int]:
        """(height, width) of the patch that `expose` wants: the frame and a margin on each side."""
        margin = 8
        if conditions.level in DIFFRACTING:
            margin = fresnel_margin_px(conditions.defocus_um, conditions.voltage_kv, pixel_size_um)
        sides = [side + 2 * margin for side in self.profile.shape]
        # Twice a fast length is fast and even, as the frames are, so the crop is centred.
        fast = [2 * int(fft.next_fast_len((side + 1) // 2, real=True)) for side in sides]
        return fast[0], fast[1]

    def expose(self, patch: Patch, conditions: ExposureConditions, noise: NoiseKey) -> Image:
        """A gain-corrected image of the patch's middle; raises when the patch is smaller than the
        frame.
        """
        intensity = self._intensity(patch, conditions)
        top, left = self._crop_offsets(patch)
        height, width = self.profile.shape
        electrons = intensity[top : top + height, left : left + width]
        affine = patch.image_to_stage
        origin = affine.apply(left, top)
        affine = Affine(affine.a, affine.b, origin.x_um, affine.c, affine.d, origin.y_um)
        electrons = electrons * self._illumination(conditions, patch.pixel_size_um)
        counts = self._read_out(electrons, conditions, noise)
        return Image(
            counts=counts,
            pixel_size_um=patch.pixel_size_um,
            counts_per_electron=self.profile.counts_per_electron,
            image_to_stage=affine,
            dose_e_per_a2=conditions.dose_e_per_a2 * conditions.intensity,
        )

    def _crop_offsets(self, patch: Patch) -> tuple[int, int]:
        extra = [
            have - want
            for have, want in zip(patch.transmission.shape, self.profile.shape, strict=True)
        ]
        if min(extra) < 0:
            raise InstrumentError(
                f"Camera {self.profile.name} has {self.profile.shape} pixels but the rendered "
                f"patch only {patch.transmission.shape}: render at least `render_shape`."
            )
        return extra[0] // 2, extra[1] // 2

    def _intensity(self, patch: Patch, conditions: ExposureConditions) -> FloatImage:
        """I/I0 after the lenses and the detector's transfer, on the patch's pixels."""
        if conditions.level in DIFFRACTING:
            image = defocused_intensity(patch, conditions.defocus_um, conditions.voltage_kv)
        else:
            image = patch.transmission
        lens = self.lenses.get(conditions.level, SHARP)
        height, width = image.shape
        fy, fx = fft.fftfreq(height)[:, None], fft.rfftfreq(width)[None, :]
        blur_y, blur_x = (
            np.exp(-2 * (np.pi * lens.blur_px * f) ** 2).astype(np.float32) for f in (fy, fx)
        )
        spectrum = fft.rfft2(image)
        spectrum *= transfer(self.profile, np.hypot(fy, fx).astype(np.float32))
        spectrum *= blur_y
        spectrum *= blur_x
        if lens.ghost:
            turn = np.exp(-2j * np.pi * lens.ghost_px[1] * fy) * np.exp(
                -2j * np.pi * lens.ghost_px[0] * fx
            )
            spectrum *= (1 - lens.ghost) + np.complex64(lens.ghost) * turn.astype(np.complex64)
        spectrum[0, 0] *= 1 + lens.scatter
        blurred: FloatImage = fft.irfft2(spectrum, s=image.shape)
        return np.maximum(blurred, np.float32(0), out=blurred)

    def _illumination(self, conditions: ExposureConditions, pixel_size_um: float) -> FloatImage:
        """Expected detected electrons per pixel in vacuum: fall-off 3-6 %, gradient to 2 %, beam
        edge.
        """
        height, width = self.profile.shape
        draw = uniform(
            self.detector.seed, Channel.ILLUMINATION, int(conditions.level), np.arange(3)
        )
        x = (np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2))[None, :]
        y = (np.arange(height, dtype=np.float32) - np.float32((height - 1) / 2))[:, None]
        half = np.float32(0.5 * math.hypot(width, height))
        direction = 2 * math.pi * draw[2]
        shape = 1 - np.float32(0.03 + 0.03 * draw[0]) * ((x / half) ** 2 + (y / half) ** 2)
        shape += np.float32(0.02 * draw[1]) * (
            np.float32(math.cos(direction)) * x / half + np.float32(math.sin(direction)) * y / half
        )
        if conditions.beam_radius_um > 0:
            radius = np.hypot(
                x * np.float32(pixel_size_um) - np.float32(conditions.beam_offset_x_um),
                y * np.float32(pixel_size_um) - np.float32(conditions.beam_offset_y_um),
            )
            edge = 0.02 * conditions.beam_radius_um + pixel_size_um
            shape *= np.clip((conditions.beam_radius_um - radius) / edge + 0.5, 0, 1)
        dose_e_per_px = conditions.dose_e_per_a2 * (pixel_size_um * 1e4) ** 2
        rate = dose_e_per_px * conditions.intensity * self.profile.dqe0
        loss = rate / max(conditions.exposure_s, 1e-3) * self.profile.coincidence_loss_per_e_px_s
        # Coincidence loss is for counting rates; images are taken at rates where it stays below 15
        # %.
        lit: FloatImage = (shape * np.float32(rate * (1 - min(loss, 0.15)))).astype(np.float32)
        return lit

    def _read_out(
        self, electrons: FloatImage, conditions: ExposureConditions, noise: NoiseKey
    ) -> NDArray[np.uint16]:
        profile, detector = self.profile, self.detector
        raw = poisson_counts(electrons * detector.gain, shot_key(noise, Channel.SHOT))
        detector.blemish(raw, exposure_share=min(1.0, conditions.exposure_s))
        image = raw * detector.gain_reference
        image *= np.float32(profile.counts_per_electron)
        if profile.read_noise_counts > 0:
            image += np.float32(profile.read_noise_counts) * white(
                profile.shape, shot_key(noise, Channel.READ_NOISE)
            )
        detector.mend(image)
        counts: NDArray[np.uint16] = np.clip(np.rint(image), 0, profile.saturation_counts).astype(
            np.uint16
        )
        return counts
