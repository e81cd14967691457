"""From a place on the specimen to counts: the one module that calls specimen and optics."""

from __future__ import annotations

from dataclasses import dataclass

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.calibration import LEVELS
from smartscope.microscope.simulator.exposure_log import Exposure
from smartscope.microscope.simulator.optics.acquire import take_image
from smartscope.microscope.simulator.optics.record import record_movie
from smartscope.microscope.simulator.optics.values import (
    ExposureConditions,
    NoiseKey,
    Recording,
    RecordSettings,
)
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.specimen.attenuation import attenuation
from smartscope.microscope.simulator.specimen.values import PastExposure, Patch, Pose
from smartscope.microscope.values import Area, Pixels, RecordItem

_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shot:
    """Counts (height, width) and the true map of their pixels to the specimen."""

    counts: Pixels
    true: Affine


def noise_key(scope: Scope, exposure: Exposure) -> NoiseKey:
    """What the noise of this exposure depends on: specimen, microscope, commands, repetition."""
    return NoiseKey(
        seed=(scope.specimen().seed + scope.world.seed * 0x9E3779B97F4A7C15) & _MASK,
        level=LEVELS[exposure.area],
        stage_x_nm=exposure.stage_x_nm,
        stage_y_nm=exposure.stage_y_nm,
        shift_x_nm=exposure.shift_x_nm,
        shift_y_nm=exposure.shift_y_nm,
        repeat=exposure.repeat,
    )


def shoot(scope: Scope, area: Area, exposure: Exposure, pose: Pose, exposure_s: float) -> Shot:
    """One image of an area."""
    calibration = scope.area(area)
    conditions = ExposureConditions(
        level=LEVELS[area],
        dose_e_per_a2=exposure.dose_e_per_a2,
        defocus_um=scope.true_defocus_um(area),
        voltage_kv=scope.settings.voltage_kv,
        intensity=scope.illumination(),
        exposure_s=exposure_s,
    )
    image = take_image(
        scope.specimen(),
        pose,
        scope.camera(area),
        scope.true_pixel_um(area),
        conditions,
        noise_key(scope, exposure),
        earlier=_marks(scope, exposure, pose, 2.0 * calibration.beam_radius_um),
        hours_in_column=scope.hours_on_stage(),
    )
    return Shot(counts=image.counts, true=image.image_to_stage)


def specimen_patch(
    scope: Scope, pose: Pose, exposure: Exposure, shape: tuple[int, int], pixel_um: float
) -> Patch:
    """The specimen at a pose, marked by every earlier exposure but this one."""
    return scope.specimen().render(
        pose,
        shape,
        pixel_um,
        attenuation=attenuation(scope.settings.voltage_kv),
        earlier=_marks(scope, exposure, pose, max(shape) * pixel_um),
        hours_in_column=scope.hours_on_stage(),
    )


def _marks(
    scope: Scope, exposure: Exposure, pose: Pose, reach_um: float
) -> tuple[PastExposure, ...]:
    return scope.world.exposures.marks_near(
        exposure.grid_id, pose.x_um, pose.y_um, reach_um, before_serial=exposure.serial
    )


def film(
    scope: Scope, item: RecordItem, exposure: Exposure, pose: Pose, exposure_s: float
) -> Recording:
    """One movie."""
    size, angle = scope.imperfections.astigmatism_angstrom()
    settings = RecordSettings(
        pixel_size_angstrom=scope.true_pixel_um(Area.RECORD) * 1e4,
        dose_e_per_a2=item.dose_e_per_a2,
        frames=item.frames,
        exposure_s=exposure_s,
        defocus_um=scope.true_defocus_um(Area.RECORD),
        astigmatism_angstrom=size,
        astigmatism_angle_deg=angle,
        voltage_kv=scope.settings.voltage_kv,
        spherical_aberration_mm=scope.settings.spherical_aberration_mm,
        drift_angstrom_per_s=scope.drift_angstrom_per_s(),
        intensity=scope.illumination(),
        tilt_deg=pose.tilt_deg,
    )
    return record_movie(
        scope.specimen(),
        pose,
        scope.camera(Area.RECORD),
        settings,
        noise_key(scope, exposure),
        earlier=_marks(scope, exposure, pose, 2.0 * scope.area(Area.RECORD).beam_radius_um),
        hours_in_column=scope.hours_on_stage(),
    )
