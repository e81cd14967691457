"""Level-triggered suspenders before dose: what passes by itself is waited for and recorded."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.snapshot import Wish
from smartscope.domain.steps import Cause, Wait
from smartscope.microscope.procedures.readiness import Tripped, tripped
from smartscope.operations.record_wait import begin_wait, end_waits
from smartscope.queries.worklist import wish_of
from workers.bridge.helm import Helm

LOOK_EVERY_S = 5.0
PATIENCE_S = 1_800.0
#: what clears without a person, and the cause under which the wait is counted
CLEARS_BY_ITSELF = {
    "vacuum": Cause.VACUUM,
    "autoloader": Cause.INSTRUMENT,
    "refill": Cause.REFILL,
    "pump": Cause.VACUUM,
}


def wait_while_suspended(helm: Helm, run: UUID) -> None:
    """Return when exposing is safe, when only a person can clear what is tripped, or at a stop."""
    gives_up_at_s = helm.clock.now() + PATIENCE_S
    waited = False
    while (
        not (helm.ending() or wish_of(run) is Wish.STOP)
        and (reason := _passing(helm)) is not None
        and helm.clock.now() < gives_up_at_s
    ):
        cause = CLEARS_BY_ITSELF[reason.code]
        begin_wait(helm.held, run, Wait(cause, reason.message), now_s=helm.clock.now())
        waited = True
        helm.pass_time(helm.clock.now() + LOOK_EVERY_S)
    if waited:
        end_waits(helm.held, run, now_s=helm.clock.now())


def _passing(helm: Helm) -> Tripped | None:
    """The first suspender, when every one that is tripped will clear by itself."""
    status = helm.microscope.column.status()
    reasons = tripped(status, helm.clock.now())
    if not reasons or any(reason.code not in CLEARS_BY_ITSELF for reason in reasons):
        return None
    return reasons[0]
