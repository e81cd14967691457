"""Cryo-ZSSR as published: one small network for one movie, trained on that movie alone.

A reference to compare with. A network can draw what nobody saw; its image serves comparison, and
its halves share weights, so what they agree on proves less than it seems. Needs torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import torch
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatImage
from smartscope.analysis.io.movie import Movie
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.movies.align import AlignedMovie, Taken
from smartscope.analysis.movies.prepare import PreparedMovie, prepare
from smartscope.analysis.superresolution.halves import beyond_nyquist
from smartscope.analysis.superresolution.paper_network import PaperNetwork, enlarged
from smartscope.analysis.superresolution.paper_training import PaperSettings, train
from smartscope.analysis.superresolution.paper_views import (
    MovedSums,
    PaperPair,
    given_views,
    halved,
    training_pairs,
)
from smartscope.analysis.superresolution.result import SuperResolved
from smartscope.analysis.superresolution.suitable import check_suitable

#: whole images go through the network in squares of the movie's pixels, of which the rim is dropped
_TILE_PX = 192
_RIM_PX = 16


class PaperSuperResolver:
    """See the module. Local motion is not followed, as in the paper."""

    def __init__(self, settings: PaperSettings | None = None) -> None:
        self._manifest = read_manifest(files("smartscope.analysis.superresolution") / "paper.toml")
        self._settings = settings or PaperSettings()

    @property
    def manifest(self) -> Manifest:
        """Name, version, declared duration."""
        return self._manifest

    def super_resolve(
        self,
        movie: Movie,
        taken: Taken,
        aligned: AlignedMovie,
        *,
        gain: NDArray[np.generic] | None = None,
        defects: BoolArray | None = None,
    ) -> SuperResolved:
        """See `SuperResolver`; raises `CannotSuperResolve`, `BadFile` and `InvalidInput`."""
        check_suitable(movie, taken, aligned)
        return learnt(prepare(movie, gain, defects), taken, aligned, self._settings)


def learnt(
    movie: PreparedMovie, taken: Taken, aligned: AlignedMovie, settings: PaperSettings
) -> SuperResolved:
    """Train on a movie and enlarge it; raises `BadFile` for a broken frame."""
    sums = MovedSums(movie, aligned.shifts_angstrom / aligned.pixel_size_angstrom)
    rng = np.random.default_rng(settings.seed)
    pairs = training_pairs(sums, settings.pairs, rng)
    level = float(pairs[0].target.mean())
    spread = float(pairs[0].target.std())
    scaled = [
        PaperPair((pair.views - level) / spread, (pair.target - level) / spread) for pair in pairs
    ]
    network = train(scaled, settings)

    def made(members: Sequence[int]) -> FloatImage:
        views = (given_views(sums, members, rng) - level) / spread
        finer = _enlarge(network, views)
        place = sums.views(members, [0])[0]
        finer = _consistent(finer, (place - level) / spread, settings.back_projections)
        return np.asarray(len(members) * (level + spread * finer) / 4.0, dtype=np.float32)

    even, odd = made(range(0, movie.frames, 2)), made(range(1, movie.frames, 2))
    beyond, z = beyond_nyquist(even, odd)
    return SuperResolved(
        pixels=made(range(movie.frames)),
        even=even,
        odd=odd,
        pixel_size_angstrom=0.5 * taken.pixel_size_angstrom,
        expected_to_angstrom=None,
        beyond_nyquist=beyond,
        beyond_nyquist_z=z,
        determined=None,
        precision=None,
    )


def _enlarge(network: PaperNetwork, views: FloatImage) -> FloatImage:
    """(4, height, width) to (2 height, 2 width), tile by tile."""
    height, width = views.shape[1:]
    padded = np.pad(views, ((0, 0), (_RIM_PX, _RIM_PX), (_RIM_PX, _RIM_PX)), mode="reflect")
    out = np.empty((2 * height, 2 * width), dtype=np.float32)
    network.eval()
    with torch.no_grad():
        for top in range(0, height, _TILE_PX):
            for left in range(0, width, _TILE_PX):
                rows, columns = min(_TILE_PX, height - top), min(_TILE_PX, width - left)
                tile = padded[
                    :, top : top + rows + 2 * _RIM_PX, left : left + columns + 2 * _RIM_PX
                ]
                finer = network(enlarged(torch.from_numpy(np.ascontiguousarray(tile[None]))))
                kept = np.s_[
                    2 * _RIM_PX : 2 * (_RIM_PX + rows), 2 * _RIM_PX : 2 * (_RIM_PX + columns)
                ]
                out[2 * top : 2 * (top + rows), 2 * left : 2 * (left + columns)] = finer[
                    0, 0
                ].numpy()[kept]
    return out


def _consistent(finer: FloatImage, coarse: FloatImage, rounds: int) -> FloatImage:
    """Back-projection: what the finer image's pixels lack of the coarse sum is given back."""
    for _ in range(rounds):
        lack = torch.from_numpy(coarse - halved(finer))
        finer = finer + enlarged(lack[None, None])[0, 0].numpy()
    return finer
