"""Numbers and names of the report as people read them."""

from __future__ import annotations

NOT_MEASURED = "not measured yet"
VERDICTS = {
    "collect": "Collect",
    "re-screen": "Re-screen",
    "discard": "Discard",
    "undecided": "Undecided",
}
CAUSES = {
    "analysis": "results of an analysis",
    "person": "a person",
    "pause": "a pause",
    "instrument": "the instrument",
    "refill": "a refill of the dewars",
    "vacuum": "the vacuum",
    "storage": "storage",
    "schedule": "the schedule",
    "recovery": "recovery after an interruption",
    "other": "other causes",
}


def measured(value: float | None, unit: str, decimals: int) -> str:
    """A value with its unit, or that nobody measured it."""
    return NOT_MEASURED if value is None else f"{value:.{decimals}f} {unit}"


def duration(seconds: float | None) -> str:
    """Hours and minutes, or minutes and seconds when shorter."""
    if seconds is None:
        return NOT_MEASURED
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60} min {whole % 60:02d} s"


def percent(share: float | None) -> str:
    """One decimal below ten per cent."""
    if share is None:
        return NOT_MEASURED
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.1f} %"
