"""What one micrograph tells of the size of its particles, small enough to be kept and pooled.

One exposure alone is often wrong: a hollow ball's wall answers a narrow disc better than the ball
does a wide one. What all exposures of a grid say together is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import FloatArray
from smartscope.analysis.picking.decoys import more_than_chance
from smartscope.analysis.picking.discs import disc_response, disc_responses, lopsided, maxima
from smartscope.analysis.picking.prepared import Prepared

SMALLEST_ANGSTROM: Final = 40.0
LARGEST_ANGSTROM: Final = 500.0
WIDTHS: Final = 16
#: radii of a kept profile, Å
STEP_ANGSTROM: Final = 4.0
RADII: Final = 126
_BEST: Final = 200
_FEWEST: Final = 5
#: weaker than this, dark and bright answer alike
_LEAST_LOPSIDED: Final = 0.08
_DEVIATIONS: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SizeEvidence:
    """Of one micrograph: `lopsided` (16,) how unlike dark and bright answer to discs of `widths()`,
    over `area_angstrom2` that is seen; and round `places` (2,) of best answers to a disc of
    `scale_angstrom`, in two halves, the mean darkness `profiles` (2, 126) every 4 Å outwards. Scale
    0: nothing stood out when it was looked at.
    """

    lopsided: FloatArray
    area_angstrom2: float
    scale_angstrom: float
    places: FloatArray
    profiles: FloatArray

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "lopsided": np.round(self.lopsided, 5).tolist(),
            "area_angstrom2": round(self.area_angstrom2),
            "scale_angstrom": round(self.scale_angstrom, 2),
            "places": self.places.tolist(),
            "profiles": np.round(self.profiles, 4).tolist(),
        }

    @classmethod
    def of_plain(cls, said: Mapping[str, Any]) -> SizeEvidence:
        """What `plain` gave."""
        return cls(
            lopsided=np.array(said["lopsided"], dtype=np.float64),
            area_angstrom2=float(said["area_angstrom2"]),
            scale_angstrom=float(said["scale_angstrom"]),
            places=np.array(said["places"], dtype=np.float64),
            profiles=np.array(said["profiles"], dtype=np.float64),
        )


def widths() -> FloatArray:
    """(16,) Å."""
    return np.geomspace(SMALLEST_ANGSTROM, LARGEST_ANGSTROM, WIDTHS)


def told_curve(evidence: Sequence[SizeEvidence]) -> FloatArray:
    """(16,) the mean lopsidedness; 0 where it is no more than that of noise alone, of which n
    independent discs have a skewness of deviation √(6/n).
    """
    curve = np.mean([each.lopsided for each in evidence], axis=0)
    area = sum(each.area_angstrom2 for each in evidence)
    chance = _DEVIATIONS * np.sqrt(6.0 * np.pi * widths() ** 2 / 4.0 / max(area, 1.0))
    return np.asarray(np.where(curve > np.maximum(_LEAST_LOPSIDED, chance), curve, 0.0))


def best_scale(evidence: Sequence[SizeEvidence]) -> float:
    """The width of disc (Å) to which dark and bright answer least alike; 0 where there is none."""
    told = told_curve(evidence)
    best = int(np.argmax(told))
    if told[best] <= 0.0:
        return 0.0
    return peak(np.mean([each.lopsided for each in evidence], axis=0), best)


def peak(curve: FloatArray, best: int) -> float:
    """Å: the top of a parabola through the best width and its neighbours, on a log scale."""
    sizes = widths()
    if not 0 < best < len(sizes) - 1:
        return float(sizes[best])
    before, middle, after = curve[best - 1 : best + 2]
    bend = before - 2.0 * middle + after
    shift = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return float(sizes[best] * (sizes[1] / sizes[0]) ** shift)


def evidence_of(
    micrographs: Sequence[Prepared], *, others: Sequence[SizeEvidence] = ()
) -> list[SizeEvidence]:
    """Of micrographs of one grid; where to look is told by all of them and by `others` of it.

    They are prepared with pixels of about `PIXEL_ANGSTROM` and a ground of `GROUND_ANGSTROM`.
    """
    nothing = np.zeros((2, RADII))
    curves = [
        SizeEvidence(
            lopsided=_lopsidedness(each),
            area_angstrom2=float(each.seen.sum()) * each.pixel_size_angstrom**2,
            scale_angstrom=0.0,
            places=np.zeros(2),
            profiles=nothing,
        )
        for each in micrographs
    ]
    scale = best_scale([*curves, *others])
    if scale <= 0.0:
        return curves
    return [_with_profiles(*pair, scale) for pair in zip(curves, micrographs, strict=True)]


def _with_profiles(curve: SizeEvidence, micrograph: Prepared, scale: float) -> SizeEvidence:
    found = _profiles(micrograph, scale)
    halves = [found[::2], found[1::2]]
    return SizeEvidence(
        lopsided=curve.lopsided,
        area_angstrom2=curve.area_angstrom2,
        scale_angstrom=scale,
        places=np.array([len(half) for half in halves], dtype=np.float64),
        profiles=np.array([half.mean(axis=0) if len(half) else np.zeros(RADII) for half in halves]),
    )


def _lopsidedness(micrograph: Prepared) -> FloatArray:
    """Per width; 0 for discs of which the picture holds few."""
    most = min(micrograph.pixels.shape) * micrograph.pixel_size_angstrom / 4.0
    fitting = tuple(float(width) for width in widths() if width <= most)
    found = [lopsided(micrograph, each) for each in disc_responses(micrograph, fitting)]
    return np.array(found + [0.0] * (WIDTHS - len(found)))


def _profiles(micrograph: Prepared, scale: float) -> FloatArray:
    """(n, 126) darkness round the best places, averaged over directions."""
    response = disc_response(micrograph, scale)
    places, scores = maxima(micrograph, response, apart_angstrom=0.6 * scale, inside_angstrom=scale)
    decoys = maxima(micrograph, -response, apart_angstrom=0.6 * scale, inside_angstrom=scale)[1]
    count = min(_BEST, int(0.7 * more_than_chance(scores, decoys)))
    best = places[: max(count, min(_FEWEST, len(places)))]
    radii = np.arange(RADII) * STEP_ANGSTROM / micrograph.pixel_size_angstrom
    angles = np.arange(32) * 2.0 * np.pi / 32
    x = best[:, 0, None, None] + radii[:, None] * np.cos(angles)
    y = best[:, 1, None, None] + radii[:, None] * np.sin(angles)
    grey = ndimage.map_coordinates(micrograph.pixels, [y, x], order=1, mode="reflect")
    return np.asarray(-grey.mean(axis=2), dtype=np.float64).reshape(len(best), RADII)
