"""Voids told from strands on a lacey film: log grey against the voids round each place."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatImage
from smartscope.analysis.detection.flatten import masked_blur
from smartscope.analysis.detection.mixture import split_in_two
from smartscope.analysis.detection.off_lattice_film import BareFilm
from smartscope.analysis.detection.off_lattice_lines import dark_lines

#: voids within this reach are what a place is compared with: first widely, then closely
BACKGROUNDS_UM = (2.5, 1.2, 1.0)
#: where a picture is too noisy to judge at one scale, it is judged at the next
SCALES_UM = (0.0, 0.12, 0.24)
#: strands are told where noise stays this many times below half their contrast
CERTAIN_SD = 2.3
#: less contrast than this in noise of the voids is no strand
APART_SD = 2.2
#: what is smaller is noise, in film as in void
SPECK_UM2 = 0.1
FEWEST_PX = 400


def voids_of(film: BareFilm) -> BoolArray | None:
    """(height, width) where sound ice shows without film; None where strands cannot be told."""
    if film.sound.sum() < FEWEST_PX:
        return None
    void: BoolArray = film.sound
    for background_um in BACKGROUNDS_UM:
        # against voids alone, so that strands do not darken what they are compared with
        sigma_px = background_um / film.pixel_size_um
        flat = film.logged - masked_blur(film.logged, void.astype(np.float32), sigma_px)
        noise = np.sqrt(masked_blur(flat**2, void.astype(np.float32), sigma_px))
        threshold = _threshold(flat[film.sound & (noise <= np.median(noise[film.sound]))])
        if threshold is None:
            return None
        void = film.sound & (_calmed(flat, noise, threshold, film) > threshold)
        void = _without_specks(void, film)
    return void & ~_thin_strands(film, void)


def _thin_strands(film: BareFilm, void: BoolArray) -> BoolArray:
    """Lines within what was taken for void: strands of a pixel or two."""
    sigma_px = BACKGROUNDS_UM[-1] / film.pixel_size_um
    weight = void.astype(np.float32)
    flat = np.where(film.sound, film.raw - masked_blur(film.raw, weight, sigma_px), 0.0)
    # what surely is no void would throw dark lines beside it
    flat = np.where(void | ~film.sound, flat, np.minimum(flat, 0.0)).astype(np.float32)
    noise = np.sqrt(masked_blur(flat**2, weight, sigma_px))
    lines = dark_lines(flat, noise, film.pixel_size_um) & film.sound
    return lines & ~_small(lines, SPECK_UM2 / film.pixel_size_um**2)


def _threshold(flat: FloatImage) -> float | None:
    """Half-way between strands and voids in flattened log grey (N,); None where there is one."""
    values = flat[:: max(1, flat.size // 400_000)].astype(np.float64)
    split = split_in_two(values)
    if split is None:
        return None
    above = values[values > split.bright_mean] - split.bright_mean
    noise = float(np.sqrt(np.mean(above**2))) if above.size else 0.0
    if split.bright_mean - split.dark_mean < APART_SD * max(noise, 1e-6):
        return None
    return split.threshold


def _calmed(flat: FloatImage, noise: FloatImage, threshold: float, film: BareFilm) -> FloatImage:
    """The picture at the finest scale at which noise leaves strands to be told, place by place."""
    calm, weight = flat, film.sound.astype(np.float32)
    for coarser_um in SCALES_UM[1:]:
        sigma_px = coarser_um / film.pixel_size_um
        if sigma_px < 0.5:
            continue
        # averaging over a disc of the scale; noise of neighbours is taken as independent
        left = noise / max(1.0, 2.0 * sigma_px)
        loud = noise * CERTAIN_SD > abs(threshold)
        calm = np.where(loud, masked_blur(flat, weight, sigma_px), calm)
        noise = np.where(loud, left, noise)
    return np.asarray(calm, dtype=np.float32)


def _without_specks(void: BoolArray, film: BareFilm) -> BoolArray:
    """Single dark pixels in voids, and bright ones on strands, turned to what is round them."""
    fewest = SPECK_UM2 / film.pixel_size_um**2
    strand = film.sound & ~void
    void = void | (strand & _small(strand, fewest))
    return np.asarray(void & ~_small(void, fewest))


def _small(area: BoolArray, fewest_px: float) -> BoolArray:
    parts, count = ndimage.label(area, structure=np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    small = sizes < fewest_px
    small[0] = False
    return np.asarray(small[parts])
