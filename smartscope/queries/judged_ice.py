"""In what ice a session's exposures were taken, and which of them turned out usable."""

from __future__ import annotations

import math

from smartscope.domain.ranking import usable
from smartscope.domain.status import ExposureStatus
from smartscope.models import Exposure, Grid
from smartscope.queries.exposed import exposed

_ANY_ICE = (0.0, math.inf)


def judged_ice(grid: Grid) -> list[tuple[float, bool]]:
    """(nm, usable) of all analysed exposures of the grid's session in ice that was measured.

    The wanted range of ice is no fault here: what it costs is what is to be learnt.
    """
    rows = Exposure.objects.filter(
        hole__square__grid__session=grid.session_id,
        status=ExposureStatus.ANALYSED,
        ice_thickness_nm__isnull=False,
    )
    return [
        (judged.ice_thickness_nm, usable(judged, ice_range_nm=_ANY_ICE))
        for _, judged in exposed(rows)
        if judged.ice_thickness_nm is not None
    ]
