"""A running demo loses its worker, its queue, its web process and its database, one after another:
each comes back, nothing that was confirmed is gone, and the run goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from tests.system.test_demo import Demo, Demos, demos

__all__ = ["demos"]
pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PATIENCE_S = 240.0
EVENTS = "SELECT seq, kind FROM smartscope_event"
CLOSED = "SELECT id::text, state FROM smartscope_step WHERE ended_at_s IS NOT NULL"
IMAGES = "SELECT key, sha256 FROM smartscope_image"
EXPOSED = "SELECT count(*) FROM smartscope_exposure WHERE movie_id IS NOT NULL"
MEASURED = "SELECT count(*) FROM smartscope_analysis WHERE state = 'done'"
ONCE = "SELECT count(*), count(DISTINCT hole_id) FROM smartscope_exposure"
Facts = dict[str, dict[object, object]]


def family(demo: Demo) -> list[psutil.Process]:
    children: list[psutil.Process] = psutil.Process(demo.process.pid).children(recursive=True)
    return children


def words_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def member(demo: Demo, part: str) -> psutil.Process:
    """The one process of the demo whose command line holds these words."""
    found = [process for process in family(demo) if part in words_of(process)]
    return min(found, key=lambda process: process.create_time())


@contextmanager
def database(demo: Demo) -> Iterator[psycopg.Connection]:
    url = member(demo, "smartscope.demo.simulator").environ()["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def count(demo: Demo, query: str) -> int:
    """A number of the rows; -1 while the database does not answer."""
    try:
        with database(demo) as connection:
            row = connection.execute(query).fetchone()
    except (psycopg.Error, ValueError, psutil.Error):
        return -1
    return -1 if row is None else int(row[0])


def confirmed(demo: Demo) -> Facts:
    with database(demo) as connection:
        return {
            query: dict(connection.execute(query).fetchall()) for query in (EVENTS, CLOSED, IMAGES)
        }


def assert_kept(before: Facts, after: Facts) -> None:
    for query, rows in before.items():
        gone = {key: row for key, row in rows.items() if after[query].get(key) != row}
        assert not gone, f"confirmed and gone: {gone}"


def until(demo: Demo, met: Callable[[], bool]) -> None:
    gives_up_at_s = time.monotonic() + PATIENCE_S
    while not met():
        assert demo.process.poll() is None, demo.said()
        assert time.monotonic() < gives_up_at_s, demo.said()
        time.sleep(0.2)


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/login", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def address_of(demo: Demo) -> str:
    said = demo.said()
    start = said.index("http://127.0.0.1:")
    return "/".join(said[start:].split()[0].split("/")[:3])


def test_what_dies_comes_back_and_nothing_confirmed_is_lost(demos: Demos, tmp_path: Path) -> None:
    demo = demos.start("--speed", "300")
    demo.await_words("squares 1,")
    until(demo, lambda: count(demo, EXPOSED) >= 1)

    for name, part in (
        ("worker", "celery"),
        ("redis", "redis-server"),
        ("web", "smartscope.demo.ahead"),
        ("postgres", "bin/postgres"),
    ):
        before, measured, exposed = confirmed(demo), count(demo, MEASURED), count(demo, EXPOSED)
        killed = _web(demo) if name == "web" else member(demo, part)
        killed.kill()
        if name == "web":
            address = address_of(demo)
            until(demo, lambda address=address: answers(address))  # type: ignore[misc]
        more = (EXPOSED, exposed) if name in ("web", "postgres") else (MEASURED, measured)
        until(demo, lambda more=more: count(demo, more[0]) > more[1])  # type: ignore[misc]
        assert_kept(before, confirmed(demo))

    with database(demo) as connection:
        row = connection.execute(ONCE).fetchone()
    assert row is not None
    assert row[0] == row[1], "a hole was exposed twice"


def _web(demo: Demo) -> psutil.Process:
    """The web process is started ahead, with its name and its listener."""
    [process] = [
        each
        for each in family(demo)
        if "smartscope.demo.ahead" in words_of(each) and " web " in f"{words_of(each)} "
    ]
    return process
