"""What can go wrong with a simulated microscope, where in a command, and which commands it strikes.

Some faults strike the microscope itself, whoever drives it; the others live in SerialEM or on the
wire and need `server` before the microscope.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class FaultKind(StrEnum):
    """Every fault; `STRIKES` names the commands each may strike. Parameters in brackets."""

    # the microscope, driven in process or over the socket
    LOAD_FAILURE = "load_failure"
    AUTOFOCUS_NO_LOCK = "autofocus_no_lock"
    RUNAWAY_HEIGHT = "runaway_height"
    CAMERA_TIMEOUT = "camera_timeout"
    CAMERA_ERROR = "camera_error"
    TRUNCATED_FILE = "truncated_file"
    VALVE_CLOSES = "valve_closes"
    BEAM_LOST = "beam_lost"
    STAGE_STUCK = "stage_stuck"
    CONNECTION_LOST = "connection_lost"  # how: close, reset or half_close; delay_s
    OPERATOR_STOP = "operator_stop"
    # control of SerialEM
    BUSY = "busy"  # OK-to-run is answered 0, a command without control -9
    CONTROL_LOST = "control_lost"
    DIALOG = "dialog"  # no answer until released
    RESTART = "restart"  # for_s: how long connections are refused
    # the wire
    NO_REPLY = "no_reply"
    LATE_REPLY = "late_reply"  # delay_s, real seconds
    LATENCY = "latency"  # median_s, spread: real seconds, lognormal
    TRICKLE = "trickle"  # bytes, pause_s
    TRUNCATED_REPLY = "truncated_reply"  # bytes: how many are sent before the end
    WRONG_SIZE = "wrong_size"  # by: added to the frame's own length
    GARBAGE = "garbage"  # bytes: how many
    STATUS = "status"  # code, -1 to -10
    # replies
    ERROR_REPLY = "error_reply"  # text
    ERROR_WITHOUT_TEXT = "error_without_text"
    NOT_UTF8 = "not_utf8"
    NOT_A_NUMBER = "not_a_number"
    INFINITE = "infinite"
    MISSING_VALUES = "missing_values"  # count
    EXTRA_VALUES = "extra_values"  # count
    REPLACED_VALUES = "replaced_values"  # values
    # images
    NO_IMAGE = "no_image"
    IMAGE_TYPE = "image_type"  # type
    PADDED_ROWS = "padded_rows"  # bytes
    CHUNKS = "chunks"  # count
    JOINED = "joined"  # header and pixels in one piece
    IMAGE_STALL = "image_stall"  # after_bytes
    IMAGE_CUT = "image_cut"  # after_bytes
    # commands that say they worked
    SHIFT_REFUSED = "shift_refused"
    STATE_REFUSED = "state_refused"  # code
    APERTURE_STUCK = "aperture_stuck"
    STAGE_SHORT = "stage_short"
    AUTOFOCUS_CODE = "autofocus_code"  # code
    HEIGHT_WRONG = "height_wrong"  # um: how far the height is off without a word
    DRIFT_NEVER = "drift_never"
    ZERO_LOSS_FAILED = "zero_loss_failed"
    NOTHING_DONE = "nothing_done"
    # the machine
    REFILL = "refill"  # for_s
    PUMP = "pump"  # for_s
    VACUUM = "vacuum"  # for_s, lamp: 1 or 2
    VALVE_REFUSES = "valve_refuses"
    BEAM_FALLS = "beam_falls"  # factor
    FLASH_ADVISED = "flash_advised"
    FLASH_FAILS = "flash_fails"
    SLOT_EMPTY = "slot_empty"
    LOADED_ANOTHER = "loaded_another"  # slot
    LOAD_ERROR_BUT_LOADED = "load_error_but_loaded"
    SCREEN_DOWN = "screen_down"
    LOW_DOSE_OFF = "low_dose_off"
    SLOW_CAMERA = "slow_camera"  # for_s
    FILE_MISSING = "file_missing"
    FILE_LATE = "file_late"  # for_s
    FILE_GROWS = "file_grows"  # for_s, whole_frames: 1 lets it be read after each frame
    DISK_FULL = "disk_full"
    WARMING = "warming"  # angstrom_per_s_per_h: what the drift gains


class Phase(StrEnum):
    """Before the command did anything, while it does, or after everything but the answer."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


