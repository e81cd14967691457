"""A microscope with a lease, and a SerialEM whose valves are open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.commands import commands_by_code
from smartscope.models import Lease, Microscope
from tests.microscope.serialem.peer import Peer, Talk
from tests.safety_agent.rig import SILENCE_S, Pages, Rig, database_url, running, settings_of

Start = Callable[..., AbstractContextManager[Rig]]


@dataclass(slots=True)
class Valves:
    """The column as SerialEM tells of it."""

    port: int
    peer: Peer
    open: bool = True
    #: whether the valves obey
    stuck: bool = False


@pytest.fixture
def microscope(transactional_db: None) -> Microscope:
    found = Microscope.objects.create(name="Titan", simulated=False)
    Lease.objects.create(microscope=found)
    return found


@pytest.fixture
def valves() -> Iterator[Valves]:
    """As many connections as anybody wants, one after the other."""
    state: Valves

    # an agent that finds no answer in time comes again ten times a second
    with Peer(*[_scene(lambda: state)] * 10_000) as peer:
        # processes that must first start take longer than the peer waits by itself
        peer._listening.settimeout(None)
        state = Valves(peer.port, peer)
        yield state


def _scene(state: Callable[[], Valves]) -> Callable[[Talk], None]:
    def serve(talk: Talk) -> None:
        while True:
            request = talk.hear()
            if isinstance(request, wire.OkToRunRequest):
                talk.say(wire.encode_ok_to_run_reply(1))
                continue
            assert isinstance(request, wire.CommandRequest)
            match commands_by_code()[request.code].name:
                case "SetColumnOrGunValve":
                    state().open = state().stuck
                    talk.reply()
                case "ReportColumnOrGunValve":
                    talk.reply(float(state().open))
                case "Exit":
                    talk.reply(outcome=wire.Outcome.EXITED_QUIETLY)
                case name:
                    raise AssertionError(f"the agent sent {name}")

    return serve


@pytest.fixture
def start(microscope: Microscope, valves: Valves, tmp_path: Path) -> Start:
    """Run an agent for them; `database` and `instrument` may point elsewhere."""

    def run(
        *, database: str = "", instrument: int = 0, pages: Pages | None = None
    ) -> AbstractContextManager[Rig]:
        settings = settings_of(
            str(microscope.pk),
            tmp_path,
            instrument=instrument or valves.port,
            database=database,
        )
        return running(settings, pages=pages)

    return run


def hold(microscope: Microscope, *, seconds: float, epoch: int = 1) -> None:
    """A bridge's lease that expires after so long."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE smartscope_lease SET state = 'held', holder = %s, epoch = %s,"
            " expires_at = clock_timestamp() + make_interval(secs => %s) WHERE microscope_id = %s",
            [uuid4(), epoch, seconds, microscope.pk],
        )


@contextmanager
def renewed(microscope: Microscope, *, epoch: int = 1) -> Iterator[None]:
    """A bridge holds the lease and renews it all the time, as the agent sees it."""
    hold(microscope, seconds=60, epoch=epoch)
    ended = threading.Event()

    def renew() -> None:
        with psycopg.connect(database_url(), autocommit=True) as own:
            while not ended.wait(SILENCE_S / 12):
                own.execute(
                    "UPDATE smartscope_lease SET beat = beat + 1 WHERE epoch = %s"
                    " AND state = 'held' AND microscope_id = %s",
                    [epoch, microscope.pk],
                )

    thread = threading.Thread(target=renew, name="renewing bridge")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
