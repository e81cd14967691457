"""Find a place in a view by the pattern about it, as an image of lower magnification shows it."""

from __future__ import annotations

from smartscope.domain.geometry import Point
from smartscope.microscope.alignment import find
from smartscope.microscope.procedures.requests import LocateHole
from smartscope.microscope.values import AcquiredImage, Reference

#: below this correlation the view does not show the pattern
LEAST_CORRELATION = 0.25


def pattern_locator(reference: Reference) -> LocateHole:
    """A `LocateHole` for the target of `reference`, for films whose holes have no shape to go by.

    It looks at most a third of the reference's extent away from where the stage shows the target.
    """

    def locate(image: AcquiredImage, believed: Point) -> Point | None:
        found, correlation = find(reference, image)
        return found if correlation >= LEAST_CORRELATION else None

    return locate
