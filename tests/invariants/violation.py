"""One broken promise, in words that say to what it happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """`invariant` is "I1" to "I14"; `words` name the command, row or file."""

    invariant: str
    words: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.words}"


Violations = Iterator[Violation]
