"""Several exposures of one plan by SerialEM's `MultipleRecords`: one command for all of them.

Only where a site's settings choose it (`records`), and only for plans that it can serve: SerialEM
names all its movies of one series by one base name, so that a movie could not be adopted by the
name of its item. Plans that save frames are therefore always exposed one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

from smartscope.domain.clock import Clock
from smartscope.microscope.errors import CameraFailed
from smartscope.microscope.serialem.focus import Focus
from smartscope.microscope.serialem.images import ImageReader
from smartscope.microscope.serialem.link import Operation
from smartscope.microscope.serialem.matrices import transform
from smartscope.microscope.serialem.optics import SerialEmOptics
from smartscope.microscope.serialem.recording import PrepareExposure, Recorder, Shot
from smartscope.microscope.serialem.settings import SerialEmSettings
from smartscope.microscope.serialem.stack_files import times_s
from smartscope.microscope.serialem.stacks import StackFolder, closing_file
from smartscope.microscope.serialem.stage import read_pose
from smartscope.microscope.serialem.sums import keep_sum
from smartscope.microscope.values import Area, ImageShift, RecordedFile, RecordPlan

#: On a tilted stage SerialEM would change the defocus of each hole by itself.
LEVEL_DEG = 1.0
#: The first four arguments, and later ones, as the dialog has them.
AS_SET_UP = -9
#: Save each image to the open file; no early return, and no frames of it.
SAVED, NO_EARLY_RETURN, NO_EARLY_FRAMES = 1, 0, 0
#: Several holes (2), at the places given by SetCustomHoleShifts (32).
CUSTOM_HOLES = 34
SHIFTS_X, SHIFTS_Y = "smartscopeShiftX", "smartscopeShiftY"
MRC, OF_IMAGES = 0, 0
HIGHEST_MAG_INDEX = 1000
#: What a hole may take beyond its exposure, and a series beyond its holes (s).
HOLE_MARGIN_S = 15.0
SERIES_MARGIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Multishot:
    """Exposes a whole plan; files and values are those that one by one would give."""

    settings: SerialEmSettings
    optics: SerialEmOptics
    focus: Focus
    reader: ImageReader
    recorder: Recorder
    stacks: StackFolder
    clock: Clock

    def suits(self, op: Operation, plan: RecordPlan) -> bool:
        """Whether one command can do what the plan says (read).

        Several items at one defocus and dose, no frames kept, on a level stage.
        """
        alike = {(item.defocus_um, item.dose_e_per_a2, item.frames) for item in plan.items}
        if plan.save_frames or len(plan.items) < 2 or len(alike) != 1:
            return False
        return abs(read_pose(op).tilt_deg) < LEVEL_DEG

    def record(
        self, op: Operation, exposing: PrepareExposure, plan: RecordPlan
    ) -> tuple[RecordedFile, ...]:
        """Expose all items of a plan that suits; the image shift is left as for the last.

        Raises ImageShiftLimit before anything is exposed, CameraFailed when images are missing.
        """
        area, first = self.settings.areas[Area.RECORD], plan.items[0]
        for item in plan.items:
            self.optics.require_possible(item.image_shift)
        self.focus.command(first.defocus_um)
        self.optics.enter(op, Area.RECORD)
        self.optics.shift(op, ImageShift(0.0, 0.0))
        self.focus.apply(op)
        exposure_s = exposing.prepare(op, area, first.dose_e_per_a2)
        area.require_exposure(exposure_s, op.read("ReportExposure", area.camera_set).number())
        self.recorder.tell_saving(op, save_frames=False)
        self._tell_holes(op, plan)
        name, began_s = self.stacks.new_name("multishot"), self.clock.now()
        self._expose(op, name, len(plan.items), exposure_s)
        sections = self.stacks.read(name, len(plan.items))
        exposed_s = self.reader.properties(op, area)[3]
        last = self.reader.place_at(op, area, read_pose(op), plan.items[-1].image_shift)
        files = []
        for item, section, at_s in zip(
            plan.items, sections, times_s(sections, began_s), strict=True
        ):
            brought = keep_sum(plan, item, section.pixels, area)
            shot = Shot(
                exposure_s=exposed_s,
                dose_e_per_a2=area.spent(item.dose_e_per_a2, exposed_s),
                mean_counts=float(section.pixels.mean()),
                taken_at_s=at_s,
                placed=last.moved_to(item.image_shift),
                rotation_flip=0,
            )
            files.append(self.recorder.finished(item, brought, shot))
        self.optics.shift(op, plan.items[-1].image_shift)
        return tuple(files)

    def _tell_holes(self, op: Operation, plan: RecordPlan) -> None:
        """In SerialEM's units, counted from no shift at all."""
        matrix = self.optics.shift_matrix(op)
        shifts = [
            transform(matrix, item.image_shift.x_um, item.image_shift.y_um) for item in plan.items
        ]
        mag_index = op.read("ReportMagIndex").whole(low=1, high=HIGHEST_MAG_INDEX)
        for name, values in zip((SHIFTS_X, SHIFTS_Y), zip(*shifts, strict=True), strict=True):
            op.absolute("SetVariable", name, "\n".join(f"{value:.6f}" for value in values))
        op.absolute("SetCustomHoleShifts", SHIFTS_X, SHIFTS_Y, mag_index, 0.0)

    def _expose(self, op: Operation, name: str, holes: int, exposure_s: float) -> None:
        op.absolute("SetNewFileType", MRC, OF_IMAGES)
        op.absolute("OpenNewFile", self.stacks.named(name))
        with closing_file(op):
            taken = op.dose(
                "MultipleRecords",
                *[AS_SET_UP] * 4,
                SAVED,
                NO_EARLY_RETURN,
                NO_EARLY_FRAMES,
                int(self.settings.compensates_coma),
                CUSTOM_HOLES,
                deadline_s=holes * (exposure_s + HOLE_MARGIN_S) + SERIES_MARGIN_S,
            ).number()
            if taken != holes:
                raise CameraFailed(
                    f"SerialEM exposed {taken:g} holes where {holes} were asked for; look at its "
                    "log before anything is repeated."
                )
