"""What a check before a night found: one subject, one verdict, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: parts of a volume that are free: below the first no night begins, below the second it is told
FULL, SCARCE = 0.05, 0.15
_GB = 1_000_000_000


class Verdict(StrEnum):
    """`FAIL` forbids an unattended night; `WARN` is for a person to weigh."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """`told` is what was found, `advice` what to do next; sound findings need none."""

    verdict: Verdict
    subject: str
    told: str
    advice: str = ""


def sound(subject: str, told: str) -> Finding:
    """Nothing to do."""
    return Finding(Verdict.OK, subject, told)


def doubtful(subject: str, told: str, advice: str) -> Finding:
    """A person should know."""
    return Finding(Verdict.WARN, subject, told, advice)


def broken(subject: str, told: str, advice: str) -> Finding:
    """It must be put right first."""
    return Finding(Verdict.FAIL, subject, told, advice)


def room_left(subject: str, where: str, *, free_bytes: int, total_bytes: int) -> Finding:
    """Whether a volume has room for a night."""
    part = free_bytes / total_bytes if total_bytes else 0.0
    told = f"{free_bytes / _GB:.0f} GB ({part:.0%}) are free in {where}"
    if part < FULL:
        return broken(subject, told, "Free space before a night: images would be cut short.")
    if part < SCARCE:
        return doubtful(subject, told, "Free space, or watch it during the night.")
    return sound(subject, told)
