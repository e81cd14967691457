"""The imaging states of a SerialEM microscope: low-dose areas, camera sets and their calibration.

SerialEM does not tell the dose of an area, nor its pixel without going there: a site writes both
into the microscope's settings, and every image is compared with what was written.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from smartscope.microscope.errors import BadInstrumentSettings, DoseExceeded
from smartscope.microscope.serialem.reading_settings import SettingsReader
from smartscope.microscope.values import Area, AreaSettings

log = logging.getLogger(__name__)
#: Area of ours to SerialEM's low-dose letter; the atlas is taken with low dose off.
LETTERS: Mapping[Area, str] = {
    Area.SQUARE: "S",
    Area.HOLE: "V",
    Area.FOCUS: "F",
    Area.RECORD: "R",
}
#: What `ReportLowDose` counts: V 0, F 1, T 2, R 3, S 4 (Trial is nobody's).
AREA_OF_NUMBER: Mapping[int, Area] = {
    0: Area.HOLE,
    1: Area.FOCUS,
    3: Area.RECORD,
    4: Area.SQUARE,
}
#: The command that takes an image with a camera set, and the set's letter.
SHOTS: Mapping[str, str] = {
    "View": "V",
    "Focus": "F",
    "Trial": "T",
    "Record": "R",
    "Preview": "P",
    "Search": "S",
}
_SHOT_OF_AREA: Mapping[Area, str] = {
    Area.SQUARE: "Search",
    Area.HOLE: "View",
    Area.FOCUS: "Focus",
    Area.RECORD: "Record",
}
#: How far a reported pixel size may lie from the calibrated one before nothing fits any more.
PIXEL_TOLERANCE = 0.1
#: How far a dose may lie from what was asked for and still count as that.
DOSE_TOLERANCE = 0.01
#: How many times the dose asked for is no rounding any more.
MOST_DOSE_RATIO = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaCalibration:
    """One area as a site has calibrated it; `exposure_s` gives `dose_e_per_a2`."""

    settings: AreaSettings
    exposure_s: float
    shot: str

    @property
    def camera_set(self) -> str:
        """The letter of the camera set that takes its images."""
        return SHOTS[self.shot]

    def exposure_for(self, dose_e_per_a2: float) -> float:
        """Seconds that give a dose at the calibrated beam."""
        return self.exposure_s * dose_e_per_a2 / self.settings.dose_e_per_a2

    def spent(self, asked_e_per_a2: float, exposure_s: float) -> float:
        """The dose that an exposure really gave: what was asked for, or what the camera made of it.

        Cameras round to whole frames. Raises DoseExceeded where that cannot be the reason, as with
        a camera set that ignores its exposure: every further exposure would burn its target.
        """
        found = self.settings.dose_e_per_a2 * exposure_s / self.exposure_s
        if abs(found - asked_e_per_a2) <= DOSE_TOLERANCE * asked_e_per_a2 or exposure_s <= 0.0:
            return asked_e_per_a2
        if found > MOST_DOSE_RATIO * asked_e_per_a2:
            raise DoseExceeded(
                f"{self.settings.area}: the camera exposed for {exposure_s:.3f} s, which is "
                f"{found:.3g} e/Å² where {asked_e_per_a2:.3g} were asked for. Look at the exposure "
                f"of SerialEM's {self.shot} set and at areas.{self.settings.area} before anything "
                "else is exposed.",
                spent_e_per_a2=found,
            )
        log.warning(
            "%s: the camera exposed for %.3f s, which is %.3g e/Å² where %.3g were asked for",
            self.settings.area,
            exposure_s,
            found,
            asked_e_per_a2,
        )
        return found

    def require_exposure(self, asked_s: float, told_s: float) -> None:
        """Before many exposures in one command: raise DoseExceeded for a set that was not set."""
        if not told_s <= MOST_DOSE_RATIO * asked_s:
            raise DoseExceeded(
                f"{self.settings.area}: SerialEM's {self.shot} set would expose for {told_s:.3f} s "
                f"where {asked_s:.3f} s were set; nothing was exposed. Look at that set and at "
                f"areas.{self.settings.area} before anything else is exposed."
            )


Areas = Mapping[Area, AreaCalibration]


def areas_from(settings: object, *, atlas_shot: str, image_shift_limit_um: float) -> Areas:
    """`{area: {pixel_size_angstrom, width_px, height_px, dose_e_per_a2, exposure_s, defocus_um}}`.

    All five areas must be there. Raises BadInstrumentSettings naming the key.
    """
    if not isinstance(settings, Mapping):
        raise BadInstrumentSettings(
            f"areas must map {', '.join(Area)} to their calibration; SerialEM cannot tell dose."
        )
    unknown = sorted({str(key) for key in settings} - {area.value for area in Area})
    if unknown:
        raise BadInstrumentSettings(
            f"areas has {', '.join(unknown)}; the areas are {', '.join(Area)}."
        )
    found = {}
    for area in Area:
        given = settings.get(area.value)
        if not isinstance(given, Mapping):
            raise BadInstrumentSettings(f"areas.{area} is missing; every area needs calibration.")
        reader = SettingsReader(
            {str(key): value for key, value in given.items()}, where=f"areas.{area}."
        )
        shot = atlas_shot if area is Area.ATLAS else _SHOT_OF_AREA[area]
        found[area] = _area(area, reader, shot, image_shift_limit_um)
    _require_falling_pixels(found)
    return found


def _area(
    area: Area, reader: SettingsReader, shot: str, image_shift_limit_um: float
) -> AreaCalibration:
    calibrated = AreaCalibration(
        settings=AreaSettings(
            area=area,
            pixel_size_angstrom=reader.number("pixel_size_angstrom", low=0.01, high=1e6),
            width_px=reader.whole("width_px", low=16, high=32768),
            height_px=reader.whole("height_px", low=16, high=32768),
            dose_e_per_a2=reader.number("dose_e_per_a2", low=1e-9, high=500.0),
            defocus_um=reader.number("defocus_um", 0.0, low=-500.0, high=500.0),
            image_shift_limit_um=0.0 if area is Area.ATLAS else image_shift_limit_um,
        ),
        exposure_s=reader.number("exposure_s", low=1e-4, high=300.0),
        shot=shot,
    )
    reader.finish()
    return calibrated


def _require_falling_pixels(areas: Areas) -> None:
    ladder = [area for area in Area if area is not Area.FOCUS]
    for coarse, fine in pairwise(ladder):
        coarse_px = areas[coarse].settings.pixel_size_angstrom
        if coarse_px < areas[fine].settings.pixel_size_angstrom:
            raise BadInstrumentSettings(
                f"areas.{fine}.pixel_size_angstrom is larger than that of {coarse}; "
                "pixels fall from atlas to record. Correct the calibration."
            )
