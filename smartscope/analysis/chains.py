"""Which plug-ins look at an image when nobody chose others, in the order they are tried."""

from __future__ import annotations

from collections.abc import Mapping

#: Whoever installed a detector wants it asked first; absent ones are passed over. The shipped
#: network is second until it names squares better on the simulator's own atlases as well.
SQUARE_FINDERS = (
    "detectron2-squares",
    "faster-rcnn-squares",
    "classical-squares",
    "network-squares",
)
#: Whose card tells an atlas's duration: what looks where a site installed nothing.
SHIPPED_SQUARE_FINDER = "classical-squares"
HOLE_FINDERS = ("classical-holes", "network-holes", "yolo-holes")
LACEY_FINDERS = ("lacey-voids",)
CONTINUOUS_FINDERS = ("continuous-points",)
STITCHER = "correlation-stitcher"
MOVIE_ALIGNER = "local-motion"
SUPER_RESOLVER = "linear-dealiasing"
PICKER = "matched-picker"
#: the network first, the linear filter where its weights are absent
DENOISERS = ("care-p2p", "wiener-halves")

#: films with a chain of their own, by the name they are declared with
BY_FILM: Mapping[str, tuple[str, ...]] = {
    "lacey": LACEY_FINDERS,
    "continuous": CONTINUOUS_FINDERS,
}


def hole_finders_for(hole_type: str) -> tuple[str, ...]:
    """The chain for squares of a support film, by the name it is declared with."""
    return BY_FILM.get(hole_type, HOLE_FINDERS)
