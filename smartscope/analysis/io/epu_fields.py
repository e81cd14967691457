"""Single fields of EPU's files: found or refused by name, converted to our units."""

from __future__ import annotations

import math
import re
from datetime import datetime
from pathlib import Path
from typing import Final

from smartscope.analysis.io.safe_xml import XmlNode
from smartscope.domain.errors import BadFile

UM_PER_METRE: Final = 1e6
ANGSTROM_PER_METRE: Final = 1e10
PER_A2_PER_SQUARE_METRE: Final = 1e-20
_SECONDS_FRACTION: Final = re.compile(r"(\.\d{6})\d+")


def moment_s(text: str | None, path: Path) -> float:
    """Seconds since the epoch; EPU writes seven decimals of a second, one more than we keep."""
    written = required(text, "a time", path)
    try:
        moment = datetime.fromisoformat(_SECONDS_FRACTION.sub(r"\1", written))
    except ValueError as error:
        raise BadFile(f"{path.name} states the time {written!r}, which is not one.") from error
    if moment.tzinfo is None:
        raise BadFile(f"{path.name} states the time {written!r} without its time zone.")
    return moment.timestamp()


def metres(stage: XmlNode, axis: str, path: Path) -> float:
    """A stage coordinate in µm. Raises `BadFile` when it is missing."""
    return present(stage.number_at(axis), f"the stage's {axis}", path) * UM_PER_METRE


def degrees(radians: float | None) -> float:
    """Degrees; 0 when no rotation is stated."""
    return 0.0 if radians is None else math.degrees(radians)


def scaled(value: float | None, factor: float) -> float | None:
    """`value` in another unit, if there is one."""
    return None if value is None else value * factor


def whole(value: float | None) -> int | None:
    """`value` as an integer, if there is one."""
    return None if value is None else int(value)


def beside(path: Path) -> Path | None:
    """`path` if that file is there."""
    return path if path.is_file() else None


def required(text: str | None, what: str, path: Path) -> str:
    """`text`. Raises `BadFile` when there is none."""
    if text is None:
        raise BadFile(f"{path.name} does not state {what}.")
    return text


def present(value: float | None, what: str, path: Path) -> float:
    """`value`. Raises `BadFile` when there is none."""
    if value is None:
        raise BadFile(f"{path.name} does not state {what}.")
    return value


def positive(value: float | None, what: str, path: Path) -> float:
    """`value`. Raises `BadFile` unless it is above zero."""
    if value is None or value <= 0.0:
        raise BadFile(f"{path.name} states no positive {what}.")
    return value
