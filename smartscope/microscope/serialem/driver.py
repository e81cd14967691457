"""A microscope driven by SerialEM behind the same Protocols as any other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from smartscope.domain.clock import Clock
from smartscope.domain.errors import InstrumentError, LeaseLost
from smartscope.microscope.base import Permit
from smartscope.microscope.errors import CommandTimeout, ConnectionLost, OperatorStop
from smartscope.microscope.serialem.autoloader import SerialEmAutoloader
from smartscope.microscope.serialem.camera import SerialEmCamera
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.column import SerialEmColumn
from smartscope.microscope.serialem.connection import Connected, take_control
from smartscope.microscope.serialem.focus import Focus
from smartscope.microscope.serialem.frames import FrameFolder
from smartscope.microscope.serialem.full_montage import FullMontage
from smartscope.microscope.serialem.idle_valves import restore_idle_closing
from smartscope.microscope.serialem.images import ImageReader
from smartscope.microscope.serialem.multishot import Multishot
from smartscope.microscope.serialem.optics import SerialEmOptics
from smartscope.microscope.serialem.recording import Recorder
from smartscope.microscope.serialem.settings import SerialEmSettings, settings_from
from smartscope.microscope.serialem.stacks import StackFolder
from smartscope.microscope.serialem.stage import SerialEmStage
from smartscope.microscope.serialem.tasks import SerialEmTasks
from smartscope.microscope.serialem.tuning import SerialEmTuning
from smartscope.microscope.values import CommandClass, Identity, ImageShift, SafeStateReport

log = logging.getLogger(__name__)


class SerialEmMicroscope:
    """One connection under one epoch; after a lost link or the operator's STOP it sends nothing."""

    def __init__(
        self,
        settings: SerialEmSettings,
        connected: Connected,
        *,
        permit: Permit,
        clock: Clock,
        closing: tuple[Callable[[], None], ...] = (),
    ) -> None:
        """Put the parts before a connection that is initialised; `closing` is done at its end."""
        link, focus = connected.link, Focus()
        focus.recall(link.operation("connect"))
        reader = ImageReader(focus, clock, connected.knows("BufImageToStageMatrix"))
        folder = FrameFolder(settings.frames, clock)
        optics = SerialEmOptics(link, settings, focus)
        recorder = Recorder(settings, optics, focus, reader, folder, clock)
        stacks = StackFolder(settings.frames, clock)
        montage = FullMontage(settings.limits, focus, stacks, clock)
        multishot = Multishot(settings, optics, focus, reader, recorder, stacks, clock)
        camera = SerialEmCamera(
            link, settings, optics, reader, recorder, folder, montage, multishot, clock
        )
        self._settings, self._connected, self._permit = settings, connected, permit
        self._link, self._closing = link, closing
        self._autoloader = SerialEmAutoloader(
            link, settings, clock, connected.knows("ReportLoadedSlot")
        )
        self._column = SerialEmColumn(link, settings, clock)
        self._stage = SerialEmStage(link, settings.limits)
        self._optics = optics
        self._camera = camera
        self._tasks = SerialEmTasks(link, settings, optics, camera, focus, clock)
        self._tuning = SerialEmTuning(link, optics) if settings.corrects_by_ctf else None

    @property
    def autoloader(self) -> SerialEmAutoloader:
        """Slots and exchanges."""
        return self._autoloader

    @property
    def column(self) -> SerialEmColumn:
        """Valves, vacuum, dewars, gun and filter."""
        return self._column

    @property
    def stage(self) -> SerialEmStage:
        """The goniometer."""
        return self._stage

    @property
    def optics(self) -> SerialEmOptics:
        """Lenses and deflectors."""
        return self._optics

    @property
    def camera(self) -> SerialEmCamera:
        """Everything that spends dose."""
        return self._camera

    @property
    def tasks(self) -> SerialEmTasks:
        """SerialEM's own routines."""
        return self._tasks

    @property
    def tuning(self) -> SerialEmTuning | None:
        """Where the site says that they are calibrated."""
        return self._tuning

    def identity(self) -> Identity:
        """As the site says, and what SerialEM said when it was connected."""
        settings, (width, height) = self._settings, self._connected.camera_px
        return Identity(
            name=settings.name,
            driver="serialem",
            version=str(self._connected.version),
            simulated=self._connected.simulated,
            voltage_kv=settings.voltage_kv,
            spherical_aberration_mm=settings.spherical_aberration_mm,
            camera=settings.camera or f"{width} x {height}",
            has_autoloader=settings.has_autoloader,
            loader_slots=settings.loader_slots,
            has_energy_filter=settings.has_energy_filter,
            tilt_sign=settings.tilt_sign,
        )

    def safe_state(self) -> SafeStateReport:
        """Valves first; each action is tried whatever became of the one before.

        The screen stays where it is; a tilt is levelled, which also proves that the stage answers.
        Raises OperatorStop and CommandTimeout: then nothing more can, or may, be sent here.
        """
        actions: tuple[tuple[str, Callable[[], None]], ...] = (
            ("close_valves", self._column.close_valves),
            ("blank_beam", self._column.blank_beam),
            ("clear_image_shift", lambda: self._optics.set_image_shift(ImageShift(0.0, 0.0))),
            ("tilt_to_zero", lambda: self._stage.tilt_to(0.0)),
        )
        return SafeStateReport(actions=tuple((name, _attempt(action)) for name, action in actions))

    def await_reply(self, timeout_s: float) -> bool:
        """Listen for the reply of a command that missed its deadline; nothing is sent.

        What it says does not matter here: an error too proves that the command is over. Raises
        ConnectionLost when no reply can come any more, and OperatorStop when it says that the
        operator has taken over.
        """
        try:
            return self._link.client.await_late_reply(timeout_s) is not None
        except (ConnectionLost, CommandTimeout, OperatorStop):
            raise
        except InstrumentError:
            return True

    def stop(self) -> None:
        """Nothing to end: SerialEM's socket carries no word while a command runs."""

    def close(self) -> None:
        """Leave control in order while we may; without a permit the socket is closed, no more."""
        client = self._link.client
        try:
            self._permit.check(CommandClass.ABSOLUTE, "close")
            if client.in_control:
                restore_idle_closing(self._link.operation("close"))
            client.close()
        except LeaseLost:
            log.warning("the lease is lost: leaving without a word to SerialEM")
        finally:
            client.abandon()
            for each in self._closing:
                each()


def connect(
    settings: Mapping[str, object],
    *,
    permit: Permit,
    clock: Clock,
    epoch: int,
    closing: tuple[Callable[[], None], ...] = (),
) -> SerialEmMicroscope:
    """Take control of the SerialEM that `settings` describe (see `settings.settings_from`).

    Raises BadInstrumentSettings, ConnectionLost, ScopeBusy, OperatorStop, CommandRefused.
    """
    chosen = settings_from(settings)
    client = SerialEmClient(chosen.host, chosen.port)
    connected = take_control(chosen, client, permit, epoch=epoch)
    try:
        return SerialEmMicroscope(chosen, connected, permit=permit, clock=clock, closing=closing)
    except LeaseLost:
        client.abandon()
        raise
    except BaseException:
        client.close()
        raise


def _attempt(action: Callable[[], None]) -> str:
    """The words of what went wrong, "" for nothing.

    Raises LeaseLost and OperatorStop, nothing more is ours, and CommandTimeout, its reply is
    awaited first.
    """
    try:
        action()
    except (CommandTimeout, OperatorStop):
        raise
    except InstrumentError as error:
        return str(error)
    return ""
