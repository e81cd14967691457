"""How much of each ring of a picture is signal, and what of it to keep: weights, not opinions.

The noise of one half is independent of everything made from the other half. So a ring of any
estimate, raw or from a network, can be weighed by how well it foretells the other half. The
weights are those of a Wiener filter with one or two inputs; a ring in which the halves share
nothing gets none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import signal

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.resolution.shells import Shells, Spectrum

#: rings are averaged with neighbours by a Gaussian of this many, near the centre fewer
_SMOOTH_RINGS: Final = 3.0
_RINGS_PER_SIGMA: Final = 3.0
#: far out, where Thon rings are still wider than this
_RINGS_PER_SIGMA_FAR: Final = 30.0
#: how far a network is to be trusted changes more slowly than the power of rings
_WIDE_RINGS: Final = 8.0
#: a share of signal of this many of its standard errors is believed by half
_SIGMAS: Final = 2.0
#: this part of a side is where statistics fade in and out
_TAPERED: Final = 0.25
#: a network is listened to up to this part of its Nyquist frequency, and fades out above
_HEARD: Final = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """Sums over rings of the raw halves: of |E + O|², and of E O* (rings,)."""

    power: FloatArray
    shared: FloatArray
    counts: FloatArray

    @classmethod
    def of(cls, even: Spectrum, odd: Spectrum, shells: Shells) -> Raw:
        """Of the transforms of two halves."""
        shared = shells.total((even * odd.conj()).real)
        total = shells.total(np.abs(even + odd) ** 2)
        return cls(total, shared, shells.independent())


@dataclass(frozen=True, slots=True, eq=False)
class Foretold:
    """Sums over rings of a network's answer N to both halves: |N|², R N*, its part in the
    noise-free sum, and |R|² in the same pixels, all (rings,) up to the network's Nyquist frequency.
    """

    power: FloatArray
    with_raw: FloatArray
    with_truth: FloatArray
    raw_power: FloatArray

    @classmethod
    def of(
        cls,
        answers: tuple[Spectrum, Spectrum],
        halves: tuple[Spectrum, Spectrum],
        shells: Shells,
        share: float,
    ) -> Foretold:
        """Of answers to the even and the odd half; the even half holds `share` of the signal.

        What the answer to one half has in common with the other half is signal.
        """
        said, raw = answers[0] + answers[1], halves[0] + halves[1]
        with_odd = shells.total((answers[0] * halves[1].conj()).real)
        with_even = shells.total((answers[1] * halves[0].conj()).real)
        return cls(
            shells.total(np.abs(said) ** 2),
            shells.total((raw * said.conj()).real),
            with_odd / (1.0 - share) + with_even / share,
            shells.total(np.abs(raw) ** 2),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What each ring of the raw sum, and of a network's answer, is multiplied by (rings + 1,).

    The last stands for the corners, which no ring reaches: 0.
    """

    raw: FloatArray
    network: FloatArray | None


def weights(raw: Raw, share: float, foretold: Foretold | None = None) -> Weights:
    """The weights by which the sum's rings come nearest to the noise-free sum's.

    Minimises |T - a R - b N|² in each ring, where T is the noise-free sum: <R T*> follows from what
    the halves share, <N T*> from what an answer to one shares with the other. The even half holds
    `share` of the signal.
    """
    near = _Neighbours(raw.counts)
    power = np.maximum(raw.power, 1e-30 * max(float(raw.power.max()), 1e-300))
    shared = near.mean(raw.shared / (share * (1.0 - share)) / power)
    kept = _significant(shared, near.error)
    kept[0] = 1.0
    if foretold is None:
        return Weights(np.append(kept, 0.0), None)
    rings = len(foretold.power)
    near, wide = _Neighbours(raw.counts[:rings]), _Neighbours(raw.counts[:rings], _WIDE_RINGS)
    unit = np.maximum(foretold.raw_power, 1e-30 * max(float(foretold.raw_power.max()), 1e-300))
    ours = np.maximum(near.mean(foretold.power / unit), 1e-12)
    alike = np.clip(near.mean(foretold.with_raw / unit), -np.sqrt(ours), np.sqrt(ours))
    # of the answer, what the raw ring does not say already: its size, and its part in the truth
    new = wide.mean(ours - alike**2) + 1e-12
    gain = np.maximum(wide.mean(near.mean(foretold.with_truth / unit) - alike * kept[:rings]), 0.0)
    gain /= new
    doubt = _SIGMAS * wide.error / np.sqrt(new) / np.maximum(gain, 1e-6)
    # in doubt a network is not heard at all: half a lattice would still be a lattice
    gain *= np.maximum(0.0, 1.0 - doubt**2) * _heard(rings)
    gain[0] = 0.0
    alone = kept.copy()
    alone[:rings] -= alike * gain
    return Weights(np.append(alone, 0.0), np.append(gain, 0.0))


def tapered(image: FloatImage) -> FloatImage:
    """Falling to 0 at its rim, where what wraps around would pass for signal of all rings."""
    window = [signal.windows.tukey(side, _TAPERED).astype(np.float32) for side in image.shape]
    return np.asarray(image * window[0][:, None] * window[1][None, :])


def _significant(part: FloatArray, error: FloatArray) -> FloatArray:
    """`part` shrunk towards 0 where its standard error is not small beside it; 0 to 1.

    `error` is that of a part near 0; near 1 it vanishes as 1 - part².
    """
    kept = np.clip(part, 1e-6, 1.0)
    doubt = _SIGMAS * error * (1.0 - kept**2) / kept
    return np.asarray(np.where(part > 0.0, kept / (1.0 + doubt**2), 0.0))


def _heard(rings: int) -> FloatArray:
    """1 up to 0.9 of the last ring, falling to 0 at it (rings,)."""
    beyond = (np.arange(rings) / max(rings - 1, 1) - _HEARD) / (1.0 - _HEARD)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip(beyond, 0.0, 1.0)))


class _Neighbours:
    """Averages over rings nearby, each counted by the coefficients that it holds."""

    def __init__(self, counts: FloatArray, most_rings: float = _SMOOTH_RINGS) -> None:
        rings = np.arange(len(counts), dtype=np.float64)
        far = np.maximum(most_rings, rings / _RINGS_PER_SIGMA_FAR)
        sigma = np.clip(rings / _RINGS_PER_SIGMA, 0.2, far)
        near = np.exp(-0.5 * ((rings[None, :] - rings[:, None]) / sigma[:, None]) ** 2)
        held = near * np.maximum(counts, 0.5)
        total = held.sum(axis=1)
        self._matrix = held / total[:, None]
        #: of a correlation near 0, (rings,)
        self.error: FloatArray = np.sqrt((near * held).sum(axis=1)) / total / np.sqrt(2.0)

    def mean(self, values: FloatArray) -> FloatArray:
        """Of (rings,)."""
        return np.asarray(self._matrix @ values)
