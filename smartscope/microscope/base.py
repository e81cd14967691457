"""The instrument as the service sees it: six small Protocols, absolute commands only.

A driver asks its injected `Permit` before every command, waits for the instrument's own reply
and never repeats a command by itself. Errors are in `smartscope.microscope.errors`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from smartscope.domain.geometry import Point
from smartscope.domain.routines import Routine
from smartscope.microscope.values import (
    AcquiredImage,
    AcquiredMontage,
    Area,
    AreaSettings,
    ColumnStatus,
    CommandClass,
    DriftResult,
    FocusResult,
    HeightMode,
    HeightResult,
    Identity,
    ImageShift,
    Inventory,
    MontagePiece,
    MontagePlan,
    OpticsState,
    RealignResult,
    RecordedFile,
    RecordItem,
    RecordPlan,
    Reference,
    RefillStatus,
    RoutineCost,
    SafeStateReport,
    SlotStatus,
    StagePose,
    VacuumStatus,
)


class Permit(Protocol):
    """Says whether this process may still command the instrument."""

    def check(self, command_class: CommandClass, name: str) -> None:
        """Return, or raise `smartscope.domain.errors.LeaseLost`: then nothing was sent."""
        ...


class Autoloader(Protocol):
    """The cassette and the exchange of grids between it and the stage."""

    def inventory(self) -> Inventory:
        """Which slots are occupied and which grid is on the stage (read)."""
        ...

    def load(self, slot: int) -> None:
        """Put the grid of `slot` on the stage, returning a loaded one first (never-repeat).

        Raises SlotEmpty, LoadFailed, InstrumentBusy, CommandRefused (valves open), StageInDoubt or
        ManualExchangeNeeded. Does nothing when that grid is already on the stage.
        """
        ...

    def unload(self) -> None:
        """Return the grid on the stage to its slot, if there is one (never-repeat)."""
        ...

    def loaded(self) -> int | None:
        """The slot of the grid on the stage (read)."""
        ...

    def doubt(self) -> str:
        """Why it is not known what is on the stage, in one sentence; "" while it is (read).

        Without doubt `loaded` is the truth: the instrument tells it, or what it remembers of the
        last exchange agrees with the cassette.
        """
        ...

    def recall(self, slot: int | None) -> bool:
        """Whether the stage holds that slot's grid, or None, by the journal's word (absolute).

        Only an instrument that is in doubt believes it, and a slot only where it reads empty. One
        that tells is only asked.
        """
        ...

    def forget(self) -> None:
        """Doubt what is remembered of the stage (absolute); nothing where the instrument tells."""
        ...

    def confirm_exchange(self, slot: int | None) -> None:
        """Where the instrument cannot tell, a person says what is on the stage now (absolute).

        Refused by one that tells, with open valves, and for a slot whose grid lies in it.
        """
        ...


class Column(Protocol):
    """Valves, vacuum, dewars, gun and energy filter."""

    def status(self) -> ColumnStatus:
        """Everything the suspenders need, freshly read (read)."""
        ...

    def open_valves(self) -> None:
        """Let the beam in (never-repeat); refused while exchanging or without vacuum."""
        ...

    def close_valves(self) -> None:
        """Shut the beam off (absolute); always allowed."""
        ...

    def blank_beam(self) -> None:
        """Deflect the beam away from the specimen (absolute); opening the valves unblanks it."""
        ...

    def vacuum(self) -> VacuumStatus:
        """Whether the vacuum is ready (read)."""
        ...

    def refills(self) -> RefillStatus:
        """Whether the dewars are being filled, and when they will be next (read)."""
        ...

    def refine_zero_loss(self) -> None:
        """Centre the energy slit on the zero-loss peak (long); does nothing without a filter."""
        ...

    def flash_gun(self) -> None:
        """Flash the field emission gun when the instrument advises it (never-repeat)."""
        ...


class Stage(Protocol):
    """The goniometer; positions are absolute, and the tilt axis is the stage's x axis.

    Whether a positive tilt raises what lies at positive y says `Identity.tilt_sign`.
    """

    def position(self) -> StagePose:
        """Where the stage reports to be (read)."""
        ...

    def move_to(self, point: Point, *, z_um: float | None = None) -> None:
        """Go there and settle; `z_um` None keeps the height (absolute). Raises StageLimit."""
        ...

    def tilt_to(self, tilt_deg: float) -> None:
        """Tilt to that angle and settle (absolute). Raises StageLimit."""
        ...


class Optics(Protocol):
    """Lenses and deflectors."""

    def areas(self) -> tuple[AreaSettings, ...]:
        """The imaging states this microscope is calibrated for (read)."""
        ...

    def state(self) -> OpticsState:
        """What is set now (read)."""
        ...

    def go_to(self, area: Area) -> None:
        """Change to that imaging state; clears the image shift when it crosses ATLAS (absolute)."""
        ...

    def set_image_shift(self, shift: ImageShift) -> None:
        """Deflect so that the image centre shows stage + shift (absolute).

        Raises ImageShiftLimit.
        """
        ...

    def set_defocus(self, defocus_um: float) -> None:
        """Underfocus positive, from the focus found by the last autofocus (absolute)."""
        ...

    def set_aperture(self, name: str, size_um: float) -> None:
        """Insert that aperture; size 0 retracts it (absolute)."""
        ...


class Camera(Protocol):
    """Everything that spends dose."""

    def image(self, area: Area, *, dose_e_per_a2: float | None = None) -> AcquiredImage:
        """One image in that area, at the present pose and image shift (dose)."""
        ...

    def montage(self, area: Area, plan: MontagePlan) -> AcquiredMontage:
        """Tiles taken by moving the stage; it is left at the plan's centre (dose)."""
        ...

    def tiles(self, area: Area, plan: MontagePlan) -> Iterator[MontagePiece]:
        """The tiles of `montage`, each exposed when it is asked for (dose).

        Between two of them other commands may be given, or the rest left alone; the stage is at
        the plan's centre after the last.
        """
        ...

    def require_possible(self, plan: RecordPlan) -> None:
        """Raise CommandRefused for a plan that `record` would refuse; nothing is exposed (read)."""
        ...

    def update_dark_reference(self, *, max_age_h: float) -> None:
        """Take the dark reference anew when it is older; no beam is needed (long).

        Raises CommandRefused where the camera takes none by itself.
        """
        ...

    def frames_folder(self) -> Path | None:
        """Where the camera saves movies first, as this machine sees it (read).

        None where it writes into a plan's own folder.
        """
        ...

    def record(self, plan: RecordPlan) -> tuple[RecordedFile, ...]:
        """Expose each item and write its closed file `<folder>/<name>.<format>` (dose).

        The image shift is left as it was for the last item.
        """
        ...

    def find_recorded(
        self,
        name: str,
        folder: Path,
        *,
        file_format: str,
        broken_from_s: float = 0.0,
        begun_s: float = 0.0,
    ) -> Path | None:
        """The closed movie of that name in `folder`; None while there is none (read).

        Where the camera keeps its movies elsewhere, the movie is brought into `folder` first, with
        its notes and gain reference beside it. One that is not whole counts as still being written
        until `broken_from_s` on the instrument's clock; one that was last written before `begun_s`
        is another exposure's, whatever its name. Raises StorageFull.
        """
        ...


