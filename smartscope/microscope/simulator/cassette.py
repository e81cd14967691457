"""Which specimen sits in which slot, as data."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.simulator.specimen.spec import (
    FILMS,
    MESHES,
    Preset,
    SpecimenSpec,
    preset_spec,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CassetteSpec:
    """Slot numbers (from 1) to specimens; a slot that is not named is empty."""

    slots: tuple[tuple[int, SpecimenSpec], ...]

    def specimen(self, slot: int) -> SpecimenSpec | None:
        """What is in a slot, None when it is empty."""
        return dict(self.slots).get(slot)

    def fingerprint(self) -> str:
        """Changes when any slot's grid changes."""
        text = ";".join(f"{slot}={spec.grid_id}/{spec.version}" for slot, spec in self.slots)
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


DEMO_PRESETS = (Preset.GOOD, Preset.THICK, Preset.CONTAMINATED, Preset.DRY)


def demo_cassette(seed: int) -> CassetteSpec:
    """Four grids of different quality in the first four slots."""
    return CassetteSpec(
        slots=tuple(
            (slot, preset_spec(preset, f"demo-{seed}-{slot}"))
            for slot, preset in enumerate(DEMO_PRESETS, start=1)
        )
    )


def cassette_from(settings: object, seed: int) -> CassetteSpec:
    """`{slot: {"preset", "grid_id", "mesh", "film", "version"}}`, all but the slot optional.

    None gives the demonstration cassette. Raises BadInstrumentSettings naming the slot.
    """
    if settings is None:
        return demo_cassette(seed)
    if not isinstance(settings, Mapping):
        raise BadInstrumentSettings("grids must map slot numbers to descriptions of specimens.")
    slots = [(_slot_number(key), _specimen(key, value, seed)) for key, value in settings.items()]
    return CassetteSpec(slots=tuple(sorted(slots, key=lambda pair: pair[0])))


def _slot_number(key: object) -> int:
    text = str(key)
    if not text.isdecimal() or int(text) < 1:
        raise BadInstrumentSettings(f"grids: {key!r} is no slot number; count slots from 1.")
    return int(text)


def _specimen(key: object, value: object, seed: int) -> SpecimenSpec:
    if not isinstance(value, Mapping):
        raise BadInstrumentSettings(
            f"grids: slot {key} needs a mapping such as {{'preset': 'good'}}."
        )
    mesh, film = str(value.get("mesh", "300")), str(value.get("film", "R1.2/1.3"))
    preset = str(value.get("preset", Preset.GOOD))
    for name, given, known in (
        ("mesh", mesh, list(MESHES)),
        ("film", film, list(FILMS)),
        ("preset", preset, [each.value for each in Preset]),
    ):
        if given not in known:
            raise BadInstrumentSettings(
                f"grids: slot {key} has {name} {given!r}; choose one of {', '.join(known)}."
            )
    return preset_spec(
        Preset(preset),
        str(value.get("grid_id", f"grid-{seed}-{key}")),
        mesh=mesh,
        film=film,
        version=int(value.get("version", 1)),
    )
