"""Several fields in one hole: on a ring round the middle, so that no beam touches a field not yet
taken and every field stays within the hole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from smartscope.domain.errors import InvalidInput

#: fields on a ring that are ever tried
MOST_ON_RING = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class HoleGeometry:
    """Radii of hole and beam, half the diagonal of a field, and what is kept clear of the hole's
    edge, all in µm. `overlap_um` is how far beams may run into each other.
    """

    hole_radius_um: float
    beam_radius_um: float
    half_diagonal_um: float
    edge_um: float = 0.1
    overlap_um: float = 0.0


@dataclass(frozen=True, slots=True)
class ShotPattern:
    """`ring` fields at `radius_um` round the middle, and one in it when `centre`."""

    ring: int
    centre: bool
    radius_um: float

    @property
    def fields(self) -> int:
        """How many exposures each hole gets."""
        return self.ring + int(self.centre)

    def offsets_um(self) -> tuple[tuple[float, float], ...]:
        """(x, y) of each field from the hole's middle, in the order taken: the centre first."""
        middle = ((0.0, 0.0),) if self.centre else ()
        angles = [2 * math.pi * number / self.ring for number in range(self.ring)]
        ring = ((self.radius_um * math.cos(a), self.radius_um * math.sin(a)) for a in angles)
        return (*middle, *ring)


def best_pattern(geometry: HoleGeometry, *, most_fields: int | None = None) -> ShotPattern:
    """The pattern with most fields, then the shortest shift; one field in the middle at least.

    A ring of n needs ρ ≥ b / sin(π/n) for beams of radius b to stay apart, ρ ≥ 2b beside a central
    one, and ρ + half diagonal ≤ r - edge (analysis-targets, section 5). An allowed overlap brings
    beams nearer, but never a beam onto a field: two are at least b + half diagonal apart.
    Raises InvalidInput where not even one field fits.
    """
    room_um = geometry.hole_radius_um - geometry.edge_um - geometry.half_diagonal_um
    if room_um < 0.0 or geometry.beam_radius_um <= 0.0:
        raise InvalidInput(
            {
                "multishot": f"a field of half diagonal {geometry.half_diagonal_um:g} µm does not "
                f"fit into a hole of radius {geometry.hole_radius_um:g} µm; magnify more or "
                "image larger holes."
            }
        )
    apart_um = max(
        2 * geometry.beam_radius_um - geometry.overlap_um,
        geometry.beam_radius_um + geometry.half_diagonal_um,
    )
    patterns = [ShotPattern(0, centre=True, radius_um=0.0)]
    for ring in range(2, MOST_ON_RING + 1):
        for centre in (False, True):
            radius_um = apart_um / (2 * math.sin(math.pi / ring))
            radius_um = max(radius_um, apart_um) if centre else radius_um
            if radius_um <= room_um + 1e-9:
                patterns.append(ShotPattern(ring, centre=centre, radius_um=radius_um))
    wanted = [p for p in patterns if most_fields is None or p.fields <= max(most_fields, 1)]
    return max(wanted, key=lambda p: (p.fields, -p.radius_um, p.centre))
