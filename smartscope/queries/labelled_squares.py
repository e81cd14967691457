"""Squares that people labelled, grid by grid, as training sets want them.

A label that was cleared again is none; of several the newest counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from smartscope.domain.label_sets import Box, LabelledImage, TargetLabel
from smartscope.domain.labels import SQUARE_LABELS
from smartscope.domain.protocol import MESHES
from smartscope.models import Atlas, Label, Square
from smartscope.queries.labels import checksums, newest_labels, said_by
from smartscope.queries.visible import Reader, visible_squares


def labelled_atlases(reader: Reader, *, session: UUID | None = None) -> Iterator[LabelledImage]:
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


def _labelled(atlas: Atlas, squares: Any) -> LabelledImage | None:
    image = atlas.image
    if image is None or image.pixel_to_stage is None:
        return None
    rows = list(squares)
    given = newest_labels("square", {square.pk for square in rows})
    mesh = MESHES[atlas.grid.mesh]
    model = f"{atlas.diagnostics.get('finder', '')} {atlas.diagnostics.get('finder_version', '')}"
    found = tuple(
        _square(square, given.get(square.pk), model.strip())
        for square in rows
        if square.label in SQUARE_LABELS and square.diagnostics.get("box_px")
    )
    if not found:
        return None
    return LabelledImage(
        name=str(atlas.grid_id),
        target="square",
        grid_id=str(atlas.grid_id),
        grid=atlas.grid.slug,
        key=image.key,
        source_sha256=checksums(image),
        width_px=image.width_px,
        height_px=image.height_px,
        pixel_size_um=image.pixel_size_angstrom / 1e4,
        pixel_to_stage=tuple(float(number) for number in image.pixel_to_stage),
        mesh=(mesh.name, float(mesh.opening_um), float(mesh.bar_um)),
        hole_pitch_um=None,
        targets=found,
    )


def _square(square: Square, given: Label | None, model: str) -> TargetLabel:
    author, at = said_by(given, square.updated_at)
    x0, y0, x1, y1 = (float(number) for number in square.diagnostics["box_px"])
    box: Box = (x0, y0, x1, y1)
    return TargetLabel(
        target=square.slug,
        label=square.label,
        box_px=box,
        author=author,
        labelled_at=at,
        model_label=square.model_label,
        model=model,
    )
