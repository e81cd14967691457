"""The simulated microscope behind the same Protocols as a real one; it never returns truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from smartscope.domain.geometry import Point
from smartscope.microscope.simulator import column, imaging, positioning, recording, routines
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.guard import Guard, attempt
from smartscope.microscope.simulator.tasks import SimulatedTasks, SimulatedTuning
from smartscope.microscope.simulator.witness import NoWitness, Witness
from smartscope.microscope.values import (
    AcquiredImage,
    AcquiredMontage,
    Area,
    AreaSettings,
    ColumnStatus,
    CommandClass,
    Identity,
    ImageShift,
    Inventory,
    MontagePiece,
    MontagePlan,
    OpticsState,
    RecordedFile,
    RecordPlan,
    RefillStatus,
    SafeStateReport,
    StagePose,
    VacuumStatus,
)

VERSION = "1"
READ, ABSOLUTE, DOSE = CommandClass.READ, CommandClass.ABSOLUTE, CommandClass.DOSE
NEVER_REPEAT, LONG = CommandClass.NEVER_REPEAT, CommandClass.LONG


@dataclass(frozen=True, slots=True)
class SimulatedAutoloader:
    """Slots and exchanges."""

    guard: Guard

    def inventory(self) -> Inventory:
        """Which slots hold grids."""
        return self.guard.run("inventory", READ, lambda _: column.inventory(self.guard.scope))

    def load(self, slot: int) -> None:
        """Put the grid of a slot on the stage."""
        self.guard.run(
            "load",
            NEVER_REPEAT,
            lambda faults: column.load(
                self.guard.scope, slot, fails=FaultKind.LOAD_FAILURE in faults
            ),
        )

    def unload(self) -> None:
        """Return the grid on the stage."""
        self.guard.run("unload", NEVER_REPEAT, lambda _: column.unload(self.guard.scope))

    def loaded(self) -> int | None:
        """The slot of the grid on the stage; what it was before while an exchange runs."""
        scope = self.guard.scope
        return self.guard.run("loaded", READ, lambda _: scope.world.state.autoloader.loaded_slot)

    def doubt(self) -> str:
        """It forgets nothing."""
        self.guard.run("doubt", READ, lambda _: None)
        return ""

    def recall(self, slot: int | None) -> bool:
        """It is only asked."""
        return self.loaded() == slot

    def forget(self) -> None:
        """It tells what is on its stage."""

    def confirm_exchange(self, slot: int | None) -> None:
        """A person says what is on the stage."""
        self.guard.run(
            "confirm_exchange",
            ABSOLUTE,
            lambda _: column.confirm_exchange(self.guard.scope, slot),
        )


@dataclass(frozen=True, slots=True)
class SimulatedColumn:
    """Valves, vacuum, dewars, gun and filter."""

    guard: Guard

    def status(self) -> ColumnStatus:
        """Everything the suspenders need."""
        return self.guard.run("status", READ, lambda _: column.status(self.guard.scope))

    def open_valves(self) -> None:
        """Let the beam in."""
        self.guard.run("open_valves", NEVER_REPEAT, lambda _: column.open_valves(self.guard.scope))

    def close_valves(self) -> None:
        """Shut the beam off."""
        self.guard.run("close_valves", ABSOLUTE, lambda _: column.close_valves(self.guard.scope))

    def blank_beam(self) -> None:
        """Deflect the beam away."""
        self.guard.run("blank_beam", ABSOLUTE, lambda _: column.blank_beam(self.guard.scope))

    def vacuum(self) -> VacuumStatus:
        """Vacuum and pump."""
        return self.guard.run("vacuum", READ, lambda _: column.vacuum(self.guard.scope))

    def refills(self) -> RefillStatus:
        """The dewars."""
        return self.guard.run("refills", READ, lambda _: column.refills(self.guard.scope))

    def refine_zero_loss(self) -> None:
        """Centre the energy slit."""
        self.guard.run(
            "refine_zero_loss", LONG, lambda _: column.refine_zero_loss(self.guard.scope)
        )

    def flash_gun(self) -> None:
        """Flash the gun."""
        self.guard.run("flash_gun", NEVER_REPEAT, lambda _: column.flash_gun(self.guard.scope))


@dataclass(frozen=True, slots=True)
class SimulatedStage:
    """The goniometer."""

    guard: Guard

    def position(self) -> StagePose:
        """Where the encoders say the stage is."""
        return self.guard.run("position", READ, lambda _: positioning.position(self.guard.scope))

    def move_to(self, point: Point, *, z_um: float | None = None) -> None:
        """Go there and settle."""
        self.guard.run(
            "move_to",
            ABSOLUTE,
            lambda faults: positioning.move_to(
                self.guard.scope, point, z_um, stuck=FaultKind.STAGE_STUCK in faults
            ),
        )

    def tilt_to(self, tilt_deg: float) -> None:
        """Tilt and settle."""
        self.guard.run(
            "tilt_to", ABSOLUTE, lambda _: positioning.tilt_to(self.guard.scope, tilt_deg)
        )


@dataclass(frozen=True, slots=True)
class SimulatedOptics:
    """Lenses and deflectors."""

    guard: Guard

    def areas(self) -> tuple[AreaSettings, ...]:
        """As calibrated."""
        return self.guard.run("areas", READ, lambda _: positioning.areas(self.guard.scope))

    def state(self) -> OpticsState:
        """What is set."""
        return self.guard.run("optics", READ, lambda _: positioning.optics_state(self.guard.scope))

    def go_to(self, area: Area) -> None:
        """Change the imaging state."""
        self.guard.run("go_to", ABSOLUTE, lambda _: positioning.go_to(self.guard.scope, area))

    def set_image_shift(self, shift: ImageShift) -> None:
        """Deflect the beam."""
        self.guard.run(
            "set_image_shift",
            ABSOLUTE,
            lambda _: positioning.set_image_shift(self.guard.scope, shift),
        )

    def set_defocus(self, defocus_um: float) -> None:
        """Underfocus positive."""
        self.guard.run(
            "set_defocus", ABSOLUTE, lambda _: positioning.set_defocus(self.guard.scope, defocus_um)
        )

    def set_aperture(self, name: str, size_um: float) -> None:
        """Insert or (0) retract an aperture."""
        self.guard.run(
            "set_aperture",
            ABSOLUTE,
            lambda _: positioning.set_aperture(self.guard.scope, name, size_um),
        )


@dataclass(frozen=True, slots=True)
class SimulatedCamera:
    """Everything that spends dose."""

    guard: Guard
    witness: Witness

    def image(self, area: Area, *, dose_e_per_a2: float | None = None) -> AcquiredImage:
        """One image."""
        return self.guard.run(
            "image",
            DOSE,
            lambda _: imaging.take_image(self.guard.scope, area, dose_e_per_a2, self.witness),
        )

    def montage(self, area: Area, plan: MontagePlan) -> AcquiredMontage:
        """Every tile, one after the other."""
        began_s = self.guard.scope.world.clock.now()
        pieces = tuple(self.tiles(area, plan))
        return AcquiredMontage(area=area, plan=plan, pieces=pieces, taken_at_s=began_s)

    def tiles(self, area: Area, plan: MontagePlan) -> Iterator[MontagePiece]:
        """Tiles by moving the stage, each a command."""
        for place in imaging.places_of(self.guard.scope, area, plan):
            yield self.guard.run(
                "montage", DOSE, partial(self._tile, area=area, plan=plan, place=place)
            )

    def _tile(
        self, _: object, *, area: Area, plan: MontagePlan, place: imaging.TilePlace
    ) -> MontagePiece:
        return imaging.take_tile(self.guard.scope, area, plan, place, self.witness)

    def require_possible(self, plan: RecordPlan) -> None:
        """What `record` would refuse."""
        self.guard.run("require_possible", READ, lambda _: recording.require_possible(plan))

    def update_dark_reference(self, *, max_age_h: float) -> None:
        """Takes its time; the simulated camera has no dark current to forget."""
        self.guard.run(
            "update_dark_reference",
            LONG,
            lambda _: routines.update_dark_reference(self.guard.scope, max_age_h),
        )

    def frames_folder(self) -> Path | None:
        """This camera writes into a plan's own folder."""
        return None

    def record(self, plan: RecordPlan) -> tuple[RecordedFile, ...]:
        """Movies into files."""
        return self.guard.run(
            "record",
            DOSE,
            lambda faults: recording.record(
                self.guard.scope,
                plan,
                self.witness,
                truncated=FaultKind.TRUNCATED_FILE in faults,
            ),
        )

    def find_recorded(
        self,
        name: str,
        folder: Path,
        *,
        file_format: str,
        broken_from_s: float = 0.0,
        begun_s: float = 0.0,
    ) -> Path | None:
        """This camera writes into `folder` itself, and what has its name is closed."""
        path = folder / f"{name}.{file_format}"
        return self.guard.run("find_recorded", READ, lambda _: path if path.is_file() else None)


