"""What SerialEM keeps in its memory while it runs before the microscope; lost when it restarts.

The microscope itself, its clock and its ledger are the `Scope`; a handler gets the program and may
change both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from smartscope.microscope.simulator import column
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.faults import Fault
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.serialem.answers import Stopped, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.buffers import Buffers
from smartscope.microscope.simulator.serialem.camera_sets import CameraSet, camera_sets
from smartscope.microscope.simulator.serialem.frame_saving import FrameSaving, SlowFiles
from smartscope.microscope.simulator.serialem.image_files import OpenFiles
from smartscope.microscope.simulator.serialem.imaging_states import RECORD
from smartscope.microscope.simulator.serialem.machine import Machine
from smartscope.microscope.simulator.serialem.montage_setup import MontageSetup
from smartscope.microscope.simulator.serialem.navigator_items import Navigator
from smartscope.microscope.simulator.serialem.orientation import Orientation
from smartscope.microscope.simulator.serialem.version import ProgramVersion
from smartscope.microscope.simulator.witness import Witness

LOG_LINES = 500
#: the user setting, in small letters, that closes valves over which nobody works
IDLE_MINUTES = "idletimetoclosevalves"


@dataclass(slots=True)
class Script:
    """What every start of external control begins with anew."""

    errors_to_log: bool = False
    overwrite: bool = False
    reports_suppressed: bool = False
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Knobs:
    """What the operator's panels show and the simulated physics does not depend on."""

    spot: int = 6
    percent_c2: float = 42.5
    slit_in: bool = False
    slit_width_ev: float = 20.0
    loss_ev: float = 0.0
    nano_probe: bool = True
    beam_shift_um: tuple[float, float] = (0.0, 0.0)
    beam_tilt_mrad: tuple[float, float] = (0.0, 0.0)
    saved_beam_tilt_mrad: tuple[float, float] | None = None
    tilt_axis_offset_um: float = 0.0
    hot_flash_next: bool = False
    operations_done_s: dict[str, float] = field(default_factory=dict)
    properties: dict[str, float] = field(default_factory=dict)
    user_settings: dict[str, float] = field(default_factory=lambda: {IDLE_MINUTES: 0.0})
    #: what temporary user settings were before this control
    settings_before: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class LowDose:
    """Low dose on or off, and where focus and trial areas lie beside the record area."""

    on: bool = False
    axis_um: dict[str, float] = field(default_factory=lambda: {"F": 2.0, "T": 2.0})
    axis_deg: dict[str, float] = field(default_factory=lambda: {"F": 0.0, "T": 0.0})
    kept_shift: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True)
class Findings:
    """What the last tasks found, for the commands that ask afterwards."""

    target_defocus_um: float = -1.5
    autofocus: tuple[float, float] | None = None
    focus_drift_nm_s: tuple[float, float] | None = None
    drift_wait: tuple[float, float] | None = None
    zero_loss_at_s: float | None = None
    hole_shifts: tuple[tuple[float, float], ...] = ()
    align_limit_um: float | None = None


@dataclass(slots=True, kw_only=True)
class Program:
    """One running SerialEM; `struck` are the faults that the present command must suffer."""

    scope: Scope
    witness: Witness
    version: ProgramVersion
    machine: Machine
    orientation: Orientation
    frame_time_s: float
    jeol_loader: bool = False
    script: Script = field(default_factory=Script)
    persistent: dict[str, str] = field(default_factory=dict)
    buffers: Buffers = field(default_factory=Buffers)
    sets: dict[int, CameraSet] = field(init=False)
    knobs: Knobs = field(default_factory=Knobs)
    low_dose: LowDose = field(default_factory=LowDose)
    frames: FrameSaving = field(default_factory=FrameSaving)
    slow_files: SlowFiles = field(default_factory=SlowFiles)
    files: OpenFiles = field(default_factory=OpenFiles)
    findings: Findings = field(default_factory=Findings)
    navigator: Navigator | None = None
    montage: MontageSetup | None = None
    montage_set: int = RECORD
    montage_overlap: float = 0.1
    log: list[str] = field(default_factory=list)
    clock_zero_s: float = field(init=False)
    #: since when nobody controls SerialEM from outside
    idle_since_s: float | None = None
    struck: tuple[Fault, ...] = ()
    stop_pressed: Callable[[], bool] = lambda: False

    def __post_init__(self) -> None:
        self.sets = camera_sets(self.scope.calibration)
        self.clock_zero_s = self.scope.world.clock.now()

    def control_begins(self) -> None:
        """Script state starts anew, as SerialEM does with every script."""
        self.close_idle_valves()
        self.idle_since_s = None
        self.script = Script()

    def control_ends(self) -> None:
        """Temporary camera settings, user settings and beam tilt are put back."""
        self.knobs.user_settings |= self.knobs.settings_before
        self.knobs.settings_before.clear()
        self.idle_since_s = self.scope.world.clock.now()
        self.sets = camera_sets(self.scope.calibration)
        self.frames.control_ended()
        if self.knobs.saved_beam_tilt_mrad is not None:
            self.knobs.beam_tilt_mrad = self.knobs.saved_beam_tilt_mrad
            self.knobs.saved_beam_tilt_mrad = None

    def close_idle_valves(self) -> None:
        """What SerialEM does by itself while nobody controls it, once idle for long enough."""
        minutes = self.knobs.user_settings[IDLE_MINUTES]
        if self.idle_since_s is None or minutes <= 0.0:
            return
        idle_s = self.scope.world.clock.now() - self.idle_since_s
        state = self.scope.world.state.column
        if idle_s >= 60.0 * minutes and state.valves_open and not state.valves_jammed:
            column.close_valves(self.scope)

    def suffers(self, kind: FaultKind) -> Fault | None:
        """The fault of that kind that strikes the present command, if one does."""
        return next((fault for fault in self.struck if fault.kind is kind), None)

    def heed_stop(self) -> None:
        """Between the parts of a long command: raise Stopped when STOP was pressed."""
        if self.stop_pressed():
            raise Stopped

    def say(self, line: str) -> None:
        """A line in SerialEM's log window."""
        self.log.append(line)
        del self.log[:-LOG_LINES]


Handler = Callable[[Program, Arguments], Values]
Table = Mapping[str, Handler]
