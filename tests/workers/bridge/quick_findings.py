"""Findings for tests of the bridge alone: one square, one group of two holes, written at once.

The real finders have their own tests; here they would only cost time.
"""

from __future__ import annotations

from uuid import UUID

from smartscope.models import Analysis, Atlas, Group, Hole, Square
from smartscope.operations.finish_analysis import result_of

#: a good square of the small world and two neighbouring holes in it, stage µm (its truth)
SQUARE_UM = (90.205, 26.729)
HOLES_UM = ((89.338, 26.913), (91.108, 25.174))


def find_quickly(analysis_id: UUID) -> None:
    """What the analysis would have found, recorded as it would be: once."""
    with result_of(analysis_id) as analysis:
        if analysis is None:
            return
        if analysis.kind == "find_squares":
            _one_square(analysis)
        elif analysis.kind == "find_holes":
            _one_group(analysis)


def _one_square(analysis: Analysis) -> None:
    atlas = Atlas.objects.get(tiles_image=analysis.image)
    Square.objects.create(
        grid=atlas.grid,
        number=1,
        slug=f"{atlas.grid.slug}-s01",
        status="queued",
        queue_position=1,
        stage_x_um=SQUARE_UM[0],
        stage_y_um=SQUARE_UM[1],
        x_px=0.0,
        y_px=0.0,
        visible_from_s=analysis.visible_at_s,
    )


def _one_group(analysis: Analysis) -> None:
    square = Square.objects.select_for_update(of=("self",)).get(image=analysis.image)
    square.status = "analysed"
    square.save()
    group = Group.objects.create(
        square=square,
        number=1,
        slug=f"{square.slug}-p01",
        status="queued",
        queue_position=0,
        stage_x_um=HOLES_UM[0][0],
        stage_y_um=HOLES_UM[0][1],
        visible_from_s=analysis.visible_at_s,
    )
    for number, (x_um, y_um) in enumerate(HOLES_UM, start=1):
        Hole.objects.create(
            square=square,
            group=group,
            group_role="centre" if number == 1 else "member",
            number=number,
            slug=f"{square.slug}-h{number:03d}",
            status="queued",
            stage_x_um=x_um,
            stage_y_um=y_um,
            x_px=0.0,
            y_px=0.0,
            radius_um=0.6,
            visible_from_s=analysis.visible_at_s,
        )
