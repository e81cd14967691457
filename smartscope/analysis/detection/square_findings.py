"""From a finder's arrays to squares as plain numbers: stage positions, areas, labels, review
flags.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from smartscope.analysis.base import FindContext, Finder, Findings, Image
from smartscope.analysis.detection.acceptance import Verdict, judge_squares, looks_empty
from smartscope.analysis.detection.chain import best_attempt, run_chain, use_of
from smartscope.analysis.detection.ice import measure_grey
from smartscope.analysis.detection.known import recognise
from smartscope.analysis.findings import SquareFindings, SquareTarget

SAME_SQUARE_SIDES = 0.35
BRIGHT_PERCENTILE = 99.5


def find_squares_by(
    chain: Sequence[str | Finder], atlas: Image, context: FindContext
) -> tuple[Finder, Findings, Verdict, bool]:
    """Run the chain; the last value says that every finder tried saw next to nothing."""
    attempts = run_chain(chain, atlas, context, judge_squares)
    best = best_attempt(attempts)
    empty = not best.verdict.passed and all(
        looks_empty(attempt.found, attempt.verdict) for attempt in attempts
    )
    return best.finder, best.found, best.verdict, empty


def describe_squares(
    finder: Finder,
    atlas: Image,
    found: Findings,
    context: FindContext,
    verdict: Verdict,
    *,
    grid_empty: bool,
) -> SquareFindings:
    """Squares sorted by image position (y, then x), each placed by its own tile."""
    squares = _targets(atlas, found, context)
    lattice = found.lattice
    rotation = None
    if lattice is not None:
        (ax, _), (ay, _) = lattice.basis_px
        rotation = math.degrees(math.atan2(ay, ax))
    return SquareFindings(
        pixels=atlas.pixels,
        to_stage=atlas.to_stage,
        image=atlas,
        squares=squares,
        missing=tuple(atlas.stage_of(float(x), float(y)) for x, y in found.missing_px),
        finder=use_of(finder),
        needs_review=not verdict.passed and not grid_empty,
        grid_empty=grid_empty,
        pitch_um=lattice.pitch_px * atlas.pixel_size_um if lattice else None,
        rotation_deg=rotation,
        expected_count=verdict.expected_count,
        vacuum_intensity=context.vacuum_intensity,
        diagnostics={**found.diagnostics, "failures": "; ".join(verdict.failures)},
    )


def _targets(atlas: Image, found: Findings, context: FindContext) -> tuple[SquareTarget, ...]:
    if len(found) == 0:
        return ()
    order = np.lexsort((found.positions_px[:, 0], found.positions_px[:, 1]))
    stage = [atlas.stage_of(float(x), float(y)) for x, y in found.positions_px]
    side_um = 2 * float(np.median(found.radii_px)) * atlas.pixel_size_um
    same = recognise(stage, context.known, SAME_SQUARE_SIDES * side_um)
    pixel_area = atlas.pixel_size_um**2
    areas = found.areas_px if found.areas_px is not None else (2 * found.radii_px) ** 2
    areas = areas * pixel_area
    seen_radii = np.sqrt(areas / pixel_area) / 2
    grey = measure_grey(atlas, found.positions_px, np.minimum(seen_radii, found.radii_px)).grey
    brightest = context.vacuum_intensity or float(
        np.percentile(atlas.pixels[atlas.imaged][::7], BRIGHT_PERCENTILE)
    )
    squares = []
    for number in order:
        known = same.get(int(number))
        chosen = found.labels[int(found.probabilities[number].argmax())]
        outline = found.outlines_px[number] if found.outlines_px else np.empty((0, 2))
        x0, y0, x1, y1 = (float(v) for v in found.boxes_px[number])
        squares.append(
            SquareTarget(
                x_px=float(found.positions_px[number, 0]),
                y_px=float(found.positions_px[number, 1]),
                stage=stage[number],
                box_px=(x0, y0, x1, y1),
                outline_px=tuple((float(x), float(y)) for x, y in outline),
                area_um2=float(areas[number]),
                label=(known.human_label if known else None) or chosen,
                probabilities={
                    label: float(p)
                    for label, p in zip(found.labels, found.probabilities[number], strict=True)
                },
                mean_intensity=float(grey[number]),
                relative_intensity=float(grey[number]) / brightest if brightest > 0 else 0.0,
                fill=float(areas[number]) / side_um**2,
                score=float(found.scores[number]),
                known_id=known.id if known else None,
            )
        )
    return tuple(squares)
