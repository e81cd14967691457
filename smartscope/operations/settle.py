"""Move groups and squares up their ladders once all that belongs to them has ended."""

from __future__ import annotations

from smartscope.domain.status import GROUP_MOVES, SQUARE_MOVES, TargetStatus, moved
from smartscope.models import Group, Square

T = TargetStatus
#: members in one of these keep a group or square from ending
_OPEN_HOLES = (T.QUEUED, T.IMAGING, T.IMAGED)
_OPEN_GROUPS = (T.QUEUED, T.IMAGING)


def settle_group(group: Group) -> None:
    """After a member changed: an imaged group whose members are all judged is done."""
    if group.status != T.IMAGED or group.holes.filter(status__in=_OPEN_HOLES).exists():
        return
    for to in (T.ANALYSED, T.DONE):
        group.status = moved(GROUP_MOVES, T(group.status), to, f"group {group.slug}")
    group.save(update_fields=["status", "updated_at"])
    settle_square(group.square)


def settle_square(square: Square) -> None:
    """An analysed square is done when none of its groups waits and none of its holes is open."""
    square.refresh_from_db(fields=["status"])
    if square.status != T.ANALYSED:
        return
    if square.groups.filter(status__in=_OPEN_GROUPS).exists():
        return
    if square.holes.filter(status__in=_OPEN_HOLES).exists():
        return
    square.status = moved(SQUARE_MOVES, T(square.status), T.DONE, f"square {square.slug}")
    square.save(update_fields=["status", "updated_at"])
