"""What was seen by eye on the two real atlases: squares EPU did not list, and classes of sixty.

How the labels were made stands in `labels/real_squares.json`, beside them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("labels") / "real_squares.json"


@dataclass(frozen=True, slots=True)
class NamedTwice:
    """A listed square and the class each of two passes gave it."""

    node_id: int
    first: str
    second: str


def named_twice(sample: str) -> tuple[NamedTwice, ...]:
    """The squares of one atlas that were judged."""
    return tuple(
        NamedTwice(row["node_id"], row["first"], row["second"])
        for row in _table()["squares"]
        if row["sample"] == sample
    )


def unlisted(sample: str) -> NDArray[np.float64]:
    """(N, 2) x, y in JPG pixels of openings that EPU's list lacks and both passes call one."""
    places = [
        (row["x_px"], row["y_px"])
        for row in _table()["unlisted"]
        if row["sample"] == sample and row["first"] == row["second"] == "square"
    ]
    return np.array(places, dtype=np.float64).reshape(-1, 2)


def _table() -> dict[str, list[dict[str, Any]]]:
    table: dict[str, list[dict[str, Any]]] = json.loads(FILE.read_text(encoding="utf-8"))
    return table
