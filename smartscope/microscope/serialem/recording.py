"""One high-magnification exposure: shift, defocus, name, expose, and the file brought home.

The name given to SerialEM before the exposure is the key by which a successor adopts the file.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field, replace
from pathlib import PureWindowsPath
from typing import Protocol

from smartscope.domain.clock import Clock
from smartscope.microscope.errors import CameraFailed, CommandRefused
from smartscope.microscope.serialem.areas import AreaCalibration
from smartscope.microscope.serialem.focus import Focus
from smartscope.microscope.serialem.frame_maps import map_of_frames
from smartscope.microscope.serialem.frames import Brought, FrameFolder
from smartscope.microscope.serialem.images import ImageReader, Placed
from smartscope.microscope.serialem.link import Operation
from smartscope.microscope.serialem.notes import write_notes
from smartscope.microscope.serialem.optics import SerialEmOptics
from smartscope.microscope.serialem.settings import SerialEmSettings
from smartscope.microscope.serialem.sums import keep_sum
from smartscope.microscope.values import Area, RecordedFile, RecordItem, RecordPlan

MOST_FRAMES = 400
#: What a reply may take beyond exposure, settling and saving (s).
RECORD_MARGIN_S = 180.0
#: SetDoseFracParams: fractionate, save frames; never align on the camera's computer.
FRAMES_SAVED = (1, 1, 0)
FRAMES_DROPPED = (0, 0, 0)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,119}", re.ASCII)


class PrepareExposure(Protocol):
    """Sets the exposure of an area's camera set for a dose; seconds."""

    def prepare(self, op: Operation, area: AreaCalibration, dose_e_per_a2: float) -> float:
        """Raises ValvesClosed and CommandRefused, nothing exposed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """What is known of an exposure before its file is; `rotation_flip` makes the file an image."""

    exposure_s: float
    dose_e_per_a2: float
    mean_counts: float
    taken_at_s: float
    placed: Placed
    rotation_flip: int


@dataclass(slots=True)
class Recorder:
    """`_saving` and `_frame_time_s` are what the camera was told; it is told again on change."""

    settings: SerialEmSettings
    optics: SerialEmOptics
    focus: Focus
    reader: ImageReader
    folder: FrameFolder
    clock: Clock
    _saving: bool | None = field(default=None)
    _frame_time_s: float = field(default=0.0)

    def require_possible(self, plan: RecordPlan) -> None:
        """Raise CommandRefused for a plan that cannot be carried out; nothing was exposed."""
        if not plan.folder.is_dir():
            raise CommandRefused(f"{plan.folder} is no folder; make it before exposing into it.")
        if not self.settings.frames.mount.is_dir():
            raise CommandRefused(
                f"{self.settings.frames.mount} is not there; mount SerialEM's frames folder."
            )
        possible = self.settings.frames.file_format if plan.save_frames else "tif"
        if plan.file_format != possible:
            raise CommandRefused(
                f"The camera does not write {plan.file_format!r} here but {possible!r}; plan that, "
                "or change SerialEM's file options and frames_format."
            )
        for item in plan.items:
            self._require_item(plan, item)

    def record(
        self, op: Operation, exposing: PrepareExposure, plan: RecordPlan, item: RecordItem
    ) -> RecordedFile:
        """Expose one item and bring its file home. Raises CameraFailed when it does not come."""
        area = self.settings.areas[Area.RECORD]
        self.focus.command(item.defocus_um)
        self.optics.enter(op, Area.RECORD)
        self.optics.hold(op, item.image_shift)
        self.focus.apply(op)
        exposure_s = exposing.prepare(op, area, item.dose_e_per_a2)
        self._prepare_saving(op, plan, item, exposure_s)
        taken_at_s = self.clock.now()
        op.dose("Record", deadline_s=exposure_s + RECORD_MARGIN_S)
        exposed_s = self.reader.properties(op, area)[3]
        shot = Shot(
            exposure_s=exposed_s,
            dose_e_per_a2=area.spent(item.dose_e_per_a2, exposed_s),
            mean_counts=op.read("ReportMeanCounts", "A").number(),
            taken_at_s=taken_at_s,
            placed=self.reader.place(op, area),
            # A sum is the image as shown; only frames are saved as the camera gives them.
            rotation_flip=self.settings.frames.rotation_flip if plan.save_frames else 0,
        )
        if plan.save_frames:
            brought = self._fetch(op, plan, item)
        else:
            brought = keep_sum(plan, item, op.image("A"), area)
        return self.finished(item, brought, shot)

    def finished(self, item: RecordItem, brought: Brought, shot: Shot) -> RecordedFile:
        """The exposure with its file; notes are written where SerialEM left none."""
        file = self._recorded(item, brought, shot)
        if file.mdoc_path is None:
            file = replace(file, mdoc_path=write_notes(file, voltage_kv=self.settings.voltage_kv))
        return file

    # --- saving ------------------------------------------------------------------------------

    def tell_saving(self, op: Operation, *, save_frames: bool) -> None:
        """Whether Record saves frames, and where; told on change."""
        if self._saving is save_frames:
            return
        if save_frames:
            op.absolute("SetFolderForFrames", self.settings.frames.folder)
        op.absolute("SetDoseFracParams", "R", *(FRAMES_SAVED if save_frames else FRAMES_DROPPED))
        self._saving = save_frames

    def _prepare_saving(
        self, op: Operation, plan: RecordPlan, item: RecordItem, exposure_s: float
    ) -> None:
        self.tell_saving(op, save_frames=plan.save_frames)
        frame_time_s = exposure_s / item.frames
        told = plan.save_frames and self.settings.frames.sets_frame_time
        if told and frame_time_s != self._frame_time_s:
            op.absolute("SetFrameTime", "R", frame_time_s)
            self._frame_time_s = frame_time_s
        op.absolute("SetFrameBaseName", 0, 1, 0, item.name)

    def _fetch(self, op: Operation, plan: RecordPlan, item: RecordItem) -> Brought:
        reply = op.try_read("ReportLastFrameFile")
        if reply is None:
            raise CameraFailed(
                "SerialEM exposed but saved no movie; look at its frame-saving options and at the "
                "frames folder before anything is repeated."
            )
        # The full path, by SerialEM's machine's rules; the name alone is all that counts here.
        reported = PureWindowsPath(reply.text()).name
        frames = item.frames if self.settings.frames.sets_frame_time else None
        return self.folder.fetch(
            item.name, plan.folder, plan.file_format, reported=reported, frames=frames
        )

    # --- what came of it ---------------------------------------------------------------------

    def _recorded(self, item: RecordItem, brought: Brought, shot: Shot) -> RecordedFile:
        settings, shape = self.settings.areas[Area.RECORD].settings, brought.shape
        frames = shape.frames
        # Frames of super-resolution have more pixels than the image has.
        larger = settings.width_px * settings.height_px / (shape.width_px * shape.height_px)
        return RecordedFile(
            item=item.name,
            path=brought.path,
            frames=shape.frames,
            width_px=shape.width_px,
            height_px=shape.height_px,
            pixel_size_angstrom=settings.pixel_size_angstrom * math.sqrt(larger),
            dose_e_per_a2=shot.dose_e_per_a2,
            dose_per_frame_e_per_a2=shot.dose_e_per_a2 / frames,
            gain_path=brought.gain,
            mdoc_path=brought.notes,
            sha256=brought.sha256,
            size_bytes=brought.size_bytes,
            pose=shot.placed.pose,
            image_shift=shot.placed.image_shift,
            defocus_um=item.defocus_um,
            pixel_to_stage=map_of_frames(
                shot.placed.pixel_to_stage,
                image_px=(settings.width_px, settings.height_px),
                frame_px=(shape.width_px, shape.height_px),
                rotation_flip=shot.rotation_flip,
            ),
            mean_counts=shot.mean_counts,
            exposure_s=shot.exposure_s,
            taken_at_s=shot.taken_at_s,
        )

    def _require_item(self, plan: RecordPlan, item: RecordItem) -> None:
        if not _PLAIN_NAME.fullmatch(item.name):
            raise CommandRefused(
                f"{item.name!r} is no plain file name (letters, digits, _ - . only); nothing was "
                "exposed."
            )
        target = plan.folder / f"{item.name}.{plan.file_format}"
        if target.exists() or self.folder.taken(item.name):
            raise CommandRefused(
                f"{item.name} exists already; nothing was exposed and nothing overwritten. Adopt "
                "that file or choose another name."
            )
        if not 1 <= item.frames <= MOST_FRAMES:
            raise CommandRefused(f"{item.frames} frames are not between 1 and {MOST_FRAMES}.")
