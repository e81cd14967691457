"""In what ice a session's exposures were taken, and which of them turned out usable."""

from __future__ import annotations

import math

from smartscope.domain.ranking import Exposed, usable
from smartscope.domain.status import ExposureStatus
from smartscope.models import Exposure, Grid

_ANY_ICE = (0.0, math.inf)


def judged_ice(grid: Grid) -> list[tuple[float, bool]]:
    """(nm, usable) of all analysed exposures of the grid's session in ice that was measured.

    The wanted range of ice is no fault here: what it costs is what is to be learnt.
    """
    rows = Exposure.objects.filter(
        hole__square__grid__session=grid.session_id,
        status=ExposureStatus.ANALYSED,
        ice_thickness_nm__isnull=False,
    ).values_list(
        "label",
        "drift_total_angstrom",
        "ice_thickness_nm",
        "ctf_fit_angstrom",
        "ctf_refusal",
        "quality_class",
        "quality_probability",
    )
    exposures = [
        Exposed(label, drift, ice, ctf, bool(refusal), seen, sure)
        for label, drift, ice, ctf, refusal, seen, sure in rows
    ]
    return [
        (exposed.ice_thickness_nm, usable(exposed, ice_range_nm=_ANY_ICE))
        for exposed in exposures
        if exposed.ice_thickness_nm is not None
    ]
