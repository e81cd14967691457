"""Lenses and deflectors by SerialEM: absolute settings only, each read back where it can be."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field

from smartscope.domain.geometry import Point
from smartscope.microscope.errors import (
    BadArgument,
    CommandRefused,
    ImageShiftLimit,
    InstrumentBusy,
)
from smartscope.microscope.serialem.areas import AREA_OF_NUMBER, LETTERS
from smartscope.microscope.serialem.focus import Focus
from smartscope.microscope.serialem.link import Link, Operation
from smartscope.microscope.serialem.matrices import Matrix, product, read_matrix, transform
from smartscope.microscope.serialem.settings import SerialEmSettings
from smartscope.microscope.tilted_shift import SpecimenOffset
from smartscope.microscope.values import (
    Area,
    AreaSettings,
    CommandClass,
    ImageShift,
    OpticsState,
    StagePose,
)

log = logging.getLogger(__name__)
#: How far (µm) an image shift read back may lie from what was set.
SHIFT_TOLERANCE_UM = 0.05
#: What an area is taken with; the last only where there is an energy filter.
BEAM_REPORTS = ("ReportMag", "ReportSpotSize", "ReportPercentC2", "ReportEnergyFilter")
MOVING = 1
APERTURE_LOOKS = 60
IMAGING_STATE_TROUBLE = {
    1: "there is no state of that name",
    2: "the state is of another kind",
    3: "low dose is in the wrong mode for it",
    4: "the camera of the state is not there",
    5: "the state could not be set",
    6: "another state is in use",
}


@dataclass(slots=True)
class SerialEmOptics:
    """`focus` knows which defocus reading is zero; `_tilt_saved` that beam tilt is compensated.

    `_beams` is what each area was last seen to be taken with, `_atlas_set` that the lenses were set
    for the atlas on this connection: low dose that is merely off says nothing of them. `_held` is
    the shift set last, settled and seen to be reached; None once anything may have moved it.
    """

    link: Link
    settings: SerialEmSettings
    focus: Focus
    _tilt_saved: bool = field(default=False)
    _state_set: bool = field(default=False)
    _atlas_set: bool = field(default=False)
    _held: ImageShift | None = field(default=None)
    _beams: dict[Area, tuple[object, ...]] = field(default_factory=dict)

    def areas(self) -> tuple[AreaSettings, ...]:
        """As the site has calibrated them; nothing is asked of the instrument."""
        self.link.admit(CommandClass.READ, "areas")
        return tuple(self.settings.areas[area].settings for area in Area)

    def state(self) -> OpticsState:
        """What is set now. Raises CommandRefused in an area that is none of ours."""
        op = self.link.operation("optics")
        area = self.area(op)
        if area is None:
            raise CommandRefused(
                "Low dose is on in no area of ours (Trial, or none); change the area first."
            )
        return OpticsState(
            area=area,
            image_shift=read_image_shift(op),
            defocus_um=self.focus.commanded_um,
            apertures_um=tuple(
                (name, op.read("ReportApertureSize", aperture.index).number())
                for name, aperture in sorted(self.settings.apertures.items())
            ),
        )

    def go_to(self, area: Area) -> None:
        """Change the imaging state, and prove it."""
        self.enter(self.link.operation("go_to"), area)

    def set_image_shift(self, shift: ImageShift) -> None:
        """Deflect. Raises ImageShiftLimit or CommandRefused (in the atlas), nothing sent."""
        self.shift(self.link.operation("set_image_shift"), shift)

    def set_defocus(self, defocus_um: float) -> None:
        """Underfocus positive, from the focus found by the last autofocus; of the Record area."""
        op = self.link.operation("set_defocus")
        self.focus.command(defocus_um)
        if self.area(op) is Area.RECORD:
            self.focus.apply(op)

    def set_aperture(self, name: str, size_um: float) -> None:
        """Insert or (0) retract an aperture, and prove it."""
        if name not in self.settings.apertures:
            known = ", ".join(sorted(self.settings.apertures)) or "none"
            raise CommandRefused(f"There is no {name!r} aperture; there are {known}.")
        if not (math.isfinite(size_um) and size_um == round(size_um) and 0 <= size_um <= 5000):
            raise BadArgument(f"An aperture of {size_um} µm cannot be; give whole µm, 0 for out.")
        op = self.link.operation("set_aperture")
        self._insert(op, self.settings.apertures[name].index, round(size_um))

    # --- under other operations' names ---------------------------------------------------------

    def area(self, op: Operation) -> Area | None:
        """The present area: low dose off is the atlas; None in an area that is not ours."""
        reply = op.read("ReportLowDose")
        if not reply.flag():
            return Area.ATLAS
        return AREA_OF_NUMBER.get(reply.whole(1, low=-1, high=4))

    def enter(self, op: Operation, area: Area) -> None:
        """Change to an area under any operation's name; nothing when it is set already."""
        present = self.area(op)
        if present is area and (area is not Area.ATLAS or self._atlas_set):
            return
        if "screen" not in self.settings.cannot_tell and op.read("ReportScreen").flag():
            op.absolute("ScreenUp")
        self._held = None
        if area is Area.ATLAS:
            self._enter_atlas(op)
        else:
            if present is Area.ATLAS:
                self._leave_atlas(op)
            op.absolute("GoToLowDoseArea", LETTERS[area])
        if self.area(op) is not area:
            raise CommandRefused(
                f"SerialEM did not go to {area}; look at its low-dose panel, then try again."
            )
        self._log_beam(op, area)
        if area is Area.RECORD:
            self.focus.apply(op)

    def hold(self, op: Operation, shift: ImageShift) -> None:
        """As `shift`; nothing is sent, and nothing settled again, where it holds already.

        It does where this connection set exactly it, changed no area since, and still reads it:
        that is all a shift set anew would be asked for.
        """
        if self._held == shift and _distance_um(read_image_shift(op), shift) <= SHIFT_TOLERANCE_UM:
            return
        self.shift(op, shift)

    def shift(self, op: Operation, shift: ImageShift) -> None:
        """Deflect under any operation's name."""
        self.require_possible(shift)
        if (shift.x_um, shift.y_um) == (0.0, 0.0):
            self._shift_to(op, 0.0, 0.0)
            self._held = shift
            return
        if self.area(op) is Area.ATLAS:
            raise CommandRefused("The atlas area has no image shift; change the area first.")
        self._shift_to(op, *transform(self.shift_matrix(op), shift.x_um, shift.y_um))
        reached = read_image_shift(op)
        if not _distance_um(reached, shift) <= SHIFT_TOLERANCE_UM:
            raise ImageShiftLimit(
                f"The image shift reads ({reached.x_um:.2f}, {reached.y_um:.2f}) µm where "
                f"({shift.x_um:.2f}, {shift.y_um:.2f}) was set; it was refused or its "
                "calibration is wrong. Move the stage nearer."
            )
        self._held = shift

    def require_possible(self, shift: ImageShift) -> None:
        """Raise ImageShiftLimit for a shift beyond the limit; nothing is sent."""
        distance_um = math.hypot(shift.x_um, shift.y_um)
        limit_um = self.settings.limits.image_shift_um
        if not distance_um <= limit_um:
            raise ImageShiftLimit(
                f"An image shift of {distance_um:.2f} µm exceeds {limit_um:.0f} µm; "
                "move the stage nearer first."
            )

    def shift_matrix(self, op: Operation) -> Matrix:
        """From stage µm to SerialEM's units of image shift, in the present area (read)."""
        return product(
            read_matrix(op, "SpecimenToISMatrix"), read_matrix(op, "StageToSpecimenMatrix")
        )

    def _shift_to(self, op: Operation, x: float, y: float) -> None:
        """In SerialEM's own units; beam tilt follows where the site has calibrated coma."""
        self._held = None
        compensate = int(self.settings.compensates_coma)
        shifted = (x, y) != (0.0, 0.0)
        if compensate and shifted and not self._tilt_saved:
            op.absolute("SaveBeamTilt")
            self._tilt_saved = True
        reply = op.absolute("SetImageShift", x, y, self.settings.shift_settling, compensate)
        # Nothing is answered before 4.1; what was reached is read back in any case.
        if reply.values and reply.whole(low=0, high=1) == 1:
            raise ImageShiftLimit(
                "SerialEM refused the image shift as beyond its limit; nothing moved. Move the "
                "stage nearer first."
            )
        if self._tilt_saved and not shifted:
            op.absolute("RestoreBeamTilt")
            self._tilt_saved = False

    def _log_beam(self, op: Operation, area: Area) -> None:
        """What images of an area are taken with, in a line of the log whenever it differs."""
        asked = BEAM_REPORTS if self.settings.has_energy_filter else BEAM_REPORTS[:-1]
        found = tuple(
            (command.removeprefix("Report"), reply.values)
            for command in asked
            if (reply := op.try_read(command)) is not None
        )
        if self._beams.get(area) != found:
            log.info("%s is taken with %s", area, found)
            self._beams[area] = found

    def _enter_atlas(self, op: Operation) -> None:
        self._shift_to(op, 0.0, 0.0)
        op.absolute("SetLowDoseMode", 0)
        optics = self.settings.atlas
        if optics.state:
            code = op.absolute("GoToImagingState", optics.state).whole(low=0, high=6)
            if code != 0:
                raise CommandRefused(
                    f"SerialEM cannot set the imaging state {optics.state!r}: "
                    f"{IMAGING_STATE_TROUBLE[code]}. Store it anew or correct atlas_state."
                )
            self._state_set = True
        else:
            assert optics.mag is not None, "the settings require a state or a magnification"
            op.absolute("SetMag", optics.mag)
        if optics.spot_size is not None:
            op.absolute("SetSpotSize", optics.spot_size)
        if optics.percent_c2 is not None:
            op.absolute("SetPercentC2", optics.percent_c2)
        if self.settings.has_energy_filter:
            op.absolute("SetSlitIn", 0)
        for aperture in self.settings.apertures.values():
            if aperture.atlas_um is not None:
                self._insert(op, aperture.index, aperture.atlas_um)
        self._atlas_set = True

    def _leave_atlas(self, op: Operation) -> None:
        self._atlas_set = False
        if self._state_set:
            op.absolute("RestoreState")
            self._state_set = False
        for aperture in self.settings.apertures.values():
            if aperture.usual_um is not None:
                self._insert(op, aperture.index, aperture.usual_um)
        op.absolute("SetLowDoseMode", 1)
        self._shift_to(op, 0.0, 0.0)

    def _insert(self, op: Operation, index: int, size_um: int) -> None:
        if op.read("ReportApertureSize", index).number() == size_um:
            return
        op.never_repeat("SetApertureSize", index, size_um)
        for _ in range(APERTURE_LOOKS):
            found = op.read("ReportApertureSize", index).number()
            if found == size_um:
                return
            if found != MOVING:
                break
        raise InstrumentBusy(
            f"Aperture {index} reads {found:g} µm where {size_um} was asked for; look at it at "
            "the console."
        )


def _distance_um(one: ImageShift, other: ImageShift) -> float:
    return math.hypot(one.x_um - other.x_um, one.y_um - other.y_um)


def read_image_shift(op: Operation) -> ImageShift:
    """The present shift as the stage position it stands for, µm (read)."""
    x_um, y_um = op.read("ReportImageShift").numbers(6)[4:]
    return ImageShift(x_um, y_um)


def centre_of(pose: StagePose, shift: ImageShift) -> Point:
    """Where the centre of an image lies on the specimen."""
    return SpecimenOffset.seen_by(shift, pose.tilt_deg).from_point(pose.point)
