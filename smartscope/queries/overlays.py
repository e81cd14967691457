"""Targets of one picture as columns: geometry and attributes, or only what changed since a seq."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from smartscope.models import Atlas, Event, Hole, Square

#: the reason of a hole that a person took away: its row stays, nobody sees it
DELETED = "deleted"
#: a row is stamped before its event is counted; no transaction here may stay open this long
LONGEST_TRANSACTION = timedelta(seconds=60)

SQUARE_COLUMNS = (
    "pk", "slug", "x_px", "y_px", "outline_px", "status", "reason", "label", "model_label",
    "probability", "score", "area_um2", "mean_intensity", "queue_position", "external",
)  # fmt: skip
HOLE_COLUMNS = (
    "pk", "slug", "x_px", "y_px", "radius_um", "status", "reason", "label", "model_label",
    "ice_thickness_nm", "intensity", "score", "group", "group_role", "cluster", "predicted",
)  # fmt: skip

#: finer than a map shows; what is measured keeps its digits in its own row
DECIMALS = {
    "x_px": 2, "y_px": 2, "radius_px": 2, "area_um2": 1, "probability": 4, "score": 4,
    "mean_intensity": 4, "intensity": 4, "ice_thickness_nm": 2,
}  # fmt: skip


def atlas_overlay(atlas: Atlas, *, as_of_seq: int, after_seq: int | None) -> dict[str, Any]:
    """The squares on an atlas. `x_px`, `y_px` and outlines are pixels of the atlas image."""
    squares = Square.objects.filter(grid=atlas.grid_id).order_by("number", "pk")
    rows = list(squares.values_list(*SQUARE_COLUMNS))
    columns = _columns(SQUARE_COLUMNS, rows)
    columns["ids"] = columns.pop("pk")
    columns["slugs"] = columns.pop("slug")
    columns["outlines_px"] = columns.pop("outline_px")
    geometry = ("ids", "slugs", "x_px", "y_px", "outlines_px")
    changed = _changed(squares, after_seq)
    return _overlay(columns, geometry, as_of_seq, changed)


def square_overlay(square: Square, *, as_of_seq: int, after_seq: int | None) -> dict[str, Any]:
    """The holes in a square. Positions and radii are pixels of the square's image."""
    holes = Hole.objects.filter(square=square).exclude(reason=DELETED).order_by("number", "pk")
    rows = list(holes.values_list(*HOLE_COLUMNS))
    columns = _columns(HOLE_COLUMNS, rows)
    columns["ids"] = columns.pop("pk")
    columns["slugs"] = columns.pop("slug")
    pixel_um = None if square.picture is None else square.picture.pixel_size_angstrom / 10_000
    radii_um = columns.pop("radius_um")
    radii_px = [None if not pixel_um else r_um / pixel_um for r_um in radii_um]
    columns["radius_px"] = _rounded("radius_px", radii_px)
    geometry = ("ids", "slugs", "x_px", "y_px", "radius_px")
    changed = _changed(holes, after_seq)
    return _overlay(columns, geometry, as_of_seq, changed)


def packed(overlay: dict[str, Any]) -> dict[str, Any]:
    """The same with columns that say a value once: `every`, or `values` and each row's `codes`."""
    return {
        name: _packed(values) if isinstance(values, list) and name != "index" else values
        for name, values in overlay.items()
    }


def _packed(values: list[Any]) -> list[Any] | dict[str, Any]:
    if not values or isinstance(values[0], list):
        return values
    places = {value: place for place, value in enumerate(dict.fromkeys(values))}
    if len(places) == 1:
        return {"every": values[0]}
    # words are longer than their codes; a number is as short as one
    if 2 * len(places) > len(values) or not isinstance(values[0], str | UUID | None):
        return values
    return {"values": list(places), "codes": [places[value] for value in values]}


def _columns(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> dict[str, list[Any]]:
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return {name: _rounded(name, values) for name, values in columns.items()}


def _rounded(name: str, values: list[Any]) -> list[Any]:
    digits = DECIMALS.get(name)
    if digits is None:
        return values
    return [None if value is None else round(value, digits) for value in values]


def _changed(targets: QuerySet[Any], after_seq: int | None) -> set[UUID] | None:
    """Targets touched since that event; None for all of them (also when the log does not tell)."""
    if after_seq is None:
        return None
    last = Event.objects.filter(seq__lte=after_seq).order_by("-seq").first()
    if last is None:
        return None
    since = last.time - LONGEST_TRANSACTION
    return set(targets.filter(updated_at__gt=since).values_list("pk", flat=True))


def _overlay(
    columns: dict[str, list[Any]],
    geometry: Iterable[str],
    as_of_seq: int,
    changed: set[UUID] | None,
) -> dict[str, Any]:
    version = _fingerprint([columns[name] for name in geometry])
    head = {"geometry_version": version, "as_of_seq": as_of_seq}
    if changed is None:
        return head | {"index": None} | columns
    index = [i for i, pk in enumerate(columns["ids"]) if pk in changed]
    attributes = {
        name: [values[i] for i in index] for name, values in columns.items() if name not in geometry
    }
    return head | {"index": index} | attributes


def _fingerprint(geometry: list[list[Any]]) -> str:
    """Changes whenever a target is added, removed or moved."""
    return hashlib.sha256(repr(geometry).encode()).hexdigest()[:16]
