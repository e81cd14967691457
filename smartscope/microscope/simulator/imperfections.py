"""How a good microscope misses: every error is a function of seed and counters, never of time.

Sizes follow the instrument table of the design; all are assumed unless a constant says otherwise.
`scale` multiplies all of them, 0 makes a perfect microscope.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from smartscope.domain.geometry import Point
from smartscope.microscope.simulator.chance import Purpose, between, normal, smooth, uniform
from smartscope.microscope.simulator.stage_motion import DRIFT_DECAY_S
from smartscope.microscope.values import Area, HeightMode

P = Purpose
_AREA_INDEX = {area: index for index, area in enumerate(Area)}
_LADDERS: Mapping[Area, tuple[Area, ...]] = {
    Area.ATLAS: (),
    Area.SQUARE: (Area.SQUARE,),
    Area.HOLE: (Area.SQUARE, Area.HOLE),
    Area.FOCUS: (Area.SQUARE, Area.HOLE, Area.FOCUS),
    Area.RECORD: (Area.SQUARE, Area.HOLE, Area.RECORD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorSizes:
    """Standard deviations (sd) and ranges; lengths µm, angles degrees, drift Å/s, times s."""

    # A stage comes back to a place within 0.2 µm; over longer ways its screws are off by more, and
    # by the same each time. The way from one such error to the next is the cell of the map.
    stage_repeat_sd_um: float = 0.2
    stage_map_sd_um: float = 0.8
    stage_map_cell_um: float = 200.0
    stage_scale: float = 0.003
    axis_scale: float = 0.005
    axis_rotation_deg: float = 0.3
    # What is left of the offsets between areas after calibration.
    level_offset_um: tuple[tuple[Area, float], ...] = (
        (Area.SQUARE, 1.5),
        (Area.HOLE, 0.4),
        (Area.FOCUS, 0.05),
        (Area.RECORD, 0.03),
    )
    shift_matrix: float = 0.005
    shift_hysteresis: float = 0.002
    height_rough_sd_um: float = 3.0
    height_fine_sd_um: float = 0.5
    focus_sd_um: float = 0.08
    focus_bias_um: float = 0.05
    focus_outlier_probability: float = 0.02
    focus_outlier_um: float = 0.7
    shift_defocus_angstrom_per_um: float = 25.0
    astigmatism_angstrom: tuple[float, float] = (100.0, 300.0)
    drift_start_spread: float = 0.7
    drift_decay_s: float = DRIFT_DECAY_S
    drift_decay_after_tilt_s: float = 45.0
    drift_rest_angstrom_per_s: tuple[float, float] = (0.1, 0.5)
    # Cartridges come from a cold cassette; a side-entry holder would be several times worse.
    drift_after_load_angstrom_per_s: tuple[float, float] = (0.5, 2.0)
    drift_after_load_decay_s: float = 900.0
    drift_disturbed_factor: float = 10.0
    reload_turn_deg: float = 1.5
    reload_shift_um: float = 50.0
    beam_drift_per_h: float = 0.01


SIZES = ErrorSizes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Stage to specimen coordinates for one loading of a grid: a turn about 0, then a shift."""

    turn_deg: float
    shift_x_um: float
    shift_y_um: float

    def to_specimen(self, stage: Point) -> Point:
        """Where on the specimen a stage position is."""
        cos, sin = math.cos(math.radians(self.turn_deg)), math.sin(math.radians(self.turn_deg))
        return Point(
            cos * stage.x_um - sin * stage.y_um + self.shift_x_um,
            sin * stage.x_um + cos * stage.y_um + self.shift_y_um,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Imperfections:
    """All errors of one microscope (`seed`)."""

    seed: int
    scale: float = 1.0
    sizes: ErrorSizes = SIZES

    def stage_error(self, target: Point, *, visit: int) -> Point:
        """How far the specimen ends from where it was sent, on the `visit`-th visit there."""
        size, cell_um = self.sizes, self.sizes.stage_map_cell_um
        x, y = target.x_um / cell_um, target.y_um / cell_um
        here = (
            size.stage_map_sd_um * smooth(self.seed, P.STAGE_MAP_X, x, y),
            size.stage_map_sd_um * smooth(self.seed, P.STAGE_MAP_Y, x, y),
        )
        now = (
            size.stage_repeat_sd_um * normal(self.seed, P.STAGE_X, *_nm(target), visit),
            size.stage_repeat_sd_um * normal(self.seed, P.STAGE_Y, *_nm(target), visit),
        )
        return Point(self.scale * (here[0] + now[0]), self.scale * (here[1] + now[1]))

    def stage_scale(self) -> tuple[float, float]:
        """True µm per reported µm along x and y."""
        size = self.scale * self.sizes.stage_scale
        return (
            1.0 + size * between(-1.0, 1.0, self.seed, P.STAGE_SCALE, 0),
            1.0 + size * between(-1.0, 1.0, self.seed, P.STAGE_SCALE, 1),
        )

    def magnification_error(self, area: Area) -> tuple[float, float]:
        """The true pixel size over the nominal one, and the true image rotation (degrees)."""
        index = _AREA_INDEX[area]
        zoom = (
            self.scale * self.sizes.axis_scale * between(-1, 1, self.seed, P.MAGNIFICATION, index)
        )
        turn = self.scale * self.sizes.axis_rotation_deg
        return 1.0 + zoom, turn * between(-1.0, 1.0, self.seed, P.ROTATION, index)

    def level_offset(self, area: Area) -> Point:
        """Where the axis of an area lies beside that of the atlas: what each change adds."""
        offset = Point(0.0, 0.0)
        for step in _LADDERS[area]:
            size = self.scale * dict(self.sizes.level_offset_um)[step]
            index = _AREA_INDEX[step]
            offset = Point(
                offset.x_um + size * between(-1.0, 1.0, self.seed, P.LEVEL_X, index),
                offset.y_um + size * between(-1.0, 1.0, self.seed, P.LEVEL_Y, index),
            )
        return offset

    def shifted(self, x_um: float, y_um: float, lag_x_um: float, lag_y_um: float) -> Point:
        """Where a commanded image shift really points, given the hysteresis of the last change."""
        size = self.scale * self.sizes.shift_matrix
        m = [between(-size, size, self.seed, P.SHIFT_MATRIX, index) for index in range(4)]
        lag = self.scale * self.sizes.shift_hysteresis
        return Point(
            x_um + m[0] * x_um + m[1] * y_um - lag * lag_x_um,
            y_um + m[2] * x_um + m[3] * y_um - lag * lag_y_um,
        )

    def height_found(self, true_z_um: float, mode: HeightMode, at: Point, count: int) -> float:
        """What the `count`-th search for the eucentric height at a place answers."""
        size = self.sizes
        sd = size.height_rough_sd_um if mode is HeightMode.ROUGH else size.height_fine_sd_um
        return true_z_um + self.scale * sd * normal(self.seed, P.HEIGHT_SEEK, *_nm(at), count)

    def focus_error_um(self, at: Point, count: int) -> float:
        """How far off the `count`-th autofocus at a place leaves the focus."""
        size = self.sizes
        error = size.focus_bias_um + size.focus_sd_um * normal(self.seed, P.FOCUS, *_nm(at), count)
        if uniform(self.seed, P.FOCUS_OUTLIER, *_nm(at), count) < size.focus_outlier_probability:
            error += size.focus_outlier_um
        return self.scale * error

    def astigmatism_angstrom(self) -> tuple[float, float]:
        """Size and angle (degrees) of what is left of the objective's astigmatism."""
        low, high = self.sizes.astigmatism_angstrom
        return (
            self.scale * between(low, high, self.seed, P.ASTIGMATISM, 0),
            between(0.0, 180.0, self.seed, P.ASTIGMATISM, 1),
        )

    def shift_defocus_um(self, shift: Point) -> float:
        """Defocus that comes with an image shift."""
        distance_um = math.hypot(shift.x_um, shift.y_um)
        return self.scale * 1e-4 * self.sizes.shift_defocus_angstrom_per_um * distance_um

    def drift(
        self,
        at: Point,
        *,
        start_angstrom_per_s: float,
        since_move_s: float,
        since_tilt_s: float,
        since_load_s: float,
        visit: int,
    ) -> tuple[float, float]:
        """The specimen's velocity (Å/s along x and y) after its `visit`-th move to a place.

        `start_angstrom_per_s` is the median right after such a move.
        """
        size = self.sizes
        where = _nm(at)
        start = start_angstrom_per_s * math.exp(
            size.drift_start_spread * normal(self.seed, P.DRIFT_SPEED, *where, visit)
        )
        tilting = since_tilt_s < since_move_s + 1e-6
        decay_s = size.drift_decay_after_tilt_s if tilting else size.drift_decay_s
        speed = start * math.exp(-min(since_move_s, since_tilt_s) / decay_s)
        speed += between(
            *size.drift_rest_angstrom_per_s, self.seed, P.DRIFT_SPEED, *where, 1000 + visit
        )
        loaded = between(
            *size.drift_after_load_angstrom_per_s, self.seed, P.DRIFT_SPEED, *where, 2000 + visit
        )
        speed += loaded * math.exp(-since_load_s / size.drift_after_load_decay_s)
        angle = 2.0 * math.pi * uniform(self.seed, P.DRIFT_DIRECTION, *where, visit)
        return self.scale * speed * math.cos(angle), self.scale * speed * math.sin(angle)

    def placement(self, slot: int, load: int) -> Placement:
        """How a grid sits after its `load`-th loading (from 1); the first is as it was made."""
        if load <= 1:
            return Placement(turn_deg=0.0, shift_x_um=0.0, shift_y_um=0.0)
        size = self.sizes
        return Placement(
            turn_deg=self.scale
            * size.reload_turn_deg
            * between(-1.0, 1.0, self.seed, P.RELOAD_TURN, slot, load),
            shift_x_um=self.scale
            * size.reload_shift_um
            * between(-1.0, 1.0, self.seed, P.RELOAD_X, slot, load),
            shift_y_um=self.scale
            * size.reload_shift_um
            * between(-1.0, 1.0, self.seed, P.RELOAD_Y, slot, load),
        )

    def beam(self, age_s: float) -> float:
        """Illumination relative to the calibrated one, `age_s` after the world began."""
        hourly = self.scale * self.sizes.beam_drift_per_h * between(-1, 1, self.seed, P.SPOT, 0)
        return max(0.5, 1.0 + hourly * age_s / 3600.0)


def _nm(point: Point) -> tuple[int, int]:
    """A place as hash keys: whole nanometres."""
    return round(point.x_um * 1000), round(point.y_um * 1000)
