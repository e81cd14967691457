"""Rules by which a facility lets itself be told: what is watched, and what a rule must name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum


class RuleKind(StrEnum):
    """What a rule watches."""

    #: no image for so long while a run goes on
    IDLE = "idle"
    #: the newest run failed, was aborted or interrupted
    ERROR = "error"
    #: the run has waited for a person for so long
    WAITING = "waiting"
    GRID_DONE = "grid_done"
    SESSION_DONE = "session_done"
    #: the last exposures all lie outside a band
    METRIC = "metric"
    #: less of the disk is free than this percentage
    DISK = "disk"
    #: the oldest image waits for its analysis longer than this
    ANALYSIS_BEHIND = "analysis_behind"


#: measured values of exposures that a band can be about, with their unit
METRICS: Mapping[str, str] = {
    "ctf_fit_angstrom": "Å",
    "defocus_um": "µm",
    "ice_thickness_nm": "nm",
    "drift_total_angstrom": "Å",
    "astigmatism_nm": "nm",
    "mean_counts": "",
}
MOST_MINUTES, MOST_EXPOSURES = 24 * 60.0, 500
_TIMED = frozenset({RuleKind.IDLE, RuleKind.WAITING, RuleKind.ANALYSIS_BEHIND})


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a rule of its kind needs: minutes, a percentage, or a metric with a band."""

    kind: RuleKind
    minutes: float | None = None
    free_percent: float | None = None
    metric: str = ""
    low: float | None = None
    high: float | None = None
    exposures: int | None = None


def problems_of_rule(watch: Watch) -> dict[str, str]:
    """What is missing or impossible, by field; empty when the rule can be watched."""
    found: dict[str, str] = {}
    if watch.kind in _TIMED and not (watch.minutes and 0 < watch.minutes <= MOST_MINUTES):
        found["minutes"] = f"give the minutes, more than 0 and at most {MOST_MINUTES:g}."
    if watch.kind is RuleKind.DISK and not (watch.free_percent and 0 < watch.free_percent < 100):
        found["free_percent"] = "give the percentage that must stay free, between 0 and 100."
    if watch.kind is RuleKind.METRIC:
        if watch.metric not in METRICS:
            found["metric"] = f"is one of {', '.join(METRICS)}."
        if watch.low is None and watch.high is None:
            found["low"] = "give a lower or an upper limit, or both."
        elif watch.low is not None and watch.high is not None and watch.low >= watch.high:
            found["high"] = "must exceed low."
        if not (watch.exposures and 1 <= watch.exposures <= MOST_EXPOSURES):
            found["exposures"] = f"give how many in a row, 1 to {MOST_EXPOSURES}."
    return found


def is_quiet(now: time, begin: time | None, end: time | None) -> bool:
    """Whether `now` lies in the quiet hours, which may go past midnight; None is no such hours."""
    if begin is None or end is None or begin == end:
        return False
    if begin < end:
        return begin <= now < end
    return now >= begin or now < end


def outside(value: float, low: float | None, high: float | None) -> bool:
    """Whether a value lies outside the band; a side that is None is open."""
    return (low is not None and value < low) or (high is not None and value > high)
