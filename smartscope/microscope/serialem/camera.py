"""Everything that spends dose, by SerialEM's camera sets: single images and tiles of montages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from smartscope.domain.clock import Clock
from smartscope.microscope.errors import BadArgument, CommandRefused, InstrumentBusy, ValvesClosed
from smartscope.microscope.serialem.areas import AreaCalibration
from smartscope.microscope.serialem.column import valves_open
from smartscope.microscope.serialem.focus import require_defocus
from smartscope.microscope.serialem.frames import FrameFolder
from smartscope.microscope.serialem.full_montage import FullMontage
from smartscope.microscope.serialem.images import ImageReader
from smartscope.microscope.serialem.link import Link, Operation
from smartscope.microscope.serialem.montages import tile_centres
from smartscope.microscope.serialem.multishot import Multishot
from smartscope.microscope.serialem.optics import SerialEmOptics
from smartscope.microscope.serialem.recording import Recorder
from smartscope.microscope.serialem.settings import SerialEmSettings
from smartscope.microscope.serialem.stage import move
from smartscope.microscope.values import (
    AcquiredImage,
    AcquiredMontage,
    Area,
    CommandClass,
    MontagePiece,
    MontagePlan,
    RecordedFile,
    RecordPlan,
)

MOST_DOSE_E_PER_A2 = 500.0
MOST_TILES = 2500
OLDEST_DARK_H = 24.0 * 365
#: What a reply may take beyond exposure and settling (s).
IMAGE_MARGIN_S = 90.0


@dataclass(slots=True)
class SerialEmCamera:
    """`_exposures` remembers what each camera set was given, so that it is set only on change."""

    link: Link
    settings: SerialEmSettings
    optics: SerialEmOptics
    reader: ImageReader
    recorder: Recorder
    folder: FrameFolder
    full_montage: FullMontage
    multishot: Multishot
    clock: Clock
    _exposures: dict[str, float] = field(default_factory=dict)

    def image(self, area: Area, *, dose_e_per_a2: float | None = None) -> AcquiredImage:
        """One image in that area, at the present pose and image shift."""
        op = self.link.operation("image")
        return self.take(op, area, dose_e_per_a2)

    def montage(self, area: Area, plan: MontagePlan) -> AcquiredMontage:
        """Every tile, one after the other."""
        began_s = self.clock.now()
        pieces = tuple(self.tiles(area, plan))
        return AcquiredMontage(area=area, plan=plan, pieces=pieces, taken_at_s=began_s)

    def tiles(self, area: Area, plan: MontagePlan) -> Iterator[MontagePiece]:
        """Tiles by moving the stage; the stage ends at the plan's centre.

        One command for each, or one for all where the site chose `montages` full.
        """
        if not 1 <= plan.columns * plan.rows <= MOST_TILES or plan.columns < 1:
            raise CommandRefused(
                f"{plan.columns} x {plan.rows} tiles make no montage; nothing was exposed. Give "
                f"1 to {MOST_TILES} tiles."
            )
        if not 0.0 <= plan.overlap < 0.5:
            raise CommandRefused(
                f"An overlap of {plan.overlap} makes no montage; give one below 0.5."
            )
        op = self.link.operation("montage")
        self.optics.enter(op, area)
        if self.settings.montages == "full":
            move(op, self.settings.limits, plan.centre, None)
            yield from self.full_montage.take(op, self, self.settings.areas[area], plan)
        else:
            yield from self._tiles(op, area, plan)
        move(op, self.settings.limits, plan.centre, None)

    def record(self, plan: RecordPlan) -> tuple[RecordedFile, ...]:
        """Expose each item and bring its closed file to `<folder>/<name>.<format>`."""
        self._require(plan)
        op = self.link.operation("record")
        if self.settings.records == "multishot" and self.multishot.suits(op, plan):
            return self.multishot.record(op, self, plan)
        return tuple(self.recorder.record(op, self, plan, item) for item in plan.items)

    def require_possible(self, plan: RecordPlan) -> None:
        """What `record` would refuse, before anything is announced."""
        self.link.admit(CommandClass.READ, "require_possible")
        self._require(plan)

    def update_dark_reference(self, *, max_age_h: float) -> None:
        """Ask for a new dark reference when the last is older than `max_age_h`."""
        if not (math.isfinite(max_age_h) and 0.0 <= max_age_h <= OLDEST_DARK_H):
            raise BadArgument(
                f"A dark reference cannot be {max_age_h} hours old; give 0 to a year."
            )
        self.link.operation("update_dark_reference").long("UpdateHWDarkRef", max_age_h)

    def frames_folder(self) -> Path | None:
        """SerialEM's frames folder as this machine sees it."""
        return self.folder.frames.mount

    def find_recorded(
        self,
        name: str,
        folder: Path,
        *,
        file_format: str,
        broken_from_s: float = 0.0,
        begun_s: float = 0.0,
    ) -> Path | None:
        """The movie of that name in `folder`, brought there from the frames folder if need be."""
        self.link.admit(CommandClass.READ, "find_recorded")
        return self.folder.find(
            name, folder, file_format, broken_from_s=broken_from_s, begun_s=begun_s
        )

    # --- under other operations' names ---------------------------------------------------------

    def take(self, op: Operation, area: Area, dose_e_per_a2: float | None) -> AcquiredImage:
        """Go to the area, expose with its camera set, read the image back."""
        calibrated = self.settings.areas[area]
        dose = calibrated.settings.dose_e_per_a2 if dose_e_per_a2 is None else dose_e_per_a2
        self.optics.enter(op, area)
        exposure_s = self.prepare(op, calibrated, dose)
        taken_at_s = self.clock.now()
        op.dose(calibrated.shot, deadline_s=exposure_s + IMAGE_MARGIN_S)
        return self.reader.read(op, calibrated, dose_e_per_a2=dose, taken_at_s=taken_at_s)

    def prepare(self, op: Operation, area: AreaCalibration, dose_e_per_a2: float) -> float:
        """Set the exposure that gives a dose; seconds. Raises while no beam can come."""
        _require_dose(dose_e_per_a2)
        if not valves_open(op):
            raise ValvesClosed(
                "The column valves are closed; nothing was exposed. Open them first."
            )
        exposure_s = area.exposure_for(dose_e_per_a2)
        if self._exposures.get(area.camera_set) != exposure_s:
            op.absolute("SetExposure", area.camera_set, exposure_s)
            self._exposures[area.camera_set] = exposure_s
        return exposure_s

    def _require(self, plan: RecordPlan) -> None:
        self.recorder.require_possible(plan)
        for item in plan.items:
            require_defocus(item.defocus_um)
            _require_dose(item.dose_e_per_a2)

    def _tiles(self, op: Operation, area: Area, plan: MontagePlan) -> Iterator[MontagePiece]:
        for column, row, centre in tile_centres(self.settings.areas[area].settings, plan):
            move(op, self.settings.limits, centre, None)
            self._require_quiet_dewars(op)
            image = self.take(op, area, plan.dose_e_per_a2)
            yield MontagePiece(column=column, row=row, image=image)

    def _require_quiet_dewars(self, op: Operation) -> None:
        """A filling may begin in the middle of a montage, which takes minutes."""
        if "dewars" in self.settings.cannot_tell:
            return
        if op.read("AreDewarsFilling").whole(low=0, high=3) != 0:
            raise InstrumentBusy(
                "The dewars began to fill in the middle of a montage; it is taken afterwards."
            )


def _require_dose(dose_e_per_a2: float) -> None:
    if not (math.isfinite(dose_e_per_a2) and 0.0 < dose_e_per_a2 <= MOST_DOSE_E_PER_A2):
        raise CommandRefused(
            f"A dose of {dose_e_per_a2} e/Å² is out of range; nothing was exposed."
        )
