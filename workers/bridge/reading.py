"""Read the instrument for a decision, and for the people who watch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smartscope.domain.snapshot import Instrument
from smartscope.domain.suspenders import Signal
from smartscope.microscope.values import ColumnStatus, StagePose
from smartscope.operations.lease.held import boot_time_s
from smartscope.operations.note_instrument import InstrumentNote, note_instrument
from smartscope.queries.last_sign import last_load
from workers.bridge.helm import Helm
from workers.bridge.room import disk_levels

NOTE_EVERY_S = 3.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at everything a decision needs."""

    column: ColumnStatus
    pose: StagePose
    loaded_slot: int | None
    instrument: Instrument


def read(helm: Helm, also_bad: Mapping[Signal, str] | None = None) -> Reading:
    """Freshly read, all of it; `also_bad` are signals that only the caller can judge."""
    identity = helm.identity()
    column = helm.microscope.column.status()
    pose = helm.microscope.stage.position()
    loaded = helm.microscope.autoloader.loaded()
    doubt = "" if loaded is not None else _stage_doubt(helm)
    others = {**disk_levels(helm), **(also_bad or {})}
    return Reading(
        column,
        pose,
        loaded,
        Instrument(
            has_autoloader=identity.has_autoloader,
            loaded_position=loaded,
            valves_open=column.valves_open,
            valves_unclear=column.valves_unclear,
            stage=pose.point,
            stage_doubt=doubt,
            energy_filter=identity.has_energy_filter,
            zero_loss_at_s=column.zero_loss_refined_at_s,
            gun_flashed_at_s=column.gun_flashed_at_s,
            tunes=helm.microscope.tuning is not None,
            beam_check=helm.watch.images.to_look_at,
            trips=helm.watch.look(column, helm.clock.now(), others),
        ),
    )


def _stage_doubt(helm: Helm) -> str:
    """Why the stage may hold a grid nobody knows of, with what the journal knows."""
    doubt = helm.microscope.autoloader.doubt()
    if not doubt:
        return ""
    slot = last_load(helm.held.microscope)
    return f"{doubt} (the journal's last is {'an empty stage' if slot is None else f'slot {slot}'})"


class Notebook:
    """Writes readings to the microscope's row, but neither unchanged nor too often."""

    def __init__(self) -> None:
        self._last: InstrumentNote | None = None
        self._noted_at_s = 0.0

    def note(self, helm: Helm, reading: Reading, state: str, reason: str = "") -> None:
        """Write when the state changed, or when something did and the last note is old enough."""
        note = _note(helm, reading, state, reason)
        if note == self._last:
            return
        last = self._last
        changed = last is None or (last.state, last.state_reason) != (state, note.state_reason)
        if not changed and boot_time_s() - self._noted_at_s < NOTE_EVERY_S:
            return
        note_instrument(helm.held, note)
        self._last, self._noted_at_s = note, boot_time_s()


def _note(helm: Helm, reading: Reading, state: str, reason: str) -> InstrumentNote:
    next_in_s = reading.column.next_refill_in_s
    return InstrumentNote(
        state=state,
        state_reason=reason,
        clock_s=helm.clock.now(),
        loaded_position=reading.loaded_slot,
        stage_doubt=reading.instrument.stage_doubt,
        stage_x_um=reading.pose.x_um,
        stage_y_um=reading.pose.y_um,
        stage_z_um=reading.pose.z_um,
        tilt_deg=reading.pose.tilt_deg,
        valves_open=None if reading.column.valves_unclear else reading.column.valves_open,
        zero_loss_at_s=reading.column.zero_loss_refined_at_s,
        vacuum_ready=reading.column.vacuum_ready,
        dewars_filling=reading.column.refilling,
        next_filling_at_s=None if next_in_s is None else reading.column.read_at_s + next_in_s,
        stage_temperature_k=reading.column.stage_temperature_k,
        autoloader_temperature_k=reading.column.autoloader_temperature_k,
    )
