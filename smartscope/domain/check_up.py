"""What a check before a night found: one subject, one verdict, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
