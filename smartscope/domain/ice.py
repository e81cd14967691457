"""When two measures of one ice contradict each other: slit drift, or crystals.

Brightness says what the ice swallows, Thon rings how deep it is; both carry a standard error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

#: apart by more, the two measures contradict each other
DISAGREEMENT_SIGMAS: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thickness:
    """A thickness and its standard error; `at_most` when all that is known is a limit."""

    nm: float
    error_nm: float
    at_most: bool = False


def contradiction(brightness: Thickness, rings: Thickness) -> str:
    """What to check when brightness and rings differ by more than three standard errors, or ""."""
    apart_nm = brightness.nm - rings.nm
    if rings.at_most:
        apart_nm = max(apart_nm, 0.0)
    if abs(apart_nm) <= DISAGREEMENT_SIGMAS * math.hypot(brightness.error_nm, rings.error_nm):
        return ""
    by_rings = f"under {rings.nm:.0f}" if rings.at_most else f"{rings.nm:.0f}"
    return (
        f"The hole's brightness gives {brightness.nm:.0f} nm of ice, Thon rings {by_rings} nm: "
        "look at the energy slit, the vacuum's intensity and for crystals."
    )
