"""Taking control of a SerialEM and leaving it in a state in which a night can begin.

In this order: control, no message boxes (proved), version, whose commands follow, what is there.
Whatever forbids driving is found here, before anything has moved.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from smartscope.domain.errors import LeaseLost
from smartscope.microscope.base import Permit
from smartscope.microscope.errors import (
    BadInstrumentSettings,
    CommandTimeout,
    ProtocolError,
)
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.commands import command_named
from smartscope.microscope.serialem.idle_valves import arrange_idle_closing
from smartscope.microscope.serialem.link import Link, Operation
from smartscope.microscope.serialem.settings import SerialEmSettings
from smartscope.microscope.serialem.version import SerialEmVersion
from smartscope.microscope.values import CommandClass

log = logging.getLogger(__name__)
SIMULATOR_VARIABLE = "smartscopeSimulator"
#: Nobody defines it, so asking for it fails: at once, or behind a message box.
UNDEFINED_VARIABLE = "smartscopeUndefined"
#: What each signal is asked with; a version without it must be declared to lack it.
SIGNAL_COMMANDS = {
    "vacuum": "ReportVacuumStatus",
    "pump": "IsPVPRunning",
    "dewars": "AreDewarsFilling",
    "beam_current": "ReportFEGBeamCurrent",
    "screen": "ReportScreen",
}
#: Choices of `montages` and `records` that leave a whole series to one command of SerialEM (4.1).
WHOLE = ("full", "multishot")
#: Read back at connection: the log shows in which state the microscope was taken over.
AS_FOUND = (
    "ReportClock",
    "ReportStageXYZ",
    "ReportTiltAngle",
    "ReportImageShift",
    "ReportLowDose",
    "ReportMagIndex",
    "ReportDefocus",
    "ReportColumnOrGunValve",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """Control of one SerialEM, initialised."""

    link: Link
    version: SerialEmVersion
    simulated: bool
    camera_px: tuple[int, int]

    def knows(self, command: str) -> bool:
        """Whether this version has a command."""
        return command_named(command).code < self.version.commands


def take_control(
    settings: SerialEmSettings, client: SerialEmClient, permit: Permit, *, epoch: int
) -> Connected:
    """Connect and initialise. Raises what `SerialEmClient.connect` does, and
    BadInstrumentSettings when settings and instrument contradict each other.
    """
    permit.check(CommandClass.ABSOLUTE, "connect")
    client.connect()
    try:
        return _initialise(settings, client, permit, epoch)
    except LeaseLost:
        client.abandon()
        raise
    except BaseException:
        client.close()
        raise


def _initialise(
    settings: SerialEmSettings, client: SerialEmClient, permit: Permit, epoch: int
) -> Connected:
    link = Link(client, permit)
    op = link.operation("connect")
    op.absolute("NoMessageBoxOnError", 1)
    _prove_no_message_boxes(op)
    permit.check(CommandClass.READ, "connect")
    version = client.learn_version()
    op.absolute("SuppressReports", 1)
    op.absolute("Echo", f"smartscope epoch={epoch}")
    simulated = _simulated(op)
    if settings.control_port is not None and not simulated:
        raise BadInstrumentSettings(
            f"control_port is set, but what answers at {settings.host}:{settings.port} is no "
            "simulator: a real instrument has no control port. Remove it from the settings."
        )
    camera_px = _camera(op)
    connected = Connected(link=link, version=version, simulated=simulated, camera_px=camera_px)
    _require_possible(settings, connected)
    _log_as_found(op, version)
    arrange_idle_closing(op, settings.idle_valves_min)
    return connected


def _prove_no_message_boxes(op: Operation) -> None:
    try:
        reply = op.try_read("GetVariable", UNDEFINED_VARIABLE)
    except CommandTimeout as error:
        raise CommandTimeout(
            "SerialEM shows a message box although NoMessageBoxOnError(1) was sent; answer it at "
            "the console. This version cannot be driven unattended."
        ) from error
    if reply is not None:
        raise ProtocolError(
            f"SerialEM knows a variable {UNDEFINED_VARIABLE} that nobody defines; its errors "
            "cannot be trusted. Remove it from its persistent variables."
        )


def _simulated(op: Operation) -> bool:
    reply = op.try_read("GetVariable", SIMULATOR_VARIABLE)
    return reply is not None and bool(reply.values) and str(reply.values[0]).startswith("1")


def _camera(op: Operation) -> tuple[int, int]:
    """The present camera's sides in pixels."""
    reply = op.read("CameraProperties")
    return reply.whole(0, low=16, high=65536), reply.whole(1, low=16, high=65536)


def _require_possible(settings: SerialEmSettings, connected: Connected) -> None:
    if settings.atlas.state and not connected.knows("GoToImagingState"):
        raise BadInstrumentSettings(
            f"SerialEM {connected.version} has no imaging states; give atlas_mag instead of "
            "atlas_state."
        )
    if settings.apertures and not connected.knows("ReportApertureSize"):
        raise BadInstrumentSettings(
            f"SerialEM {connected.version} cannot move apertures; remove apertures."
        )
    for chosen, command in (
        (settings.montages, "ParamSetToUseForMontage"),
        (settings.records, "SetCustomHoleShifts"),
    ):
        if chosen in WHOLE and not connected.knows(command):
            raise BadInstrumentSettings(
                f"SerialEM {connected.version} has no {command}, which {chosen!r} needs; leave "
                "montages and records as they are by default."
            )
    for signal, command in SIGNAL_COMMANDS.items():
        if signal not in settings.cannot_tell and not connected.knows(command):
            raise BadInstrumentSettings(
                f"SerialEM {connected.version} cannot tell {signal}, without which nothing may be "
                f"exposed; put {signal!r} into cannot_tell if the site watches it otherwise."
            )


def _log_as_found(op: Operation, version: SerialEmVersion) -> None:
    found = {command: op.read(command).values for command in AS_FOUND}
    log.info("SerialEM %s taken over as it was: %s", version, found)
