"""What one grid square looks like, in a few numbers that a small classifier can judge."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.detection.openings import Openings, Region
from smartscope.analysis.detection.square_pictures import SquarePictures

EDGE_UM = 2.5
RIM_UM = 5.0
LINE_EDGE_UM = 3.5
OPAQUE_OF_TYPICAL = 0.33
TYPICAL_PERCENTILE = 95
SPECK_OF_GROUND = 0.75
VACUUM_OF_BRIGHTEST = 0.97
EXCESS_OF_GROUND = 1.07
LINE_SD = 4.0
RUN_SD = 2.5
STRONGEST_SD = 25.0
FEWEST_PX = 9
SMALLEST_FRACTION = 0.001
#: A crack is half a percent of a square: small numbers count by their order of magnitude.
LOGARITHMIC = frozenset(
    {"specks", "vacuum", "excess", "fine", "fine_run", "coarse", "coarse_run", "mottle"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareFeatures:
    """What one opening shows; fractions (0-1) are of its whole area unless stated.

    `inside`: lies in the image. `fill`: seen open. `level`: median of the film, 1 is the atlas's
    brightest level. `rank`: the same over the atlas's brightest squares. `specks`: light taken away
    by small sharp dark things. `opaque`: too dark to be of use, specks aside. `vacuum`: as bright
    as the brightest of the atlas. `excess`: clearly brighter than the film around. `fine`,
    `coarse`: under lines of one and two pixels' width, the strongest of them (`_peak`) in sd of the
    noise, and the part of the square under the longest connected one (`_run`). `low`: 5th
    percentile of the film over its median. `rim`: film near the bars over the median. `mottle`:
    robust relative sd of the film.
    """

    inside: float
    fill: float
    level: float
    rank: float
    specks: float
    opaque: float
    vacuum: float
    excess: float
    fine: float
    fine_peak: float
    fine_run: float
    coarse: float
    coarse_peak: float
    coarse_run: float
    low: float
    rim: float
    mottle: float

    def vector(self) -> FloatArray:
        """The numbers in the order of the fields; small ones as logarithms."""
        return np.array(
            [
                np.log10(max(value, 0.0) + SMALLEST_FRACTION) if name in LOGARITHMIC else value
                for name, value in asdict(self).items()
            ]
        )


def measure_squares(
    pictures: SquarePictures, mask: BoolArray, openings: Openings, pixel_um: float
) -> tuple[SquareFeatures, ...]:
    """Features of every region, in the order of the regions."""
    medians = [float(np.median(pictures.calm.ravel()[r.pixels])) for r in openings.regions]
    typical = max(float(np.percentile(medians, TYPICAL_PERCENTILE)), 1e-6)
    return tuple(
        _measure(pictures, mask, openings, region, pixel_um, typical) for region in openings.regions
    )


def _measure(
    pictures: SquarePictures,
    mask: BoolArray,
    openings: Openings,
    region: Region,
    pixel_um: float,
    typical: float,
) -> SquareFeatures:
    centre = whole_centre(openings, region)
    window, depth, inside = _whole_opening(mask.shape, mask, openings, centre)
    ground, smooth, calm = (
        picture[window] for picture in (pictures.ground, pictures.smooth, pictures.calm)
    )
    opening = depth >= 0
    core = mask[window] & (depth > EDGE_UM / pixel_um)
    if core.sum() < FEWEST_PX:
        core = _in_window(region, window, mask.shape[1])
    size = max(int(core.sum()), 1)
    speck = core & (smooth < SPECK_OF_GROUND)
    film = calm[core] if core.any() else np.zeros(1, dtype=np.float32)
    middle = max(float(np.median(film)), 1e-6)
    low = np.percentile(film, 5)
    rim = calm[core & (depth < (EDGE_UM + RIM_UM) / pixel_um)]
    deep = mask[window] & (depth > LINE_EDGE_UM / pixel_um)
    fine, fine_peak, fine_run = _lines(pictures.fine[window], deep)
    halved = tuple(slice(side.start // 2, side.stop // 2) for side in window)
    coarse_response = pictures.coarse[halved]
    rows, columns = coarse_response.shape
    coarse, coarse_peak, coarse_run = _lines(coarse_response, deep[::2, ::2][:rows, :columns])
    return SquareFeatures(
        inside=inside,
        fill=min(len(region.pixels) / openings.side_px**2, 1.5),
        level=middle / pictures.vacuum,
        rank=min(middle / typical, 1.5),
        specks=float((1 - smooth[speck]).sum()) / size,
        opaque=float((opening & (ground < OPAQUE_OF_TYPICAL * typical)).sum())
        / max(int(opening.sum()), 1),
        vacuum=float((film > VACUUM_OF_BRIGHTEST * pictures.vacuum).sum()) / size,
        excess=float((smooth[core] > EXCESS_OF_GROUND).sum()) / size,
        fine=fine,
        fine_peak=fine_peak,
        fine_run=fine_run,
        coarse=coarse,
        coarse_peak=coarse_peak,
        coarse_run=coarse_run,
        low=float(low) / middle,
        rim=min(float(np.median(rim)) / middle, 2.0) if rim.size else 1.0,
        mottle=min(1.4826 * _typical_deviation(film) / middle, 1.0),
    )


def _lines(response: FloatImage, deep: BoolArray) -> tuple[float, float, float]:
    """Fraction of pixels where a line stands out of the noise, the strongest in sd, and the
    fraction of pixels in the longest connected line.
    """
    rows, columns = (min(a, b) for a, b in zip(response.shape, deep.shape, strict=True))
    response, deep = response[:rows, :columns], deep[:rows, :columns]
    values = response[deep]
    if values.size < FEWEST_PX:
        return 0.0, 0.0, 0.0
    middle, noise = np.median(values), max(1.4826 * _typical_deviation(values), 1e-6)
    values = (values - middle) / noise
    labels, count = ndimage.label(deep & (response > middle + RUN_SD * noise), np.ones((3, 3)))
    runs = np.bincount(labels[deep], minlength=count + 1)[1:]
    return (
        float((values > LINE_SD).mean()),
        min(float(np.percentile(values, 99.9)), STRONGEST_SD),
        float(runs.max()) / values.size if count else 0.0,
    )


def _in_window(region: Region, window: tuple[slice, slice], width: int) -> BoolArray:
    """The region's pixels as a mask of the window."""
    shape = tuple(side.stop - side.start for side in window)
    seen = np.zeros(shape, dtype=np.bool_)
    rows, columns = np.divmod(region.pixels, width)
    rows, columns = rows - window[0].start, columns - window[1].start
    fits = (rows >= 0) & (columns >= 0) & (rows < shape[0]) & (columns < shape[1])
    seen[rows[fits], columns[fits]] = True
    return seen


