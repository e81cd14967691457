"""Findings for nights whose finders are not what is tested: taken from the specimen's truth.

Squares that a finder would choose and pairs of neighbouring holes in them, recorded as the real
analyses record theirs; what the real finders find is proved elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any
from uuid import UUID

from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.models import Analysis, Atlas, Group, Hole, Square
from smartscope.operations.finish_analysis import result_of

#: holes of one group may lie so far from its centre (image shift), µm
_NEAR_UM = 3.0
_LOOK_UM = 8.0


def finds_by_truth(
    control_port: int, *, squares: int, whatever_they_are: bool = False
) -> Callable[[UUID], None]:
    """An analysis that chooses so many squares on each atlas and one pair of holes in each.

    Only squares that a finder would choose, unless `whatever_they_are`.
    """

    def find(analysis_id: UUID) -> None:
        with result_of(analysis_id) as analysis, ControlClient(control_port) as control:
            if analysis is not None and analysis.kind == "find_squares":
                _squares(analysis, control, squares, usable=not whatever_they_are)
            elif analysis is not None and analysis.kind == "find_holes":
                _pair(analysis, control)

    return find


def _squares(analysis: Analysis, control: ControlClient, count: int, *, usable: bool) -> None:
    """The squares nearest to the grid's middle, good ones if they are to be `usable`."""
    grid = Atlas.objects.get(tiles_image=analysis.image).grid
    found = control.truth("squares", reach_um=400.0)["squares"]
    chosen = [each for each in found if each["usable"] or not usable]
    chosen.sort(key=lambda each: math.hypot(each["x_um"], each["y_um"]))
    for number, each in enumerate(chosen[:count], start=1):
        Square.objects.create(
            grid=grid,
            number=number,
            slug=f"{grid.slug}-s{number:02d}",
            status="queued",
            queue_position=number,
            stage_x_um=each["x_um"],
            stage_y_um=each["y_um"],
            x_px=0.0,
            y_px=0.0,
            visible_from_s=analysis.visible_at_s,
        )


def _pair(analysis: Analysis, control: ControlClient) -> None:
    """Two sound neighbouring holes near the middle of the square."""
    square = Square.objects.select_for_update(of=("self",)).get(image=analysis.image)
    square.status = "analysed"
    square.save()
    holes = control.truth(
        "holes", x_um=square.stage_x_um, y_um=square.stage_y_um, reach_um=_LOOK_UM
    )["holes"]
    chosen = _neighbours([each for each in holes if each["visible"] and each["fault"] == "none"])
    if not chosen:
        return
    group = Group.objects.create(
        square=square,
        number=1,
        slug=f"{square.slug}-p01",
        status="queued",
        queue_position=0,
        stage_x_um=chosen[0]["x_um"],
        stage_y_um=chosen[0]["y_um"],
        visible_from_s=analysis.visible_at_s,
    )
    for number, each in enumerate(chosen, start=1):
        Hole.objects.create(
            square=square,
            group=group,
            group_role="centre" if number == 1 else "member",
            number=number,
            slug=f"{square.slug}-h{number:03d}",
            status="queued",
            stage_x_um=each["x_um"],
            stage_y_um=each["y_um"],
            x_px=0.0,
            y_px=0.0,
            radius_um=each["diameter_um"] / 2,
            visible_from_s=analysis.visible_at_s,
        )


def _neighbours(holes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first pair that one group can hold; none where holes stand alone."""
    for one, other in combinations(holes, 2):
        if math.hypot(one["x_um"] - other["x_um"], one["y_um"] - other["y_um"]) < _NEAR_UM:
            return [one, other]
    return []
