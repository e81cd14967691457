"""An exposure without its noise, for people to look at, made of two halves of its frames."""

from __future__ import annotations

import logging

from smartscope.analysis import chains, registry
from smartscope.analysis.base import FloatImage, UnusableImage
from smartscope.analysis.denoising.denoised import DenoisedImage
from smartscope.analysis.io.movie import open_movie
from smartscope.models import Analysis, Image, ImageKind
from smartscope.operations.derived_image import Derived
from smartscope.operations.record_denoised import DenoisedResult, record_denoised
from smartscope.storage.current import current_store
from workers.analyses.exposure import how_taken
from workers.analyses.halves import stored_halves, write_halves
from workers.analyses.pictures import write_derived
from workers.analyses.references import check_whole, defects_of, gain_of

log = logging.getLogger(__name__)


def denoise(analysis: Analysis) -> None:
    """Raises BadFile for a broken movie; what holds no picture is an answer, not an error."""
    movie = analysis.image
    even, odd, written = _halves(movie)
    try:
        clean = _denoised(analysis.plugin, even, odd, movie.pixel_size_angstrom)
    except UnusableImage as refusal:
        answer = DenoisedResult(made=None, refusal=str(refusal), halves=written)
    else:
        made = write_derived(
            movie,
            ImageKind.DENOISED,
            clean.pixels,
            pixel_size_angstrom=clean.pixel_size_angstrom,
            to_stage=None,
            tiles=True,
        )
        answer = DenoisedResult(
            made=made,
            method=clean.method,
            method_version=clean.version,
            tuned=clean.tuned,
            halves=written,
        )
    record_denoised(analysis.pk, answer)


def _halves(movie: Image) -> tuple[FloatImage, FloatImage, tuple[Derived, ...]]:
    """Even, odd, and the files that were written for them just now."""
    stored = stored_halves(movie)
    if stored is not None:
        return (*stored, ())
    check_whole(movie)
    taken, gain, defects = how_taken(movie), gain_of(movie), defects_of(movie)
    aligner = registry.movie_aligner(chains.MOVIE_ALIGNER)
    with current_store().local_copy(movie.key) as path, open_movie(path) as frames:
        sums = aligner.align(frames, taken, gain=gain, defects=defects).sums
    return sums.even, sums.odd, write_halves(movie, sums)


def _denoised(
    asked: str, even: FloatImage, odd: FloatImage, pixel_size_angstrom: float
) -> DenoisedImage:
    """By the plug-in that was asked, or the first after it in the chain that is there."""
    names = [asked, *(name for name in chains.DENOISERS if name != asked)]
    *others, last = names
    for name in others:
        try:
            found = registry.denoiser(name)
        except registry.PluginUnavailable as absent:
            log.warning("%s", absent)
            continue
        return found.denoise(even, odd, pixel_size_angstrom=pixel_size_angstrom)
    return registry.denoiser(last).denoise(even, odd, pixel_size_angstrom=pixel_size_angstrom)
