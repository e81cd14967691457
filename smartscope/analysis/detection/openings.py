"""Openings of the mesh as bright regions: threshold, components, one region per lattice cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage, IntArray, Lattice
from smartscope.analysis.detection.flatten import log_grey, masked_blur
from smartscope.analysis.detection.lattice import fit_lattice, off_lattice_distance
from smartscope.analysis.detection.mixture import TwoComponents, split_in_two
from smartscope.analysis.detection.periodicity import measure_period

SMOOTHING_PITCHES = 0.015
ILLUMINATION_PITCHES = 2.0
MIN_SEPARATION = 2.0
#: Or this many sd of the dark component above it, with this share of the picture: ice from thin to
#: opaque is one very broad bright component beside narrow bars.
FAR_ABOVE_DARK_SD = 8.0
FAR_SHARE = 0.02
SMALLEST_AREA_PITCHES = 0.006
LATTICE_TOLERANCE_PITCHES = 0.34
SPLIT_AREA_OPENINGS = 1.3
WHOLE_AREA_OPENINGS = 0.3


@dataclass(frozen=True, slots=True)
class Region:
    """What is seen of one opening: flat pixel indices, middle of its extent, lattice index."""

    pixels: IntArray
    middle_px: tuple[float, float]
    index: tuple[int, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """Regions sorted by position and, where there is one, the mesh lattice through them.

    `side_px` is the side of a whole opening (as declared, else as measured); `rejected` counts
    regions that fit no node.
    """

    regions: tuple[Region, ...]
    lattice: Lattice | None
    pitch_px: float
    side_px: float
    measured_side_px: float
    components: TwoComponents
    rejected: int


def bright_regions(
    grey: FloatImage, mask: BoolArray, pitch_px: float
) -> tuple[BoolArray, TwoComponents] | None:
    """Where the picture is open: log grey over smooth illumination, above the mixture's threshold.

    `None` when the two components are not apart, which is what an empty or opaque grid looks like.
    """
    smooth = ndimage.gaussian_filter(grey, max(0.4, SMOOTHING_PITCHES * pitch_px))
    logged = log_grey(smooth)
    first = split_in_two(logged[mask].astype(np.float64))
    if first is None or not _apart(first):
        return None
    bright = ((logged > first.threshold) & mask).astype(np.float32)
    level = masked_blur(logged, bright, ILLUMINATION_PITCHES * pitch_px)
    flat = logged - np.where(level != 0.0, 0.5 * (level - np.float32(first.bright_mean)), 0.0)
    second = split_in_two(flat[mask].astype(np.float64))
    if second is None or not _apart(second):
        return None
    return (flat > second.threshold) & mask, second


def find_openings(
    grey: FloatImage,
    mask: BoolArray,
    *,
    pitch_px: float | None,
    opening_px: float | None,
) -> Openings | None:
    """Regions and lattice of a scaled picture (0 dark, 1 bright); `None` where nothing is open.

    Pitch and opening in px are hints from the mesh type; the picture's own period wins.
    """
    found = bright_regions(grey, mask, pitch_px or 0.05 * max(grey.shape))
    if found is None:
        return None
    bright, components = found
    period = measure_period(
        bright.astype(np.float32),
        mask,
        shortest_px=0.7 * pitch_px if pitch_px else 8.0,
        longest_px=1.4 * pitch_px if pitch_px else 0.4 * max(grey.shape),
        expected_px=pitch_px,
    )
    pitch = period.pitch_px if period else (pitch_px or 0.1 * max(grey.shape))
    smallest = max(SMALLEST_AREA_PITCHES * pitch**2, 2.0)
    labels, count = ndimage.label(bright)
    pixels = [p for p in _pixels_of(labels.ravel().astype(np.int64), count) if len(p) >= smallest]
    if not pixels:
        return None
    width = grey.shape[1]
    areas = np.array([len(p) for p in pixels], dtype=np.float64)
    side = opening_px or _typical_side(areas, pitch)
    whole = [
        p for p, a in zip(pixels, areas, strict=True) if 0.15 < a / side**2 < SPLIT_AREA_OPENINGS
    ]
    fitted = None
    if period is not None and whole:
        middles = np.array([_middle(p, width) for p in whole])
        fitted = fit_lattice(middles, period.basis_px)
    rejected = 0
    if fitted is None:
        regions = [Region(p, _middle(p, width), None) for p in pixels]
    else:
        regions, rejected = _one_region_per_cell(pixels, fitted[0], side, smallest, width)
    sizes = np.array([len(r.pixels) for r in regions], dtype=np.float64)
    measured = _typical_side(sizes, pitch) if len(sizes) else side
    return Openings(
        regions=tuple(sorted(regions, key=lambda r: (r.middle_px[1], r.middle_px[0]))),
        lattice=fitted[0] if fitted else None,
        pitch_px=fitted[0].pitch_px if fitted else pitch,
        side_px=opening_px or measured,
        measured_side_px=measured,
        components=components,
        rejected=rejected,
    )


def _apart(components: TwoComponents) -> bool:
    """Whether the bright component is something, not the brighter half of one noise."""
    if components.separation >= MIN_SEPARATION:
        return True
    above = components.bright_mean - components.dark_mean
    return bool(
        above >= FAR_ABOVE_DARK_SD * components.dark_sd and components.bright_share >= FAR_SHARE
    )


def _pixels_of(labels: IntArray, count: int) -> list[IntArray]:
    """Flat indices of each label 1..count, ascending."""
    inside = np.flatnonzero(labels)
    order = inside[np.argsort(labels[inside], kind="stable")]
    ends = np.cumsum(np.bincount(labels[inside], minlength=count + 1)[1:])
    return np.split(order, ends[:-1]) if count else []


def _middle(pixels: IntArray, width: int) -> tuple[float, float]:
    """Centre of mass x, y of flat pixel indices."""
    rows, columns = np.divmod(pixels, width)
    return float(columns.mean()), float(rows.mean())


def _typical_side(areas: FloatArray, pitch_px: float) -> float:
    """The side of a whole opening: upper end of the areas that fit into one cell."""
    fitting = areas[areas < 0.95 * pitch_px**2]
    return float(np.sqrt(np.percentile(fitting if len(fitting) else areas, 90)))


def _one_region_per_cell(
    pixels: list[IntArray], lattice: Lattice, side_px: float, smallest_px: float, width: int
) -> tuple[list[Region], int]:
    """Regions of one cell joined, large ones cut at the bars, small ones far from a node rejected.

    A region nearly as large as an opening stays although it is far from its node: grids bend.
    """
    cells: dict[tuple[int, int], list[IntArray]] = {}
    bent: list[Region] = []
    rejected = 0
    for members in pixels:
        middle = np.array([_middle(members, width)])
        if len(members) > SPLIT_AREA_OPENINGS * side_px**2:
            for node, part in _cut_at_bars(members, lattice, side_px, width):
                cells.setdefault(node, []).append(part)
        elif off_lattice_distance(lattice, middle)[0] > LATTICE_TOLERANCE_PITCHES:
            if len(members) > WHOLE_AREA_OPENINGS * side_px**2:
                bent.append(Region(members, _middle(members, width), None))
            else:
                rejected += 1
        else:
            i, j = np.rint(lattice.coordinates(middle))[0]
            cells.setdefault((int(i), int(j)), []).append(members)
    joined = {node: np.sort(np.concatenate(parts)) for node, parts in cells.items()}
    regular = [
        Region(members, _middle(members, width), node)
        for node, members in joined.items()
        if len(members) >= smallest_px
    ]
    return regular + bent, rejected


def _cut_at_bars(
    pixels: IntArray, lattice: Lattice, side_px: float, width: int
) -> list[tuple[tuple[int, int], IntArray]]:
    """Parts of a large region by nearest node, without the pixels that lie on bars."""
    rows, columns = np.divmod(pixels, width)
    real = lattice.coordinates(np.column_stack([columns, rows]).astype(np.float64))
    nodes = np.rint(real).astype(np.int64)
    inside = np.abs(real - nodes).max(axis=1) <= 0.55 * side_px / lattice.pitch_px
    nodes, pixels = nodes[inside], pixels[inside]
    unique, which = np.unique(nodes, axis=0, return_inverse=True)
    return [
        ((int(i), int(j)), pixels[which.ravel() == number]) for number, (i, j) in enumerate(unique)
    ]