ANY = ("*",)
_IN_PROCESS = ("image", "montage", "record")
EXPOSING = (
    *("View", "V", "Focus", "Trial", "T", "Record", "R", "Preview", "L", "Search"),
    *("Montage", "M", "AcquireToMatchBuffer", "MultipleRecords"),
)
_RECORDING = ("Record", "R", "MultipleRecords")
_MOVING = ("MoveStageTo", "MoveStage")
_LOADING = ("LoadCartridge",)
_FOCUSING = ("AutoFocus", "G")
_FLASHING = ("LongOperation",)

STRIKES: Mapping[FaultKind, tuple[str, ...]] = {
    **dict.fromkeys(FaultKind, ANY),
    FaultKind.LOAD_FAILURE: ("load", *_LOADING),
    FaultKind.AUTOFOCUS_NO_LOCK: ("autofocus", *_FOCUSING),
    FaultKind.RUNAWAY_HEIGHT: ("eucentric_height", "Eucentricity"),
    FaultKind.CAMERA_TIMEOUT: (*_IN_PROCESS, *EXPOSING),
    FaultKind.CAMERA_ERROR: (*_IN_PROCESS, *EXPOSING),
    FaultKind.TRUNCATED_FILE: ("record", *_RECORDING),
    FaultKind.VALVE_CLOSES: (*_IN_PROCESS, *EXPOSING),
    FaultKind.BEAM_LOST: (*_IN_PROCESS, *EXPOSING),
    FaultKind.STAGE_STUCK: ("move_to", *_MOVING),
    FaultKind.BUSY: ANY,
    FaultKind.NO_IMAGE: ("bufferImage",),
    FaultKind.IMAGE_TYPE: ("bufferImage",),
    FaultKind.PADDED_ROWS: ("bufferImage",),
    FaultKind.CHUNKS: ("bufferImage",),
    FaultKind.JOINED: ("bufferImage",),
    FaultKind.IMAGE_STALL: ("bufferImage",),
    FaultKind.IMAGE_CUT: ("bufferImage",),
    FaultKind.SHIFT_REFUSED: (
        *("SetImageShift", "ImageShiftByUnits", "ImageShiftByMicrons", "ImageShiftByPixels"),
    ),
    FaultKind.STATE_REFUSED: ("GoToImagingState",),
    FaultKind.APERTURE_STUCK: ("SetApertureSize",),
    FaultKind.STAGE_SHORT: _MOVING,
    FaultKind.AUTOFOCUS_CODE: _FOCUSING,
    FaultKind.HEIGHT_WRONG: ("Eucentricity",),
    FaultKind.DRIFT_NEVER: ("DriftWaitTask",),
    FaultKind.ZERO_LOSS_FAILED: ("RefineZLP",),
    FaultKind.VALVE_REFUSES: ("SetColumnOrGunValve",),
    FaultKind.FLASH_ADVISED: ("IsFEGFlashingAdvised",),
    FaultKind.FLASH_FAILS: _FLASHING,
    FaultKind.SLOT_EMPTY: _LOADING,
    FaultKind.LOADED_ANOTHER: _LOADING,
    FaultKind.LOAD_ERROR_BUT_LOADED: _LOADING,
    FaultKind.SLOW_CAMERA: EXPOSING,
    FaultKind.FILE_MISSING: _RECORDING,
    FaultKind.FILE_LATE: _RECORDING,
    FaultKind.FILE_GROWS: _RECORDING,
    FaultKind.DISK_FULL: _RECORDING,
}
#: The kinds that need no server.
IN_PROCESS = frozenset(list(FaultKind)[: list(FaultKind).index(FaultKind.OPERATOR_STOP) + 1])