class Tasks(Protocol):
    """Small routines that every instrument has its own way of doing."""

    def cost(self, routine: Routine) -> RoutineCost:
        """The beam that a routine sends at most, as calibrated; nothing is asked or sent."""
        ...

    def eucentric_height(self, mode: HeightMode) -> HeightResult:
        """Find and set the eucentric height; tilt returns to 0 (dose). Raises HeightFailed."""
        ...

    def autofocus(self) -> FocusResult:
        """Focus beside the target (dose). Raises AutofocusFailed; focus is then unchanged."""
        ...

    def wait_for_drift(self, limit_angstrom_per_s: float, *, timeout_s: float) -> DriftResult:
        """Wait until the specimen moves less than the limit (dose). Raises DriftTooHigh."""
        ...

    def realign(self, reference: Reference) -> RealignResult:
        """Image the present area and find the reference's target in it (dose).

        Nothing is moved. Raises RealignFailed.
        """
        ...


class Tuning(Protocol):
    """Corrections that only some instruments can do by themselves; all of them spend dose."""

    def correct_astigmatism(self) -> None:
        """Make the objective lens round by fits of power spectra (dose)."""
        ...

    def correct_coma(self) -> None:
        """Bring the beam to the coma-free axis by fits of tilted-beam images (dose)."""
        ...


class Microscope(Protocol):
    """One instrument, real or not, held by one process."""

    @property
    def autoloader(self) -> Autoloader: ...

    @property
    def column(self) -> Column: ...

    @property
    def stage(self) -> Stage: ...

    @property
    def optics(self) -> Optics: ...

    @property
    def camera(self) -> Camera: ...

    @property
    def tasks(self) -> Tasks: ...

    @property
    def tuning(self) -> Tuning | None:
        """None where the instrument, or its calibration, cannot do it."""
        ...

    def identity(self) -> Identity:
        """Which instrument this is."""
        ...

    def safe_state(self) -> SafeStateReport:
        """Close the valves, blank, tilt 0, retract nothing, keep the grid where it is.

        Idempotent; one action's failure does not stop the next. Asks the permit for
        `absolute` only. Raises OperatorStop and CommandTimeout, after which nothing is sent.
        """
        ...

    def await_reply(self, timeout_s: float) -> bool:
        """After CommandTimeout: go on reading, in real time, for the late reply; nothing is sent.

        True once the instrument has answered: the command is over, and what became of it can be
        read back by whoever connects next. This connection takes no command after a timeout.
        Raises OperatorStop when that is what the reply says.
        """
        ...

    def stop(self) -> None:
        """End an exposure or a move as soon as the instrument allows."""
        ...

    def close(self) -> None:
        """Give the instrument back; no command is accepted afterwards."""
        ...


__all__ = [
    "AcquiredImage",
    "AcquiredMontage",
    "Area",
    "AreaSettings",
    "Autoloader",
    "Camera",
    "Column",
    "ColumnStatus",
    "CommandClass",
    "DriftResult",
    "FocusResult",
    "HeightMode",
    "HeightResult",
    "Identity",
    "ImageShift",
    "Inventory",
    "Microscope",
    "MontagePiece",
    "MontagePlan",
    "Optics",
    "OpticsState",
    "Permit",
    "RealignResult",
    "RecordItem",
    "RecordPlan",
    "RecordedFile",
    "Reference",
    "RefillStatus",
    "RoutineCost",
    "SafeStateReport",
    "SlotStatus",
    "Stage",
    "StagePose",
    "Tasks",
    "Tuning",
    "VacuumStatus",
]
