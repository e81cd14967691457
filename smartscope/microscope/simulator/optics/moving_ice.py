"""Water that moves between frames: a cyclic field, rolled to a new place for every frame.

On a tilted stage defocus changes from row to row, so that a field may be rolled along the rows
only; so little room serves few frames, and more take another field.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.microscope.simulator.optics.camera import shot_key
from smartscope.microscope.simulator.optics.ctf import Frequencies
from smartscope.microscope.simulator.optics.profiles import CameraProfile
from smartscope.microscope.simulator.optics.radiation import split_power
from smartscope.microscope.simulator.optics.scattering import ice_power
from smartscope.microscope.simulator.optics.specimen_bases import Radial, transfer_table
from smartscope.microscope.simulator.optics.tilted_transfer import transferred
from smartscope.microscope.simulator.optics.values import NoiseKey, RecordSettings
from smartscope.microscope.simulator.specimen.hashing import Channel, uniform, white

LEAST_OFFSET = 0.06
FRAMES_OF_A_TILTED_FIELD = 16


def moving_frames(
    shape: tuple[int, int],
    profile: CameraProfile,
    settings: RecordSettings,
    noise: NoiseKey,
    *,
    root_thickness: NDArray[np.float32] | np.float32,
) -> Iterator[NDArray[np.float32]]:
    """What moving ice adds to each frame's contrast (height, width), frame after frame.

    `root_thickness` is the root of the thickness in Å, of each pixel or of all.
    """
    fields, places = Channel.RECORD_DYNAMIC, Channel.FRAME_OFFSET
    if settings.tilt_deg == 0.0:
        whole = moving_ice(shape, profile, settings, shot_key(noise, fields)) * root_thickness
        for offset in roll_offsets(settings.frames, shape, shot_key(noise, places)):
            yield np.roll(whole, offset, axis=(0, 1))
        return
    for first in range(0, settings.frames, FRAMES_OF_A_TILTED_FIELD):
        whole = moving_ice(shape, profile, settings, shot_key(noise, fields, first))
        count = min(FRAMES_OF_A_TILTED_FIELD, settings.frames - first)
        for move in along_rows(count, shape[1], shot_key(noise, places, first)):
            yield np.roll(whole, move, axis=1) * root_thickness


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
    return transferred(spectrum, frequencies, shape, settings)


def along_rows(frames: int, columns: int, offset_key: int) -> list[int]:
    """Cyclic offsets (columns) of up to 16 frames, pairwise at least 0.06 of the frame apart."""
    count = FRAMES_OF_A_TILTED_FIELD
    draw = uniform(offset_key >> 1, Channel.FRAME_OFFSET, np.arange(count)[:, None], np.arange(2))
    slack = 1.0 / count - LEAST_OFFSET
    places = np.argsort(draw[:, 0], kind="stable") / count + slack * draw[:, 1]
    return [int(place * columns) for place in places[:frames]]


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
