"""A grid's or a session's exposures as columns, in the order they were taken, for plots.

Above `MOST_POINTS` exposures only some are given: of every stretch the first, the last, and those
with the least and the greatest value of each measured column, so that no extreme is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import Case, DateTimeField, F, Q, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import Coalesce, RowNumber

from smartscope.domain.ranking import Exposed, fault_of
from smartscope.domain.status import ExposureStatus
from smartscope.models import Event, Exposure, Grid, Session
from smartscope.queries.overlays import LONGEST_TRANSACTION

MOST_POINTS = 5_000
#: whose least and greatest are kept when there are too many points
MEASURED = (
    "ctf_fit_angstrom", "defocus_um", "astigmatism_nm", "ice_thickness_nm", "drift_total_angstrom",
    "mean_counts", "particles", "targeting_error_um", "analysed_after_s",
)  # fmt: skip
#: how far a group's holes were first seen from where map and stage put them
_SEEN_OFF = "movie__step__parameters__measured__recentred_um"
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
_ROW = (
    "pk", "slug", "hole", "hole__square__grid__slug", "number", "exposed_at_s", "hole__stage_x_um",
    "hole__stage_y_um", "status", "reason", "label", "target_defocus_um", "defocus_um",
    "astigmatism_nm", "ctf_fit_angstrom", "ctf_refusal", "ice_thickness_nm",
    "quality_class", "quality_probability",
    "drift_total_angstrom", "mean_counts", "particles", "recorded_at", "analysed_at",
    "hole__square__grid__ice_min_nm", "hole__square__grid__ice_max_nm",
    "hole__square__grid__fewest_particles", _SEEN_OFF,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One exposure; None where nothing was measured.

    `number` counts the exposures of what was asked for from 1, in the order they were taken.
    `fault` says why it does not count as usable; blank when it does or is not judged yet.
    """

    ids: UUID
    slugs: str
    holes: UUID
    grids: str
    number: int
    exposed_at_s: float
    stage_x_um: float
    stage_y_um: float
    status: str
    reason: str
    label: str
    fault: str
    target_defocus_um: float | None
    defocus_um: float | None
    astigmatism_nm: float | None
    ctf_fit_angstrom: float | None
    ice_thickness_nm: float | None
    drift_total_angstrom: float | None
    mean_counts: float | None
    particles: int | None
    #: of the group it was exposed in, before the stage went after it; null without a view
    targeting_error_um: float | None
    #: from the file's record to its measurement, by the service's clock
    analysed_after_s: float | None


COLUMNS = tuple(field.name for field in fields(Point))


def grid_series(grid: Grid, *, after_seq: int | None) -> dict[str, Any]:
    """The exposures of one grid, or only those that changed since that event. One query."""
    return _series(Exposure.objects.filter(hole__square__grid=grid), after_seq)


def session_series(session: Session, *, after_seq: int | None) -> dict[str, Any]:
    """The exposures of all grids of a session, as `grid_series`. One query."""
    return _series(Exposure.objects.filter(hole__square__grid__session=session), after_seq)


def _series(exposures: QuerySet[Exposure], after_seq: int | None) -> dict[str, Any]:
    points = [_point(row) for row in _rows(exposures, after_seq)]
    kept = downsampled(points)
    columns = {name: [getattr(point, name) for point in kept] for name in COLUMNS}
    head = {"changes_only": after_seq is not None, "found": len(points)}
    return head | {"downsampled": len(kept) < len(points)} | columns


def _rows(exposures: QuerySet[Exposure], after_seq: int | None) -> Iterable[tuple[Any, ...]]:
    """Numbers are counted over all exposures, also when only changed ones are given."""
    number = Window(RowNumber(), order_by=[F("exposed_at_s").asc(), F("pk").asc()])
    numbered = exposures.annotate(number=number).order_by("exposed_at_s", "pk")
    if after_seq is not None:
        # a condition on the number itself is asked after counting
        changed = Case(When(Q(updated_at__gt=_since(after_seq)), then=F("number")))
        numbered = numbered.annotate(if_changed=changed).filter(if_changed__gte=1)
    return numbered.values_list(*_ROW)


def _since(after_seq: int) -> Any:
    """When the last event a client knows was counted, less what a transaction may last."""
    last = Event.objects.filter(seq__lte=after_seq).order_by("-seq").values("time")[:1]
    known = Coalesce(Subquery(last), Value(_BEFORE_ALL), output_field=DateTimeField())
    return known - LONGEST_TRANSACTION


def _point(row: tuple[Any, ...]) -> Point:
    of = dict(zip(_ROW, row, strict=True))
    later = of["analysed_at"]
    return Point(
        ids=of["pk"],
        slugs=of["slug"],
        holes=of["hole"],
        grids=of["hole__square__grid__slug"],
        number=of["number"],
        exposed_at_s=of["exposed_at_s"],
        stage_x_um=of["hole__stage_x_um"],
        stage_y_um=of["hole__stage_y_um"],
        status=of["status"],
        reason=of["reason"],
        label=of["label"],
        fault=_fault(of),
        target_defocus_um=of["target_defocus_um"],
        defocus_um=of["defocus_um"],
        astigmatism_nm=of["astigmatism_nm"],
        ctf_fit_angstrom=of["ctf_fit_angstrom"],
        ice_thickness_nm=of["ice_thickness_nm"],
        drift_total_angstrom=of["drift_total_angstrom"],
        mean_counts=of["mean_counts"],
        particles=of["particles"],
        targeting_error_um=of[_SEEN_OFF],
        analysed_after_s=None if later is None else (later - of["recorded_at"]).total_seconds(),
    )


def _fault(of: dict[str, Any]) -> str:
    """As the ranking judges; what was not analysed is not judged."""
    if of["status"] != ExposureStatus.ANALYSED:
        return ""
    seen = Exposed(
        of["label"],
        of["drift_total_angstrom"],
        of["ice_thickness_nm"],
        of["ctf_fit_angstrom"],
        bool(of["ctf_refusal"]),
        of["quality_class"],
        of["quality_probability"],
        of["particles"],
    )
    limits = (of["hole__square__grid__ice_min_nm"], of["hole__square__grid__ice_max_nm"])
    fewest = of["hole__square__grid__fewest_particles"]
    return str(fault_of(seen, ice_range_nm=limits, fewest_particles=fewest) or "")


def downsampled(points: Sequence[Point], *, most: int = MOST_POINTS) -> Sequence[Point]:
    """At most `most` of the points in their order; every column's extremes of a stretch stay."""
    if len(points) <= most:
        return points
    stretches = max(1, most // (2 * len(MEASURED) + 2))
    edges = [n * len(points) // stretches for n in range(stretches + 1)]
    kept: list[int] = []
    for begin, end in pairwise(edges):
        kept += sorted(_telling(points, range(begin, end)))
    return [points[n] for n in kept]


def _telling(points: Sequence[Point], stretch: range) -> set[int]:
    telling = {stretch[0], stretch[-1]}
    for name in MEASURED:
        known = [(value, n) for n in stretch if (value := getattr(points[n], name)) is not None]
        if known:
            telling |= {min(known)[1], max(known)[1]}
    return telling
