"""Finds the defocus that explains a spectrum best: first without astigmatism, then with it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import optimize

from smartscope.analysis.base import FloatArray
from smartscope.analysis.ctf.optics import Defocus, Optics
from smartscope.analysis.ctf.ring_model import (
    Band,
    Explained,
    along_phase,
    explain,
    reweighted,
    transfer_square,
)
from smartscope.domain.errors import InvalidInput

_STEP_ANGSTROM: Final = 100.0
_PHASE_STEP_RAD: Final = math.radians(10.0)
_CANDIDATES: Final = 8
_APART_ANGSTROM: Final = 300.0
_POLISHED: Final = 3
_HALF_ASTIGMATISM_ANGSTROM: Final = (100.0, 300.0, 700.0)
_AXES: Final = 8
_REWEIGHTINGS: Final = 2
# The searched numbers are of order one in these units: Å, Å, Å, rad.
_ROUND: Final = Defocus(mean_angstrom=10_000.0)
_UNITS: Final = np.array([100.0, 100.0, 100.0, 0.1])


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRange:
    """Mean defocus in Å, least and greatest; phase shift in degrees (equal ends: known)."""

    defocus_angstrom: tuple[float, float] = (2_000.0, 60_000.0)
    phase_shift_deg: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        low, high = self.defocus_angstrom
        if not 0.0 < low < high < 1e6:
            raise InvalidInput(
                {"defocus_angstrom": f"{low} to {high} Å is no range of underfocus above 0."}
            )
        least, greatest = self.phase_shift_deg
        if not -180.0 <= least <= greatest <= 360.0:
            raise InvalidInput({"phase_shift_deg": f"{least} to {greatest}° is no range."})

    @property
    def phase_is_known(self) -> bool:
        """True when there is nothing to search."""
        return self.phase_shift_deg[0] == self.phase_shift_deg[1]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A defocus and how it explains `band`, with the weights it was judged by."""

    defocus: Defocus
    explained: Explained
    band: Band


def search(band: Band, optics: Optics, limits: SearchRange) -> Trial:
    """The best trial anywhere within `limits`."""
    candidates = _scan(along_phase(band, optics, _ROUND), optics, limits)
    bent = sorted(
        (_best(band, optics, _astigmatic(each)) for each in candidates),
        key=lambda trial: -trial.explained.gain,
    )
    polished = [_polish(band, optics, each.defocus, limits) for each in bent[:_POLISHED]]
    best = max(polished, key=lambda trial: trial.explained.gain)
    return refine(band, optics, best.defocus, limits)


def refine(band: Band, optics: Optics, start: Defocus, limits: SearchRange) -> Trial:
    """Climb from `start`, renewing the weights by what is explained."""
    trial = _polish(band, optics, start, limits)
    for _ in range(_REWEIGHTINGS):
        squares = transfer_square(trial.band, optics, trial.defocus)
        fresh = reweighted(trial.band, trial.explained.power(trial.band, squares))
        trial = _polish(fresh, optics, trial.defocus, limits)
    return trial


def trial_of(band: Band, optics: Optics, defocus: Defocus) -> Trial:
    """How `defocus` explains the band."""
    return Trial(defocus, explain(band, transfer_square(band, optics, defocus)), band)


def _scan(merged: Band, optics: Optics, limits: SearchRange) -> list[Defocus]:
    """The best few defoci without astigmatism, well apart."""
    low, high = limits.defocus_angstrom
    least, greatest = (math.radians(each) for each in limits.phase_shift_deg)
    phases = np.arange(least, greatest + 0.5 * _PHASE_STEP_RAD, _PHASE_STEP_RAD)
    trials = [
        trial_of(merged, optics, Defocus(mean_angstrom=float(mean), phase_shift_rad=float(phase)))
        for phase in phases
        for mean in np.arange(low, high + 0.5 * _STEP_ANGSTROM, _STEP_ANGSTROM)
    ]
    trials.sort(key=lambda trial: -trial.explained.gain)
    kept: list[Defocus] = []
    for trial in trials:
        mean = trial.defocus.mean_angstrom
        if all(abs(mean - other.mean_angstrom) > _APART_ANGSTROM for other in kept):
            kept.append(trial.defocus)
        if len(kept) == _CANDIDATES:
            break
    return kept


def _astigmatic(plain: Defocus) -> Iterator[Defocus]:
    yield plain
    for half in _HALF_ASTIGMATISM_ANGSTROM:
        for number in range(_AXES):
            twice = 2 * math.pi * number / _AXES
            yield Defocus(
                mean_angstrom=plain.mean_angstrom,
                cos_angstrom=half * math.cos(twice),
                sin_angstrom=half * math.sin(twice),
                phase_shift_rad=plain.phase_shift_rad,
            )


def _best(band: Band, optics: Optics, defoci: Iterable[Defocus]) -> Trial:
    return max(
        (trial_of(band, optics, each) for each in defoci), key=lambda trial: trial.explained.gain
    )


def _polish(band: Band, optics: Optics, start: Defocus, limits: SearchRange) -> Trial:
    """Climb to the nearest summit of the gain."""
    free = 3 if limits.phase_is_known else 4
    low, high = limits.defocus_angstrom
    bounds = [(0.5 * low, 1.5 * high), (-high, high), (-high, high)]
    bounds.append(
        (math.radians(limits.phase_shift_deg[0]), math.radians(limits.phase_shift_deg[1]))
    )

    def defocus_at(numbers: FloatArray) -> Defocus:
        mean, cos, sin = numbers[:3] * _UNITS[:3]
        phase = numbers[3] * _UNITS[3] if free == 4 else start.phase_shift_rad
        return Defocus(
            mean_angstrom=float(mean),
            cos_angstrom=float(cos),
            sin_angstrom=float(sin),
            phase_shift_rad=float(phase),
        )

    def loss(numbers: FloatArray) -> float:
        return -trial_of(band, optics, defocus_at(numbers)).explained.gain

    begin = np.array(
        [start.mean_angstrom, start.cos_angstrom, start.sin_angstrom, start.phase_shift_rad]
    )
    found = optimize.minimize(
        loss,
        (begin / _UNITS)[:free],
        method="L-BFGS-B",
        bounds=[(b[0] / u, b[1] / u) for b, u in zip(bounds, _UNITS, strict=True)][:free],
        options={"maxiter": 60, "eps": 1e-3},
    )
    return trial_of(band, optics, defocus_at(np.asarray(found.x)))
