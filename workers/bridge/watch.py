"""Which suspenders are tripped: the level of every signal, looked at again and again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from smartscope.domain.image_watch import ImageWatch
from smartscope.domain.suspenders import Signal, Stage, Trip, followed
from smartscope.microscope.values import ColumnStatus

#: a state that was read so long ago counts as bad
STALE_AFTER_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TemperatureLimits:
    """Kelvin, above which nothing goes on; a microscope's row says them (docs/operator.md)."""

    stage_k: float = 110.0
    autoloader_k: float = 110.0


@dataclass(slots=True)
class Watch:
    """Follows the levels; `told` is what people were told of each signal that is tripped.

    What it forgets when a process ends is only since when: the levels are read anew.
    """

    trips: tuple[Trip, ...] = ()
    told: dict[Signal, Stage] | None = None
    #: signals that are judged elsewhere, from images and by probing the storage
    reported: dict[Signal, str] = field(default_factory=dict)
    images: ImageWatch = field(default_factory=ImageWatch)
    #: when a step was last closed, and whether people know that it is too long ago
    moved_at_s: float | None = None
    stuck: bool = False
    #: whether this process has carried out a whole step
    proved: bool = False
    limits: TemperatureLimits = TemperatureLimits()
    #: found closed, by what closes them on its own (a filling, the vacuum's interlock) or by us
    closed_for_a_known_cause: bool = False
    _valves_were_open: bool = False

    def look(
        self, column: ColumnStatus, now_s: float, others: Mapping[Signal, str]
    ) -> tuple[Trip, ...]:
        """The trips after this reading; `others` are bad signals that the column does not tell."""
        self.follow_valves(column)
        bad = {**levels(column, now_s, self.limits), **self.reported, **others}
        self.trips = followed(self.trips, bad, now_s)
        return self.trips

    def report(self, signal: Signal, *, bad: bool) -> None:
        """A signal that the column does not tell."""
        if bad:
            self.reported[signal] = ""
        else:
            self.reported.pop(signal, None)

    def trust_images_again(self) -> None:
        """A person has looked at beam and camera: what comes now is what to compare with."""
        self.images = ImageWatch()
        for signal in (Signal.BEAM, Signal.FRAME):
            self.report(signal, bad=False)

    def note_closed_by_us(self) -> None:
        """We closed them between two steps, for a reason that passes."""
        self._valves_were_open, self.closed_for_a_known_cause = False, True

    def follow_valves(self, column: ColumnStatus) -> None:
        """Whether valves found closed have a cause after which they may be opened by themselves.

        The vacuum is one only when it was bad as they were first found closed: what goes bad later
        did not close them.
        """
        if column.valves_open:
            self._valves_were_open, self.closed_for_a_known_cause = True, False
            return
        by_vacuum = self._valves_were_open and not column.vacuum_ready
        if column.refilling or by_vacuum:
            self.closed_for_a_known_cause = True
        self._valves_were_open = False


def levels(column: ColumnStatus, now_s: float, limits: TemperatureLimits) -> dict[Signal, str]:
    """The column's signals that are bad, each with its words, "" for the usual ones."""
    bad = {
        Signal.OPERATOR: column.operator_stop,
        Signal.HIGH_TENSION: not column.high_tension_on,
        Signal.VACUUM: not column.vacuum_ready,
        Signal.AUTOLOADER: column.autoloader_busy,
        Signal.REFILL: column.refilling,
        Signal.PUMP: column.pump_running,
        Signal.STALE: now_s - column.read_at_s > STALE_AFTER_S,
    }
    found = {signal: "" for signal, tripped in bad.items() if tripped}
    warm = [
        f"the {what} is at {kelvin:.0f} K, above {limit:.0f} K"
        for what, kelvin, limit in (
            ("stage", column.stage_temperature_k, limits.stage_k),
            ("autoloader", column.autoloader_temperature_k, limits.autoloader_k),
        )
        if kelvin is not None and not kelvin <= limit
    ]
    return found | ({Signal.TEMPERATURE: "; ".join(warm)} if warm else {})
