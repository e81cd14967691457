"""Every image is looked at once as it is registered: what it says of valves, beam and camera."""

from __future__ import annotations

import hashlib
import logging

import numpy as np

from smartscope.domain.image_watch import Look, Place
from smartscope.domain.suspenders import Signal
from smartscope.microscope.procedures.happenings import Produced
from smartscope.microscope.values import AcquiredImage, Area, Pixels
from smartscope.models.image import ImageKind
from smartscope.operations.journal_values import NewImage
from workers.bridge.helm import Helm

log = logging.getLogger(__name__)
#: of all pixels at the type's largest value
SATURATED_PART = 0.5
#: kinds that cost so little dose that their place may be looked at again, and with which optics
_AREAS = {ImageKind.SQUARE: Area.SQUARE, ImageKind.HOLE: Area.HOLE}


def look_at(helm: Helm, produced: Produced, image: NewImage, kind: ImageKind, grid: str) -> str:
    """Remember the image; the words of what makes it worth nothing, "" when it is sound."""
    flat, saturated = _extremes(produced)
    look = Look(
        kind=f"{grid} {kind} {image.dose_e_per_angstrom2:g}",
        mean=0.0 if image.mean_counts is None else image.mean_counts,
        sha256=image.sha256,
        electrons=_electrons(image, produced),
        flat=flat,
        saturated=saturated,
        place=_place(produced, image, kind),
    )
    helm.watch.images, flaw = helm.watch.images.after(look)
    _report(helm)
    if produced.files and not helm.microscope.column.status().valves_open:
        return "valves_closed"
    if flaw is None:
        return ""
    log.warning("%s is %s (mean %.3g counts)", image.key, flaw, look.mean)
    return str(flaw) if flaw.of_the_camera else ""


def look_at_again(helm: Helm, image: AcquiredImage) -> None:
    """A second look at a place that was sound; nothing of it is kept but what it says."""
    look = Look(
        kind="again",
        mean=float(image.pixels.astype(np.float64).mean()),
        sha256=hashlib.sha256(image.pixels.tobytes()).hexdigest(),
        electrons=image.dose_e_per_a2 * image.pixel_size_angstrom**2,
        flat=_flat(image.pixels),
        saturated=_saturated(image.pixels),
        again=True,
    )
    usual = helm.watch.images.reference
    helm.watch.images, flaw = helm.watch.images.after(look)
    _report(helm)
    before = 0.0 if usual is None else usual.mean
    log.warning(
        "looked again at a sound place: %s (mean %.3g counts, %.3g before)",
        flaw or "as it was", look.mean, before,
    )  # fmt: skip


def _place(produced: Produced, image: NewImage, kind: ImageKind) -> Place | None:
    if image.stage_x_um is None or image.stage_y_um is None:
        return None
    single = produced.image is not None
    return Place(
        x_um=image.stage_x_um,
        y_um=image.stage_y_um,
        tilt_deg=image.tilt_deg,
        area=_AREAS[kind] if single and kind in _AREAS else "",
    )


def _electrons(image: NewImage, produced: Produced) -> float:
    """Sent to each pixel, in each frame where there are several."""
    frames = image.sections if produced.files else 1
    return image.dose_e_per_angstrom2 * image.pixel_size_angstrom**2 / max(frames, 1)


def _report(helm: Helm) -> None:
    images = helm.watch.images
    helm.watch.report(Signal.FRAME, bad=images.camera_failed)
    helm.watch.report(Signal.BEAM, bad=images.beam_lost)


def _extremes(produced: Produced) -> tuple[bool, bool]:
    """Whether every pixel is the same, and whether most are at the type's end.

    Movies are not opened here; their mean and their checksum are what the camera's file tells.
    """
    if produced.image is not None:
        tiles = [produced.image.pixels]
    elif produced.montage is not None:
        tiles = [piece.image.pixels for piece in produced.montage.pieces]
    else:
        return False, False
    return all(_flat(tile) for tile in tiles), all(_saturated(tile) for tile in tiles)


def _flat(pixels: Pixels) -> bool:
    return bool(np.ptp(pixels) == 0)


def _saturated(pixels: Pixels) -> bool:
    if pixels.dtype.kind not in "iu":
        return False
    full = np.iinfo(pixels.dtype.name).max
    return bool(np.count_nonzero(pixels == full) > SATURATED_PART * pixels.size)
