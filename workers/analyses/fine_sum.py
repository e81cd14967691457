"""A sum on pixels of half the side, for one exposure that somebody asked about."""

from __future__ import annotations

import numpy as np

from smartscope.analysis import chains, registry
from smartscope.analysis.io.movie import open_movie
from smartscope.analysis.superresolution.result import CannotSuperResolve, SuperResolved
from smartscope.models import Analysis, ImageKind
from smartscope.operations.record_fine_sum import FineResult, record_fine_sum
from smartscope.storage.current import current_store
from workers.analyses.exposure import for_the_eye, how_taken
from workers.analyses.pictures import write_derived
from workers.analyses.references import check_whole, defects_of, gain_of


def make_fine_sum(analysis: Analysis) -> None:
    """Raises BadFile for a broken movie; what a movie does not hold is an answer, not an error."""
    try:
        resolved = _resolved(analysis)
    except CannotSuperResolve as refusal:
        record_fine_sum(analysis.pk, FineResult(made=None, refusal=str(refusal)))
        return
    made = write_derived(
        analysis.image,
        ImageKind.FINE_SUM,
        resolved.pixels,
        pixel_size_angstrom=resolved.pixel_size_angstrom,
        to_stage=None,
        shown=for_the_eye(resolved.pixels, resolved.pixel_size_angstrom),
    )
    record_fine_sum(
        analysis.pk,
        FineResult(
            made=made,
            expected_to_angstrom=resolved.expected_to_angstrom,
            beyond_nyquist_z=_finite(resolved.beyond_nyquist_z),
        ),
    )


def _resolved(analysis: Analysis) -> SuperResolved:
    movie = analysis.image
    check_whole(movie)
    taken, gain, defects = how_taken(movie), gain_of(movie), defects_of(movie)
    aligner = registry.movie_aligner(chains.MOVIE_ALIGNER)
    resolver = registry.super_resolver(analysis.plugin)
    with current_store().local_copy(movie.key) as path, open_movie(path) as frames:
        aligned = aligner.align(frames, taken, gain=gain, defects=defects)
        return resolver.super_resolve(frames, taken, aligned, gain=gain, defects=defects)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
