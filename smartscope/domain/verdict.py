"""What a grid's numbers amount to: collect, re-screen, discard, or not known yet, and why.

A count alone is no verdict: a grid whose squares are mostly dirty may still have thousands of holes
on paper. Collecting is suggested when there is a day's work in it *and* nothing speaks against it;
what does speak against it is said, and what to do about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from smartscope.domain.counted import counted
from smartscope.domain.usable_share import UsableShare

#: usable holes that fill a day of collection at about 110 holes per hour (published rates)
WORTH_COLLECTING = 2500.0
#: fewer than a morning's worth and the grid goes back to the bench
NOT_WORTH = 400.0
#: below this share of good squares the classes say that the preparation failed (assumed)
GOOD_SQUARES_SHARE = 0.5
#: below this share of usable exposures each usable one costs more than two (assumed)
USABLE_SHARE = 0.5
#: below this share of holes in range most of the film is of another ice (assumed)
IN_RANGE_SHARE = 0.4
#: exposures that must have been judged before anything is recommended (assumed)
LEAST_JUDGED = 3
#: a share of holes is told beside the count of exposures when they differ by so much (assumed)
TELLING_DIFFERENCE = 0.05

#: what a class of squares, when it prevails, asks of whoever made the grid
ADVICE = {
    "contaminated": "choose clean squares by hand, or clip a cleaner grid",
    "cracked": "choose intact squares by hand: film beside cracks moves under the beam",
    "partial": "choose whole squares by hand, or clip another grid",
    "small": "much of the film is covered or too thick; blot longer next time",
    "dry": "much of the film has dried; blot shorter next time",
}
LOOK = "look at its squares before collecting"


class Verdict(StrEnum):
    COLLECT = "collect"
    RESCREEN = "re-screen"
    DISCARD = "discard"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen on a grid so far.

    `holes_in_range` are holes found in imaged squares with ice within the limits and no reason
    against them, `holes_seen` all holes found there; `good_squares` of `squares_found` are worth
    imaging, `squares_imaged` of them were. `exposures_good` of `exposures_judged` were usable;
    `exposure_faults` are what was wrong with the others and how often, the commonest first.
    """

    atlas_analysed: bool
    squares_found: int
    good_squares: int
    squares_imaged: int
    holes_seen: int
    holes_in_range: int
    exposures_judged: int
    exposures_good: int
    #: the share of the holes in range that they stand for, each for the holes of its own kind of
    #: ice; None takes them as they are
    share: UsableShare | None = None
    ice_median_nm: float | None
    ice_min_nm: float
    ice_max_nm: float
    worst_class: str = ""
    worst_class_count: int = 0
    exposure_faults: tuple[tuple[str, int], ...] = ()
    #: otherwise usable exposures in which particles were counted, and the usual count there
    particles_counted: int = 0
    particles_usual: float | None = None
    #: an exposure with fewer is empty, and one of the faults above
    fewest_particles: float | None = None

    @property
    def usable(self) -> UsableShare | None:
        """The share of usable holes that the exposures say; None before any was judged."""
        if self.share is not None or self.exposures_judged == 0:
            return self.share
        return UsableShare(
            self.exposures_good / self.exposures_judged, float(self.exposures_judged)
        )


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and the sentence that decided it."""

    verdict: Verdict
    because: str


def judge(evidence: Evidence, expected_usable_holes: float) -> Judgement:
    """What is suggested, on the evidence and the holes expected to be usable on the whole grid."""
    if (unknown := _unknown(evidence)) is not None:
        return unknown
    amount = f"about {counted(expected_usable_holes, 'usable hole')}"
    if expected_usable_holes < NOT_WORTH:
        return Judgement(Verdict.DISCARD, f"Only {amount}: less than a morning's collection.")
    if evidence.exposures_judged < LEAST_JUDGED:
        return Judgement(
            Verdict.UNDECIDED,
            f"{amount.capitalize()} by the ice, but only "
            f"{counted(evidence.exposures_judged, 'exposure')} "
            f"were judged; {LEAST_JUDGED} are needed.",
        )
    against = objections(evidence)
    if expected_usable_holes < WORTH_COLLECTING:
        against = [f"{amount} are less than a day's collection", *against]
    if not against:
        days = int(expected_usable_holes / WORTH_COLLECTING)
        lasts = "a day" if days == 1 else f"{days} days"
        return Judgement(Verdict.COLLECT, f"{amount.capitalize()}: {lasts} of collection or more.")
    return Judgement(Verdict.RESCREEN, _not_simply(evidence, against))


def objections(evidence: Evidence) -> list[str]:
    """What speaks against collecting on a grid, however many holes it has."""
    found = []
    if evidence.good_squares < GOOD_SQUARES_SHARE * evidence.squares_found:
        found.append(f"only {good_squares_in_words(evidence)}{_worst(evidence)}")
    if evidence.usable is not None and evidence.usable.share < USABLE_SHARE:
        found.append(f"only {usable_in_words(evidence)}")
    if evidence.particles_usual is not None and evidence.particles_usual < 1.0:
        found.append(
            "no particle was seen in most of "
            f"{counted(evidence.particles_counted, 'usable exposure')}"
        )
    ice_nm = evidence.ice_median_nm
    if ice_nm is not None and ice_nm > evidence.ice_max_nm:
        found.append(f"most of the ice is too thick (median {ice_nm:.0f} nm)")
    elif ice_nm is not None and ice_nm < evidence.ice_min_nm:
        found.append(f"most of the ice is too thin (median {ice_nm:.0f} nm)")
    elif evidence.holes_in_range < IN_RANGE_SHARE * evidence.holes_seen:
        found.append(
            f"only {evidence.holes_in_range:,} of {evidence.holes_seen:,} holes are in range"
        )
    return found


def good_squares_in_words(evidence: Evidence) -> str:
    """How many of the grid's squares are worth a visit."""
    return f"{evidence.good_squares} of {evidence.squares_found} squares look good"


def usable_in_words(evidence: Evidence, faults: str = "") -> str:
    """How many exposures were usable, and what share of the holes that is where it differs."""
    good, judged, usable = evidence.exposures_good, evidence.exposures_judged, evidence.usable
    text = f"{good} of {judged} exposures were usable{faults}"
    if usable is None or judged == 0 or abs(usable.share - good / judged) < TELLING_DIFFERENCE:
        return text
    return f"{text}, which stand for {100 * usable.share:.0f} % of the holes in range by their ice"


def _unknown(evidence: Evidence) -> Judgement | None:
    if not evidence.atlas_analysed:
        return Judgement(Verdict.UNDECIDED, "No atlas has been analysed yet.")
    if evidence.good_squares == 0:
        return Judgement(Verdict.DISCARD, f"No square looks good{_worst(evidence)}.")
    if evidence.squares_imaged == 0:
        return Judgement(Verdict.UNDECIDED, "No square has been imaged yet.")
    if evidence.holes_seen == 0:
        return Judgement(Verdict.UNDECIDED, "No hole was found in the squares imaged so far.")
    return None


def _worst(evidence: Evidence) -> str:
    if not (evidence.worst_class and evidence.worst_class_count):
        return ""
    return f", {evidence.worst_class_count} are {evidence.worst_class}"


def _not_simply(evidence: Evidence, against: list[str]) -> str:
    """What speaks against it, and what to do about the squares where they are the reason."""
    few = evidence.good_squares < GOOD_SQUARES_SHARE * evidence.squares_found
    advice = ADVICE.get(evidence.worst_class, LOOK) if few else LOOK
    text = "; ".join(against)
    return f"{text[0].upper()}{text[1:]}: {advice}."
