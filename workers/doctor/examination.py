"""The whole check before a night: service, lease, agent, and the instrument when nobody drives it.

It never takes control from a bridge. While the instrument is examined it holds the lock that a
bridge needs, so that none begins in between.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models.functions import Now

from smartscope.domain.check_up import Finding, broken, doubtful, sound
from smartscope.domain.errors import InstrumentError
from smartscope.microscope.registry import examine
from smartscope.models import Lease, LeaseState, Microscope
from smartscope.operations.lease.keep_bridges_away import bridges_kept_away
from workers.bridge.instrument import driver_settings
from workers.doctor.agent import look_at_agent
from workers.doctor.service import look_at_service

_NOT_ASKED = "instrument"


def examine_microscope(microscope: Microscope) -> Iterator[Finding]:
    """Findings in the order in which they are made."""
    yield from look_at_service(microscope)
    lease, driven = _lease(microscope)
    yield lease
    yield look_at_agent(microscope)
    if driven:
        yield from _instrument(microscope, in_control=False)
        return
    with bridges_kept_away(microscope.pk) as alone:
        yield from _instrument(microscope, in_control=alone)


def _instrument(microscope: Microscope, *, in_control: bool) -> Iterator[Finding]:
    settings = driver_settings(microscope)
    try:
        yield from examine(microscope.driver_kind, settings, in_control=in_control)
    except InstrumentError as error:
        yield broken(_NOT_ASKED, str(error), "Correct the microscope's driver_kind or settings.")
        return
    if not in_control:
        yield doubtful(
            _NOT_ASKED,
            "it was not asked anything: a connection would throw the one who drives it out",
            "For the whole check pause the run and wait until the bridge has let go, or end it.",
        )


def _lease(microscope: Microscope) -> tuple[Finding, bool]:
    """What the lease says, and whether somebody may be connected to the instrument."""
    row = Lease.objects.filter(pk=microscope.pk).first()
    if row is None or row.state == LeaseState.FREE:
        return sound("lease", "free: no bridge drives this microscope"), False
    if row.state == LeaseState.HELD:
        if Lease.objects.filter(pk=microscope.pk, expires_at__gt=Now()).exists():
            return sound("lease", f"a bridge drives it under epoch {row.epoch}"), True
        silent = doubtful(
            "lease",
            f"the bridge of epoch {row.epoch} went silent and did not release it",
            "Start a bridge: it takes over by itself and recovers the open step.",
        )
        return silent, True
    closed = broken(
        "lease",
        f"{row.state} since epoch {row.epoch}: no bridge may drive this microscope",
        "Look at the instrument, then: manage.py clear_lease MICROSCOPE --reason WHAT_WAS_SEEN",
    )
    return closed, True
