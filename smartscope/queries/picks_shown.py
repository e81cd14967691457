"""One exposure's particles as the API shows them, in as few statements as there are tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from smartscope.domain.errors import NotFound
from smartscope.models import Exposure, PickEdit, Picking
from smartscope.queries.picks import edits_of, seen


def picks_shown(exposure: Exposure) -> Picking:
    """The row with what is read besides its columns. Raises NotFound before it was asked for."""
    rows = Picking.objects.select_related("analysis__image", "exposure")
    picking = rows.filter(exposure=exposure).first()
    if picking is None:
        raise NotFound(f"Particles of {exposure.slug} were not looked for yet; ask for it (POST).")
    edits = edits_of(exposure)
    state = seen(picking, edits)
    more: dict[str, Any] = {
        "particles": exposure.particles,
        "asked_diameter_angstrom": picking.parameters.get("diameter_angstrom"),
        "reach_px": round(state.reach_px, 1),
        "x_px": np.round(state.centres_px[:, 0], 1).tolist(),
        "y_px": np.round(state.centres_px[:, 1], 1).tolist(),
        "scores": np.round(state.scores, 4).tolist(),
        "counts": state.counts.tolist(),
        "added": [_said(edit) for edit in edits if edit.is_particle and not edit.withdrawn],
        "removed": [_said(edit) for edit in edits if not edit.is_particle and not edit.withdrawn],
    }
    for name, value in more.items():
        setattr(picking, name, value)
    return picking


def _said(edit: PickEdit) -> dict[str, Any]:
    return {
        "id": edit.pk,
        "x_px": edit.x_px,
        "y_px": edit.y_px,
        "author": None if edit.author is None else edit.author.get_username(),
        "time": edit.created_at,
    }
