"""Crops to learn from: labelled squares at the network's scale, turned, zoomed, made worse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis.base import BoolArray
from smartscope.analysis.networks.hole_input import HoleInput, hole_input
from smartscope.training.holes.real_squares import RealSquare
from smartscope.training.holes.targets import MAPS, Labelled, hole_targets
from smartscope.training.nothing import picture_of_nothing
from smartscope.training.samples import SquareSample

FloatMap = NDArray[np.float32]

CROP_PX = 256
#: the pitch is never measured exactly, and tilt shortens it in one direction
ZOOM = (0.75, 1.33)
#: share of crops without a film in them
NOTHING_SHARE = 0.08
BLUR_SHARE = 0.35
#: of the crops with a film in them, where there are real ones
REAL_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Prepared:
    """Planes (2, H, W), maps (4, H/2, W/2) and their weights, likewise; H, W even."""

    planes: FloatMap
    maps: FloatMap
    weights: FloatMap

    def crop(self, random: np.random.Generator) -> Prepared:
        """A random 256 x 256 piece in one of eight orientations; what lies outside is empty."""
        height, width = self.planes.shape[1:]
        top, left = (
            2 * int(random.integers(0, max(1, (s - CROP_PX) // 2 + 1))) for s in (height, width)
        )
        piece = Prepared(
            _cut(self.planes, top, left, CROP_PX),
            _cut(self.maps, top // 2, left // 2, CROP_PX // 2),
            _cut(self.weights, top // 2, left // 2, CROP_PX // 2),
        )
        turns, mirrored = int(random.integers(4)), bool(random.integers(2))
        return Prepared(
            *(
                _turned(a, turns, mirrored=mirrored)
                for a in (piece.planes, piece.maps, piece.weights)
            )
        )

    def worse(self, random: np.random.Generator) -> Prepared:
        """The same with another contrast, gamma, blotches and noise, as cameras and screens do."""
        grey, even = self.planes
        there = (grey != 0) | (even != 0)
        gamma = random.uniform(0.6, 1.6)
        grey = np.sign(grey) * np.abs(grey) ** gamma
        grey = grey * random.uniform(0.7, 1.2) + random.uniform(-0.1, 0.1)
        even = even * random.uniform(0.7, 1.3)
        grey, even = (_relief(plane, random) for plane in (grey, even))
        if random.random() < BLUR_SHARE:
            sigma = random.uniform(0.4, 1.8)
            grey, even = (ndimage.gaussian_filter(plane, sigma) for plane in (grey, even))
        noise = random.normal(0, 1, (2, *grey.shape)) * random.uniform(0, 0.12, (2, 1, 1))
        planes = (np.stack([grey, even]) + noise) * there
        return Prepared(planes.astype(np.float32), self.maps, self.weights)


def prepare(sample: SquareSample, zoom: float) -> Prepared | None:
    """A labelled square at the network's scale times `zoom`; `None` for a film without lattice."""
    if sample.lattice_px is None:
        return None
    pitch = float(np.linalg.norm(np.array(sample.lattice_px), axis=0).mean())
    pixels = sample.pixels.astype(np.float32)
    return at_scale(sample, pixels, np.ones(pixels.shape, dtype=np.bool_), pitch / zoom)


def at_scale(
    sample: Labelled, pixels: FloatMap, imaged: BoolArray, pitch_px: float
) -> Prepared | None:
    """`sample`, whose picture is `pixels` (height, width), with `pitch_px` as the network's 20 px;
    `None` where it is flat.
    """
    prepared = hole_input(pixels, imaged, pitch_px)
    if prepared is None:
        return None
    height, width = (side - side % 2 for side in prepared.planes.shape[1:])
    prepared = HoleInput(
        prepared.planes[:, :height, :width], prepared.imaged[:height, :width], prepared.scale
    )
    targets = hole_targets(sample, prepared)
    return Prepared(prepared.planes, targets.maps, targets.weights)


