"""What a screening says about the settings of the collection that follows, in words.

Each rule needs enough exposures to stand on; where there are too few it says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

#: fewer exposures than these are an anecdote
ENOUGH_EXPOSURES = 5
#: a focus this far off (µm) is worth an offset
FOCUS_OFF_UM = 0.2
#: when this share of the motion falls into the first electrons, waiting longer would not help
EARLY_SHARE = 0.6
RESTLESS_ANGSTROM = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One analysed exposure; None where nothing was measured. Defocus: underfocus positive."""

    usable: bool
    ice_nm: float | None = None
    drift_total_angstrom: float | None = None
    drift_early_angstrom: float | None = None
    target_defocus_um: float | None = None
    defocus_um: float | None = None


def suggested_settings(
    exposures: Sequence[Measured], *, ice_range_nm: tuple[float, float]
) -> tuple[str, ...]:
    """Sentences, the most useful first; empty when nothing can be said yet."""
    rules: tuple[Callable[[], str], ...] = (
        lambda: _ice(exposures, ice_range_nm),
        lambda: _focus(exposures),
        lambda: _motion(exposures),
    )
    return tuple(said for rule in rules if (said := rule()))


def _ice(exposures: Sequence[Measured], ice_range_nm: tuple[float, float]) -> str:
    good = sorted(e.ice_nm for e in exposures if e.usable and e.ice_nm is not None)
    if len(good) < ENOUGH_EXPOSURES:
        return ""
    low, high = good[len(good) // 10], good[-1 - len(good) // 10]
    return (
        f"Usable exposures had {low:.0f} to {high:.0f} nm of ice; the selector keeps "
        f"{ice_range_nm[0]:.0f} to {ice_range_nm[1]:.0f} nm."
    )


def _focus(exposures: Sequence[Measured]) -> str:
    off = [
        e.defocus_um - e.target_defocus_um
        for e in exposures
        if e.defocus_um is not None and e.target_defocus_um is not None
    ]
    if len(off) < ENOUGH_EXPOSURES or abs(median(off)) < FOCUS_OFF_UM:
        return ""
    way = "more" if median(off) > 0 else "less"
    return (
        f"Defocus came out {abs(median(off)):.2f} µm {way} than asked for (median of {len(off)}); "
        "check the autofocus offset."
    )


def _motion(exposures: Sequence[Measured]) -> str:
    moved = [
        (e.drift_total_angstrom, e.drift_early_angstrom)
        for e in exposures
        if e.drift_total_angstrom is not None and e.drift_early_angstrom is not None
    ]
    if len(moved) < ENOUGH_EXPOSURES:
        return ""
    total = median(whole for whole, _ in moved)
    if total < RESTLESS_ANGSTROM:
        return ""
    early = median(first / whole for whole, first in moved if whole > 0)
    said = f"Exposures moved {total:.0f} Å (median), {100 * early:.0f} % of it early: "
    if early >= EARLY_SHARE:
        return said + "the beam moves the specimen, and waiting would not help."
    return said + "the stage still drifts, so wait for it to settle (drift criterion)."
