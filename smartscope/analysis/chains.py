"""Which plug-ins look at an image when nobody chose others, in the order they are tried."""

from __future__ import annotations

SQUARE_FINDERS = ("classical-squares",)
HOLE_FINDERS = ("network-holes", "classical-holes", "yolo-holes")
LACEY_FINDERS = ("lacey-voids",)
CONTINUOUS_FINDERS = ("continuous-points",)
STITCHER = "correlation-stitcher"
MOVIE_ALIGNER = "local-motion"

_BY_FILM = {"lacey": LACEY_FINDERS, "continuous": CONTINUOUS_FINDERS}


def hole_finders_for(hole_type: str) -> tuple[str, ...]:
    """The chain for squares of a support film, by the name it is declared with."""
    return _BY_FILM.get(hole_type, HOLE_FINDERS)
