"""From two halves to one picture: ring weights on the raw sum and on what a network answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy import fft

from smartscope.analysis.base import FloatImage, UnusableImage
from smartscope.analysis.denoising.halves import Halves
from smartscope.analysis.denoising.members import Members, members_of
from smartscope.analysis.denoising.rings import Foretold, Raw, Weights, tapered, weights
from smartscope.analysis.resolution.shells import Shells, Spectrum, shells_of

#: a member float32 (height, width) to the same without its noise
Restore = Callable[[FloatImage], FloatImage]

_CHUNK_ROWS: Final = 256


def linear(halves: Halves) -> FloatImage:
    """The sum of both halves with each ring weighed by what they share; nothing is invented."""
    shells = shells_of(halves.even.shape, pixel_size_angstrom=1.0)
    found = weights(_raw(halves, shells), halves.share)
    return _finished(_weighed(fft.rfft2(halves.even + halves.odd), shells, found), halves)


def restored(halves: Halves, restore: Restore, *, pixel_size_angstrom: float) -> FloatImage:
    """As `linear`, with what `restore` makes of each half as a second opinion.

    `restore` sees members in pixels of about 4 Å. Raises `UnusableImage` where its answer is no
    picture.
    """
    members = members_of(halves, pixel_size_angstrom=pixel_size_angstrom)
    if members is None:
        return linear(halves)
    shells = shells_of(halves.even.shape, pixel_size_angstrom=1.0)
    coarse = shells_of(members.even.shape, pixel_size_angstrom=1.0)
    answers = _answers(members, restore)
    foretold = Foretold.of(
        _spectra(*answers), _spectra(members.even, members.odd), coarse, halves.share
    )
    found = weights(_raw(halves, shells), halves.share, foretold)
    assert found.network is not None
    heard = fft.rfft2(np.float32(members.noise) * (answers[0] + answers[1]))
    heard *= found.network.astype(np.float32)[coarse.index]
    total = _weighed(fft.rfft2(halves.even + halves.odd), shells, found)
    _add_coarse(total, heard, halves.even.size / members.even.size)
    return _finished(total, halves)


def each_alone(
    halves: Halves, restore: Restore, *, pixel_size_angstrom: float
) -> tuple[FloatImage, FloatImage]:
    """What `restore` makes of each half, nothing weighed: for pictures that differ by more than
    noise, such as neighbouring tilts. Raises `UnusableImage` as `restored`.
    """
    members = members_of(halves, pixel_size_angstrom=pixel_size_angstrom)
    if members is None:
        return halves.even + halves.even_shade, halves.odd + halves.odd_shade
    shape = halves.even.shape
    pictures = []
    shades = halves.even_shade, halves.odd_shade
    for answer, shade in zip(_answers(members, restore), shades, strict=True):
        whole: Spectrum = np.zeros((shape[0], shape[1] // 2 + 1), dtype=np.complex64)
        coarse = fft.rfft2(np.float32(members.noise) * answer)
        _add_coarse(whole, coarse, halves.even.size / members.even.size)
        pictures.append(np.asarray(fft.irfft2(whole, s=shape), dtype=np.float32) + shade)
    return pictures[0], pictures[1]


def _answers(members: Members, restore: Restore) -> tuple[FloatImage, FloatImage]:
    """What was made of both members, in units of the noise. Raises `UnusableImage`."""
    said = restore(members.even), restore(members.odd)
    for each in said:
        if not np.isfinite(each).all() or float(np.ptp(each)) <= 0.0:
            raise UnusableImage(
                "The network answered with no picture, values not finite or all alike; "
                "use wiener-halves, or install another network."
            )
    return said


def _raw(halves: Halves, shells: Shells) -> Raw:
    return Raw.of(*_spectra(halves.even, halves.odd), shells)


def _spectra(one: FloatImage, other: FloatImage) -> tuple[Spectrum, Spectrum]:
    """For statistics only."""
    return fft.rfft2(tapered(one)), fft.rfft2(tapered(other))


def _weighed(total: Spectrum, shells: Shells, found: Weights) -> Spectrum:
    """The sum's transform, weighed in its place."""
    table = found.raw.astype(np.float32)
    for first in range(0, len(total), _CHUNK_ROWS):
        rows = slice(first, first + _CHUNK_ROWS)
        total[rows] *= table[shells.index[rows]]
    return total


def _add_coarse(total: Spectrum, coarse: Spectrum, larger: float) -> None:
    """Add the transform of the same field in fewer pixels, of which each is `larger`."""
    rows, columns = coarse.shape
    columns = min(columns, total.shape[1])
    positive, negative = (rows + 1) // 2, rows // 2
    scale = np.float32(larger)
    total[:positive, :columns] += scale * coarse[:positive, :columns]
    if negative:
        total[-negative:, :columns] += scale * coarse[-negative:, :columns]


def _finished(total: Spectrum, halves: Halves) -> FloatImage:
    picture = np.asarray(fft.irfft2(total, s=halves.even.shape), dtype=np.float32)
    picture += halves.shade
    if not np.isfinite(picture).all() or float(np.ptp(picture)) <= 0.0:
        raise UnusableImage(
            "Nothing is left of this picture: its halves share nothing above their noise; "
            "look at the sum instead."
        )
    return picture
