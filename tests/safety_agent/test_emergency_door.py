"""The emergency stop over HTTP when the service is in trouble: in time, or by the safety agent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from django.contrib.auth.models import Group, User

from safety_agent.memory import Watch
from smartscope.demo.services import manage
from smartscope.domain.actor import Actor
from smartscope.models import Detector, Lease, Microscope, Session
from smartscope.operations.tokens import create_token
from tests.safety_agent.conftest import Start, Valves, hold, renewed
from tests.safety_agent.rig import KEY, database_url
from tests.system.conftest import Services, services

__all__ = ["services"]
pytestmark = pytest.mark.system

POOL = 2


@pytest.fixture
def token(microscope: Microscope) -> str:
    """Of a member of the staff, who may stop and plan."""
    staff = User.objects.create_user("staff", is_staff=True)
    actor = Actor("user", "staff", staff.pk)
    scopes = ["read", "plan", "operate"]
    return create_token(actor, name="t", scopes=scopes, lifetime=timedelta(hours=1))[1]


@pytest.fixture
def session(microscope: Microscope) -> Session:
    detector = Detector.objects.create(
        microscope=microscope, number=1, name="K3", model="K3", width_px=1, height_px=1,
        physical_pixel_um=5,
    )  # fmt: skip
    return Session.objects.create(
        name="s", date=date(2026, 11, 21), group=Group.objects.create(name="g"),
        microscope=microscope, detector=detector,
    )  # fmt: skip


@contextmanager
def locked(statement: str) -> Iterator[None]:
    """Somebody's transaction that does not end."""
    with psycopg.connect(database_url()) as connection:
        connection.execute(statement)
        yield


def stop(web: str, microscope: Microscope, headers: dict[str, str]) -> tuple[httpx.Response, float]:
    began_s = time.monotonic()
    answer = httpx.post(
        f"{web}/api/v1/microscopes/{microscope.pk}/emergency-stop",
        headers=headers, trust_env=False, timeout=10,
    )  # fmt: skip
    return answer, time.monotonic() - began_s


def test_with_every_connection_of_the_pool_taken_it_is_answered_in_a_second(
    services: Services, microscope: Microscope, session: Session, token: str
) -> None:
    services.environment["SMARTSCOPE_DATABASE_POOL"] = str(POOL)
    web = services.serve()
    headers = {"Authorization": f"Bearer {token}"}
    path = f"{web}/api/v1/sessions/{session.pk}"
    codes: list[int] = []

    def edit() -> None:
        change = {"If-Match": "*"} | headers
        answer = httpx.patch(path, headers=change, json={"notes": "x"}, trust_env=False, timeout=20)
        codes.append(answer.status_code)

    stop(web, microscope, headers)  # the first request of a process imports half of Django
    with locked("SELECT * FROM smartscope_session FOR NO KEY UPDATE"):
        threads = [threading.Thread(target=edit) for _ in range(POOL + 2)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        answers = [stop(web, microscope, headers) for _ in range(5)]
        for thread in threads:
            thread.join()
    assert all(code >= 409 for code in codes), codes
    assert [answer.status_code for answer, _ in answers] == [202] * 5
    assert {answer.json()["accepted_by"] for answer, _ in answers} == {"service"}
    assert max(seconds for _, seconds in answers) < 1.0
    assert Lease.objects.get().stopped_at is not None


def test_when_the_database_hangs_the_safety_agent_closes_the_valves(
    services: Services, microscope: Microscope, valves: Valves, token: str, start: Start
) -> None:
    with renewed(microscope), start() as rig:
        rig.beat()
        services.environment |= _agent_at(microscope, rig.line._address[1])
        web = services.serve()
        headers = {"Authorization": f"Bearer {token}"}
        httpx.get(f"{web}/api/v1/me", headers=headers, trust_env=False, timeout=20)
        with locked("SELECT * FROM smartscope_lease FOR UPDATE"):
            answer, seconds = stop(web, microscope, headers)
            assert (answer.status_code, answer.json()["accepted_by"]) == (202, "safety agent")
            assert seconds < 2.5
            rig.until(lambda: not valves.open)
        rig.until(lambda: not rig.agent.memory.quarantine_owed)
        assert rig.is_(Watch.TRIPPED)
    lease = Lease.objects.get()
    assert lease.state == "quarantined"
    assert lease.stopped_at is not None


def test_without_a_database_what_looks_signed_in_stops_and_a_stranger_does_not(
    services: Services, microscope: Microscope, valves: Valves, start: Start
) -> None:
    services.environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    with start() as rig:
        services.environment |= _agent_at(microscope, rig.line._address[1])
        web = services.serve()
        answer, _ = stop(web, microscope, {})
        assert answer.status_code == 401
        cookies = {"Cookie": f"smartscope-session={'s' * 32}; smartscope-csrf={'c' * 32}"}
        assert stop(web, microscope, cookies)[0].status_code == 401
        assert rig.is_(Watch.WATCHING)
        answer, seconds = stop(web, microscope, cookies | {"X-CSRFToken": "c" * 32})
        assert answer.status_code == 202, answer.text
        assert seconds < 2.5
        rig.until(lambda: not valves.open)


def test_when_nobody_can_accept_it_the_answer_says_so_loudly(
    services: Services, microscope: Microscope, tmp_path: Path
) -> None:
    services.environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    services.environment |= _agent_at(microscope, 9)
    web = services.serve()
    answer, _ = stop(web, microscope, {"Authorization": "Bearer x"})
    assert answer.status_code == 503
    assert "NOBODY ACCEPTED THE STOP" in answer.json()["detail"]


def test_the_command_line_stops_with_a_database_and_without(
    services: Services, microscope: Microscope, valves: Valves, start: Start
) -> None:
    hold(microscope, seconds=60)
    first = services.manage("emergency_stop", "--microscope", "Titan")
    assert first.process.wait(30) == 0, services.log("emergency_stop")
    assert Lease.objects.get().stopped_at is not None
    with start() as rig:
        services.environment |= _agent_at(microscope, rig.line._address[1])
        services.environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
        again = services.start("again", manage("emergency_stop", "--microscope", "Titan"))
        assert again.process.wait(30) == 0, services.log("again")
        rig.until(lambda: not valves.open, limit_s=30.0)


def _agent_at(microscope: Microscope, port: int) -> dict[str, str]:
    return {
        "SMARTSCOPE_AGENTS": f"{microscope.pk}=127.0.0.1:{port}",
        "SMARTSCOPE_AGENT_KEY": KEY,
    }
