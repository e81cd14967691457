"""One round of soft assignment: every picture in every class, at every angle and shift, by how
likely it lies there.

Likelihoods are of pictures with noise of one variance in each ring of frequencies (Sigworth 1998,
Scheres et al. 2005). All shifts and angles of a batch are one matrix product: with the few
frequencies of a small picture that is faster than a transform for each pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage, IntArray
from smartscope.analysis.picking.plane_turns import turned, turned_back_and_summed

ANGLES: Final = 72
#: pictures may lie off by this share of a box
REACH: Final = 0.10
_BATCH: Final = 48

Complex = NDArray[np.complex64]


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """The frequencies of a (side, side) picture up to `radius` per side, and trial shifts.

    `rows`, `columns` index an `rfft2`; `rings` (p,) is each one's whole radius; `weights` (p,) is 2
    where a mate is left out. `shifts_px` (s, 2) are x, y; `ramps` (s, p) undo them.
    """

    side: int
    rows: IntArray
    columns: IntArray
    rings: IntArray
    weights: NDArray[np.float32]
    shifts_px: FloatArray
    ramps: Complex

    @classmethod
    def of(cls, side: int, *, radius: int, step_px: float) -> Band:
        """Frequencies from 1 to `radius`, shifts on a grid of `step_px` in a disc."""
        ky, kx = np.fft.fftfreq(side, 1.0 / side)[:, None], np.arange(side // 2 + 1)[None, :]
        ring = np.rint(np.hypot(ky, kx)).astype(np.int64)
        # Of the column kx = 0 both mates are in the transform; one is enough.
        wanted = (ring >= 1) & (ring <= radius) & ((kx > 0) | (ky > 0))
        rows, columns = np.nonzero(wanted)
        most = REACH * side
        line = np.arange(-np.floor(most / step_px), np.floor(most / step_px) + 1) * step_px
        x, y = (each.ravel() for each in np.meshgrid(line, line))
        near = np.hypot(x, y) <= most + 1e-9
        shifts = np.stack([x[near], y[near]], axis=1)
        turns = shifts[:, :1] * columns + shifts[:, 1:] * np.fft.fftfreq(side, 1.0 / side)[rows]
        ramps = np.exp(2j * np.pi * turns / side).astype(np.complex64)
        weights = np.full(len(rows), 2.0, dtype=np.float32)
        return cls(side, rows, columns, ring[rows, columns], weights, shifts, ramps)

    def transform(self, pictures: FloatImage) -> Complex:
        """(..., side, side) to (..., p), the middle pixel as origin."""
        moved = fft.ifftshift(pictures, axes=(-2, -1))
        spectrum = fft.rfft2(moved)[..., self.rows, self.columns] / np.float32(self.side)
        return np.asarray(spectrum, dtype=np.complex64)

    def picture(self, coefficients: Complex) -> FloatImage:
        """(..., p) to (..., side, side); all other frequencies are 0."""
        shape = (*coefficients.shape[:-1], self.side, self.side // 2 + 1)
        spectrum = np.zeros(shape, dtype=np.complex64)
        spectrum[..., self.rows, self.columns] = coefficients
        on_axis = self.columns == 0
        mates = (-self.rows[on_axis]) % self.side
        spectrum[..., mates, 0] = coefficients[..., on_axis].conj()
        found = fft.irfft2(spectrum, s=(self.side, self.side)) * np.float32(self.side)
        return np.asarray(fft.fftshift(found, axes=(-2, -1)), dtype=np.float32)

    def ring_mean(self, power: NDArray[np.floating]) -> FloatArray:
        """(p,) powers to their mean in each ring (largest ring + 1,); ring 0 is 1."""
        counts = np.bincount(self.rings)
        total = np.bincount(self.rings, power)
        return np.where(counts > 0, total / np.maximum(counts, 1), 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """What one round found: half averages (2, K, side, side), weights (2, K), by parity of number.

    `classes`, `angles`, `shifts` (n,) number the likeliest place of each picture.
    """

    halves: FloatImage
    weights: FloatArray
    classes: IntArray
    angles: IntArray
    shifts: IntArray

    @property
    def averages(self) -> FloatImage:
        """(K, side, side) of both halves together."""
        part = self.weights / np.maximum(self.weights.sum(axis=0), 1e-6)
        return np.asarray((self.halves * part[..., None, None]).sum(axis=0), dtype=np.float32)

    @property
    def shares(self) -> FloatArray:
        """(K,) of all pictures."""
        total = self.weights.sum(axis=0)
        return np.asarray(total / total.sum())


def assign(
    pictures: FloatImage,
    averages: FloatImage,
    shares: FloatArray,
    band: Band,
    *,
    sharpness: float,
) -> Round:
    """One round over pictures (n, side, side) with averages (K, side, side) of some `shares` (K,).

    `sharpness` multiplies log-likelihoods: small ones let every picture speak for many places.
    """
    spectra = band.transform(pictures)
    turned_spectra = band.transform(turned(averages, ANGLES))
    noise = _noise_power(spectra, turned_spectra, shares, band)
    scale = np.sqrt(band.weights / noise[band.rings]).astype(np.float32)
    references = _real(turned_spectra * scale).reshape(-1, 2 * len(scale))
    energies = 0.5 * (references**2).sum(axis=1)
    prior = np.log(np.maximum(shares, 1e-6)).repeat(ANGLES) - energies
    places = _Places.empty(len(pictures), len(averages), len(scale))
    offset = -0.5 * (band.shifts_px**2).sum(axis=1) / (REACH * band.side / 2.0) ** 2
    for parity in (0, 1):
        numbers = np.arange(parity, len(pictures), 2)
        for first in range(0, len(numbers), _BATCH):
            batch = numbers[first : first + _BATCH]
            moved = _real(spectra[batch][:, None, :] * band.ramps * scale)
            flat = moved.reshape(-1, moved.shape[-1])
            logits = (flat @ references.T + prior).reshape(len(batch), len(offset), -1)
            logits += offset[:, None]
            places.take(parity, batch, logits, flat, sharpness)
    return places.round(band, scale)


@dataclass(slots=True, eq=False)
class _Places:
    """Sums over batches: pictures by class and angle, weights, and the likeliest places."""

    sums: NDArray[np.float32]
    weights: FloatArray
    best: IntArray

    @classmethod
    def empty(cls, count: int, classes: int, frequencies: int) -> _Places:
        return cls(
            np.zeros((2, classes * ANGLES, 2 * frequencies), dtype=np.float32),
            np.zeros((2, classes)),
            np.zeros((3, count), dtype=np.int64),
        )

    def take(
        self,
        parity: int,
        batch: IntArray,
        logits: NDArray[np.float32],
        moved: NDArray[np.float32],
        sharpness: float,
    ) -> None:
        flat = logits.reshape(len(batch), -1)
        best = flat.argmax(axis=1)
        shift, place = np.divmod(best, logits.shape[2])
        self.best[:, batch] = place // ANGLES, place % ANGLES, shift
        flat -= flat[np.arange(len(batch)), best][:, None]
        flat *= np.float32(sharpness)
        np.exp(flat, out=flat)
        flat /= flat.sum(axis=1, keepdims=True)
        likely = logits.reshape(-1, logits.shape[2])
        self.sums[parity] += likely.T @ moved
        self.weights[parity] += likely.sum(axis=0).reshape(-1, ANGLES).sum(axis=1)

    def round(self, band: Band, scale: NDArray[np.float32]) -> Round:
        classes = self.weights.shape[1]
        halves = np.empty((2, classes, band.side, band.side), dtype=np.float32)
        for parity in (0, 1):
            parts = self.sums[parity].reshape(classes, ANGLES, 2, -1)
            spectra = (parts[:, :, 0] + 1j * parts[:, :, 1]) / scale
            total = turned_back_and_summed(band.picture(spectra.astype(np.complex64)))
            # One picture's worth of nothing keeps a class of few from growing loud.
            halves[parity] = total / (self.weights[parity] + 1.0)[:, None, None]
        return Round(halves, self.weights.copy(), self.best[0], self.best[1], self.best[2])


def _noise_power(
    spectra: Complex, references: Complex, shares: FloatArray, band: Band
) -> FloatArray:
    """What averages leave unexplained of the mean power in each ring."""
    whole = band.ring_mean((np.abs(spectra) ** 2).mean(axis=0))
    explained = (np.abs(references) ** 2).mean(axis=1)
    signal = band.ring_mean((shares[:, None] * explained).sum(axis=0))
    return np.asarray(np.maximum(whole - signal, 0.1 * whole))


def _real(values: Complex) -> NDArray[np.float32]:
    """(..., p) complex to (..., 2 p): real parts, then imaginary ones."""
    return np.concatenate([values.real, values.imag], axis=-1)