def nothing(random: np.random.Generator) -> Prepared:
    """A picture in which no hole is."""
    pixels = picture_of_nothing(random, (CROP_PX, CROP_PX))
    prepared = hole_input(pixels, np.ones(pixels.shape, dtype=np.bool_), 20.0)
    maps = np.zeros((len(MAPS), CROP_PX // 2, CROP_PX // 2), np.float32)
    planes = np.zeros((2, CROP_PX, CROP_PX), np.float32) if prepared is None else prepared.planes
    return Prepared(planes, maps, np.ones_like(maps))


class Pool:
    """The last squares of a stream, from which every step draws its crops.

    Drawing a square costs as much as learning from it; so each is used several times, always at
    another place and orientation. What step n sees depends on the seed and n alone. Where there are
    `real` squares, they are half of what is seen, each at several zooms.
    """

    def __init__(
        self,
        stream: Iterator[SquareSample],
        *,
        seed: int,
        size: int,
        real: Sequence[RealSquare] = (),
    ) -> None:
        self._stream, self._seed, self._size, self._real = stream, seed, size, real
        self._held: list[Prepared] = []
        self._held_real: list[Prepared] = []
        self._taken = 0

    def advance(self) -> None:
        """Take the next usable square of the stream in, and the next real one."""
        self._take_simulated()
        if self._real:
            random = np.random.default_rng((self._seed, 3, self._taken))
            chosen = self._real[int(random.integers(len(self._real)))]
            zoom = float(np.exp(random.uniform(*np.log(ZOOM))))
            prepared = at_scale(chosen, chosen.pixels, chosen.imaged, chosen.pitch_px / zoom)
            if prepared is not None:
                self._held_real = [*self._held_real[-self._size + 1 :], prepared]

    def _take_simulated(self) -> None:
        while True:
            sample = next(self._stream)
            self._taken += 1
            random = np.random.default_rng((self._seed, 1, self._taken))
            zoom = float(np.exp(random.uniform(*np.log(ZOOM))))
            prepared = prepare(sample, zoom)
            if prepared is not None:
                self._held = [*self._held[-self._size + 1 :], prepared]
                return

    def batch(self, step: int, crops: int) -> tuple[FloatMap, FloatMap, FloatMap]:
        """Planes (N, 2, 256, 256), maps (N, 4, 128, 128) and their weights, likewise."""
        random = np.random.default_rng((self._seed, 2, step))
        chosen = [self._one(random) for _ in range(crops)]
        return (
            np.stack([c.planes for c in chosen]),
            np.stack([c.maps for c in chosen]),
            np.stack([c.weights for c in chosen]),
        )

    def _one(self, random: np.random.Generator) -> Prepared:
        if random.random() < NOTHING_SHARE:
            return nothing(random)
        real = bool(self._held_real) and random.random() < REAL_SHARE
        held = self._held_real if real else self._held
        return held[int(random.integers(len(held)))].crop(random).worse(random)


def _relief(plane: FloatMap, random: np.random.Generator) -> FloatMap:
    """Shaded from one side, as holes away from focus are; half of the crops are left flat."""
    depth = max(0.0, random.uniform(-1.0, 1.0)) * 1.5
    angle = random.uniform(0, 2 * np.pi)
    down, across = np.gradient(ndimage.gaussian_filter(plane, random.uniform(0.5, 1.5)))
    return np.asarray(plane + depth * (np.sin(angle) * down + np.cos(angle) * across), np.float32)


def _cut(planes: FloatMap, top: int, left: int, side: int) -> FloatMap:
    piece = planes[:, top : top + side, left : left + side]
    missing = [(0, 0), (0, side - piece.shape[1]), (0, side - piece.shape[2])]
    return np.pad(piece, missing) if any(after for _, after in missing) else piece


def _turned(planes: FloatMap, turns: int, *, mirrored: bool) -> FloatMap:
    turned = np.rot90(planes, turns, axes=(-2, -1))
    return np.ascontiguousarray(turned[..., ::-1] if mirrored else turned)
