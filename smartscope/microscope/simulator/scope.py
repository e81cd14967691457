"""The instrument's body: where the beam really is, what it really hits, and what is still running.

Everything true is computed here from the world's state; the parts that act live in the modules
`column`, `positioning`, `imaging`, `recording` and `routines`, and the driver shows none of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from smartscope.domain.geometry import Point
from smartscope.microscope.errors import CommandRefused
from smartscope.microscope.simulator import console
from smartscope.microscope.simulator.calibration import AreaCalibration, Calibration
from smartscope.microscope.simulator.durations import Operation, duration_s
from smartscope.microscope.simulator.imperfections import Imperfections
from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.profiles import CameraProfile
from smartscope.microscope.simulator.specimen.values import Pose
from smartscope.microscope.simulator.specimen.world import Specimen
from smartscope.microscope.simulator.state import LoaderStatus
from smartscope.microscope.simulator.world import World
from smartscope.microscope.tilted_shift import SpecimenOffset
from smartscope.microscope.values import Area, ImageShift

REFILL_EVERY_S = 3 * 3600.0
#: over which the slope of the film is told; it bends over tens of µm
RELIEF_STEP_UM = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeSettings:
    """What kind of microscope this is."""

    name: str
    has_autoloader: bool = True
    loader_slots: int = 12
    voltage_kv: float = 300.0
    spherical_aberration_mm: float = 2.7
    refills: bool = True


@dataclass(slots=True, kw_only=True)
class Scope:
    """World, calibration and errors together; mutable only through the world."""

    world: World
    calibration: Calibration
    imperfections: Imperfections
    settings: ScopeSettings
    _specimens: dict[str, Specimen] = field(default_factory=dict)
    _cameras: dict[CameraProfile, Camera] = field(default_factory=dict)

    def area(self, area: Area) -> AreaCalibration:
        """The calibration of an area."""
        return self.calibration.areas[area]

    def camera(self, area: Area) -> Camera:
        """The camera as it is read out in an area, with this microscope's fixed pattern."""
        profile = self.area(area).camera
        if profile not in self._cameras:
            self._cameras[profile] = Camera(profile, seed=self.world.seed)
        return self._cameras[profile]

    # --- what goes on by itself --------------------------------------------------------------

    def settle(self) -> None:
        """Bring state up to the clock: exchanges end and refills begin without being asked."""
        console.obey(self.world)
        self._finish_exchange()
        self._schedule_refill()

    def _finish_exchange(self) -> None:
        loader, now_s = self.world.state.autoloader, self.world.clock.now()
        if loader.status is not LoaderStatus.EXCHANGING or now_s < loader.exchange_until_s:
            return
        if loader.exchange_fails:
            self.world.put(autoloader=replace(loader, status=LoaderStatus.FAULTED))
            return
        slot = loader.exchange_to
        self.world.put(
            autoloader=replace(
                loader,
                status=LoaderStatus.IDLE,
                loaded_slot=slot,
                loads=loader.loads if slot is None else loader.counted(slot),
            ),
            stage=replace(
                self.world.state.stage,
                x_um=0.0,
                y_um=0.0,
                z_um=0.0,
                tilt_deg=0.0,
                error_x_um=0.0,
                error_y_um=0.0,
                loaded_at_s=loader.exchange_until_s,
            ),
        )

    def _schedule_refill(self) -> None:
        """Plan the next refill; `refill_from_s` and `refill_until_s` lie ahead or around now."""
        if not self.settings.refills:
            return
        column, now_s = self.world.state.column, self.world.clock.now()
        start_s, until_s = column.refill_from_s, column.refill_until_s
        if start_s == 0.0:
            start_s, until_s = self._next_refill(self.world.began_at_s)
        while now_s >= until_s:
            start_s, until_s = self._next_refill(until_s)
        if start_s != column.refill_from_s:
            planned = replace(column, refill_from_s=start_s, refill_until_s=until_s)
            self.world.put(column=planned)

    def _next_refill(self, after_s: float) -> tuple[float, float]:
        count = self.world.count(f"op:{Operation.REFILL}")
        start_s = after_s + REFILL_EVERY_S
        return start_s, start_s + duration_s(self.world.seed, Operation.REFILL, count)

    def refilling(self) -> bool:
        """Whether the dewars are being filled now."""
        column, now_s = self.world.state.column, self.world.clock.now()
        return column.refill_from_s <= now_s < column.refill_until_s

    def next_refill_in_s(self) -> float | None:
        """Seconds until the next refill begins; 0 during one, None when there are none."""
        if not self.settings.refills:
            return None
        return max(0.0, self.world.state.column.refill_from_s - self.world.clock.now())

    def pump_running(self) -> bool:
        """Whether the buffer pump shakes the column."""
        return self.world.clock.now() < self.world.state.column.pump_until_s

    def vacuum_ready(self) -> bool:
        """Whether the valves may be open."""
        return self.world.clock.now() >= self.world.state.column.vacuum_ready_at_s

    def exchanging(self) -> bool:
        """Whether the autoloader moves a grid now."""
        return self.world.state.autoloader.status is LoaderStatus.EXCHANGING

    # --- what the beam hits ------------------------------------------------------------------

    def slot(self) -> int:
        """The slot of the grid on the stage. Raises CommandRefused when there is none."""
        slot = self.world.state.autoloader.loaded_slot
        if slot is None:
            raise CommandRefused("There is no grid on the stage; load one first.")
        return slot

    def specimen(self) -> Specimen:
        """The specimen on the stage. Raises CommandRefused when there is none."""
        slot = self.slot()
        spec = self.world.cassette.specimen(slot)
        if spec is None:
            raise CommandRefused(
                f"The cassette was changed: slot {slot} is on the stage but no longer described."
            )
        if spec.grid_id not in self._specimens:
            self._specimens[spec.grid_id] = Specimen(spec)
        return self._specimens[spec.grid_id]

    def true_stage(self, area: Area) -> Point:
        """The stage coordinates (of a perfect microscope) that the centre of an area shows."""
        stage, lenses = self.world.state.stage, self.world.state.lenses
        scale_x, scale_y = self.imperfections.stage_scale()
        offset = self.imperfections.level_offset(area)
        shift = self.imperfections.shifted(
            lenses.shift_x_um, lenses.shift_y_um, lenses.shift_lag_x_um, lenses.shift_lag_y_um
        )
        seen = SpecimenOffset.seen_by(ImageShift(shift.x_um, shift.y_um), stage.tilt_deg)
        return Point(
            stage.x_um * scale_x + stage.error_x_um + offset.x_um + seen.u_um,
            stage.y_um * scale_y + stage.error_y_um + offset.y_um + seen.v_um,
        )

    def true_pose(self, area: Area) -> Pose:
        """Where on the specimen the centre of an area is, how it is turned and tilted."""
        slot = self.slot()
        placement = self.imperfections.placement(slot, self.world.state.autoloader.loads_of(slot))
        point = self.true_stage(area)
        centre = placement.to_specimen(self._with_tilt_error(point))
        _, turn_deg = self.imperfections.magnification_error(area)
        relief_x, relief_y = self._relief(point)
        return Pose(
            x_um=centre.x_um,
            y_um=centre.y_um,
            rotation_deg=turn_deg + placement.turn_deg,
            tilt_deg=self.world.state.stage.tilt_deg,
            relief_x=relief_x,
            relief_y=relief_y,
        )

    def _relief(self, point: Point) -> tuple[float, float]:
        """How the error of a tilt grows with each µm along the stage's x and y; 0 when level."""
        leaning = math.tan(math.radians(self.world.state.stage.tilt_deg))
        if leaning == 0.0:
            return 0.0, 0.0
        here = self.height_excess_um(point)
        right = self.height_excess_um(Point(point.x_um + RELIEF_STEP_UM, point.y_um))
        above = self.height_excess_um(Point(point.x_um, point.y_um + RELIEF_STEP_UM))
        return (
            leaning * (right - here) / RELIEF_STEP_UM,
            leaning * (above - here) / RELIEF_STEP_UM,
        )

    def _with_tilt_error(self, point: Point) -> Point:
        """Off the eucentric height a tilt moves the image by z·tan α, across the axis (x)."""
        stage = self.world.state.stage
        if stage.tilt_deg == 0.0:
            return point
        excess_um = self.height_excess_um(point)
        return Point(point.x_um, point.y_um + excess_um * math.tan(math.radians(stage.tilt_deg)))

    def true_pixel_um(self, area: Area) -> float:
        """The pixel's true side on the specimen."""
        zoom, _ = self.imperfections.magnification_error(area)
        return self.area(area).pixel_size_um * zoom

    def height_excess_um(self, stage_point: Point) -> float:
        """How far the specimen there lies above the eucentric plane, stage z included."""
        slot = self.slot()
        placement = self.imperfections.placement(slot, self.world.state.autoloader.loads_of(slot))
        place = placement.to_specimen(stage_point)
        return self.specimen().height_um(place.x_um, place.y_um) + self.world.state.stage.z_um

    def true_defocus_um(self, area: Area) -> float:
        """Underfocus at the centre of an area: lenses, height, tilt and shift together."""
        lenses, stage = self.world.state.lenses, self.world.state.stage
        point = self.true_stage(area)
        # What the stage brings to the axis stays in focus; what the beam is shifted to does not.
        sent = self.imperfections.shifted(
            lenses.shift_x_um, lenses.shift_y_um, lenses.shift_lag_x_um, lenses.shift_lag_y_um
        )
        seen = SpecimenOffset.seen_by(ImageShift(sent.x_um, sent.y_um), stage.tilt_deg)
        shift = Point(lenses.shift_x_um, lenses.shift_y_um)
        own_um = lenses.defocus_um if area is Area.RECORD else self.area(area).defocus_um
        return (
            own_um
            + self.height_excess_um(point)
            - lenses.focus_height_um
            + seen.height_um(stage.tilt_deg)
            + self.imperfections.shift_defocus_um(shift)
        )

    def hours_on_stage(self) -> float:
        """How long the grid has been collecting residual water."""
        return max(0.0, self.world.clock.now() - self.world.state.stage.loaded_at_s) / 3600.0

    def drift_angstrom_per_s(self) -> tuple[float, float]:
        """The specimen's velocity now."""
        stage, now_s = self.world.state.stage, self.world.clock.now()
        x, y = self.imperfections.drift(
            Point(stage.x_um, stage.y_um),
            start_angstrom_per_s=stage.drift_start_angstrom_per_s,
            since_move_s=now_s - stage.moved_at_s,
            since_tilt_s=now_s - stage.tilted_at_s,
            since_load_s=now_s - stage.loaded_at_s,
            visit=stage.visit,
        )
        disturbed = self.refilling() or self.pump_running() or not self.vacuum_ready()
        factor = self.imperfections.sizes.drift_disturbed_factor if disturbed else 1.0
        return x * factor + self._warming_drift(), y * factor

    def _warming_drift(self) -> float:
        """What a stage that slowly warms adds to the drift (Å/s along x)."""
        column = self.world.state.column
        if column.warming_from_s == 0.0:
            return 0.0
        hours = (self.world.clock.now() - column.warming_from_s) / 3600.0
        return column.warming_angstrom_per_s_per_h * hours

    def illumination(self) -> float:
        """Beam intensity relative to its calibration; 0 when no beam arrives."""
        column = self.world.state.column
        lit = column.valves_open and column.high_tension_on
        if not lit or column.beam_lost or column.beam_blanked:
            return 0.0
        beam = self.imperfections.beam(self.world.clock.now() - self.world.began_at_s)
        return beam * column.beam_factor
