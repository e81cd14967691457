"""What a study comes to: a file, what it says of itself, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyResult:
    """`told` is plain JSON; `message` says what was left out, else empty."""

    content: bytes
    extension: str
    told: dict[str, Any]
    diameter_angstrom: float
    message: str = ""
