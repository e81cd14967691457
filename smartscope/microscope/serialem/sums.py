"""Exposures whose frames are not kept: their sum as a file of ours."""

from __future__ import annotations

import hashlib

from smartscope.domain.errors import StorageFull
from smartscope.domain.no_room import means_no_room
from smartscope.microscope.errors import CameraFailed
from smartscope.microscope.serialem.areas import AreaCalibration
from smartscope.microscope.serialem.frames import Brought, flush_folder
from smartscope.microscope.serialem.images import require_pixels
from smartscope.microscope.serialem.movie_files import MovieShape, write_sum
from smartscope.microscope.values import Pixels, RecordItem, RecordPlan


def keep_sum(plan: RecordPlan, item: RecordItem, pixels: Pixels, area: AreaCalibration) -> Brought:
    """Write an exposure to `<folder>/<name>.<format>`, aside first.

    Raises CameraFailed for pixels that are none of the area's or cannot be written, StorageFull
    when there is no room.
    """
    require_pixels(pixels, area)
    target = plan.folder / f"{item.name}.{plan.file_format}"
    part = target.with_name(f"{target.name}.part")
    try:
        write_sum(part, pixels, area.settings.pixel_size_angstrom)
        part.replace(target)
        flush_folder(target.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        what = (
            f"{target.name} could not be written ({error.strerror}); dose was spent but there "
            "is no file."
        )
        if means_no_room(error):
            raise StorageFull(f"{what} Make room first.") from error
        raise CameraFailed(f"{what} Check this machine's disk.") from error
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Brought(
        path=target,
        shape=MovieShape(frames=1, width_px=pixels.shape[1], height_px=pixels.shape[0]),
        sha256=digest,
        size_bytes=target.stat().st_size,
        notes=None,
        gain=None,
    )
