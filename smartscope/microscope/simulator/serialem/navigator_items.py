"""The Navigator's table: points, polygons and maps by stage position, and its file."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from smartscope.domain.geometry import Point
from smartscope.microscope.simulator.serialem.answers import ScriptError
from smartscope.microscope.simulator.serialem.buffers import BufferImage


class ItemType(IntEnum):
    """SerialEM's numbers."""

    POINT = 0
    POLYGON = 1
    MAP = 2


@dataclass(slots=True, kw_only=True)
class Item:
    """One item; `points` is its outline (one point for a point), `group` 0 is none."""

    label: str
    kind: ItemType
    stage: Point
    z_um: float
    points: tuple[Point, ...]
    note: str = ""
    group: int = 0
    color: int = 0
    acquire: bool = False
    drawn: bool = True
    registration: int = 1
    drawn_on: int = 0
    file: str = ""
    section: int = 0
    image: BufferImage | None = None


@dataclass(slots=True)
class Navigator:
    """The items in order; commands count them from 1, or from the end with negative numbers."""

    items: list[Item] = field(default_factory=list)
    file: str = ""
    selected: int = 0
    next_label: int = 1
    next_group: int = 1
    acquiring: bool = False

    def add(self, item: Item) -> int:
        """Append an item; its index from 1."""
        self.items.append(item)
        self.selected = len(self.items)
        return len(self.items)

    def label(self) -> str:
        """A label that no item has."""
        self.next_label += 1
        return str(self.next_label - 1)

    def index(self, number: int) -> int:
        """An item's place from 1; negative counts from the end. Raises ScriptError."""
        place = len(self.items) + 1 + number if number < 0 else number
        if not 1 <= place <= len(self.items):
            raise ScriptError(f"Navigator item index {number} is out of range")
        return place

    def item(self, number: int) -> Item:
        """An item by its number; 0 is the selected one. Raises ScriptError."""
        if number == 0:
            if not self.selected:
                raise ScriptError("There is no current item in the Navigator")
            number = self.selected
        return self.items[self.index(number) - 1]

    def delete(self, number: int) -> None:
        """Take an item away. Raises ScriptError."""
        del self.items[self.index(number) - 1]
        self.selected = min(self.selected, len(self.items))
