"""From a finder's arrays to holes as plain numbers: stage positions, grey, ice, labels, the film
measured.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from smartscope.analysis.base import FindContext, Finder, Findings, FloatArray, Image, Lattice
from smartscope.analysis.detection.acceptance import Verdict, judge_holes
from smartscope.analysis.detection.chain import best_attempt, run_chain, use_of
from smartscope.analysis.detection.film_name import shape_of, warnings_of
from smartscope.analysis.detection.hole_placing import no_holes
from smartscope.analysis.detection.ice import (
    HoleGrey,
    VacuumReference,
    measure_grey,
    thickness_nm,
    vacuum_reference,
)
from smartscope.analysis.detection.known import recognise
from smartscope.analysis.detection.lattice import UNINDEXED
from smartscope.analysis.findings import HoleFindings, HoleTarget

SAME_HOLE_DIAMETERS = 0.25
CONTAMINATED_ABOVE = 0.2
#: noise and bare bars stay below 0.08, the faintest real films reach 0.12
NO_FILM_BELOW = 0.1


def find_holes_by(
    chain: Sequence[str | Finder], square: Image, context: FindContext
) -> tuple[Finder, Findings, Verdict]:
    """Run the chain and keep the best answer; one that is no film at all is kept empty.

    Noise, stripes or bars have some strongest period too, but hardly a node of it shows a hole.
    """
    best = best_attempt(run_chain(chain, square, context, judge_holes))
    if float(best.found.diagnostics.get("plausibility", 1.0)) >= NO_FILM_BELOW:
        return best.finder, best.found, best.verdict
    reason = f"what repeats in the picture is no film with holes: {best.verdict.failures[0]}"
    nothing = replace(no_holes(reason), labels=best.finder.manifest.label_keys())
    return best.finder, nothing, judge_holes(square, nothing, context)


def describe_holes(
    finder: Finder, square: Image, found: Findings, context: FindContext, verdict: Verdict
) -> HoleFindings:
    """Holes sorted by image position (y, then x); thickness only with a vacuum reference."""
    greys = measure_grey(square, found.positions_px, found.radii_px)
    radius_px = float(np.median(found.radii_px)) if len(found) else 1.0
    reference = vacuum_reference(square, greys.grey, radius_px, context)
    vacuum = reference if isinstance(reference, VacuumReference) else None
    vectors = None if found.lattice is None else _on_stage(square, found.lattice)
    shape = None if vectors is None else shape_of(vectors)
    pitch = None if vectors is None else sum(math.hypot(*v) for v in vectors) / 2
    diameter = 2 * radius_px * square.pixel_size_um if len(found) else None
    told: tuple[str, ...] = ()
    if shape is not None and pitch is not None and diameter is not None:
        told = warnings_of(shape, pitch, diameter, context)
    return HoleFindings(
        holes=_targets(square, found, context, greys, vacuum),
        finder=use_of(finder),
        needs_review=not verdict.passed,
        doubts=verdict.doubts,
        lattice_vectors_um=vectors,
        pitch_um=pitch,
        diameter_um=diameter,
        lattice_kind=None if shape is None else shape.kind,
        vacuum_intensity=vacuum.intensity if vacuum else None,
        ice_reason=None if isinstance(reference, VacuumReference) else reference,
        contaminated_fraction=float((greys.dirty > CONTAMINATED_ABOVE).mean())
        if len(found)
        else 0.0,
        diagnostics={
            **found.diagnostics,
            "failures": "; ".join(verdict.failures),
            "warnings": "; ".join(told),
            **({} if shape is None else {"lattice_anisotropy": shape.anisotropy}),
            "vacuum_source": vacuum.source if vacuum else "none",
        },
    )


def _targets(
    square: Image,
    found: Findings,
    context: FindContext,
    greys: HoleGrey,
    vacuum: VacuumReference | None,
) -> tuple[HoleTarget, ...]:
    if len(found) == 0:
        return ()
    order = np.lexsort((found.positions_px[:, 0], found.positions_px[:, 1]))
    stage = [square.stage_of(float(x), float(y)) for x, y in found.positions_px]
    radii_um = found.radii_px * square.pixel_size_um
    reach = SAME_HOLE_DIAMETERS * 2 * float(np.median(radii_um))
    same = recognise(stage, context.known, reach)
    labels = _labels(found, greys.dirty)
    holes = []
    for number in (int(n) for n in order):
        known = same.get(number)
        grey = float(greys.grey[number])
        ice = (
            thickness_nm(grey, float(greys.relative_error[number]), vacuum, context)
            if vacuum
            else None
        )
        holes.append(
            HoleTarget(
                x_px=float(found.positions_px[number, 0]),
                y_px=float(found.positions_px[number, 1]),
                stage=stage[number],
                radius_um=float(radii_um[number]),
                origin="predicted" if found.predicted[number] else "detected",
                label=(known.human_label if known else None) or labels[number],
                score=float(found.scores[number]),
                grey=grey,
                relative_intensity=grey / vacuum.intensity if vacuum else None,
                ice_thickness_nm=ice[0] if ice else None,
                ice_thickness_error_nm=ice[1] if ice else None,
                contaminant_fraction=float(greys.dirty[number]),
                off_lattice=labels[number] == "off_lattice",
                lattice_index=_index(found, number),
                known_id=known.id if known else None,
            )
        )
    return tuple(holes)


def _labels(found: Findings, dirty: FloatArray) -> list[str]:
    """The finder's label, overruled by dirt over more than a fifth of the hole."""
    chosen = [found.labels[int(p)] for p in found.probabilities.argmax(axis=1)]
    return [
        "contaminated" if label == "hole" and share > CONTAMINATED_ABOVE else label
        for label, share in zip(chosen, dirty, strict=True)
    ]


def _index(found: Findings, number: int) -> tuple[int, int] | None:
    if found.indices is None or found.indices[number, 0] == UNINDEXED:
        return None
    return int(found.indices[number, 0]), int(found.indices[number, 1])


def _on_stage(square: Image, lattice: Lattice) -> tuple[tuple[float, float], tuple[float, float]]:
    """The two lattice vectors in µm on the stage."""
    (ax, bx), (ay, by) = lattice.basis_px
    m = square.to_stage
    return (
        (m.a * ax + m.b * ay, m.c * ax + m.d * ay),
        (m.a * bx + m.b * by, m.c * bx + m.d * by),
    )
