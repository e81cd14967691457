"""Squares that people labelled, grid by grid, as training sets want them.

A label that was cleared again is none; of several the newest counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any
from uuid import UUID

from smartscope.domain.label_sets import Box, LabelledAtlas, SquareLabel
from smartscope.domain.labels import SQUARE_LABELS
from smartscope.domain.protocol import MESHES
from smartscope.models import Atlas, Image, Label, Square
from smartscope.queries.visible import Reader, visible_squares


def labelled_atlases(reader: Reader, *, session: UUID | None = None) -> Iterator[LabelledAtlas]:
    """Atlases with at least one labelled square that the reader may see, by grid."""
    squares = visible_squares(reader).exclude(label="").filter(grid__atlas__image__isnull=False)
    if session is not None:
        squares = squares.filter(grid__session=session)
    grids = squares.order_by("grid").values_list("grid", flat=True).distinct()
    atlases = Atlas.objects.filter(grid__in=list(grids)).select_related(
        "grid__session", "image__source__source"
    )
    for atlas in atlases.order_by("grid__session__created_at", "grid__slug"):
        labelled = _labelled(atlas, squares.filter(grid=atlas.grid_id).order_by("number"))
        if labelled is not None:
            yield labelled


def _labelled(atlas: Atlas, squares: Any) -> LabelledAtlas | None:
    image = atlas.image
    if image is None or image.pixel_to_stage is None:
        return None
    rows = list(squares)
    given = _newest({square.pk for square in rows})
    mesh = MESHES[atlas.grid.mesh]
    model = f"{atlas.diagnostics.get('finder', '')} {atlas.diagnostics.get('finder_version', '')}"
    found = tuple(
        _square(square, given.get(square.pk), model.strip())
        for square in rows
        if square.label in SQUARE_LABELS and square.diagnostics.get("box_px")
    )
    return LabelledAtlas(
        grid_id=str(atlas.grid_id),
        grid=atlas.grid.slug,
        key=image.key,
        source_sha256=tuple(_checksums(image)),
        width_px=image.width_px,
        height_px=image.height_px,
        pixel_size_um=image.pixel_size_angstrom / 1e4,
        pixel_to_stage=tuple(float(number) for number in image.pixel_to_stage),
        mesh=(mesh.name, float(mesh.opening_um), float(mesh.bar_um)),
        squares=found,
    )


def _newest(ids: set[UUID]) -> dict[UUID, Label]:
    rows = Label.objects.filter(resource="square", object_id__in=ids).select_related("author")
    return {row.object_id: row for row in rows.order_by("created_at", "pk")}


def _square(square: Square, given: Label | None, model: str) -> SquareLabel:
    author = given.author if given is not None else None
    at = given.created_at if given is not None else square.updated_at
    x0, y0, x1, y1 = (float(number) for number in square.diagnostics["box_px"])
    box: Box = (x0, y0, x1, y1)
    return SquareLabel(
        square=square.slug,
        label=square.label,
        box_px=box,
        author=author.get_username() if author is not None else "",
        labelled_at=at.astimezone(UTC).isoformat(timespec="seconds"),
        model_label=square.model_label,
        model=model,
    )


def _checksums(image: Image) -> Iterator[str]:
    """Of the picture, and of everything it was made from."""
    made: Image | None = image
    while made is not None:
        yield made.sha256
        made = made.source
