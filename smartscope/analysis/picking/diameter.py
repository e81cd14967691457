"""How large the particles of a micrograph are, when nobody says.

The width of disc to which dark and bright answer least alike gives a first size; the radial mean
of the best places there gives the diameter, where it falls to 5 % of its peak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage, signal

from smartscope.analysis.base import FloatArray
from smartscope.analysis.picking.decoys import more_than_chance
from smartscope.analysis.picking.discs import disc_response, disc_responses, lopsided, maxima
from smartscope.analysis.picking.prepared import Prepared

SMALLEST_ANGSTROM: Final = 40.0
LARGEST_ANGSTROM: Final = 500.0
WIDTHS: Final = 16
#: the finest particle of interest is still 8 of these pixels wide
PIXEL_ANGSTROM: Final = 6.0
GROUND_ANGSTROM: Final = 1500.0
_FALLS_TO: Final = 0.05
_BEST: Final = 200
_FEWEST: Final = 5
#: weaker than this, dark and bright answer alike
_LEAST_LOPSIDED: Final = 0.08
#: a second peak as strong as this share of the first is offered as well
_SECOND: Final = 0.7
_STEP_PX: Final = 0.5
_DEVIATIONS: Final = 4.0
#: a radial mean narrower than this share of the disc is a speck, no particle
_LEAST_OF_SCALE: Final = 0.6


@dataclass(frozen=True, slots=True)
class Diameter:
    """Å; `spread_angstrom` is the standard error over micrographs or halves of one, `other` a
    second size that fits nearly as well, `scale` the width of disc that answered best.
    """

    angstrom: float
    spread_angstrom: float
    scale_angstrom: float
    other_angstrom: float | None = None


def measured_diameter(micrographs: Sequence[Prepared]) -> Diameter | None:
    """The diameter that several micrographs of one grid share; None where nothing stands out.

    They are prepared with pixels of about `PIXEL_ANGSTROM` and a ground of `GROUND_ANGSTROM`. One
    will do, five are better.
    """
    widths = _widths()
    curve = np.mean([_lopsidedness(each, widths) for each in micrographs], axis=0)
    told = np.where(
        curve > np.maximum(_LEAST_LOPSIDED, _by_chance(micrographs, widths)), curve, 0.0
    )
    best = int(np.argmax(told))
    if told[best] <= 0.0:
        return None
    scale = _peak(widths, curve, best)
    profiles = [_profiles(each, scale) for each in micrographs]
    sizes = [size for each in profiles for size in _sizes(each, scale)]
    whole = _fall(np.concatenate(profiles).mean(axis=0), scale)
    if whole is None or len(sizes) < 2 or whole < _LEAST_OF_SCALE * scale:
        return None
    spread = float(np.std(sizes, ddof=1) / np.sqrt(len(sizes)))
    return Diameter(whole, spread, scale, _other(widths, told, best))


def peak_scale(micrographs: Sequence[Prepared]) -> float:
    """The width of disc (Å) to which dark and bright answer least alike, without refinement."""
    widths = _widths()
    curve = np.mean([_lopsidedness(each, widths) for each in micrographs], axis=0)
    return _peak(widths, curve, int(np.argmax(curve)))


def _widths() -> FloatArray:
    return np.geomspace(SMALLEST_ANGSTROM, LARGEST_ANGSTROM, WIDTHS)


def _by_chance(micrographs: Sequence[Prepared], widths: FloatArray) -> FloatArray:
    """What the skewness of noise alone stays below: n independent discs have a deviation √(6/n)."""
    area = sum(int(each.seen.sum()) * each.pixel_size_angstrom**2 for each in micrographs)
    return _DEVIATIONS * np.sqrt(6.0 * np.pi * widths**2 / 4.0 / area)


def _lopsidedness(micrograph: Prepared, widths: FloatArray) -> FloatArray:
    """Per width; 0 for discs of which the picture holds few."""
    most = min(micrograph.pixels.shape) * micrograph.pixel_size_angstrom / 4.0
    fitting = tuple(float(width) for width in widths if width <= most)
    found = [lopsided(micrograph, each) for each in disc_responses(micrograph, fitting)]
    return np.array(found + [0.0] * (len(widths) - len(found)))


def _peak(widths: FloatArray, curve: FloatArray, best: int) -> float:
    """The top of a parabola through the best width and its neighbours, on a log scale."""
    if not 0 < best < len(widths) - 1:
        return float(widths[best])
    before, middle, after = curve[best - 1 : best + 2]
    bend = before - 2.0 * middle + after
    shift = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return float(widths[best] * (widths[1] / widths[0]) ** shift)


def _other(widths: FloatArray, curve: FloatArray, best: int) -> float | None:
    peaks = signal.find_peaks(curve, prominence=0.3 * curve[best])[0]
    others = [int(n) for n in peaks if abs(int(n) - best) > 1 and curve[n] > _SECOND * curve[best]]
    return float(widths[max(others, key=lambda n: curve[n])]) if others else None


def _profiles(micrograph: Prepared, scale: float) -> FloatArray:
    """(n, radii) darkness round the best places, averaged over directions."""
    response = disc_response(micrograph, scale)
    places, scores = maxima(micrograph, response, apart_angstrom=0.6 * scale, inside_angstrom=scale)
    decoys = maxima(micrograph, -response, apart_angstrom=0.6 * scale, inside_angstrom=scale)[1]
    count = min(_BEST, int(0.7 * more_than_chance(scores, decoys)))
    best = places[: max(count, min(_FEWEST, len(places)))]
    radii = np.arange(0.0, scale / micrograph.pixel_size_angstrom, _STEP_PX)
    angles = np.arange(32) * 2.0 * np.pi / 32
    x = best[:, 0, None, None] + radii[:, None] * np.cos(angles)
    y = best[:, 1, None, None] + radii[:, None] * np.sin(angles)
    grey = ndimage.map_coordinates(micrograph.pixels, [y, x], order=1, mode="reflect")
    found: FloatArray = _resampled(
        -grey.mean(axis=2), radii * micrograph.pixel_size_angstrom, scale
    )
    return found


def _resampled(profiles: FloatArray, radii: FloatArray, scale: float) -> FloatArray:
    """The same radii whatever a micrograph's pixel."""
    wanted = _radii(scale)
    rows = [np.interp(wanted, radii, row) for row in profiles]
    return np.array(rows).reshape(len(rows), len(wanted))


def _radii(scale: float) -> FloatArray:
    return np.linspace(0.0, scale, 81)


def _sizes(profiles: FloatArray, scale: float) -> list[float]:
    """The diameter by each half of one micrograph's places."""
    halves = [part for part in (profiles[::2], profiles[1::2]) if len(part) >= 2]
    found = [_fall(part.mean(axis=0), scale) for part in halves]
    return [size for size in found if size is not None]


def _fall(profile: FloatArray, scale: float) -> float | None:
    """Twice the radius beyond the peak at which the profile falls to 5 % of it."""
    radii, top = _radii(scale), int(np.argmax(profile))
    limit = _FALLS_TO * profile[top]
    below = np.flatnonzero(profile[top:] < limit)
    if profile[top] <= 0.0 or not below.size or below[0] == 0:
        return None
    after = top + int(below[0])
    share = (profile[after - 1] - limit) / (profile[after - 1] - profile[after])
    return float(2.0 * (radii[after - 1] + share * (radii[after] - radii[after - 1])))
