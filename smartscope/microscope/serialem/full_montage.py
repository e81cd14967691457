"""A montage by SerialEM's own `Montage()`: one command, its pieces read back from their file.

Quicker than tile by tile, but it cannot be stopped, and after a lost reply every piece is in
doubt. Only where a site's settings choose it (`montages`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from smartscope.domain.clock import Clock
from smartscope.domain.errors import BadFile
from smartscope.domain.geometry import Affine, Point
from smartscope.microscope.errors import CameraFailed, CommandRefused, StageLimit
from smartscope.microscope.serialem.areas import AreaCalibration
from smartscope.microscope.serialem.focus import Focus
from smartscope.microscope.serialem.images import (
    CENTRE_TOLERANCE,
    require_pixel_size,
    require_pixels,
)
from smartscope.microscope.serialem.link import Operation
from smartscope.microscope.serialem.matrices import Size, camera_to_stage, centred
from smartscope.microscope.serialem.optics import centre_of, read_image_shift
from smartscope.microscope.serialem.recording import PrepareExposure
from smartscope.microscope.serialem.settings import Limits
from smartscope.microscope.serialem.stack_files import Section, times_s
from smartscope.microscope.serialem.stacks import StackFolder, closing_file
from smartscope.microscope.serialem.stage import read_pose
from smartscope.microscope.values import (
    AcquiredImage,
    ImageShift,
    MontagePiece,
    MontagePlan,
    StagePose,
)

#: ParamSetToUseForMontage: which command's camera set takes the pieces; negative for Record.
PARAMETER_SETS: Mapping[str, int] = {"View": 2, "Search": 3, "Record": -1}
#: What a piece may take beyond its exposure, and a montage beyond its pieces (s).
PIECE_MARGIN_S = 15.0
MONTAGE_MARGIN_S = 300.0
MRC, OF_MONTAGES = 0, 1
BY_STAGE = 1


@dataclass(frozen=True, slots=True)
class Layout:
    """A plan in SerialEM's words: pieces count along the image's x and up the image.

    `turn` is the linear part of the map from image pixels (Y down) to stage µm.
    """

    turn: Affine
    across: int
    up: int
    overlap_px: tuple[int, int]

    @property
    def pieces(self) -> int:
        """How many."""
        return self.across * self.up

    def offset(self, x_px: float, up_px: float) -> Point:
        """Stage µm for a way in the image."""
        return Point(
            self.turn.a * x_px - self.turn.b * up_px, self.turn.c * x_px - self.turn.d * up_px
        )

    def place(self, x: int, up: int) -> tuple[int, int]:
        """Column and row, from the lower stage x and y, of a piece counted in the image."""
        turn = self.turn
        if _swaps(turn):
            return _from(up, self.up, -turn.b), _from(x, self.across, turn.c)
        return _from(x, self.across, turn.a), _from(up, self.up, -turn.d)


@dataclass(frozen=True, slots=True)
class FullMontage:
    """Takes a plan's montage where the stage is."""

    limits: Limits
    focus: Focus
    stacks: StackFolder
    clock: Clock

    def take(
        self, op: Operation, exposing: PrepareExposure, area: AreaCalibration, plan: MontagePlan
    ) -> tuple[MontagePiece, ...]:
        """Expose all pieces, the stage at the plan's centre; they come in the order taken.

        Raises CommandRefused or StageLimit before anything is exposed, CameraFailed afterwards.
        """
        dose = area.settings.dose_e_per_a2 if plan.dose_e_per_a2 is None else plan.dose_e_per_a2
        if area.shot not in PARAMETER_SETS:
            raise CommandRefused(
                f"SerialEM takes no montage with its {area.shot} set; nothing was exposed. Let "
                f"{area.settings.area} use Search, View or Record, or set montages to tiles."
            )
        layout = _layout(area, plan, _turn(op, area))
        self._require_reach(area, plan, layout)
        shift = read_image_shift(op)
        exposure_s = exposing.prepare(op, area, dose)
        area.require_exposure(exposure_s, op.read("ReportExposure", area.camera_set).number())
        name = self.stacks.new_name("montage")
        op.absolute("ParamSetToUseForMontage", PARAMETER_SETS[area.shot])
        op.absolute("SetNewFileType", MRC, OF_MONTAGES)
        op.absolute("OpenNewMontage", layout.across, layout.up, self.stacks.named(name))
        with closing_file(op):
            op.absolute("SetMontageParams", BY_STAGE, *layout.overlap_px)
            self._require_count(op, layout)
            began_s = self.clock.now()
            lasts_s = layout.pieces * (exposure_s + PIECE_MARGIN_S) + MONTAGE_MARGIN_S
            op.dose("Montage", deadline_s=lasts_s)
        sections = self.stacks.read(name, layout.pieces)
        taken = _Taken(area=area, layout=layout, centre=plan.centre, shift=shift, dose=dose)
        try:
            return self._pieces(taken, sections, times_s(sections, began_s))
        except BadFile as error:
            raise CameraFailed(
                f"The montage was exposed, but {name} does not say where its pieces lie ({error}) "
                "Look at the file before anything is repeated."
            ) from error

    def _require_reach(self, area: AreaCalibration, plan: MontagePlan, layout: Layout) -> None:
        """SerialEM moves the stage by itself: nothing may lie beyond the limits."""
        width, height = area.settings.width_px, area.settings.height_px
        step_x, step_up = width - layout.overlap_px[0], height - layout.overlap_px[1]
        for x in (0, layout.across - 1):
            for up in (0, layout.up - 1):
                way = layout.offset(
                    (x - (layout.across - 1) / 2) * step_x, (up - (layout.up - 1) / 2) * step_up
                )
                corner = Point(plan.centre.x_um + way.x_um, plan.centre.y_um + way.y_um)
                furthest_um = max(abs(corner.x_um), abs(corner.y_um))
                if not furthest_um <= self.limits.stage_um:
                    raise StageLimit(
                        f"The montage would go to ({corner.x_um:.0f}, {corner.y_um:.0f}) µm, "
                        f"outside ±{self.limits.stage_um:.0f} µm; nothing was exposed. Plan "
                        "fewer tiles."
                    )

    def _require_count(self, op: Operation, layout: Layout) -> None:
        pieces = op.read("ReportNumMontagePieces").number()
        if pieces != layout.pieces:
            raise CommandRefused(
                f"SerialEM would take {pieces:g} pieces where {layout.pieces} were planned; "
                "nothing was exposed. Clear its list of pieces to skip."
            )

    def _pieces(
        self, taken: _Taken, sections: tuple[Section, ...], times: list[float]
    ) -> tuple[MontagePiece, ...]:
        """Raises BadFile where the file does not say what is needed, or says what cannot be."""
        coordinates = [section.numbers("PieceCoordinates", 2) for section in sections]
        xs, ups = (sorted(set(values)) for values in zip(*coordinates, strict=True))
        places = {(xs.index(x), ups.index(up)) for x, up in coordinates}
        if (len(xs), len(ups)) != (taken.layout.across, taken.layout.up) or len(places) < len(
            sections
        ):
            raise BadFile(f"its pieces lie at {len(xs)} x {len(ups)} places.")
        middle = (xs[0] + xs[-1]) / 2, (ups[0] + ups[-1]) / 2
        pieces = []
        for section, (x, up), at_s in zip(sections, coordinates, times, strict=True):
            pose = section.pose()
            _require_place(taken, pose, taken.layout.offset(x - middle[0], up - middle[1]))
            column, row = taken.layout.place(xs.index(x), ups.index(up))
            image = self._image(taken, section, pose, at_s)
            pieces.append(MontagePiece(column=column, row=row, image=image, with_the_rest=True))
        return tuple(pieces)

    def _image(
        self, taken: _Taken, section: Section, pose: StagePose, at_s: float
    ) -> AcquiredImage:
        settings = taken.area.settings
        require_pixels(section.pixels, taken.area)
        (pixel_angstrom,) = section.numbers("PixelSpacing", 1)
        require_pixel_size(pixel_angstrom, taken.area, "SerialEM's pixel size")
        (exposed_s,) = section.numbers("ExposureTime", 1)
        return AcquiredImage(
            area=settings.area,
            pixels=section.pixels,
            pixel_size_angstrom=settings.pixel_size_angstrom,
            pixel_to_stage=centred(
                taken.layout.turn,
                centre_of(pose, taken.shift),
                (settings.width_px, settings.height_px),
            ),
            pose=pose,
            image_shift=taken.shift,
            defocus_um=self.focus.commanded_um,
            dose_e_per_a2=taken.area.spent(taken.dose, exposed_s),
            exposure_s=exposed_s,
            taken_at_s=at_s,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """What was asked of a montage that is exposed: e/Å², stage µm."""

    area: AreaCalibration
    layout: Layout
    centre: Point
    shift: ImageShift
    dose: float


def _turn(op: Operation, area: AreaCalibration) -> Affine:
    """How images lie on the stage, by SerialEM's matrices, scaled to the calibrated pixel (read).

    Read before anything is exposed: a wrong one must not cost a whole montage.
    """
    settings, tilt_deg = area.settings, read_pose(op).tilt_deg
    size = Size(width_px=settings.width_px, height_px=settings.height_px, binning=1.0)
    found = camera_to_stage(op, centre=Point(0.0, 0.0), tilt_deg=tilt_deg, size=size)
    level_um = found.pixel_size_um() * math.sqrt(math.cos(math.radians(tilt_deg)))
    scale = settings.pixel_size_angstrom * 1e-4 / level_um
    return Affine(found.a * scale, found.b * scale, 0.0, found.c * scale, found.d * scale, 0.0)


def _layout(area: AreaCalibration, plan: MontagePlan, turn: Affine) -> Layout:
    """Columns lie along stage x: along the image's rows, or where it is turned its columns."""
    across, up = (plan.rows, plan.columns) if _swaps(turn) else (plan.columns, plan.rows)
    width, height = area.settings.width_px, area.settings.height_px
    overlap_px = (round(width * plan.overlap), round(height * plan.overlap))
    return Layout(turn=turn, across=across, up=up, overlap_px=overlap_px)


def _swaps(turn: Affine) -> bool:
    """Whether the image's x lies nearer to stage y than to stage x."""
    return abs(turn.c) > abs(turn.a)


def _from(index: int, count: int, direction: float) -> int:
    """An index counted the other way round where the image runs against the stage."""
    return index if direction > 0.0 else count - 1 - index


def _require_place(taken: _Taken, pose: StagePose, way: Point) -> None:
    """Raise CommandRefused where map and stage contradict each other, as for a single image."""
    due = Point(taken.centre.x_um + way.x_um, taken.centre.y_um + way.y_um)
    off_um = due.distance_um(pose.point)
    if not off_um <= CENTRE_TOLERANCE * max(taken.area.settings.field_um):
        raise CommandRefused(
            f"A piece of this {taken.area.settings.area} montage was taken {off_um:.1f} µm from "
            "where SerialEM's map puts it; calibrate the stage at this magnification."
        )
