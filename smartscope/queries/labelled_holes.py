"""Holes of squares that a person looked through, as training sets want them.

Whoever labelled, added, moved or deleted a hole of a square has looked at its picture: what they
left there is taken for right as well, so that a detector learns from all holes of a picture and
from the places where none is. A hole without a person's word is a "hole".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Q

from smartscope.domain.label_sets import LabelledImage, TargetLabel
from smartscope.domain.labels import HOLE_LABELS
from smartscope.domain.protocol import HOLE_TYPES, MESHES
from smartscope.models import Change, Hole, Label, Square
from smartscope.queries.labels import checksums, newest_labels, said_by
from smartscope.queries.overlays import DELETED
from smartscope.queries.visible import Reader, visible_holes, visible_squares

#: a hole that nobody called anything
UNSAID = "hole"
HOLE_CATEGORIES = (UNSAID, *HOLE_LABELS)
#: an edit of a hole that only one who looks at the picture makes; queueing is none of them
_LOOKED = (
    Q(before__has_key="label")
    | Q(before__has_key="x_px")
    | Q(before__reason=DELETED)
    | Q(after__reason=DELETED)
)


def labelled_squares(reader: Reader, *, session: UUID | None = None) -> Iterator[LabelledImage]:
    """Pictures of squares that a person looked through and the reader may see, by grid."""
    edited = Change.objects.filter(_LOOKED, resource="hole").values("object_id")
    looked_at = visible_holes(reader).filter(pk__in=edited).values("square")
    squares = visible_squares(reader).filter(pk__in=looked_at, picture__isnull=False)
    if session is not None:
        squares = squares.filter(grid__session=session)
    chosen = squares.select_related("grid__session", "picture__source__source")
    for square in chosen.order_by("grid__session__created_at", "grid__slug", "number"):
        labelled = _labelled(square)
        if labelled is not None:
            yield labelled


def _labelled(square: Square) -> LabelledImage | None:
    picture = square.picture
    if picture is None or picture.pixel_to_stage is None:
        return None
    holes = list(square.holes.exclude(reason=DELETED).order_by("number"))
    given = newest_labels("hole", {hole.pk for hole in holes})
    mesh, film = MESHES[square.grid.mesh], HOLE_TYPES.get(square.grid.hole_type)
    pixel_um = picture.pixel_size_angstrom / 1e4
    return LabelledImage(
        name=str(square.pk),
        target="hole",
        grid_id=str(square.grid_id),
        grid=square.grid.slug,
        key=picture.key,
        source_sha256=checksums(picture),
        width_px=picture.width_px,
        height_px=picture.height_px,
        pixel_size_um=pixel_um,
        pixel_to_stage=tuple(float(number) for number in picture.pixel_to_stage),
        mesh=(mesh.name, float(mesh.opening_um), float(mesh.bar_um)),
        hole_pitch_um=square.hole_pitch_um or (film.pitch_um if film is not None else None),
        targets=tuple(
            _hole(hole, given.get(hole.pk), pixel_um, _model(square.diagnostics)) for hole in holes
        ),
    )


def _hole(hole: Hole, given: Label | None, pixel_um: float, model: str) -> TargetLabel:
    said = hole.label in HOLE_LABELS
    author, at = said_by(given, hole.updated_at) if said else ("", "")
    reach_px = hole.radius_um / pixel_um
    return TargetLabel(
        target=hole.slug,
        label=hole.label if said else UNSAID,
        box_px=(
            hole.x_px - reach_px,
            hole.y_px - reach_px,
            hole.x_px + reach_px,
            hole.y_px + reach_px,
        ),
        author=author,
        labelled_at=at,
        model_label=hole.model_label,
        model=model,
    )


def _model(diagnostics: dict[str, Any]) -> str:
    return f"{diagnostics.get('finder', '')} {diagnostics.get('finder_version', '')}".strip()
