"""After a start: resolve what the predecessor left open, then go on by itself or ask a person.

| what was open            | what is done                                                        |
|--------------------------|---------------------------------------------------------------------|
| intent                   | nothing was sent: abandoned, its targets wait again                 |
| dose issued              | the file is waited for; whole → adopted, else lost                  |
| never-repeat issued      | read back; carried out or untouched → closed, else quarantined      |
| long issued              | polled until it is over; then planned anew                          |
"""

from __future__ import annotations

import logging

from smartscope.domain.status import LIVE_RUNS, RunState, StepState
from smartscope.operations.change_run import change_run
from smartscope.operations.lease.release_lease import quarantine_lease
from smartscope.operations.recover_step import (
    OpenPicture,
    mark_unknown,
    open_step,
    recover_step,
)
from smartscope.queries.last_sign import LastSign, last_sign
from smartscope.queries.worklist import RunToDrive, run_to_drive
from workers.bridge.adopt import adopt_issued
from workers.bridge.errors import Quarantined
from workers.bridge.fault_points import fault_point
from workers.bridge.helm import Helm

log = logging.getLogger(__name__)
#: a never-repeat command has at most this long to come to its end
EXCHANGE_S = 1_200.0
POLL_S = 5.0
LONGEST_GAP_S = 1_800.0


def recover(helm: Helm) -> None:
    """To be called once, before anything is planned. Raises Quarantined when a person must look."""
    before = run_to_drive(helm.held.microscope)
    # resolving writes to the journal: how it was left is read first
    sign = None if before is None else last_sign(before.id)
    picture = open_step(helm.held.microscope)
    if picture is not None:
        _resolve(helm, picture)
    run = run_to_drive(helm.held.microscope)
    if run is not None and run.state in LIVE_RUNS:
        _go_on_or_interrupt(helm, run, sign)


def _resolve(helm: Helm, picture: OpenPicture) -> None:
    log.warning("recovering step %d (%s, %s)", picture.number, picture.kind, picture.state)
    if picture.state is StepState.ISSUED:
        fault_point("before_unknown")
        mark_unknown(
            helm.held,
            picture.id,
            reason="the process that drove it ended",
            now_s=helm.clock.now(),
        )
        fault_point("unknown")
    proved = False
    if picture.state is not StepState.INTENT:
        adopt_issued(helm, picture.id, patient=True)
        proved = _proved(helm, picture)
    fault_point("before_recovered")
    recover_step(helm.held, picture.id, proved=proved, now_s=helm.clock.now())
    fault_point("recovered")


def _proved(helm: Helm, picture: OpenPicture) -> bool:
    """Whether a command that is never repeated was carried out. Raises Quarantined."""
    if picture.kind == "load_grid":
        return _load_proved(helm, picture)
    if picture.kind == "open_valves":
        return helm.microscope.column.status().valves_open
    if picture.kind == "safe_state":
        return not helm.microscope.column.status().valves_open
    return False


def _load_proved(helm: Helm, picture: OpenPicture) -> bool:
    _await_autoloader(helm, picture)
    wanted = picture.parameters.get("slot")
    before = picture.parameters.get("loaded_before")
    loaded = helm.microscope.autoloader.loaded()
    if loaded == wanted:
        return True
    if loaded == before:
        return False
    raise _quarantine(
        helm,
        f"Step {picture.number} was to load slot {wanted} in place of {before}, but the stage "
        f"holds {loaded}.",
    )


def _await_autoloader(helm: Helm, picture: OpenPicture) -> None:
    gives_up_at_s = helm.clock.now() + EXCHANGE_S
    while helm.microscope.column.status().autoloader_busy and not helm.ending():
        if helm.clock.now() >= gives_up_at_s:
            raise _quarantine(
                helm, f"Step {picture.number}: the autoloader is still busy after 20 minutes."
            )
        helm.pass_time(helm.clock.now() + POLL_S)


def _quarantine(helm: Helm, reason: str) -> Quarantined:
    text = f"{reason} Look at the autoloader, then clear the lease; nothing moves before."
    run = run_to_drive(helm.held.microscope)
    if run is not None and run.state in LIVE_RUNS:
        change_run(helm.held, run.id, RunState.INTERRUPTED, reason=text, now_s=helm.clock.now())
    quarantine_lease(helm.held, text)
    return Quarantined(text)


def _go_on_or_interrupt(helm: Helm, run: RunToDrive, sign: LastSign | None) -> None:
    """Everything as it was and not long ago: the run goes on; otherwise a person is asked."""
    if run.state is RunState.ARMING:
        return
    differences = [] if sign is None else _differences(helm, sign, last_sign(run.id) or sign)
    if differences:
        reason = "; ".join(differences)
        log.warning("the run does not go on by itself: %s", reason)
        helm.microscope.safe_state()
        change_run(helm.held, run.id, RunState.INTERRUPTED, reason=reason, now_s=helm.clock.now())


def _differences(helm: Helm, left: LastSign, resolved: LastSign) -> list[str]:
    """What is not as the journal left it; a load that was proved since counts as its doing."""
    found = []
    inventory = helm.microscope.autoloader.inventory()
    if inventory.fingerprint != left.fingerprint:
        found.append("the cassette was changed")
    if inventory.loaded_slot != resolved.loaded_slot:
        found.append(
            f"the stage holds slot {inventory.loaded_slot} where {resolved.loaded_slot} was left"
        )
    gap_s = helm.clock.now() - left.at_s
    if gap_s > LONGEST_GAP_S:
        found.append(f"nobody drove the microscope for {gap_s / 60:.0f} minutes")
    return found
