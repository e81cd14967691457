"""Water that moves between frames: one cyclic field, rolled to a new place for every frame."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.microscope.simulator.optics.ctf import Frequencies, contrast_transfer, ctf_of
from smartscope.microscope.simulator.optics.profiles import CameraProfile
from smartscope.microscope.simulator.optics.radiation import split_power
from smartscope.microscope.simulator.optics.scattering import ice_power
from smartscope.microscope.simulator.optics.specimen_bases import Radial, transfer_table
from smartscope.microscope.simulator.optics.values import RecordSettings
from smartscope.microscope.simulator.specimen.hashing import Channel, uniform, white

LEAST_OFFSET = 0.06


def moving_ice(
    shape: tuple[int, int], profile: CameraProfile, settings: RecordSettings, field_key: int
) -> NDArray[np.float32]:
    """Contrast of the moving part of 1 Å of ice, cyclic over a frame of (height, width).

    Scale by the root of the thickness in Å. With the lasting part in `specimen_bases` the power is
    right in one frame and in the sum of all (`split_power`).
    """
    frequencies = Frequencies.of(shape, settings.pixel_size_angstrom)
    radial = Radial.on(frequencies)
    _, share = split_power(radial.k, settings.dose_e_per_a2, settings.frames)
    table = np.sqrt(ice_power(radial.k, settings.voltage_kv) * share)
    table *= transfer_table(radial.k, settings, profile) / settings.pixel_size_angstrom
    spectrum = fft.rfft2(white(shape, field_key), overwrite_x=True)
    spectrum *= radial.spread(table)
    spectrum *= contrast_transfer(ctf_of(settings), frequencies)
    image: NDArray[np.float32] = fft.irfft2(spectrum, s=shape, overwrite_x=True)
    return image


def roll_offsets(frames: int, shape: tuple[int, int], offset_key: int) -> list[tuple[int, int]]:
    """Cyclic offsets (rows, columns), pairwise at least 0.06 of the frame apart in x or in y.

    Cells of a lattice in hashed order, each offset within its cell: free offsets would often come
    so close that an aligner finds the ice's own copy. Holds up to 256 frames.
    """
    side = math.ceil(math.sqrt(frames))
    draw = uniform(
        offset_key >> 1, Channel.FRAME_OFFSET, np.arange(side * side)[:, None], np.arange(3)
    )
    order = np.argsort(draw[:, 0], kind="stable")[:frames]
    slack = max(1.0 / side - LEAST_OFFSET, 0.0)
    cells = np.stack([order // side, order % side], axis=-1) / side
    places = cells + slack * draw[order, 1:]
    return [(int(places[n, 0] * shape[0]), int(places[n, 1] * shape[1])) for n in range(frames)]
