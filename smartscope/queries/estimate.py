"""How long a grid will take and how much it will write, from what this microscope did before.

Where it has no history the figures are assumed, and said to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Aggregate, Avg, Count, F, FloatField, Q, Sum

from smartscope.domain.protocol import CollectionProtocol, Mode
from smartscope.models import Detector, Group, Image, Step

#: seconds a step is assumed to take where none was ever done: proposed, not measured
ASSUMED_S: Mapping[str, float] = {
    "load_grid": 180.0,
    "open_valves": 10.0,
    "atlas": 240.0,
    "square": 60.0,
    "expose": 90.0,
}
#: groups of a square that is collected whole, and holes per group, where nothing is known
ASSUMED_GROUPS, ASSUMED_HOLES = 12.0, 4.0
#: frames of a movie as assumed, one byte a pixel; a sum has four
ASSUMED_FRAMES = 40
#: fewer than this many steps are no history
LEAST = 3


class _Median(Aggregate):
    function = "PERCENTILE_CONT"
    name = "median"
    output_field = FloatField()
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Medians of a microscope; `known` are the kinds of step that are from its own history."""

    seconds: Mapping[str, float]
    bytes_by_kind: Mapping[str, float]
    groups_per_square: float
    holes_per_group: float
    known: frozenset[str]
    detector: Detector


@dataclass(frozen=True, slots=True, kw_only=True)
class GridEstimate:
    """`assumed` is whether any of it is not from the microscope's own history."""

    minutes: float
    squares: int
    exposures: int
    gigabytes: float
    assumed: bool


def pace_of(microscope: UUID, detector: Detector, *, before_s: float | None = None) -> Pace:
    """Three queries, whatever the history's length; `before_s` leaves out steps that ended later
    on the microscope's clock.
    """
    done = Step.objects.filter(microscope=microscope, state="done", ended_at_s__isnull=False)
    if before_s is not None:
        done = done.filter(ended_at_s__lt=before_s)
    steps = done.values("kind").annotate(
        times=Count("pk"), seconds=_Median(F("ended_at_s") - F("began_at_s"))
    )
    history = {row["kind"]: row["seconds"] for row in steps if row["times"] >= LEAST}
    images = (
        Image.objects.filter(grid__session__microscope=microscope, source=None)
        .values("kind")
        .annotate(times=Count("pk"), bytes=_Median(F("bytes")))
    )
    squares = (
        Group.objects.filter(square__grid__session__microscope=microscope)
        .values("square")
        .annotate(
            groups=Count("pk", distinct=True),
            shot=Count("pk", distinct=True, filter=Q(holes__isnull=False)),
            shots=Count("holes"),
        )
        .aggregate(per_square=Avg("groups"), shot_from=Sum("shot"), holes=Sum("shots"))
    )
    return Pace(
        seconds={**ASSUMED_S, **history},
        bytes_by_kind={row["kind"]: row["bytes"] for row in images if row["times"] >= LEAST},
        groups_per_square=squares["per_square"] or ASSUMED_GROUPS,
        holes_per_group=squares["holes"] / squares["shot_from"]
        if squares["shot_from"]
        else ASSUMED_HOLES,
        known=frozenset(history),
        detector=detector,
    )


def estimate(protocol: CollectionProtocol, pace: Pace) -> GridEstimate:
    """One grid, from its loading to its end; its own budget caps the minutes."""
    squares = 0 if protocol.mode is Mode.ATLAS_ONLY else protocol.squares_per_grid
    groups = squares * _groups(protocol, pace)
    exposures = groups * (pace.holes_per_group if protocol.image_shift_radius_um else 1.0)
    seconds = (
        pace.seconds["load_grid"]
        + pace.seconds["open_valves"]
        + pace.seconds["atlas"]
        + squares * pace.seconds["square"]
        + groups * pace.seconds["expose"]
    )
    minutes = seconds / 60.0
    if protocol.budget_minutes is not None and minutes > protocol.budget_minutes:
        kept = protocol.budget_minutes / minutes
        minutes, exposures = protocol.budget_minutes, exposures * kept
    wanted = {"load_grid", "atlas"} | ({"square", "expose"} if squares else set())
    size = _gigabytes(protocol, pace, squares, exposures)
    return GridEstimate(
        minutes=minutes,
        squares=squares,
        exposures=round(exposures),
        gigabytes=size,
        assumed=bool(wanted - pace.known),
    )


def _groups(protocol: CollectionProtocol, pace: Pace) -> float:
    if protocol.holes_per_square:
        return float(protocol.holes_per_square)
    return pace.groups_per_square


def _gigabytes(protocol: CollectionProtocol, pace: Pace, squares: int, exposures: float) -> float:
    frame = pace.detector.width_px * pace.detector.height_px
    movie = frame * ASSUMED_FRAMES if protocol.save_frames else 4.0 * frame
    tiles = protocol.atlas_tiles_x * protocol.atlas_tiles_y
    square_tiles = protocol.square_tiles_x * protocol.square_tiles_y
    total = (
        pace.bytes_by_kind.get("atlas_tiles", 2.0 * frame * tiles)
        + squares * pace.bytes_by_kind.get("square", 2.0 * frame * square_tiles)
        + exposures * pace.bytes_by_kind.get("movie", movie)
    )
    return total / 1e9
