"""Where in a hole the beam goes: its centre, or off it to sample how the ice varies across."""

from __future__ import annotations

import hashlib
import math

from smartscope.domain.geometry import Point
from smartscope.domain.protocol import CollectionProtocol

#: drawn offsets stay within this part of the hole's radius
FARTHEST = 0.5
#: what one exposure illuminates: assumed, a large camera's field at 0.83 Å (a smaller one leaves
#: more room)
BEAM_RADIUS_UM = 0.35


def aim(
    centre: Point, radius_um: float, protocol: CollectionProtocol, *, key: tuple[int, ...]
) -> Point:
    """The place of the exposure, stage µm; the same `key` is always aimed at alike.

    A given offset distance keeps its length and draws only the direction; without one the offset
    is drawn evenly over a disc of half the hole's radius, or of what keeps the beam within the hole
    where that is less: then no film is exposed (analysis-targets, section 5).
    """
    if not protocol.offsets_targets:
        return centre
    first, second = _two_uniform(key)
    distance_um = protocol.offset_distance_um
    if distance_um is None:
        room_um = max(0.0, radius_um - BEAM_RADIUS_UM)
        distance_um = min(FARTHEST * radius_um, room_um) * math.sqrt(second)
    angle = 2 * math.pi * first
    return Point(
        centre.x_um + distance_um * math.cos(angle), centre.y_um + distance_um * math.sin(angle)
    )


def _two_uniform(key: tuple[int, ...]) -> tuple[float, float]:
    text = ",".join(str(part) for part in key).encode()
    digest = hashlib.blake2b(text, digest_size=16).digest()
    return (
        int.from_bytes(digest[:8], "big") / 2**64,
        int.from_bytes(digest[8:], "big") / 2**64,
    )
