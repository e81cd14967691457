"""How thick the ice is where an exposure was made, as seen in the square's image."""

from __future__ import annotations

from smartscope.models import Hole, Image


def seen_ice_nm(movie: Image) -> float | None:
    """Of the hole that `movie` was made of; None where it is not known."""
    holes = Hole.objects.filter(exposures__movie=movie)
    return holes.values_list("ice_thickness_nm", flat=True).first()
