"""Simulated time does not overtake the workers.

What should be known at a moment on the microscope's clock is awaited in real time before that
moment's decision, so a run is the same however slow the workers are.
"""

from __future__ import annotations

import logging

from smartscope.domain.snapshot import Wish
from smartscope.queries.worklist import RunToDrive, analyses_due, wish_of
from workers.bridge.helm import Helm

log = logging.getLogger(__name__)
LOOK_EVERY_S = 0.05
SAY_AFTER_S = 30.0


def await_findings(helm: Helm, run: RunToDrive) -> None:
    """Return when everything due is known, or when a person wants the run to stop or pause."""
    if not helm.clock.simulated:
        return
    waited_s, said = 0.0, False
    while due := analyses_due(run.session, helm.clock.now()):
        if wish_of(run.id) is not Wish.RUN or helm.ending():
            return
        if waited_s >= SAY_AFTER_S and not said:
            log.warning("%d analyses are due: do the workers run?", due)
            said = True
        helm.nap(LOOK_EVERY_S)
        waited_s += LOOK_EVERY_S
