"""One settings mapping read key by key, so that every mistake is a sentence that names its key."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

from smartscope.microscope.errors import BadInstrumentSettings


class SettingsReader:
    """Takes values out of a mapping; `finish` complains about those that nobody asked for."""

    def __init__(self, settings: Mapping[str, object], *, where: str = "") -> None:
        """`where` is the path that messages put before a key, such as `areas.record.`."""
        self._settings = settings
        self._where = where
        self._known: list[str] = []

    def has(self, key: str) -> bool:
        """Whether the key was given and is not None."""
        self._known.append(key)
        return self._settings.get(key) is not None

    def raw(self, key: str) -> object:
        """The value as it stands; None when it was not given."""
        self._known.append(key)
        return self._settings.get(key)

    def number(
        self, key: str, default: float | None = None, *, low: float = -1e9, high: float = 1e9
    ) -> float:
        """A finite number in [low, high]. Without a default the key is required."""
        value = self._given(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(key, value, "give a number")
        if not (math.isfinite(value) and low <= value <= high):
            raise self._wrong(key, value, f"give a number from {low:g} to {high:g}")
        return float(value)

    def whole(self, key: str, default: int | None = None, *, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        value = self.number(key, default, low=low, high=high)
        if value != int(value):
            raise self._wrong(key, value, "give a whole number")
        return int(value)

    def text(self, key: str, default: str | None = None) -> str:
        """Text of printable ASCII, as SerialEM takes it. Without a default it is required."""
        value = self.label(key, default)
        if not value.isascii() or not (value.isprintable() or value == "") or "$" in value:
            raise self._wrong(key, value, "SerialEM takes printable ASCII without $ only")
        return value

    def label(self, key: str, default: str | None = None) -> str:
        """Any text, for people or for this machine. Without a default it is required."""
        value = self._given(key, default)
        if not isinstance(value, str):
            raise self._wrong(key, value, "give a text")
        return value

    def choice(self, key: str, default: str, choices: Sequence[str]) -> str:
        """One of `choices`."""
        value = self.text(key, default)
        if value not in choices:
            raise self._wrong(key, value, f"choose one of {', '.join(choices)}")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """True or false."""
        value = self._given(key, default)
        if not isinstance(value, bool):
            raise self._wrong(key, value, "give true or false")
        return value

    def day(self, key: str) -> date | None:
        """A day as YEAR-MONTH-DAY; None when it was not given."""
        value = self.text(key, "")
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            raise self._wrong(key, value, "write a day as 2026-11-21") from None

    def names(self, key: str, choices: Sequence[str]) -> frozenset[str]:
        """A list of words out of `choices`; empty when it was not given."""
        value = self._given(key, [])
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise self._wrong(key, value, "give a list of words")
        for each in value:
            if each not in choices:
                raise self._wrong(key, each, f"choose from {', '.join(choices)}")
        return frozenset(str(each) for each in value)

    def part(self, key: str, *, required: bool = False) -> Mapping[str, object]:
        """A mapping below this one; empty when it was not given."""
        value = self._given(key, None if required else {})
        if not isinstance(value, Mapping):
            raise self._wrong(key, value, "give a mapping")
        return {str(name): each for name, each in value.items()}

    def finish(self) -> None:
        """Raises BadInstrumentSettings naming every key that nobody knows."""
        unknown = sorted(set(self._settings) - set(self._known))
        if unknown:
            named = ", ".join(f"{self._where}{key}" for key in unknown)
            raise BadInstrumentSettings(
                f"A SerialEM microscope has no setting {named}; there are "
                f"{', '.join(sorted(set(self._known)))}. Correct the microscope's settings."
            )

    def _given(self, key: str, default: object) -> object:
        self._known.append(key)
        value = self._settings.get(key)
        if value is None:
            value = default
        if value is None:
            raise BadInstrumentSettings(
                f"{self._where}{key} is missing; a SerialEM microscope needs it. "
                "Add it to the microscope's settings."
            )
        return value

    def _wrong(self, key: str, value: object, advice: str) -> BadInstrumentSettings:
        return BadInstrumentSettings(f"{self._where}{key} is {value!r}; {advice}.")
