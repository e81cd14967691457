"""Keep every issued image that is on the disk and whole, though nobody registered it.

*Whole* is: closed by its writer, header agreeing with its size, every frame finite. What is there
but broken goes to quarantine with its reason, where it is listed as an orphan.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from smartscope.analysis.io.mdoc import MdocSection, read_mdoc
from smartscope.analysis.io.movie import open_movie
from smartscope.domain.errors import BadFile, NotFound
from smartscope.domain.geometry import Affine
from smartscope.domain.snapshot import Wish
from smartscope.microscope.values import Area
from smartscope.models.image import ImageKind
from smartscope.operations.journal_values import NewImage
from smartscope.operations.record_item import record_item
from smartscope.operations.recover_step import IssuedItem, OpenPicture, open_step
from smartscope.queries.worklist import run_to_drive
from workers.analyses.wanted import wanted_for
from workers.bridge.act import kind_of_item
from workers.bridge.fault_points import fault_point
from workers.bridge.helm import Helm
from workers.bridge.keep_files import adopted, keep_gain
from workers.bridge.names import MOVIE, FileNames, camera_folder, is_local
from workers.bridge.room_to_adopt import close_meanwhile, once_there_is_room

log = logging.getLogger(__name__)
#: an exposure's longest duration and the time its file may take after it
FILE_DUE_S = 30.0 + 90.0
STABLE_S = 2.0
LOOK_AGAIN_S = 5.0
#: below the spool, as below the storage
QUARANTINE = "quarantine"
#: reading and hashing the largest movie on slow storage; silence for so long is not death
READING_S = 300.0


def adopt_issued(helm: Helm, step: UUID, *, patient: bool) -> int:
    """How many issued items of the open step were adopted.

    When `patient` a camera's file is waited for, as long as it may still come.
    """
    picture = open_step(helm.held.microscope)
    if picture is None or picture.id != step:
        return 0
    return sum(_adopt(helm, picture, item, patient=patient) for item in picture.issued)


def names_of(picture: OpenPicture) -> FileNames:
    """The names of the files of a step that an earlier process began."""
    return FileNames(
        session=picture.session_name,
        grid=picture.grid_slug,
        step=picture.id,
        step_number=picture.number,
        epoch=picture.epoch,
    )


def _adopt(helm: Helm, picture: OpenPicture, item: IssuedItem, *, patient: bool) -> bool:
    helm.pulse.allow(READING_S)
    kind = kind_of_item(picture.kind, item.name)
    key = names_of(picture).key(item.name, kind)
    try:
        image = (
            once_there_is_room(helm, lambda: _movie(helm, picture, item, key, patient=patient))
            if kind is ImageKind.MOVIE
            else _ours(helm, key, kind)
        )
    except BadFile as error:
        log.warning("%s is not whole: %s", key, error)
        _put_aside(helm, key, str(error))
        return False
    if image is None:
        return False
    fault_point("before_adopt")
    now_s = helm.clock.now()
    record_item(helm.held, picture.id, item.name, image, wanted_for(kind), now_s=now_s)
    fault_point("adopted")
    return True


def _ours(helm: Helm, key: str, kind: ImageKind) -> NewImage | None:
    """We write aside and rename, so a file with its name is closed."""
    if not helm.store.exists(key):
        return None
    try:
        image = adopted(helm.store, key, kind)
    except NotFound as error:
        raise BadFile(f"{key} has no facts beside it: {error}") from error
    with helm.store.local_copy(key) as path:
        _require_whole_movie(path)
    return image


def _put_aside(helm: Helm, key: str, reason: str) -> None:
    """Into quarantine, wherever the broken file lies: in the storage, or still in the spool."""
    if helm.store.exists(key):
        helm.store.quarantine(key, reason)
    spooled = camera_folder(helm.store, helm.spool, key) / key.rpartition("/")[2]
    if is_local(helm.store) or not spooled.is_file():
        return
    target = helm.spool / QUARANTINE / key
    target.parent.mkdir(parents=True, exist_ok=True)
    target.with_name(f"{target.name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
    spooled.replace(target)


def _movie(
    helm: Helm, picture: OpenPicture, item: IssuedItem, key: str, *, patient: bool
) -> NewImage | None:
    due_s = item.issued_at_s + FILE_DUE_S
    path = _recorded(helm, key, item, due_s)
    closed = False
    while patient and path is None and helm.clock.now() < due_s and not helm.ending():
        if not closed and _to_end(helm):
            close_meanwhile(helm)
            closed = True
        helm.pass_time(min(due_s, helm.clock.now() + LOOK_AGAIN_S))
        path = _recorded(helm, key, item, due_s)
    if path is None:
        return None
    _await_stable(helm, path)
    helm.pulse.allow(READING_S)
    frames, height_px, width_px, pixel_size_angstrom = _require_whole_movie(path)
    if not is_local(helm.store):
        helm.store.copy_in(key, path)
    notes = _notes(path)
    return NewImage(
        kind=str(ImageKind.MOVIE),
        key=key,
        sha256=helm.store.sha256(key),
        bytes=helm.store.size(key),
        width_px=width_px,
        height_px=height_px,
        sections=frames,
        pixel_size_angstrom=pixel_size_angstrom or helm.area(Area.RECORD).pixel_size_angstrom,
        defocus_um=picture.parameters.get("defocus_um"),
        tilt_deg=float(picture.parameters.get("tilt_deg", 0.0)),
        dose_e_per_angstrom2=item.dose_e_per_angstrom2,
        taken_at_s=item.issued_at_s,
        **_place(notes, width_px, height_px),
        gain_key=_gain(helm, path, notes, key),
    )


def _to_end(helm: Helm) -> bool:
    """Whether no run needs the column open any more."""
    run = run_to_drive(helm.held.microscope)
    return run is None or run.wish is Wish.STOP


def _recorded(helm: Helm, key: str, item: IssuedItem, due_s: float) -> Path | None:
    """The closed movie of that name, brought to where the bridge reads it."""
    folder = camera_folder(helm.store, helm.spool, key)
    folder.mkdir(parents=True, exist_ok=True)
    stem = key.rpartition("/")[2].removesuffix(f".{MOVIE}")
    return helm.microscope.camera.find_recorded(
        stem, folder, file_format=MOVIE, broken_from_s=due_s, begun_s=item.issued_at_s
    )


def _await_stable(helm: Helm, path: Path) -> None:
    size = path.stat().st_size
    while True:
        helm.pass_time(helm.clock.now() + STABLE_S)
        if path.stat().st_size == size:
            return
        size = path.stat().st_size


def _require_whole_movie(path: Path) -> tuple[int, int, int, float | None]:
    """Frames, height, width and Å per pixel, every frame having been read. Raises BadFile."""
    with open_movie(path) as movie:
        for index in range(movie.frames):
            if not np.isfinite(movie.read(index)).all():
                raise BadFile(f"{path.name}: frame {index} holds values that are not finite.")
        return movie.frames, movie.height_px, movie.width_px, movie.pixel_size_angstrom


def _notes(path: Path) -> MdocSection | None:
    """What the camera noted beside the movie; None when there is nothing readable."""
    try:
        images = read_mdoc(path.with_name(f"{path.name}.mdoc")).images()
    except BadFile:
        return None
    return images[0] if images else None


def _place(notes: MdocSection | None, width_px: int, height_px: int) -> dict[str, Any]:
    """Stage position and pixel map, as far as the notes tell them."""
    if notes is None:
        return {}
    stage, shift = notes.numbers("StagePosition"), notes.numbers("ImageShift")
    if len(stage) != 2:
        return {}
    place: dict[str, Any] = {
        "stage_x_um": stage[0],
        "stage_y_um": stage[1],
        "stage_z_um": notes.number("StageZ"),
    }
    matrix = notes.numbers("ImageToStageMatrix")
    if len(matrix) == 4 and len(shift) == 2:
        a, b, c, d = matrix
        x, y = (width_px - 1) / 2, (height_px - 1) / 2
        centre_x, centre_y = stage[0] + shift[0], stage[1] + shift[1]
        affine = Affine(a, b, centre_x - a * x - b * y, c, d, centre_y - c * x - d * y)
        place["pixel_to_stage"] = affine.as_list()
    return place


def _gain(helm: Helm, path: Path, notes: MdocSection | None, key: str) -> str:
    name = notes.values.get("GainReference", "") if notes is not None else ""
    gain = path.with_name(name) if name and "/" not in name else None
    return keep_gain(helm.store, gain if gain is not None and gain.is_file() else None, key)
