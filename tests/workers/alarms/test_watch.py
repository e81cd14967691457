"""What the sweeper raises by looking, and that it takes it back when it is over."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from django.utils import timezone
from pytest_django import Settings

from smartscope.models import Alarm, Analysis, Image, Lease, Microscope, Run
from tests.workers.alarms.conftest import Facility
from tests.workers.alarms.sinks import Sink
from workers.alarms import database_gone, watch
from workers.alarms.database_gone import DatabaseGone
from workers.alarms.heartbeat import Heartbeat


class Use(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture(autouse=True)
def _roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk of the machine that runs the tests is none of their business."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Use(100, 10, 90))


@pytest.fixture
def raised(facility: Facility) -> Callable[[datetime], dict[str, tuple[str, str]]]:
    def look(now: datetime) -> dict[str, tuple[str, str]]:
        watch.watch(now)
        return {alarm.key: (alarm.level, alarm.state) for alarm in Alarm.objects.all()}

    return look


def held(facility: Facility, expires: timedelta) -> Lease:
    return Lease.objects.create(
        microscope=facility.microscope, state="held", expires_at=timezone.now() + expires
    )


def test_a_run_that_nobody_drives_is_raised_after_a_minute_and_over_when_driven(
    facility: Facility, raised: Callable[[datetime], dict[str, tuple[str, str]]]
) -> None:
    now = timezone.now()
    lease = held(facility, timedelta(seconds=5))
    assert raised(now) == {}
    assert raised(now + timedelta(seconds=60)) == {}
    assert raised(now + timedelta(seconds=70)) == {"run.undriven": ("MAJOR", "raised")}
    alarm = Alarm.objects.get()
    assert (alarm.session, alarm.microscope) == (facility.session, facility.microscope)
    Lease.objects.filter(pk=lease.pk).update(expires_at=now + timedelta(hours=1))
    assert raised(now + timedelta(seconds=80)) == {"run.undriven": ("MAJOR", "cleared")}


@pytest.mark.parametrize("state", ["paused", "suspended"])
def test_a_waiting_run_is_missed_when_its_bridge_left_without_giving_the_lease_back(
    state: str, facility: Facility, raised: Callable[[datetime], dict[str, tuple[str, str]]]
) -> None:
    now = timezone.now()
    Run.objects.update(state=state)
    lease = held(facility, timedelta(seconds=5))
    assert raised(now + timedelta(seconds=60)) == {}
    assert raised(now + timedelta(seconds=70)) == {"run.undriven": ("MAJOR", "raised")}
    Lease.objects.filter(pk=lease.pk).update(state="free", expires_at=None)
    assert raised(now + timedelta(seconds=80)) == {"run.undriven": ("MAJOR", "cleared")}


@pytest.mark.parametrize("state", ["paused", "suspended", "queued", "done", "interrupted"])
def test_what_needs_no_bridge_is_not_missed(
    state: str,
    facility: Facility,
    raised: Callable[[datetime], dict[str, tuple[str, str]]],
) -> None:
    Run.objects.update(state=state)
    assert raised(timezone.now() + timedelta(hours=3)) == {}


def test_an_instrument_that_is_not_read_any_more_has_no_value(
    facility: Facility, raised: Callable[[datetime], dict[str, tuple[str, str]]]
) -> None:
    now = timezone.now()
    held(facility, timedelta(days=1))
    Microscope.objects.update(seen_at=now)
    Run.objects.update(updated_at=now)
    assert raised(now + timedelta(seconds=100)) == {}
    assert raised(now + timedelta(seconds=130)) == {"instrument.silent": ("INVALID", "raised")}
    Microscope.objects.update(seen_at=now + timedelta(seconds=130))
    assert raised(now + timedelta(seconds=140)) == {"instrument.silent": ("INVALID", "cleared")}


def test_a_quarantined_lease_is_an_alarm_until_it_is_cleared(
    facility: Facility, raised: Callable[[datetime], dict[str, tuple[str, str]]]
) -> None:
    Run.objects.update(state="interrupted")
    lease = held(facility, timedelta(days=1))
    Lease.objects.filter(pk=lease.pk).update(state="quarantined", expires_at=None)
    assert raised(timezone.now()) == {"lease.quarantined": ("MAJOR", "raised")}
    assert "clear_lease 'Titan'" in Alarm.objects.get().advice
    Lease.objects.filter(pk=lease.pk).update(state="free")
    assert raised(timezone.now()) == {"lease.quarantined": ("MAJOR", "cleared")}


def test_an_old_analysis_is_an_alarm(
    facility: Facility, raised: Callable[[datetime], dict[str, tuple[str, str]]]
) -> None:
    Run.objects.update(state="done")
    grid = facility.session.grids.create(slug="g01", position=1, name="A")
    image = Image.objects.create(
        grid=grid, kind="atlas", key="x", sha256="0" * 64, bytes=1, width_px=1, height_px=1,
        pixel_size_angstrom=1, taken_at_s=0,
    )  # fmt: skip
    analysis = Analysis.objects.create(
        image=image, kind="find_squares", plugin="p", plugin_version="1", visible_at_s=0
    )
    now = timezone.now()
    assert raised(now + timedelta(minutes=14)) == {}
    assert raised(now + timedelta(minutes=16)) == {"analysis.old": ("MINOR", "raised")}
    Analysis.objects.filter(pk=analysis.pk).update(state="done")
    assert raised(now + timedelta(minutes=17)) == {"analysis.old": ("MINOR", "cleared")}


def test_a_filling_disk_gets_worse_by_steps(
    facility: Facility,
    raised: Callable[[datetime], dict[str, tuple[str, str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Run.objects.update(state="done")
    seen = []
    for free in (16, 14, 9, 4, 50):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, f=free: Use(100, 100 - f, f))
        seen.append(raised(timezone.now()).get("disk.low"))
    assert seen == [
        None, ("MINOR", "raised"), ("MAJOR", "raised"), ("MAJOR", "raised"), ("MAJOR", "cleared"),
    ]  # fmt: skip


def test_without_a_database_the_sweeper_pages_by_itself_once_per_outage(
    channels: None, web: Sink, mail: Sink
) -> None:
    clock = [0.0]
    gone = DatabaseGone(now=lambda: clock[0])
    for second in (0, 30, 59, 61, 200):
        clock[0] = second
        gone.missed()
    assert [path for path, _ in web.posts] == ["/pager"]
    assert [to for to, _ in mail.mails] == [["phone@example.org"]]
    assert database_gone.WORDS.title == web.posts[0][1]["title"]
    gone.answered()
    for second in (300, 361):
        clock[0] = second
        gone.missed()
    assert len(web.posts) == 2


def test_another_machine_hears_of_the_sweeper_once_a_minute(settings: Settings, web: Sink) -> None:
    settings.SWEEPER_HEARTBEAT_URL = f"http://127.0.0.1:{web.port}/alive"
    clock = [0.0]
    heartbeat = Heartbeat(now=lambda: clock[0])
    for second in (0, 5, 59, 61, 119, 122):
        clock[0] = second
        heartbeat.beat()
    assert web.asked == ["/alive"] * 3
    settings.SWEEPER_HEARTBEAT_URL = "http://127.0.0.1:1/"
    clock[0] = 500
    heartbeat.beat()
