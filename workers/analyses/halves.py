"""The sums of a movie's even and of its odd frames: written once, by whoever has them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage
from smartscope.analysis.io.image import read_image
from smartscope.analysis.movies.sums import MovieSums
from smartscope.models import Image, ImageKind
from smartscope.operations.derived_image import Derived
from smartscope.storage.current import current_store
from workers.analyses.pictures import write_derived

KINDS = (ImageKind.EVEN_SUM, ImageKind.ODD_SUM)


def write_halves(movie: Image, sums: MovieSums) -> tuple[Derived, ...]:
    """Files of even and odd frames, ready to become rows; none of a single frame."""
    if movie.sections < 2:
        return ()
    return tuple(
        write_derived(
            movie, kind, half, pixel_size_angstrom=movie.pixel_size_angstrom, to_stage=None
        )
        for kind, half in zip(KINDS, (sums.even, sums.odd), strict=True)
    )


def stored_halves(movie: Image) -> tuple[FloatImage, FloatImage] | None:
    """Even and odd (height, width); None where they were not written yet. Raises `BadFile`."""
    rows = {row.kind: row for row in Image.objects.filter(source=movie, kind__in=KINDS)}
    store = current_store()
    if len(rows) < len(KINDS) or not all(store.exists(row.key) for row in rows.values()):
        return None
    even, odd = (_read(rows[kind.value]) for kind in KINDS)
    return even, odd


def _read(image: Image) -> FloatImage:
    with current_store().local_copy(image.key) as path:
        pixels: NDArray[np.generic] = read_image(path).pixels
        return np.asarray(pixels, dtype=np.float32)
