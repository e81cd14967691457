"""A picker learnt from what people clicked on in a grid's exposures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from smartscope.analysis.base import UnusableImage
from smartscope.analysis.io.image import read_image
from smartscope.analysis.picking.learnt import Clicked, taught
from smartscope.analysis.picking.left_out import left_out
from smartscope.domain.errors import BadFile, NotFound
from smartscope.models import ParticleStudy
from smartscope.operations.asked_work import note_progress
from smartscope.queries.clicked_exposures import ClickedExposure, clicked_exposures
from smartscope.storage.current import current_store
from workers.studies.result import StudyResult

_STAYS: Final = (
    "These clicks bear out no change, so it picks as the picker without clicks does; correct more "
    "picks in one exposure, missed ones and false ones."
)
#: of the whole, reading the exposures
_READING: Final = 0.3


def learn(study: ParticleStudy) -> StudyResult:
    """Raises InvalidInput where the clicks teach nothing, BadFile where no exposure can be read."""
    chosen = clicked_exposures(study.grid)
    shown: list[Clicked] = []
    unread: list[str] = []
    problem = ""
    for number, one in enumerate(chosen):
        try:
            shown.append(_clicked(one))
        except (BadFile, NotFound, UnusableImage) as error:
            unread.append(one.exposure.slug)
            problem = str(error)
        note_progress(study, _READING * (number + 1) / len(chosen))
    if not shown:
        raise BadFile(f"No exposure that was clicked on can be read: {problem}")
    try:
        made = taught(
            shown,
            diameter_angstrom=study.diameter_angstrom,
            tell=lambda part: note_progress(study, _READING + (1.0 - _READING) * part),
        )
    except UnusableImage as refusal:
        raise BadFile(str(refusal)) from refusal
    said = made.agreement
    return StudyResult(
        content=made.picker.text().encode(),
        extension="json",
        told={
            "clicks": made.clicks,
            "exposures": len(shown),
            "shown": said.shown,
            "hits": said.hits,
            "taken_away": said.taken_away,
            "kept": said.kept,
            "f1": round(said.f1, 3),
        },
        diameter_angstrom=made.picker.diameter_angstrom,
        message=" ".join(_remarks(unread, stays=made.stays)),
    )


def _remarks(unread: Sequence[str], *, stays: bool) -> Iterator[str]:
    if unread:
        yield f"Could not be read: {', '.join(unread)}."
    if stays:
        yield _STAYS


def _clicked(one: ClickedExposure) -> Clicked:
    with current_store().local_copy(one.image.key) as path:
        total = read_image(path).pixels
    pixel = one.image.pixel_size_angstrom
    return Clicked(total, pixel, one.told, left_out(total, pixel_size_angstrom=pixel).mask)