class SimulatedMicroscope:
    """The whole instrument, held in process."""

    def __init__(self, guard: Guard, *, witness: Witness | None = None) -> None:
        """`witness` receives the truth of every image; by default nobody does."""
        sees: Witness = NoWitness() if witness is None else witness
        self._guard = guard
        self._autoloader = SimulatedAutoloader(guard)
        self._column = SimulatedColumn(guard)
        self._stage = SimulatedStage(guard)
        self._optics = SimulatedOptics(guard)
        self._camera = SimulatedCamera(guard, sees)
        self._tasks = SimulatedTasks(guard, sees)

    @property
    def autoloader(self) -> SimulatedAutoloader:
        """Slots and exchanges."""
        return self._autoloader

    @property
    def column(self) -> SimulatedColumn:
        """Valves, vacuum, dewars, gun and filter."""
        return self._column

    @property
    def stage(self) -> SimulatedStage:
        """The goniometer."""
        return self._stage

    @property
    def optics(self) -> SimulatedOptics:
        """Lenses and deflectors."""
        return self._optics

    @property
    def camera(self) -> SimulatedCamera:
        """Everything that spends dose."""
        return self._camera

    @property
    def tasks(self) -> SimulatedTasks:
        """The instrument's own routines."""
        return self._tasks

    @property
    def tuning(self) -> SimulatedTuning:
        """Astigmatism and coma."""
        return SimulatedTuning(self._guard)

    def identity(self) -> Identity:
        """Always says that it is simulated."""
        settings, calibration = self._guard.scope.settings, self._guard.scope.calibration
        return Identity(
            name=settings.name,
            driver="simulator",
            version=VERSION,
            simulated=True,
            voltage_kv=settings.voltage_kv,
            spherical_aberration_mm=settings.spherical_aberration_mm,
            camera=calibration.name,
            has_autoloader=settings.has_autoloader,
            loader_slots=settings.loader_slots,
        )

    def safe_state(self) -> SafeStateReport:
        """Valves first; each action is tried whatever became of the one before."""
        actions = (
            ("close_valves", self._column.close_valves),
            ("blank_beam", self._column.blank_beam),
            ("clear_image_shift", lambda: self._optics.set_image_shift(ImageShift(0.0, 0.0))),
            ("tilt_to_zero", lambda: self._stage.tilt_to(0.0)),
        )
        return SafeStateReport(actions=tuple((name, attempt(action)) for name, action in actions))

    def await_reply(self, timeout_s: float) -> bool:
        """A command that timed out here has ended: it ran in the caller's thread."""
        return True

    def stop(self) -> None:
        """Nothing to end: commands run in the caller's thread and have ended when they return."""

    def close(self) -> None:
        """Give the world back to whoever opens it next."""
        self._guard.close()
