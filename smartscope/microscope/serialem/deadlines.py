"""How long each command may take before its outcome counts as unknown: a table, in seconds.

A missed deadline stops nothing on the microscope; it ends our patience. The figures are ours, with
room over what the instruments' own limits are (900 s for a cartridge, 1,200 s for a flash, 2,400 s
for a JEOL refill).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Patience(StrEnum):
    """How long a command of some kind may take; each is a field of `Deadlines`."""

    QUICK = "quick_s"
    OPTICS = "optics_s"
    FILE = "file_s"
    MOVE = "move_s"
    IMAGE = "image_s"
    FOCUS = "focus_s"
    HEIGHT = "height_s"
    TUNE = "tune_s"
    DRIFT = "drift_s"
    MONTAGE = "montage_s"
    EXCHANGE = "exchange_s"
    FLASH = "flash_s"
    REFILL = "refill_s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Seconds for each kind of command, for the handshake of a session and for pixels.

    `image_s` holds for an exposure and settling of a few seconds, `montage_s` for one of some
    hundred pieces: whoever knows better says so with the call.
    """

    quick_s: float = 15.0
    optics_s: float = 60.0
    file_s: float = 60.0
    move_s: float = 120.0
    image_s: float = 150.0
    focus_s: float = 300.0
    height_s: float = 600.0
    tune_s: float = 900.0
    #: beyond the longest wait that the command itself was given
    drift_s: float = 120.0
    montage_s: float = 3600.0
    exchange_s: float = 1200.0
    flash_s: float = 1500.0
    refill_s: float = 3600.0
    #: until the server has accepted the connection
    connect_s: float = 5.0
    #: after "busy" at the start, before the harmless question who holds control
    busy_wait_s: float = 5.0
    #: pixels: a part that is always granted, a speed, and the longest silence in between
    pixels_s: float = 10.0
    pixels_bytes_per_s: float = 5e6
    stall_s: float = 10.0

    def of(self, name: str, arguments: tuple[float | int | str, ...] = ()) -> float:
        """Seconds that one call may take: by its name, and by its arguments where they say."""
        if name == "LongOperation":
            flashes = bool(arguments) and str(arguments[0]).upper().startswith("FF")
            return self.flash_s if flashes else self.refill_s
        seconds = float(getattr(self, PATIENCE.get(name, Patience.QUICK).value))
        if name == "DriftWaitTask" and len(arguments) > _DRIFT_LIMIT:
            return seconds + float(arguments[_DRIFT_LIMIT])
        if name == "Delay":
            return seconds + _delay_s(arguments)
        return seconds

    def of_pixels(self, total_bytes: int) -> float:
        """Seconds that an image of that size may take on its way."""
        return self.pixels_s + total_bytes / self.pixels_bytes_per_s


DEFAULTS = Deadlines()

#: which argument of DriftWaitTask is its own longest wait, in seconds
_DRIFT_LIMIT = 2
_LONGEST_DELAY_S = 3600.0
_DELAY_UNITS_S = {"msec": 0.001, "sec": 1.0, "min": 60.0}

_BY_PATIENCE: dict[Patience, str] = {
    Patience.OPTICS: (
        "SetMag SetMagIndex SetSpotSize SetProbeMode SetPercentC2 GoToLowDoseArea SetLowDoseMode "
        "GoToImagingState RestoreState SetSlitIn SetSlitWidth SetEnergyLoss ScreenUp SetBeamBlank "
        "SetColumnOrGunValve AlignTo AlignBetweenMags SelectCamera SetEucentricFocus "
        "UpdateLowDoseParams RestoreLowDoseParams SetFolderForFrames CtfFind Ctfplotter "
        "AutoCorrPeakVectors CenterBeamFromImage"
    ),
    Patience.FILE: (
        "Save S ReadFile ReadOtherFile OpenNewFile OpenOldFile OpenNewMontage CloseFile "
        "SetupFullMontage SetupPolygonMontage WriteAutodoc SaveNavigator ReadNavFile "
        "CloseNavigator OpenNavigator LoadOtherMap NewMap SaveSettings SaveLog SaveLogOpenNew "
        "SnapshotToFile"
    ),
    Patience.MOVE: (
        "MoveStage MoveStageTo TiltTo TiltBy MoveToNavItem ResetImageShift RemoveAperture "
        "SetApertureSize"
    ),
    Patience.IMAGE: ("View V Focus Trial T Record R Preview L Search AcquireToMatchBuffer"),
    Patience.FOCUS: "AutoFocus G RefineZLP AutoCenterBeam",
    Patience.HEIGHT: "Eucentricity UpdateHWDarkRef RealignToOtherItem RealignReloadedGrid",
    Patience.TUNE: "FixComaByCTF FixAstigmatismByCTF",
    Patience.DRIFT: "DriftWaitTask",
    Patience.MONTAGE: "Montage M MultipleRecords Call CallFunction",
    Patience.EXCHANGE: "LoadCartridge UnloadCartridge",
    Patience.REFILL: "ManageDewarsAndPumps",
}

#: commands that are not quick
PATIENCE: dict[str, Patience] = {
    name: patience for patience, names in _BY_PATIENCE.items() for name in names.split()
}


def _delay_s(arguments: tuple[float | int | str, ...]) -> float:
    if not arguments:
        return 0.0
    unit = str(arguments[1]) if len(arguments) > 1 else "msec"
    return min(float(arguments[0]) * _DELAY_UNITS_S.get(unit, 60.0), _LONGEST_DELAY_S)