def whole_centre(openings: Openings, region: Region) -> tuple[float, float]:
    """The middle of the whole opening in px: its lattice node, or what is seen where there is
    none.
    """
    if openings.lattice is None or region.index is None:
        return region.middle_px
    node = openings.lattice.nodes(np.array([region.index], dtype=np.int64))[0]
    return float(node[0]), float(node[1])


def mesh_axes(openings: Openings) -> FloatArray:
    """Unit vectors of the mesh as columns (2, 2); the image's own axes where there is no
    lattice.
    """
    if openings.lattice is None:
        return np.eye(2)
    basis = np.asarray(openings.lattice.basis_px)
    return np.asarray(basis / np.linalg.norm(basis, axis=0))


def _whole_opening(
    shape: tuple[int, int], mask: BoolArray, openings: Openings, centre: tuple[float, float]
) -> tuple[tuple[slice, slice], FloatImage, float]:
    """A window round the opening, how far in px each pixel lies inside it (negative outside), and
    the fraction of it that was imaged.
    """
    half = openings.side_px / 2
    reach = int(np.ceil(1.5 * half + 2))
    x, y = round(centre[0]), round(centre[1])
    rows, columns = np.mgrid[y - reach : y + reach + 1, x - reach : x + reach + 1]
    offsets = np.stack([columns - centre[0], rows - centre[1]])
    along = np.tensordot(np.linalg.inv(mesh_axes(openings)), offsets, axes=1)
    depth = half - np.abs(along).max(axis=0)
    in_image = (rows >= 0) & (columns >= 0) & (rows < shape[0]) & (columns < shape[1])
    window = (
        slice(max(y - reach, 0), max(min(y + reach + 1, shape[0]), 0)),
        slice(max(x - reach, 0), max(min(x + reach + 1, shape[1]), 0)),
    )
    kept = depth[in_image].reshape(
        window[0].stop - window[0].start, window[1].stop - window[1].start
    )
    imaged = (kept >= 0) & mask[window]
    return window, kept, float(imaged.sum()) / max(int((depth >= 0).sum()), 1)


def _typical_deviation(values: FloatImage) -> float:
    """Median absolute deviation."""
    return float(np.median(np.abs(values - np.median(values))))
