"""Which grid to collect on first: counts, a shrunken success rate, and what they amount to.

Expected usable holes = holes in range x success rate. The success rate is the share of good
exposures, shrunk towards the prior while few were tried (analysis-targets 7.1, level 1):
p = (good + n0 p0) / (tried + n0), with n0 = 20 exposures' worth of prior belief. An exposure
counts as much as there are holes of its kind of ice (`usable_share`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from smartscope.domain.counted import counted
from smartscope.domain.particles import LEAST_COUNTED, LEAST_USUAL
from smartscope.domain.verdict import (
    Evidence,
    Verdict,
    good_squares_in_words,
    judge,
    usable_in_words,
)

PRIOR_WEIGHT = 20.0
#: share of exposures in good ice that turn out usable, before anything is known of the grid
PRIOR_SUCCESS = 0.5
#: square classes worth a view
USABLE_CLASSES = frozenset({"good"})
#: a movie that moved further than this in all has lost its resolution (assumed)
DRIFT_LIMIT_ANGSTROM = 30.0
#: a class seen in an exposure counts against it when it is at least this probable (assumed)
SURE_ENOUGH = 0.7
#: exposures whose CTF reaches this are usable (the limit CryoRL used)
CTF_LIMIT_ANGSTROM = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """`expected_usable_holes` is over the whole grid; confidence is 0 to 1."""

    holes_in_range: int
    success_rate: float
    expected_usable_holes: float
    verdict: Verdict
    confidence: float
    reasons: tuple[str, ...]


class Fault(StrEnum):
    """Why an exposure is not usable, in the words of the reasons."""

    LABEL = "judged bad by a person"
    DRIFT = f"moved further than {DRIFT_LIMIT_ANGSTROM:.0f} Å"
    ICE = "ice out of range"
    FOIL = "showing foil or a crack"
    CONTAMINATED = "contaminated"
    CRYSTALLINE = "in crystalline ice"
    THICK = "in thick ice"
    NO_ICE = "without ice"
    BLURRED = "blurred"
    NO_RINGS = "no Thon rings"
    EMPTY = "with far fewer particles than the others"
    CTF = f"CTF fit coarser than {CTF_LIMIT_ANGSTROM:g} Å"


#: classes that make an exposure no success. Ice without visible particles is none of them: small
#: molecules cannot be seen in one exposure
FAULT_OF_CLASS: Mapping[str, Fault] = {
    "foil": Fault.FOIL,
    "contaminated": Fault.CONTAMINATED,
    "crystalline": Fault.CRYSTALLINE,
    "thick": Fault.THICK,
    "no_ice": Fault.NO_ICE,
    "blurred": Fault.BLURRED,
}


@dataclass(frozen=True, slots=True)
class Exposed:
    """An analysed exposure; None where nothing was measured.

    `ctf_refused`: rings were sought and none were found. `quality_class` is what is seen in it,
    blank when nobody judged.
    """

    label: str
    drift_total_angstrom: float | None
    ice_thickness_nm: float | None
    ctf_fit_angstrom: float | None
    ctf_refused: bool = False
    quality_class: str = ""
    quality_probability: float | None = None
    particles: int | None = None


def usable(
    exposure: Exposed,
    *,
    ice_range_nm: tuple[float, float],
    fewest_particles: float | None = None,
) -> bool:
    """Whether an exposure counts as a success; a person's label replaces every measurement."""
    fault = fault_of(exposure, ice_range_nm=ice_range_nm, fewest_particles=fewest_particles)
    return fault is None


def fault_of(
    exposure: Exposed,
    *,
    ice_range_nm: tuple[float, float],
    fewest_particles: float | None = None,
) -> Fault | None:
    """The first thing that makes an exposure no success; None when it counts as one.

    With fewer than `fewest_particles` (of `domain.particles`, for its grid) it is empty.
    """
    if exposure.label:
        return None if exposure.label == "good" else Fault.LABEL
    drift, ice = exposure.drift_total_angstrom, exposure.ice_thickness_nm
    if drift is not None and drift > DRIFT_LIMIT_ANGSTROM:
        return Fault.DRIFT
    if ice is not None and not ice_range_nm[0] <= ice <= ice_range_nm[1]:
        return Fault.ICE
    if (exposure.quality_probability or 0.0) >= SURE_ENOUGH:
        seen = FAULT_OF_CLASS.get(exposure.quality_class)
        if seen is not None:
            return seen
    if exposure.ctf_refused:
        return Fault.NO_RINGS
    fit = exposure.ctf_fit_angstrom
    if fit is not None and fit > CTF_LIMIT_ANGSTROM:
        return Fault.CTF
    count = exposure.particles
    if count is not None and fewest_particles is not None and count < fewest_particles:
        return Fault.EMPTY
    return None


