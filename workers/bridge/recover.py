"""After a start: resolve what the predecessor left open, then go on by itself or ask a person.

| what was open       | what is done                                                            |
|---------------------|-------------------------------------------------------------------------|
| intent              | nothing that counts was sent: abandoned, its targets wait again         |
| dose issued         | the file is waited for; whole → adopted, else lost                      |
| never-repeat issued | read back; carried out or surely untouched → closed, else quarantined   |
| long issued         | over once the instrument answers a new connection; done when it says so |
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress

from smartscope.domain.alarms import Level
from smartscope.domain.snapshot import Wish
from smartscope.domain.status import LIVE_RUNS, RunState, StepState
from smartscope.microscope.errors import EmergencyStopped, OperatorStop
from smartscope.operations.change_run import change_run
from smartscope.operations.lease.release_lease import quarantine_lease
from smartscope.operations.raise_alarm import raise_alarm
from smartscope.operations.recover_step import (
    OpenPicture,
    mark_unknown,
    open_step,
    recover_step,
)
from smartscope.queries.last_sign import LastSign, last_sign
from smartscope.queries.resuming import left_in_order, resumes_by_itself
from smartscope.queries.worklist import RunToDrive, run_to_drive
from workers.bridge.adopt import adopt_issued
from workers.bridge.alarm_keys import QUARANTINED
from workers.bridge.errors import Quarantined
from workers.bridge.fault_points import fault_point
from workers.bridge.helm import Helm
from workers.bridge.parting import close_while_allowed

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
    if run is not None:
        _remind(helm, last_sign(run.id))
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
    """Whether a command without a file was carried out. Raises Quarantined."""
    prove = _PROOFS.get(picture.kind)
    return prove is not None and prove(helm, picture)


def _valves_proved(helm: Helm, _: OpenPicture) -> bool:
    return helm.microscope.column.status().valves_open


def _zero_loss_proved(helm: Helm, picture: OpenPicture) -> bool:
    refined_at_s = helm.microscope.column.status().zero_loss_refined_at_s
    issued_at_s = picture.issued_at_s
    return refined_at_s is not None and issued_at_s is not None and refined_at_s >= issued_at_s


def _flash_proved(helm: Helm, picture: OpenPicture) -> bool:
    """Otherwise it counts as tried: nothing flashes again before it is due."""
    flashed_at_s = helm.microscope.column.status().gun_flashed_at_s
    issued_at_s = picture.issued_at_s
    return flashed_at_s is not None and issued_at_s is not None and flashed_at_s >= issued_at_s


def _load_proved(helm: Helm, picture: OpenPicture) -> bool:
    _await_autoloader(helm, picture)
    wanted = picture.parameters.get("slot")
    before = picture.parameters.get("loaded_before")
    loaded = helm.microscope.autoloader.loaded()
    if loaded == wanted:
        return True
    if loaded == before and (before is not None or _lies_in_cassette(helm, wanted)):
        return False
    raise _quarantine(
        helm,
        f"Step {picture.number} was to load slot {wanted} in place of {before}, but the stage "
        f"holds {loaded} now.",
    )


def _lies_in_cassette(helm: Helm, slot: object) -> bool:
    """Whether that slot reads full: a stage that reads empty does not say where a grid hangs."""
    slots = helm.microscope.autoloader.inventory().slots
    return any(each.slot == slot and each.occupied is True for each in slots)


_PROOFS: Mapping[str, Callable[[Helm, OpenPicture], bool]] = {
    "load_grid": _load_proved,
    "open_valves": _valves_proved,
    "zero_loss": _zero_loss_proved,
    "flash_gun": _flash_proved,
}


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
    # The way to safety is short here: nothing else moves before somebody has looked.
    with suppress(OperatorStop):
        close_while_allowed(helm)
    quarantine_lease(helm.held, text)
    raise_alarm(
        key=QUARANTINED,
        level=Level.MAJOR,
        microscope=helm.held.microscope,
        text=reason,
        advice="Look at the autoloader, then clear the lease; nothing moves before.",
    )
    return Quarantined(text)


def _remind(helm: Helm, sign: LastSign | None) -> None:
    """An instrument that was started anew may have forgotten the grid on its stage; the journal
    has not. Its word is taken where the slot reads empty and the cassette is otherwise as it was.

    A sign whose stage was in doubt itself is no word at all.
    """
    loader = helm.microscope.autoloader
    if sign is None or sign.doubtful or loader.loaded() is not None or not loader.doubt():
        return
    with suppress(EmergencyStopped):
        reminded = loader.recall(sign.loaded_slot)
        if reminded and loader.inventory().fingerprint != sign.fingerprint:
            loader.forget()
        elif reminded:
            log.warning("the stage holds slot %s, by the journal", sign.loaded_slot)


def _go_on_or_interrupt(helm: Helm, run: RunToDrive, sign: LastSign | None) -> None:
    """Everything as it was and not long ago: the run goes on; otherwise a person is asked.

    A pause is not gone on from, and a stop needs no asking. Who resumed a paused run has asked for
    it, however long it stood; what was changed meanwhile is shown all the same.
    """
    if run.state is RunState.ARMING or run.wish is not Wish.RUN or sign is None:
        return
    differences = _differences(helm, sign, last_sign(run.id) or sign)
    gap_s = helm.clock.now() - sign.at_s
    if not resumes_by_itself(run.id) and not left_in_order(
        helm.held.microscope, epoch=helm.held.epoch
    ):
        differences.append("its protocol asks a person after an interruption")
    if gap_s > LONGEST_GAP_S and run.state is not RunState.PAUSED:
        differences.append(f"nobody drove the microscope for {gap_s / 60:.0f} minutes")
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
    return found
