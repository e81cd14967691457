"""Which places for a hole lie wholly on sound foil: not under a bar, not at the edge of a tear."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage

#: where foil round a hole is looked at, in hole radii: clear of the hole's own blurred rim
RING_RADII = (1.25, 1.4, 1.55)
DIRECTIONS = 16
#: directions averaged for a crack that only passes, and for a wide tear
CRACK_DIRECTIONS = (1, 2)
TEAR_DIRECTIONS = 4
BAR_OF_FILM = 0.3
#: the outline is taken at a third of the film's grey, so it lies a little outside the true edge
CLEAR_RADII = 1.2
NEIGHBOURS = 12
FEWEST_TO_COMPARE = 12
CERTAIN_SD = 4.5
#: a hole's contrast is blurred and dimmed by its ice: where foil is torn more light comes through
TORN_OF_CONTRAST = 1.0
CRACK_OF_CONTRAST = 0.5
ALL_ROUND_OF_CONTRAST = 0.8
GOOD_OF_CONTRAST = 0.6


def on_sound_foil(
    smooth: FloatImage,
    foil: BoolArray,
    centres_px: FloatArray,
    seen: BoolArray,
    radius_px: float,
) -> BoolArray:
    """(N,) True for holes whose disc and surroundings are foil.

    `smooth` (height, width) is grey with 0 at the bars, `foil` the opening roughly outlined, `seen`
    (N,) which holes were detected rather than predicted: the clear ones among them say how bright
    film and holes are near by. Foil is torn where the ring round a hole is nearly as bright as
    holes are, all round or on one side, by more than noise; it ends where less than a third of the
    film's grey comes through, connected with the bars, so that a speck of dirt is no bar.
    """
    core, ring = ring_levels(smooth, centres_px, radius_px)
    film = np.median(ring, axis=1)
    good = seen & clear_holes(core, film, seen)
    if good.sum() < FEWEST_TO_COMPARE:
        return np.ones(len(centres_px), dtype=np.bool_)
    count = min(NEIGHBOURS, int(good.sum()))
    near = cKDTree(centres_px[good]).query(centres_px, k=list(range(1, count + 1)))[1]
    near_film = np.median(film[good][near], axis=1)
    contrast = np.median((core - film)[good][near], axis=1)
    above = ring - near_film[:, None]
    even = ring - film[:, None] - _slope(ring)
    stands_out = seen & (core - film > CRACK_OF_CONTRAST * contrast)
    whole = stands_out | (film < near_film + ALL_ROUND_OF_CONTRAST * contrast)
    whole &= ~(
        _brightest(above, TEAR_DIRECTIONS, good, TORN_OF_CONTRAST * contrast)
        & _brightest(ring - film[:, None], TEAR_DIRECTIONS, good, CRACK_OF_CONTRAST * contrast)
    )
    for width in CRACK_DIRECTIONS:
        whole &= ~(
            _brightest(above, width, good, CRACK_OF_CONTRAST * contrast)
            & _brightest(even, width, good, CRACK_OF_CONTRAST * contrast)
        )
    return np.asarray(whole & _clear_of_bars(smooth, foil, centres_px, film[good], radius_px))


def clear_of_bars(
    smooth: FloatImage, foil: BoolArray, centres_px: FloatArray, radius_px: float
) -> BoolArray:
    """(N,) True for holes whose disc lies inside the opening: all that can be asked of foil whose
    holes are as grey as itself.
    """
    if len(centres_px) == 0:
        return np.zeros(0, dtype=np.bool_)
    film = np.median(ring_levels(smooth, centres_px, radius_px)[1], axis=1)
    return np.asarray(_clear_of_bars(smooth, foil, centres_px, film, radius_px))


def clear_holes(
    core: FloatArray, film: FloatArray, among: BoolArray, share: float = GOOD_OF_CONTRAST
) -> BoolArray:
    """(N,) True where a place is brighter than the film round it by `share` of what holes here are.

    Relative contrast, because thick ice darkens a hole and its film alike. Noise in torn foil is a
    local maximum too, but not of that height.
    """
    contrast = (core - film) / np.maximum(np.abs(film), 1e-6)
    if not among.any():
        return np.zeros(len(core), dtype=np.bool_)
    usual = float(np.percentile(contrast[among], 75))
    return np.asarray((contrast > share * usual) & (contrast > 0))


def ring_levels(
    smooth: FloatImage, centres_px: FloatArray, radius_px: float
) -> tuple[FloatArray, FloatArray]:
    """Mean grey (N,) of each inner 0.6 radius, and (N, 16) of the ring round it by direction."""
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    core = _sampled(smooth, centres_px, np.linspace(0.0, 0.6, 4) * radius_px, angles)
    ring = _sampled(smooth, centres_px, np.asarray(RING_RADII) * radius_px, angles)
    mean_core = np.nanmean(core.reshape(len(core), -1), axis=1) if core.size else np.empty(0)
    return mean_core, _filled(ring)


def _brightest(ring: FloatArray, width: int, good: BoolArray, limit: FloatArray) -> BoolArray:
    """(N,) True where the mean over some `width` directions exceeds `limit` (N,) and the noise."""
    sectors = np.mean([np.roll(ring, -step, axis=1) for step in range(width)], axis=0)
    noise = 1.4826 * float(np.median(np.abs(sectors[good])))
    return np.asarray(sectors.max(axis=1) > np.maximum(limit, CERTAIN_SD * noise))


def _slope(ring: FloatArray) -> FloatArray:
    """The part of each ring (N, 16) that is a gradient across it: ice that thickens to one side."""
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    waves = np.column_stack([np.cos(angles), np.sin(angles)])
    return np.asarray(ring @ waves @ waves.T * (2 / DIRECTIONS))


def _clear_of_bars(
    smooth: FloatImage,
    foil: BoolArray,
    centres_px: FloatArray,
    film: FloatArray,
    radius_px: float,
) -> BoolArray:
    outside = ~foil
    if not outside.any():
        return np.ones(len(centres_px), dtype=np.bool_)
    dark = smooth < BAR_OF_FILM * float(np.median(film))
    labels, count = ndimage.label(dark | outside)
    joined = np.zeros(count + 1, dtype=np.bool_)
    joined[np.unique(labels[outside])] = True
    joined[0] = False
    distance = ndimage.distance_transform_edt(np.pad(~joined[labels], 1, mode="edge"))[1:-1, 1:-1]
    columns, rows = centres_px[:, 0], centres_px[:, 1]
    at = ndimage.map_coordinates(
        distance.astype(np.float32), [rows, columns], order=1, mode="nearest"
    )
    return np.asarray(at > CLEAR_RADII * radius_px)


def _filled(ring: FloatArray) -> FloatArray:
    """(N, 16) means over radii; a direction beyond the image's border takes the others' median."""
    known = np.isfinite(ring)
    mean = np.where(known, ring, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    mean = np.where(known.any(axis=1), mean, np.nan)
    if not len(mean):
        return mean
    return np.where(np.isfinite(mean), mean, np.nanmedian(mean, axis=1)[:, None])


def _sampled(
    picture: FloatImage, centres: FloatArray, radii: FloatArray, angles: FloatArray
) -> FloatArray:
    """(N, radii, angles) bilinear samples round each centre; not a number beyond the border."""
    columns = centres[:, 0, None, None] + radii[None, :, None] * np.cos(angles)
    rows = centres[:, 1, None, None] + radii[None, :, None] * np.sin(angles)
    height, width = picture.shape
    inside = (rows > -0.5) & (columns > -0.5) & (rows < height - 0.5) & (columns < width - 0.5)
    values = ndimage.map_coordinates(picture, [rows, columns], order=1, mode="nearest")
    return np.where(inside, values.astype(np.float64), np.nan)
