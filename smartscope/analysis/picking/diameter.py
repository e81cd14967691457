"""How large the particles of a grid are, when nobody says.

The width of disc to which dark and bright answer least alike gives a first size; the radial mean
of the best places there gives the diameter, by where it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import signal

from smartscope.analysis.base import FloatArray
from smartscope.analysis.picking.prepared import Prepared
from smartscope.analysis.picking.size_evidence import (
    RADII,
    STEP_ANGSTROM,
    SizeEvidence,
    best_scale,
    evidence_of,
    peak,
    told_curve,
    widths,
)

#: the finest particle of interest is still 8 of these pixels wide
PIXEL_ANGSTROM: Final = 6.0
GROUND_ANGSTROM: Final = 1500.0
_FALLS_TO: Final = 0.05
#: a fringe is looked for out to this multiple of where the profile falls, is this share of the peak
#: deep, and beyond it the profile comes back from this share of its depth within so many falls
_FRINGE_WITHIN: Final = 1.5
_FRINGE: Final = 0.08
_BACK: Final = 0.6
_BACK_WITHIN: Final = 0.5
#: a second peak as strong as this share of the first is offered as well
_SECOND: Final = 0.7
#: a radial mean narrower than this share of the disc is a speck, no particle
_LEAST_OF_SCALE: Final = 0.6
#: of a median, over the median deviation
_STANDARD_ERROR: Final = 1.2533 * 1.4826
#: profiles taken round answers to another disc than this share of the best are of something else
_ALIKE: Final = 0.2


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
    return shared_diameter(evidence_of(micrographs))


def shared_diameter(evidence: Sequence[SizeEvidence]) -> Diameter | None:
    """As `measured_diameter`, by what was kept of micrographs that are not at hand any more."""
    scale = best_scale(evidence)
    if scale <= 0.0:
        return None
    alike = [one for one in evidence if abs(one.scale_angstrom / scale - 1.0) <= _ALIKE]
    sizes = [
        size
        for one in alike
        for profile, places in zip(one.profiles, one.places, strict=True)
        if places >= 2 and (size := _rim(profile, scale)) is not None
    ]
    counts = np.concatenate([one.places for one in alike]) if alike else np.zeros(0)
    if len(sizes) < 2 or not counts.sum():
        return None
    joined = np.average(np.concatenate([one.profiles for one in alike]), axis=0, weights=counts)
    whole = _rim(joined, scale)
    if whole is None or whole < _LEAST_OF_SCALE * scale:
        return None
    spread = _STANDARD_ERROR * float(np.median(np.abs(np.subtract(sizes, np.median(sizes)))))
    spread /= np.sqrt(len(sizes))
    return Diameter(whole, spread, scale, _other(told_curve(evidence)))


def peak_scale(micrographs: Sequence[Prepared]) -> float:
    """The width of disc (Å) to which dark and bright answer least alike, without refinement."""
    curve = np.mean([each.lopsided for each in evidence_of(micrographs)], axis=0)
    return peak(curve, int(np.argmax(curve)))


def _other(told: FloatArray) -> float | None:
    best = int(np.argmax(told))
    peaks = signal.find_peaks(told, prominence=0.3 * told[best])[0]
    others = [int(n) for n in peaks if abs(int(n) - best) > 1 and told[n] > _SECOND * told[best]]
    return float(widths()[max(others, key=lambda n: told[n])]) if others else None


def _rim(profile: FloatArray, scale: float) -> float | None:
    """Twice the radius at which a particle ends: in the middle of the bright fringe that underfocus
    lays round it, or without one where the profile falls to 5 % of its peak.
    """
    radii = np.arange(RADII) * STEP_ANGSTROM
    most = int(np.searchsorted(radii, scale, side="right"))
    top = int(np.argmax(profile[:most]))
    limit = _FALLS_TO * profile[top]
    below = np.flatnonzero(profile[top:most] < limit)
    if profile[top] <= 0.0 or not below.size or below[0] == 0:
        return None
    after = top + int(below[0])
    end = min(RADII - 1, round(_FRINGE_WITHIN * after))
    lowest = after + int(np.argmin(profile[after : end + 1]))
    back = profile[lowest : lowest + max(2, round(_BACK_WITHIN * after))].max()
    depth = -profile[lowest]
    if lowest < end and depth > _FRINGE * profile[top] and -back < _BACK * depth:
        return 2.0 * STEP_ANGSTROM * _lowest_of_three(profile, lowest)
    share = (profile[after - 1] - limit) / (profile[after - 1] - profile[after])
    return float(2.0 * STEP_ANGSTROM * (after - 1 + share))


def _lowest_of_three(profile: FloatArray, at: int) -> float:
    """Index of the lowest point of a parabola through three."""
    before, middle, after = profile[at - 1 : at + 2]
    bend = before - 2.0 * middle + after
    return at + (0.5 * (before - after) / bend if bend > 0.0 else 0.0)
