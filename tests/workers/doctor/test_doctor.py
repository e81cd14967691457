"""`manage.py doctor`: it says what to fix, and never takes a microscope from whoever drives it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from frontend.hints import pass_on
from smartscope.domain.check_up import Finding, Verdict
from smartscope.models import Detector, Lease, LeaseState, Microscope
from smartscope.operations.lease.acquire_lease import acquire_lease
from smartscope.operations.lease.held import LeaseTimes
from smartscope.operations.lease.keep_bridges_away import bridges_kept_away
from smartscope.operations.lease.release_lease import release_lease
from smartscope.operations.signals import event_committed
from tests.microscope.serialem.peer import Peer
from tests.microscope.serialem.site import site
from tests.microscope.serialem.test_doctor import healthy
from workers.doctor.agent import look_at_agent
from workers.doctor.examination import examine_microscope
from workers.doctor.service import look_at_service

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = LeaseTimes(60.0)


@pytest.fixture(autouse=True)
def _no_hints() -> Iterator[None]:
    """Nobody listens here, and a hint would keep a thread."""
    event_committed.disconnect(dispatch_uid="frontend.hints")
    yield
    event_committed.connect(pass_on, dispatch_uid="frontend.hints")


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A SerialEM in order, which serves one connection."""
    with Peer(healthy()) as serving:
        yield serving


@pytest.fixture
def titan(peer: Peer, tmp_path: Path) -> Microscope:
    """A microscope in order, but for the safety agent that nobody configured."""
    today = time.strftime("%Y-%m-%d", time.gmtime())
    microscope = Microscope.objects.create(
        name="titan",
        simulated=False,
        driver_kind="serialem",
        driver_settings=site(port=peer.port, frames_mount=str(tmp_path), calibrated_on=today),
    )
    Detector.objects.create(
        microscope=microscope,
        number=1,
        name="K3",
        model="K3",
        width_px=5760,
        height_px=4092,
        physical_pixel_um=5.0,
        counts_per_electron=1.0,
    )
    return microscope


def examined(microscope: Microscope) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine_microscope(microscope)}


def doctor(name: str) -> tuple[str, int]:
    """What the command prints, and its exit code."""
    out = StringIO()
    try:
        call_command("doctor", microscope=name, stdout=out, no_color=True)
    except SystemExit as ended:
        return out.getvalue(), int(str(ended.code))
    return out.getvalue(), 0


def test_a_sound_microscope_takes_one_line_for_each_check(titan: Microscope, peer: Peer) -> None:
    text, code = doctor("titan")
    assert code == 0, text
    lines = text.splitlines()
    assert "ok    connection" in text
    assert "ok    lease               free" in text
    assert [line for line in lines if line.startswith("fail")] == []
    assert [line for line in lines if line.startswith("warn")] == [
        next(line for line in lines if "safety agent" in line)
    ]
    assert peer.commands[-1] == "Exit"


def test_what_must_be_put_right_is_said_and_ends_with_1(titan: Microscope, tmp_path: Path) -> None:
    titan.driver_settings = {**titan.driver_settings, "frames_mount": str(tmp_path / "absent")}
    titan.save()
    text, code = doctor("titan")
    assert code == 1
    assert "fail  movies" in text
    assert "-> Mount the camera's folder there" in text


def test_an_unknown_microscope_is_told(titan: Microscope) -> None:
    with pytest.raises(CommandError, match="there are titan"):
        doctor("krios")


def test_while_a_bridge_drives_nothing_is_sent(titan: Microscope, peer: Peer) -> None:
    acquired = acquire_lease(titan.pk, TIMES)
    assert acquired is not None
    with ExitStack() as stack:
        stack.callback(acquired.connection.close)
        found = examined(titan)
        assert peer.heard == []
        assert "epoch 1" in found["lease"].told
        assert found["instrument"].verdict is Verdict.WARN
        assert "throw the one who drives it out" in found["instrument"].told
        assert found["movies"].verdict is Verdict.OK
        release_lease(acquired.held)
    assert examined(titan)["connection"].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (LeaseState.QUARANTINED, Verdict.FAIL),
        (LeaseState.MAINTENANCE, Verdict.FAIL),
        (LeaseState.HELD, Verdict.WARN),
    ],
)
def test_what_may_still_be_connected_is_not_asked(
    titan: Microscope, peer: Peer, state: LeaseState, verdict: Verdict
) -> None:
    past = timezone.now() - timedelta(minutes=5)
    Lease.objects.create(microscope=titan, epoch=7, state=state, expires_at=past)
    found = examined(titan)
    assert found["lease"].verdict is verdict
    assert "epoch 7" in found["lease"].told
    assert peer.heard == []


def test_a_bridge_that_holds_the_lock_but_no_row_yet_is_not_disturbed(
    titan: Microscope, peer: Peer
) -> None:
    with bridges_kept_away(titan.pk) as alone:
        assert alone
        found = examined(titan)
    assert found["instrument"].verdict is Verdict.WARN
    assert peer.heard == []


def test_no_bridge_begins_during_the_examination(titan: Microscope) -> None:
    with bridges_kept_away(titan.pk) as alone:
        assert alone
        assert acquire_lease(titan.pk, TIMES) is None
    acquired = acquire_lease(titan.pk, TIMES)
    assert acquired is not None
    acquired.connection.close()


def test_settings_that_make_no_sense_are_a_finding(titan: Microscope) -> None:
    titan.driver_settings = {"cheese": 1}
    titan.save()
    found = examined(titan)
    assert found["settings"].verdict is Verdict.FAIL
    titan.driver_kind = "leginon"
    titan.save()
    assert "no microscope driver 'leginon'" in examined(titan)["instrument"].told


def test_a_simulated_microscope_has_no_link(titan: Microscope, peer: Peer) -> None:
    Microscope.objects.update(driver_kind="simulator", driver_settings={}, simulated=True)
    titan.refresh_from_db()
    found = examined(titan)
    assert found["instrument"].verdict is Verdict.OK
    assert found["safety agent"].verdict is Verdict.OK
    assert peer.heard == []


def test_an_agent_that_does_not_answer(titan: Microscope, settings: Settings) -> None:
    settings.AGENTS = {str(titan.pk): "127.0.0.1:9"}
    settings.AGENT_KEY = "k" * 32
    assert "does not answer" in look_at_agent(titan).told
    settings.AGENT_KEY = "short"
    assert look_at_agent(titan).verdict is Verdict.FAIL


def test_clocks_and_cameras_of_the_service(titan: Microscope) -> None:
    Detector.objects.update(counts_per_electron=None)
    found = {
        finding.subject: finding
        for finding in look_at_service(titan, wall_clock=lambda: time.time() - 10)
    }
    assert found["clock"].verdict is Verdict.FAIL
    assert "+10" in found["clock"].told
    assert found["camera K3"].verdict is Verdict.WARN
    assert found["database"].verdict is Verdict.OK
    Detector.objects.all().delete()
    assert {f.subject for f in look_at_service(titan) if f.advice} == {"cameras"}
