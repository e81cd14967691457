"""Which plug-ins look at an image when nobody chose others, in the order they are tried."""

from __future__ import annotations

SQUARE_FINDERS = ("classical-squares",)
HOLE_FINDERS = ("classical-holes",)
STITCHER = "correlation-stitcher"
MOVIE_ALIGNER = "whole-frame"
