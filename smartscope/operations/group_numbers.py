"""The next number and place in the queue of a group; its square is locked, so nobody else adds."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Max

from smartscope.models import Group


@dataclass(slots=True)
class GroupNumbers:
    """Goes on from the last group of each square, those included that are not written yet."""

    last: dict[tuple[UUID, str], int] = field(default_factory=dict)

    def number(self, square: UUID) -> int:
        """Of a new group within its square."""
        return self._next(square, "number")

    def queue_position(self, square: UUID) -> int:
        """Behind every group of the square."""
        return self._next(square, "queue_position")

    def _next(self, square: UUID, column: str) -> int:
        key = (square, column)
        if key not in self.last:
            groups = Group.objects.filter(square=square)
            self.last[key] = groups.aggregate(last=Max(column))["last"] or 0
        self.last[key] += 1
        return self.last[key]
