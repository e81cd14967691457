"""What the agent must not forget when it is restarted: whether it is armed, and what it owes.

watching ──beat──> armed ──release──> watching
   │                 │ silence and no live lease
   └──────stop───────┴────> tripped ──beat of a later epoch──> armed

A person's stop stays one until it is written to the database, whoever drives meanwhile.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path

from smartscope.domain.safety_messages import CLOCK_SKEW_S, Message, Refused


class Watch(StrEnum):
    WATCHING = "watching"
    ARMED = "armed"
    TRIPPED = "tripped"


class Debt(StrEnum):
    """What a trip owes until it is done."""

    VALVES = "valves"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """`beat_at_s` is Unix time of the last good beat by our own clock."""

    watch: Watch = Watch.WATCHING
    epoch: int = 0
    counter: int = 0
    beat_at_s: float = 0.0
    why: str = ""
    #: still to be done after a trip
    valves_owed: bool = False
    quarantine_owed: bool = False
    #: a person pressed stop: even a live lease is closed
    at_once: bool = False
    #: nonces of the last minutes, with their time: none is taken twice
    nonces: Mapping[str, float] = field(default_factory=dict)

    def heard(self, message: Message, now_s: float) -> Memory:
        """After a beat. Raises Refused for one that came before, or of a tripped epoch.

        Whoever drives in spite of a stop has not read of it yet: the valves are owed once more.
        """
        self._require_newer(message)
        if self.at_once and self.quarantine_owed:
            return replace(self, epoch=message.epoch, counter=message.counter, valves_owed=True)
        if self.watch is Watch.TRIPPED and message.epoch <= self.epoch:
            raise Refused("tripped: this epoch has lost its microscope")
        newly = self.watch is not Watch.ARMED or message.epoch != self.epoch
        return replace(
            self,
            watch=Watch.ARMED,
            epoch=message.epoch,
            counter=message.counter,
            beat_at_s=now_s,
            why=f"armed by epoch {message.epoch}" if newly else self.why,
            valves_owed=False,
            quarantine_owed=False,
            at_once=False,
        )

    def released(self, message: Message) -> Memory:
        """After an orderly release; a trip stays one. Raises Refused as `heard`."""
        self._require_newer(message)
        if self.watch is Watch.TRIPPED:
            raise Refused("tripped: there is nothing to release")
        return replace(
            self.disarmed(f"released by epoch {message.epoch}"),
            epoch=message.epoch,
            counter=message.counter,
        )

    def disarmed(self, why: str) -> Memory:
        """Nothing to guard."""
        return replace(self, watch=Watch.WATCHING, why=why)

    def tripped(self, why: str, *, at_once: bool = False) -> Memory:
        """From now on the valves are to be closed, and the lease with them."""
        return replace(
            self,
            watch=Watch.TRIPPED,
            why=why,
            valves_owed=True,
            quarantine_owed=True,
            at_once=at_once,
        )

    def paid(self, debt: Debt) -> Memory:
        """That much is done."""
        if debt is Debt.VALVES:
            return replace(self, valves_owed=False)
        return replace(self, quarantine_owed=False)

    def standing_by(self, why: str) -> Memory:
        """Armed again: a live lease was found after all."""
        return replace(self, watch=Watch.ARMED, why=why, valves_owed=False, quarantine_owed=False)

    def once(self, message: Message, now_s: float) -> Memory:
        """After a message with a nonce. Raises Refused when it was used before."""
        kept = {n: t for n, t in self.nonces.items() if abs(now_s - t) <= 2 * CLOCK_SKEW_S}
        if not message.nonce or message.nonce in kept:
            raise Refused("this message came before")
        return replace(self, nonces={**kept, message.nonce: now_s})

    def _require_newer(self, message: Message) -> None:
        if (message.epoch, message.counter) <= (self.epoch, self.counter):
            raise Refused("this message came before")


class BrokenMemory(ValueError):
    """The file is there, and nobody can say what the agent knew."""


def load(path: Path) -> Memory:
    """What was kept; a fresh memory when there is no file. Raises BrokenMemory."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        memory = Memory(**(kept | {"watch": Watch(kept["watch"])}))
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BrokenMemory(f"{path}: {type(error).__name__}: {error}") from error
    for each in fields(Memory):
        value = getattr(memory, each.name)
        if not isinstance(value, _KINDS[each.name]):
            raise BrokenMemory(f"{path}: {each.name} is {value!r}")
    return memory


def keep(memory: Memory, path: Path) -> None:
    """Replace the file in one piece, and wait until that would survive a power cut."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(asdict(memory) | {"nonces": dict(memory.nonces)}, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "watch": Watch,
    "epoch": int,
    "counter": int,
    "beat_at_s": (int, float),
    "why": str,
    "valves_owed": bool,
    "quarantine_owed": bool,
    "at_once": bool,
    "nonces": dict,
}
