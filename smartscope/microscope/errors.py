"""What an instrument can answer instead of obeying; each class is one row of the recovery table."""

from __future__ import annotations

from smartscope.domain.errors import InstrumentError


class CommandRefused(InstrumentError):
    """The command is illegal in the instrument's present state; nothing happened."""


class InstrumentBusy(InstrumentError):
    """Something long is running (an exchange, a refill, the pump); wait, then ask again."""


class ScopeBusy(InstrumentBusy):
    """Control of the instrument could not be taken: it is busy, or somebody else holds it."""


class BadArgument(InstrumentError):
    """A command or argument the instrument would misread; refused before anything was sent."""


class CommandFailed(InstrumentError):
    """The instrument tried the command and failed; `text` is its own explanation, perhaps empty."""

    def __init__(self, message: str, *, text: str = "") -> None:
        self.text = text
        super().__init__(message)


class ProtocolError(InstrumentError):
    """The instrument answered what its protocol does not allow: the link cannot be trusted now."""


class CommandTimeout(InstrumentError):
    """No reply before the deadline: the command may have run, is running, or never arrived.

    Only this class, `ConnectionLost` and `ProtocolError` leave the outcome open.
    """


class ConnectionLost(InstrumentError):
    """The link to the instrument broke in a command: it ran once or not at all."""


class StageLimit(InstrumentError):
    """The position or tilt lies outside what the stage may reach; nothing moved."""


class StageStuck(InstrumentError):
    """The stage stopped short of where it was sent."""


class ImageShiftLimit(InstrumentError):
    """The beam cannot be shifted that far from the optical axis; nothing moved."""


class SlotEmpty(InstrumentError):
    """The cassette slot holds no grid; nothing was loaded."""


class StageInDoubt(InstrumentError):
    """It is not known which grid is on the stage, if any; nothing was loaded on top of it."""


class LoadFailed(InstrumentError):
    """The autoloader stopped in an exchange and is faulted until a person has looked at it."""


class ManualExchangeNeeded(InstrumentError):
    """There is no autoloader: a person must put the grid of `slot` on the stage and confirm it."""

    def __init__(self, slot: int | None) -> None:
        self.slot = slot
        what = "take the grid off the stage" if slot is None else f"insert the grid of slot {slot}"
        super().__init__(
            f"This microscope has no autoloader; a person must {what}, then confirm it here."
        )


class ValvesClosed(InstrumentError):
    """An exposure was asked for while no beam can reach the specimen; nothing was exposed."""


class AutofocusFailed(InstrumentError):
    """Autofocus found no lock; focus is where it was."""


class HeightFailed(InstrumentError):
    """The eucentric height lies outside the allowed range or was not found."""


class RealignFailed(InstrumentError):
    """The view shows nothing that matches the reference."""


class DriftTooHigh(InstrumentError):
    """The specimen still moved faster than the limit when the time for waiting was over."""


class CameraFailed(InstrumentError):
    """The camera reported an error; whether dose was spent is not known to us."""


class DoseExceeded(CameraFailed):
    """The camera exposed for much longer than it was asked to: the specimen got another dose.

    `spent_e_per_a2` is what it got; None where nothing was exposed yet.
    """

    def __init__(self, message: str, *, spent_e_per_a2: float | None = None) -> None:
        self.spent_e_per_a2 = spent_e_per_a2
        super().__init__(message)


class OperatorStop(InstrumentError):
    """Somebody at the console pressed STOP or refused control."""


class EmergencyStopped(InstrumentError):
    """An emergency stop stands: nothing but making safe is sent until a person starts again."""


class UnknownDriver(InstrumentError):
    """No driver of that name is installed."""


class BadInstrumentSettings(InstrumentError):
    """The settings of this microscope cannot be used; the message names the key."""
