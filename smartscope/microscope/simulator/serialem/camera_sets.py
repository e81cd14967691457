"""The seven sets of camera parameters: View, Focus, Trial, Record, Preview, Search, Mont-map."""

from __future__ import annotations

from dataclasses import dataclass

from smartscope.microscope.simulator.calibration import Calibration
from smartscope.microscope.simulator.imaging import IMAGE_EXPOSURE_S
from smartscope.microscope.simulator.serialem.imaging_states import PREVIEW, RECORD, SET_LETTERS

PREVIEW_EXPOSURE_S = 0.5
LINEAR, COUNTING, SUPER_RESOLUTION = range(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSet:
    """One set. Frames are saved when both flags are set; None is the camera's own frame time."""

    exposure_s: float
    frame_time_s: float | None = None
    settling_s: float = 0.0
    binning: float = 1.0
    read_mode: int = COUNTING
    fractionate: bool = False
    save_frames: bool = False
    align_frames: bool = False


def camera_sets(calibration: Calibration) -> dict[int, CameraSet]:
    """The sets as an operator would have left them: no frames are saved yet."""
    exposures = dict.fromkeys(range(len(SET_LETTERS)), IMAGE_EXPOSURE_S)
    exposures |= {RECORD: calibration.record_exposure_s, PREVIEW: PREVIEW_EXPOSURE_S}
    return {number: CameraSet(exposure_s=seconds) for number, seconds in exposures.items()}