def success_rate(good: float, tried: float, *, prior: float = PRIOR_SUCCESS) -> float:
    """Share of good exposures, shrunk towards `prior` while few were tried."""
    return (good + PRIOR_WEIGHT * prior) / (tried + PRIOR_WEIGHT)


def rank(evidence: Evidence) -> Ranking:
    """Judge one grid on what is known now."""
    usable = evidence.usable
    tried = 0.0 if usable is None else usable.exposures
    rate = success_rate(0.0 if usable is None else tried * usable.share, tried)
    in_range = _holes_on_grid(evidence)
    expected = in_range * rate
    judgement = judge(evidence, expected)
    return Ranking(
        holes_in_range=in_range,
        success_rate=rate,
        expected_usable_holes=expected,
        verdict=judgement.verdict,
        confidence=_confidence(evidence),
        reasons=_reasons(evidence, judgement.because, (in_range, rate, expected)),
    )


def _holes_on_grid(evidence: Evidence) -> int:
    """Holes in range on all good squares, from those in the squares that were imaged."""
    if evidence.squares_imaged == 0:
        return 0
    per_square = evidence.holes_in_range / evidence.squares_imaged
    return round(per_square * max(evidence.good_squares, evidence.squares_imaged))


def _confidence(evidence: Evidence) -> float:
    """Grows with squares looked at and exposures judged; never certain from a few."""
    squares = 1.0 - math.exp(-evidence.squares_imaged / 3.0)
    exposures = evidence.exposures_judged / (evidence.exposures_judged + PRIOR_WEIGHT)
    return round(0.5 * squares + 0.5 * exposures, 3)


def _reasons(evidence: Evidence, because: str, amount: tuple[int, float, float]) -> tuple[str, ...]:
    """What decided comes first; the counts behind it follow."""
    if not evidence.atlas_analysed:
        return (because,)
    in_range, rate, expected = amount
    said = [because]
    if good_squares_in_words(evidence) not in because:
        said.append(_about_squares(evidence))
    if evidence.squares_imaged:
        said.append(_about_holes(evidence))
    if evidence.ice_median_nm is not None:
        said.append(_about_ice(evidence, evidence.ice_median_nm))
    if evidence.exposures_judged:
        said.append(
            f"{usable_in_words(evidence, _faults(evidence))}; with few tried, the rate is taken "
            f"as {100 * rate:.0f} %."
        )
    elif evidence.squares_imaged:
        said.append(f"No exposure was judged yet; a success rate of {100 * rate:.0f} % is assumed.")
    if evidence.particles_counted:
        said.append(_about_particles(evidence, expected))
    if evidence.squares_imaged:
        said.append(
            f"Expected usable holes: about {in_range:,} in range on the grid x {rate:.2f} "
            f"= {expected:,.0f}."
        )
    return tuple(said)


def _about_particles(evidence: Evidence, expected: float) -> str:
    """How many a usable exposure holds, and what that makes on the whole grid."""
    usual = evidence.particles_usual
    if usual is None:
        return (
            "Particles were counted in "
            f"{counted(evidence.particles_counted, 'usable exposure')}; "
            f"{LEAST_COUNTED} are needed before that says anything."
        )
    text = f"A usable exposure holds about {counted(usual, 'particle')}"
    if usual < LEAST_USUAL:
        return f"{text}: too few to tell an empty exposure by, and small ones may not be seen."
    return f"{text}, which makes about {usual * expected:,.0f} on the grid."


def _faults(evidence: Evidence) -> str:
    if not evidence.exposure_faults:
        return ""
    return f" ({', '.join(f'{count} {words}' for words, count in evidence.exposure_faults)})"


def _about_squares(evidence: Evidence) -> str:
    text = good_squares_in_words(evidence)
    if evidence.worst_class and evidence.worst_class_count:
        text += f"; {evidence.worst_class_count} are {evidence.worst_class}"
    return text + "."


def _about_holes(evidence: Evidence) -> str:
    return (
        f"{evidence.holes_in_range:,} of {evidence.holes_seen:,} holes in "
        f"{evidence.squares_imaged} imaged squares are in range."
    )


def _about_ice(evidence: Evidence, median_nm: float) -> str:
    limits = f"{evidence.ice_min_nm:.0f} to {evidence.ice_max_nm:.0f} nm"
    if median_nm > evidence.ice_max_nm:
        return f"The ice is too thick: median {median_nm:.0f} nm, wanted {limits}."
    if median_nm < evidence.ice_min_nm:
        return f"The ice is too thin: median {median_nm:.0f} nm, wanted {limits}."
    return f"The ice is in range: median {median_nm:.0f} nm, wanted {limits}."
