"""The cassette by SerialEM. Before 4.3 it does not tell which grid is on the stage: we remember.

A loading is remembered before it begins, and the slot's own status proves afterwards whether it
happened: the slot of the grid on the stage reads empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from smartscope.domain.clock import Clock
from smartscope.domain.errors import InstrumentError
from smartscope.domain.geometry import Point
from smartscope.microscope.errors import (
    CommandRefused,
    CommandTimeout,
    ConnectionLost,
    InstrumentBusy,
    LoadFailed,
    ManualExchangeNeeded,
    OperatorStop,
    ProtocolError,
    ScopeBusy,
    SlotEmpty,
    StageInDoubt,
)
from smartscope.microscope.serialem import memory
from smartscope.microscope.serialem.cartridges import (
    EMPTY,
    FULL,
    JEOL,
    UNKNOWN,
    Cartridge,
    cartridge,
)
from smartscope.microscope.serialem.column import valves_closed
from smartscope.microscope.serialem.link import Link, Operation
from smartscope.microscope.serialem.settings import SerialEmSettings
from smartscope.microscope.serialem.stage import move, tilt
from smartscope.microscope.values import Inventory, SlotStatus


@dataclass(slots=True)
class SerialEmAutoloader:
    """`tells_loaded` says whether this SerialEM has `ReportLoadedSlot` (4.3 on).

    `_looked` that a JEOL loader has taken its inventory on this connection.
    """

    link: Link
    settings: SerialEmSettings
    clock: Clock
    tells_loaded: bool
    _looked: bool = field(default=False)

    def inventory(self) -> Inventory:
        """Every slot as SerialEM reports it; the fingerprint is of which slots have a grid."""
        op = self.link.operation("inventory")
        loaded = self._loaded(op)
        slots: tuple[SlotStatus, ...] = (SlotStatus(slot=1, occupied=loaded is None),)
        if self.settings.has_autoloader:
            slots = tuple(self._slot(op, slot) for slot in self._slots())
        return Inventory(
            slots=slots,
            loaded_slot=loaded,
            fingerprint=_fingerprint(slots, loaded),
            read_at_s=self.clock.now(),
        )

    def load(self, slot: int) -> None:
        """Exchange grids, then prove it. Raises what `base.Autoloader` says."""
        if slot not in self._slots():
            raise SlotEmpty(f"There is no slot {slot} on this microscope; correct the session.")
        op = self.link.operation("load")
        loaded = self._loaded(op)
        if loaded == slot:
            return
        if not self.settings.has_autoloader:
            raise ManualExchangeNeeded(slot)
        self._require_exchange_possible(op)
        if self._take_inventory(op):
            loaded = self._loaded(op)
            if loaded == slot:
                return
        if loaded is None and (why := self._doubt(op)):
            raise StageInDoubt(
                f"{why}; nothing was loaded. Look at the stage, then say which grid is on it."
            )
        if self._holds_nothing(op, slot):
            raise SlotEmpty(
                f"Slot {slot} holds no grid; check the cassette and correct the session."
            )
        self._bring_stage_home(op)
        if loaded is not None:
            self._exchange(op, "UnloadCartridge")
            memory.LOADED_SLOT.put(op, 0)
        memory.LOADING_SLOT.put(op, slot)
        self._exchange(op, "LoadCartridge", slot)
        if self._loaded(op) != slot:
            raise LoadFailed(
                f"SerialEM loaded slot {slot}, but its slot still reads full; look at the "
                "autoloader before anything else is moved."
            )
        self._remember(op, slot)

    def unload(self) -> None:
        """Return the grid on the stage to its slot, and prove it."""
        op = self.link.operation("unload")
        loaded = self._loaded(op)
        if loaded is None:
            return
        if not self.settings.has_autoloader:
            raise ManualExchangeNeeded(None)
        self._require_exchange_possible(op)
        self._bring_stage_home(op)
        self._exchange(op, "UnloadCartridge")
        if self._status(op, loaded) != FULL:
            raise LoadFailed(
                f"SerialEM unloaded, but slot {loaded} does not read full; look at the "
                "autoloader before anything else is moved."
            )
        self._remember(op, 0)

    def loaded(self) -> int | None:
        """The slot of the grid on the stage."""
        return self._loaded(self.link.operation("loaded"))

    def doubt(self) -> str:
        """Why what is on the stage is not known, "" while it is."""
        op = self.link.operation("doubt")
        return "" if self._loaded(op) is not None else self._doubt(op)

    def recall(self, slot: int | None) -> bool:
        """Before 4.3 a SerialEM that was started anew knows no stage: it is reminded."""
        op = self.link.operation("recall")
        if self._tells or not self.settings.has_autoloader:
            return self._loaded(op) == slot
        if slot is not None and not (slot in self._slots() and self._is_out(op, slot)):
            return False
        self._remember(op, slot or 0)
        return True

    def forget(self) -> None:
        """As if SerialEM had been started anew."""
        op = self.link.operation("forget")
        for each in (memory.LOADED_SLOT, memory.LOADING_SLOT, memory.LAY_IN_SLOTS):
            each.put(op, None)

    def confirm_exchange(self, slot: int | None) -> None:
        """A person says what is on the stage that SerialEM cannot tell of."""
        if self._tells:
            raise CommandRefused("SerialEM tells what is on this stage; load the slot instead.")
        if slot is not None and slot not in self._slots():
            raise SlotEmpty(f"There is no slot {slot} on this microscope; correct the session.")
        op = self.link.operation("confirm_exchange")
        if not valves_closed(op):
            raise CommandRefused("The valves are open; close them before a grid is exchanged.")
        if slot is not None and not self._is_out(op, slot):
            raise CommandRefused(
                f"Slot {slot} does not read empty, so its grid is not on the stage; look again."
            )
        self._remember(op, slot or 0)

    # --- the cassette ------------------------------------------------------------------------

    def _slots(self) -> range:
        return range(1, self.settings.loader_slots + 1)

    def _slot(self, op: Operation, slot: int) -> SlotStatus:
        found = self._cartridge(op, slot)
        return SlotStatus(slot=slot, occupied=found.occupied, name=found.name)

    def _status(self, op: Operation, slot: int) -> int:
        return self._cartridge(op, slot).status

    def _cartridge(self, op: Operation, slot: int) -> Cartridge:
        return cartridge(op.read("ReportSlotStatus", slot), self.settings.loader)

    def _holds_nothing(self, op: Operation, slot: int) -> bool:
        """After its inventory a JEOL loader does not know what it does not have."""
        status = self._status(op, slot)
        return status == EMPTY or (self._jeol and status == UNKNOWN)

    @property
    def _jeol(self) -> bool:
        return self.settings.has_autoloader and self.settings.loader == JEOL

    def _loaded(self, op: Operation) -> int | None:
        if self._jeol:
            slots = (slot for slot in self._slots() if self._cartridge(op, slot).on_stage)
            return next(slots, None)
        if self.tells_loaded and self.settings.has_autoloader:
            slot = op.read("ReportLoadedSlot").whole(low=-1, high=self.settings.loader_slots)
            return slot if slot > 0 else None
        for remembered in (memory.LOADING_SLOT, memory.LOADED_SLOT):
            slot = int(remembered.get(op) or 0)
            if slot in self._slots() and self._is_out(op, slot):
                return slot
        return None

    @property
    def _tells(self) -> bool:
        return self._jeol or (self.tells_loaded and self.settings.has_autoloader)

    def _doubt(self, op: Operation) -> str:
        """Of a stage that is remembered to be empty, or of which nothing is remembered.

        It is empty where every grid lies in its slot: all slots are full, or those that were when
        the stage was last known, that one's too.
        """
        if self._tells or not self.settings.has_autoloader:
            return ""
        loaded, lay = (each.get(op) for each in (memory.LOADED_SLOT, memory.LAY_IN_SLOTS))
        full = self._full(op)
        if full == _marked(self._slots()):
            return ""
        if loaded is None or lay is None:
            return "SerialEM was started anew and does not know which grid is on the stage"
        missing = _slots_of((int(lay) | _marked([int(loaded)] if loaded else [])) & ~full)
        if missing:
            names = ", ".join(map(str, missing))
            return f"slot {names} held a grid when the stage was last known and does not now"
        return ""

    def _full(self, op: Operation) -> int:
        return _marked([slot for slot in self._slots() if self._status(op, slot) == FULL])

    def _is_out(self, op: Operation, slot: int) -> bool:
        return not self.settings.has_autoloader or self._status(op, slot) == EMPTY

    def _remember(self, op: Operation, slot: int) -> None:
        if self.settings.has_autoloader and not self._tells:
            memory.LAY_IN_SLOTS.put(op, self._full(op))
        memory.LOADED_SLOT.put(op, slot)
        memory.LOADING_SLOT.put(op, None)

    # --- the exchange ------------------------------------------------------------------------

    def _require_exchange_possible(self, op: Operation) -> None:
        if not valves_closed(op):
            raise CommandRefused("The column valves are open; close them before exchanging grids.")
        dewars = "dewars" not in self.settings.cannot_tell
        if dewars and op.read("AreDewarsFilling").whole(low=0, high=3) != 0:
            raise InstrumentBusy("The dewars are being filled; exchange grids afterwards.")

    def _take_inventory(self, op: Operation) -> bool:
        """Whether it was taken now: a JEOL loader must look before the first exchange."""
        if not self._jeol or self._looked:
            return False
        self._exchange(op, "LongOperation", "In", "0")
        self._looked = True
        return True

    def _bring_stage_home(self, op: Operation) -> None:
        """The cartridge is taken at the stage's origin; the beam is off and undeflected."""
        op.absolute("SetBeamBlank", 1)
        op.absolute("SetImageShift", 0.0, 0.0)
        tilt(op, self.settings.limits, 0.0)
        move(op, self.settings.limits, Point(0.0, 0.0), 0.0)

    def _exchange(self, op: Operation, command: str, *arguments: int | str) -> None:
        """Once sent, whatever SerialEM says went wrong leaves a cartridge possibly on its way.

        A filling may have begun while the stage came home or the last cartridge went: a refusal
        that can be foreseen must not look like an exchange that failed.
        """
        self._require_exchange_possible(op)
        try:
            reply = op.never_repeat(command, *arguments)
        except (ConnectionLost, CommandTimeout, OperatorStop, ProtocolError, ScopeBusy):
            raise
        except InstrumentError as error:
            raise LoadFailed(
                f"{error} A cartridge may be on its way; a person must look at the autoloader "
                "before anything else is moved."
            ) from error
        if reply.values and reply.number() != 0.0:
            raise LoadFailed(
                f"{command} ended with code {reply.number():g}; a person must look at the "
                "autoloader before anything else is moved."
            )


def _marked(slots: Iterable[int]) -> int:
    """Slots as one number that a variable can keep: below 2 to the 48, so a double holds it."""
    return sum(1 << (slot - 1) for slot in slots)


def _slots_of(marks: int) -> list[int]:
    return [slot for slot in range(1, marks.bit_length() + 1) if marks >> (slot - 1) & 1]


def _fingerprint(slots: tuple[SlotStatus, ...], loaded: int | None) -> str:
    """Of which slots own a grid, in the cassette or on the stage; names come and go with it."""
    owned = ";".join(
        f"{each.slot}={'unknown' if each.occupied is None else each.occupied}"
        if each.slot != loaded
        else f"{each.slot}=True"
        for each in slots
    )
    return hashlib.blake2b(owned.encode(), digest_size=8).hexdigest()
