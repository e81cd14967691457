"""A real SerialEM for the contract, where somebody has named one; it spends dose and moves grids.

SMARTSCOPE_SERIALEM_ADDRESS is host:port; SMARTSCOPE_SERIALEM_SETTINGS a JSON file with

    {"settings": {...}, "slot": 1, "other_slot": 2, "empty_slot": 9, "place_um": [12.0, -40.0]}

where `settings` are those of a microscope of kind "serialem" and `place_um` a stage position on a
square that may be exposed.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from smartscope.domain.clock import Clock
from smartscope.domain.geometry import Point
from smartscope.microscope.base import Microscope
from smartscope.microscope.registry import connect, open_clock
from tests.microscope.rig import Leash

ADDRESS, SETTINGS = "SMARTSCOPE_SERIALEM_ADDRESS", "SMARTSCOPE_SERIALEM_SETTINGS"


@dataclass(slots=True)
class Bench:
    """A microscope for the contract, and where on it the contract may work."""

    microscope: Microscope
    clock: Clock
    leash: Leash
    slot: int
    other_slot: int
    empty_slot: int
    place: Point


def named() -> bool:
    """Whether somebody named a real SerialEM."""
    return bool(os.environ.get(ADDRESS))


def real_bench() -> Bench:
    """Take control of it. Raises KeyError when the settings file is not named."""
    host, _, port = os.environ[ADDRESS].partition(":")
    told = json.loads(Path(os.environ[SETTINGS]).read_text(encoding="utf-8"))
    settings = told["settings"] | {"host": host, "port": int(port or 48888)}
    leash, clock = Leash(), open_clock("serialem", settings)
    return Bench(
        microscope=connect("serialem", settings, permit=leash, clock=clock, epoch=1),
        clock=clock,
        leash=leash,
        slot=int(told["slot"]),
        other_slot=int(told["other_slot"]),
        empty_slot=int(told["empty_slot"]),
        place=Point(*told["place_um"]),
    )
