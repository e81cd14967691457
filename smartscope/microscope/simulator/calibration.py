"""The imaging states of a simulated microscope: camera, pixel, dose and defocus of each area.

The small cameras follow the recommended ladder of `optics.ladder`; the large ones a facility's
usual settings (all assumed). Doses are kept in e/Å² only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.simulator.optics.ladder import MINI_LADDER, MINI_RECORD_PIXEL_ANGSTROM
from smartscope.microscope.simulator.optics.profiles import FALCON4, K2, K3, MINI, CameraProfile
from smartscope.microscope.simulator.optics.values import Level
from smartscope.microscope.values import Area, AreaSettings

LEVELS = {
    Area.ATLAS: Level.ATLAS,
    Area.SQUARE: Level.SQUARE,
    Area.HOLE: Level.HOLE,
    Area.FOCUS: Level.FOCUS,
    Area.RECORD: Level.RECORD,
}
IMAGE_SHIFT_LIMIT_UM = 15.0
RECORD_DOSE_E_PER_A2 = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaCalibration:
    """One area; the beam is round and `beam_radius_um` wide where it exposes the specimen."""

    area: Area
    camera: CameraProfile
    pixel_size_um: float
    dose_e_per_a2: float
    defocus_um: float

    @property
    def beam_radius_um(self) -> float:
        """Just covers the field."""
        half_w = self.camera.width_px * self.pixel_size_um / 2
        half_h = self.camera.height_px * self.pixel_size_um / 2
        return 1.1 * float((half_w**2 + half_h**2) ** 0.5)

    def settings(self) -> AreaSettings:
        """What the driver tells about it."""
        return AreaSettings(
            area=self.area,
            pixel_size_angstrom=self.pixel_size_um * 1e4,
            width_px=self.camera.width_px,
            height_px=self.camera.height_px,
            dose_e_per_a2=self.dose_e_per_a2,
            defocus_um=self.defocus_um,
            image_shift_limit_um=0.0 if self.area is Area.ATLAS else IMAGE_SHIFT_LIMIT_UM,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """All areas of one microscope with one camera; `record_exposure_s` is a movie's length."""

    name: str
    areas: Mapping[Area, AreaCalibration]
    record_exposure_s: float
    record_save_factor: float = 1.0


def _mini() -> Calibration:
    areas = {
        area: AreaCalibration(
            area=area,
            camera=MINI_LADDER[level].camera,
            pixel_size_um=MINI_LADDER[level].pixel_size_um,
            dose_e_per_a2=MINI_LADDER[level].dose_e_per_a2,
            defocus_um=MINI_LADDER[level].defocus_um,
        )
        for area, level in LEVELS.items()
        if level in MINI_LADDER
    }
    areas[Area.RECORD] = AreaCalibration(
        area=Area.RECORD,
        camera=MINI,
        pixel_size_um=MINI_RECORD_PIXEL_ANGSTROM * 1e-4,
        dose_e_per_a2=RECORD_DOSE_E_PER_A2,
        defocus_um=1.5,
    )
    return Calibration(name="mini", areas=areas, record_exposure_s=4.0)


#: area: pixel size on the specimen at bin 1 (µm), binning, dose on the detector (e per binned px)
_FULL_LADDER = {
    Area.ATLAS: (0.0656, 4, 60.0, 0.0),
    Area.SQUARE: (0.0175, 4, 30.0, 0.0),
    Area.HOLE: (0.0019, 4, 40.0, 80.0),
    Area.FOCUS: (0.0000825, 4, 9.0, 1.5),
    Area.RECORD: (0.0000825, 1, 0.0, 1.5),
}


def _full(camera: CameraProfile, *, record_exposure_s: float, save_factor: float) -> Calibration:
    areas = {}
    for area, (pixel_um, binning, dose_e_per_px, defocus_um) in _FULL_LADDER.items():
        binned = replace(
            camera, width_px=camera.width_px // binning, height_px=camera.height_px // binning
        )
        pixel_size_um = pixel_um * binning
        areas[area] = AreaCalibration(
            area=area,
            camera=binned,
            pixel_size_um=pixel_size_um,
            dose_e_per_a2=dose_e_per_px / (pixel_size_um * 1e4) ** 2 or RECORD_DOSE_E_PER_A2,
            defocus_um=defocus_um,
        )
    return Calibration(
        name=camera.name,
        areas=areas,
        record_exposure_s=record_exposure_s,
        record_save_factor=save_factor,
    )


def calibration(camera: str) -> Calibration:
    """The calibration for a camera by name. Raises BadInstrumentSettings naming what there is."""
    makers: Mapping[str, Callable[[], Calibration]] = {
        "mini": _mini,
        "K2": lambda: _full(K2, record_exposure_s=8.0, save_factor=6.5 / 3.0),
        "K3": lambda: _full(K3, record_exposure_s=4.0, save_factor=1.0),
        "Falcon 4": lambda: _full(FALCON4, record_exposure_s=4.0, save_factor=1.0),
    }
    if camera not in makers:
        raise BadInstrumentSettings(
            f"camera is {camera!r}; this simulator has {', '.join(makers)}."
        )
    return makers[camera]()
