"""Which SerialEM the simulator presents itself as, and what its replies lack or add."""

from __future__ import annotations

from dataclasses import dataclass

from smartscope.microscope.errors import BadInstrumentSettings


@dataclass(frozen=True, slots=True, order=True)
class ProgramVersion:
    """A version as `IsVersionAtLeast` compares it; `commands` is the length of its master list."""

    number: int
    built: int
    commands: int

    def at_least(self, number: int, built: int = 0) -> bool:
        """Whether this program is that version, of that day (yyyymmdd) or later."""
        return self.number > number or (self.number == number and self.built >= built)


V41, V42, V43 = 40100, 40200, 40300
VERSIONS = {
    "4.0": ProgramVersion(40000, 20220611, 603),
    "4.1": ProgramVersion(V41, 20240319, 721),
    "4.2": ProgramVersion(V42, 20251104, 790),
    "4.3": ProgramVersion(V43, 20260816, 841),
}


def program_version(name: str) -> ProgramVersion:
    """A version by its name. Raises BadInstrumentSettings naming those there are."""
    if name not in VERSIONS:
        raise BadInstrumentSettings(
            f"serialem_version is {name!r}; the simulator can be {', '.join(VERSIONS)}."
        )
    return VERSIONS[name]
