"""A served night with squares of many holes, for the benchmark of the page."""

from __future__ import annotations

from contextlib import AbstractContextManager

from tests.browser.served import Site, scratch_site

SESSION = "20261120_ribosome"
GRID = "g02"
#: events that one hour of a running microscope writes: 600 images, each taken, stored and analysed
EVENTS_PER_HOUR = 1_800

PLANT = """
from benchmarks.ui_rows import plant_square
from tests.browser.night import plant_night
plant_night()
for number, holes in {squares}:
    plant_square(number, holes)
"""


def ui_site(squares: dict[int, int]) -> AbstractContextManager[Site]:
    """A running server; `squares` are numbers of extra squares of grid g02 and their holes."""
    return scratch_site(PLANT.format(squares=list(squares.items())))


def address(number: int) -> str:
    """Of the workbench with that square open."""
    return f"s/{SESSION}/g/{GRID}?square={slug(number)}"


def slug(number: int) -> str:
    return f"{GRID}-s{number}"
