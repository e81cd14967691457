"""Class averages of a grid's particles, with a stack and a table for other programs."""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image as PillowImage

from smartscope.analysis.base import FloatArray, FloatImage, UnusableImage
from smartscope.analysis.ctf.optics import Defocus, Optics
from smartscope.analysis.io.image import read_image
from smartscope.analysis.io.mrc import write_mrc
from smartscope.analysis.picking.class_averages import ClassAverages
from smartscope.analysis.picking.classes2d import MOST_PARTICLES, class_averages
from smartscope.analysis.picking.coordinate_files import star_text
from smartscope.analysis.picking.particle_boxes import BOX_PX, ParticleBoxes, cut_boxes, joined
from smartscope.domain.errors import BadFile, InvalidInput, NotFound
from smartscope.domain.particles import FEWEST_TO_AVERAGE
from smartscope.models import ParticleStudy
from smartscope.operations.asked_work import note_progress
from smartscope.queries.particle_studies import AVERAGES_PICTURE
from smartscope.queries.picked_micrographs import PickedExposure, picked_exposures
from smartscope.storage.current import current_store
from workers.exports.archive import put
from workers.exports.micrographs import micrograph_of
from workers.studies.beating import beating
from workers.studies.result import StudyResult

_EXPOSURES: Final = 40
_READING: Final = 0.4
_GREY: Final = (0.5, 99.5)


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """Boxes of one exposure, and where they were cut, (n, 2) pixels."""

    name: str
    boxes: ParticleBoxes
    places_px: FloatArray


def averaged(study: ParticleStudy) -> StudyResult:
    """Of at most 2,000 particles of at most 40 exposures. Raises InvalidInput for too few."""
    cuts, size, unread = _cuts(study)
    many = sum(len(cut.boxes) for cut in cuts)
    if size is None or many < FEWEST_TO_AVERAGE:
        raise InvalidInput(
            {"particles": f"{many} particles could be cut out; {FEWEST_TO_AVERAGE} are needed."}
        )
    boxes = joined([cut.boxes for cut in cuts], most=MOST_PARTICLES)
    with beating(study):
        found = class_averages(boxes)
    return StudyResult(
        content=_archive(cuts, boxes, found),
        extension="zip",
        told={
            "particles": len(boxes),
            "exposures": len(cuts),
            "box_px": BOX_PX,
            "pixel_size_angstrom": found.pixel_size_angstrom,
            "junk_particles": int(found.junk_particles.sum()),
            "classes": [_class(found, number) for number in range(len(found.counts))],
        },
        diameter_angstrom=size,
        message=f"Could not be read: {', '.join(unread)}." if unread else "",
    )


def _class(found: ClassAverages, number: int) -> dict[str, Any]:
    ends = float(found.resolutions_angstrom[number])
    return {
        "count": int(found.counts[number]),
        "junk": bool(found.junk[number]),
        "score": round(float(found.scores[number]), 3),
        "chance": round(float(found.chance[number]), 3),
        "resolution_angstrom": round(ends, 1) if math.isfinite(ends) else None,
    }


def _cuts(study: ParticleStudy) -> tuple[list[_Cut], float | None, list[str]]:
    """All with one diameter: the one given, else the median of the exposures'."""
    exposures = list(picked_exposures(study.grid, None))
    chosen = exposures[:: max(1, math.ceil(len(exposures) / _EXPOSURES))]
    sizes = [one.diameter_angstrom for one in chosen if one.diameter_angstrom is not None]
    size = study.diameter_angstrom or (float(np.median(sizes)) if sizes else None)
    cuts: list[_Cut] = []
    unread: list[str] = []
    for number, one in enumerate(chosen if size is not None else ()):
        assert size is not None
        try:
            cuts.append(_cut(one, size, study))
        except (BadFile, NotFound, UnusableImage):
            unread.append(one.exposure.slug)
        note_progress(study, _READING * (number + 1) / len(chosen))
    return [cut for cut in cuts if len(cut.boxes)], size, unread


def _cut(one: PickedExposure, size: float, study: ParticleStudy) -> _Cut:
    micrograph = micrograph_of(one)
    microscope = study.grid.session.microscope
    with current_store().local_copy(one.image.key) as path:
        total = read_image(path).pixels
    defocus = None
    if micrograph.defocus_u_angstrom is not None:
        defocus = Defocus.of_axes(
            micrograph.defocus_u_angstrom,
            micrograph.defocus_v_angstrom or micrograph.defocus_u_angstrom,
            micrograph.defocus_angle_deg or 0.0,
        )
    boxes = cut_boxes(
        total,
        one.particles_px,
        pixel_size_angstrom=one.image.pixel_size_angstrom,
        diameter_angstrom=size,
        defocus=defocus,
        optics=Optics(
            voltage_kv=microscope.voltage_kv,
            spherical_aberration_mm=microscope.spherical_aberration_mm,
        ),
    )
    return _Cut(micrograph.name, boxes, one.particles_px[boxes.kept])


def _archive(cuts: list[_Cut], boxes: ParticleBoxes, found: ClassAverages) -> bytes:
    names = np.concatenate([[cut.name] * len(cut.boxes) for cut in cuts])[boxes.kept]
    places = np.concatenate([cut.places_px for cut in cuts])[boxes.kept]
    stack, file = io.BytesIO(), io.BytesIO()
    write_mrc(
        stack,
        found.averages,
        frame_count=len(found.averages),
        pixel_size_angstrom=found.pixel_size_angstrom,
    )
    table = {
        "rlnMicrographName": names,
        "rlnCoordinateX": places[:, 0],
        "rlnCoordinateY": places[:, 1],
        "rlnClassNumber": found.classes + 1,
        "rlnAnglePsi": found.turns_deg,
    }
    classes = {
        "rlnReferenceImage": [f"{at:06d}@averages.mrcs" for at in range(1, len(found.counts) + 1)],
        "rlnClassDistribution": found.counts / found.counts.sum(),
        "rlnEstimatedResolution": found.resolutions_angstrom,
        "smartscopeJunk": found.junk.astype(int),
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        put(archive, AVERAGES_PICTURE, _sheet(found.averages))
        put(archive, "averages.mrcs", stack.getvalue())
        put(archive, "particles.star", star_text({"particles": table}))
        put(archive, "classes.star", star_text({"model_classes": classes}))
    return file.getvalue()


def _sheet(averages: FloatImage) -> bytes:
    """All in a row, each from its own black to its own white."""
    low, high = np.percentile(averages, _GREY, axis=(1, 2))
    level = (averages - low[:, None, None]) / np.maximum(high - low, 1e-9)[:, None, None]
    grey = np.asarray(255.0 * np.clip(level, 0.0, 1.0), dtype=np.uint8)
    file = io.BytesIO()
    PillowImage.fromarray(np.concatenate(list(grey), axis=1)).save(file, "PNG")
    return file.getvalue()
