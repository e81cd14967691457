"""People of every duty around one microscope, and channels that end on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import Group, User
from pytest_django import Settings

from smartscope.models import Detector, Membership, Microscope, MicroscopeGrant, Run, Session
from tests.workers.alarms.sinks import Sink, mail_sink, web_sink
from workers.alarms.channel import send
from workers.alarms.words import Words


@pytest.fixture(autouse=True, scope="session")
def _thread_of_the_channels() -> None:
    """apprise keeps one thread for ever, which no single test is to be blamed for."""
    send("json://127.0.0.1:1", Words("first", "nobody listens there"))


@pytest.fixture
def mail() -> Iterator[Sink]:
    with mail_sink() as sink:
        yield sink


@pytest.fixture
def web() -> Iterator[Sink]:
    with web_sink() as sink:
        yield sink


@pytest.fixture
def channels(settings: Settings, mail: Sink, web: Sink) -> None:
    """Mail for people; two addresses for the person on call."""
    settings.ALARM_MAIL_URL = f"mailto://127.0.0.1:{mail.port}?from=scope@example.org"
    settings.ALARM_URLS = {
        "user": [],
        "operator": [],
        "on_call": [
            f"json://127.0.0.1:{web.port}/pager",
            f"mailto://127.0.0.1:{mail.port}?from=scope@example.org&to=phone@example.org",
        ],
        "lead": [f"json://127.0.0.1:{web.port}/lead"],
    }
    settings.PAGE_URL = "https://scope.example.org/em"


@dataclass(frozen=True, slots=True)
class Facility:
    microscope: Microscope
    session: Session
    run: Run


@pytest.fixture
def facility(db: None) -> Facility:
    """user ran it, operator operates it, lead leads the group."""
    microscope = Microscope.objects.create(name="Titan", state="running")
    detector = Detector.objects.create(
        microscope=microscope, number=1, name="K3", model="K3", width_px=1, height_px=1,
        physical_pixel_um=5,
    )  # fmt: skip
    group = Group.objects.create(name="ours")
    user, operator, lead = (
        User.objects.create_user(name, f"{name}@example.org")
        for name in ("user", "operator", "lead")
    )
    Membership.objects.create(user=user, group=group, role="member")
    Membership.objects.create(user=lead, group=group, role="lead")
    MicroscopeGrant.objects.create(user=operator, microscope=microscope, operator=True)
    session = Session.objects.create(
        name="20261121_ours", date="2026-11-21", group=group, microscope=microscope,
        detector=detector,
    )  # fmt: skip
    run = Run.objects.create(
        session=session, microscope=microscope, state="running", wished_by=user
    )
    return Facility(microscope, session, run)
