"""What one camera does to every image: its transfer, its gain map and the reference's error, its
defects.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.optics.profiles import CameraProfile
from smartscope.microscope.simulator.specimen.hashing import Channel, key, uniform, white

FloatImage = NDArray[np.float32]


def transfer(profile: CameraProfile, cycles_per_px: NDArray[np.float32]) -> FloatImage:
    """√(DQE/DQE(0)), taken as the MTF; zero-order hold beyond the last knot."""
    knots = np.array(profile.mtf)
    values: FloatImage = np.interp(cycles_per_px, knots[:, 0], knots[:, 1]).astype(np.float32)
    return values


class Detector:
    """The fixed pattern of one camera, from its seed; computed on first use."""

    def __init__(self, profile: CameraProfile, seed: int) -> None:
        self.profile = profile
        self.seed = seed

    @cached_property
    def gain(self) -> FloatImage:
        """Counts per detected electron, relative, mean one: pixel spread and steps between readout
        columns.
        """
        profile = self.profile
        gain = np.float32(profile.gain_rms) * white(profile.shape, key(self.seed, Channel.GAIN, 0))
        blocks = np.arange(profile.width_px) // max(1, profile.width_px // 8)
        steps = 0.012 * (uniform(self.seed, Channel.GAIN, 1, blocks) - 0.5)
        gain += np.float32(1.0) + steps.astype(np.float32)
        positive: FloatImage = np.maximum(gain, np.float32(0.5))
        return positive

    @cached_property
    def gain_reference(self) -> FloatImage:
        """What a frame is multiplied by: the inverse gain, measured with an error; defects are
        zero.
        """
        error = white(self.profile.shape, key(self.seed, Channel.GAIN, 2))
        reference = (1 + np.float32(self.profile.gain_reference_error) * error) / self.gain
        reference[self.defects] = 0.0
        return reference

    @cached_property
    def defects(self) -> NDArray[np.bool_]:
        """Dead columns and the hot pixels that are known."""
        defects = np.zeros(self.profile.shape, dtype=bool)
        defects[:, self._dead_columns()] = True
        known = self._hot[2] < 0.9
        defects[self._hot[0][known], self._hot[1][known]] = True
        return defects

    @cached_property
    def _hot(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        profile = self.profile
        count = np.arange(round(profile.hot_pixel_fraction * profile.width_px * profile.height_px))
        y = (uniform(self.seed, Channel.DEFECT, 0, count) * profile.height_px).astype(np.int64)
        x = (uniform(self.seed, Channel.DEFECT, 1, count) * profile.width_px).astype(np.int64)
        return y, x, uniform(self.seed, Channel.DEFECT, 2, count)

    def _dead_columns(self) -> NDArray[np.int64]:
        which = uniform(self.seed, Channel.DEFECT, 3, np.arange(self.profile.dead_columns))
        return (which * (self.profile.width_px - 2) + 1).astype(np.int64)

    def blemish(self, counts: NDArray[np.uint16], exposure_share: float = 1.0) -> None:
        """Dead columns and hot pixels as they come off the chip; changes `counts` (electrons) in
        place.
        """
        counts[:, self._dead_columns()] = 0
        y, x, strength = self._hot
        hot = counts[y, x] + np.rint((20 + 180 * strength) * exposure_share)
        counts[y, x] = np.minimum(hot, 65535).astype(np.uint16)

    def mend(self, image: FloatImage) -> None:
        """Fills known defects from the pixels to their left and right, as acquisition software
        does.
        """
        y, x = np.nonzero(self.defects)
        left, right = np.maximum(x - 1, 0), np.minimum(x + 1, image.shape[1] - 1)
        image[y, x] = 0.5 * (image[y, left] + image[y, right])
