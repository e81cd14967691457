"""A running demo whose servers and processes are killed one after the other: what was confirmed and
is gone afterwards, and how long each was missed.

The demo is the real one, `python -m smartscope.demo`, with its own PostgreSQL and Redis. It lives
on after its night: on a slow machine the last one may be killed when all is done already.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psutil
import psycopg

from tests.system.test_demo import Demo

PATIENCE_S = 600.0
#: slow enough that the night goes on while its servers are killed
SPEED = "200"
EVENTS = "SELECT seq, kind FROM smartscope_event"
CLOSED = "SELECT id::text, state FROM smartscope_step WHERE ended_at_s IS NOT NULL"
IMAGES = "SELECT key, sha256 FROM smartscope_image"
RESULTS = "SELECT id::text, state FROM smartscope_analysis WHERE state = 'done'"
EXPOSED = "SELECT count(*) FROM smartscope_exposure WHERE movie_id IS NOT NULL"
WAITING = "SELECT id::text, state FROM smartscope_analysis WHERE state NOT IN ('done', 'dead')"
TOLD = "SELECT count(*) FROM smartscope_event"
TWICE = "SELECT count(*) - count(DISTINCT hole_id) FROM smartscope_exposure"
#: exposing needs neither worker nor Redis: the night goes on meanwhile
VICTIMS = ("PostgreSQL", "Redis", "worker", "web")
_WORDS = {"PostgreSQL": "bin/postgres", "worker": "celery", "Redis": "redis-server"}
ENDED = re.compile(r"\] done.*: grids 1 of 1, .*, exposures (\d+), analysed \1\n")
_SIMULATOR = "smartscope.demo.simulator"
_AHEAD = "smartscope.demo.ahead"

Facts = dict[str, dict[object, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One SIGKILL: confirmed rows that were gone afterwards, and the seconds until all went on."""

    victim: str
    gone: tuple[str, ...]
    back_s: float


def lose_each(demo: Demo) -> list[Loss]:
    """Kill each victim once; every one is back before the next dies."""
    return [_lose(demo, victim) for victim in VICTIMS]


def await_first_exposure(demo: Demo) -> None:
    """A night that is well under way."""
    demo.await_words("squares 1,")
    until(demo, lambda: number(demo, EXPOSED) >= 1)


def await_last_analysis(demo: Demo) -> None:
    """The night's end, as the demo says itself: every exposure is analysed."""
    until(demo, lambda: _is_over(demo))


def number(demo: Demo, query: str) -> int:
    """A number of the rows; -1 while the database does not answer."""
    try:
        with _database(demo) as connection:
            row = connection.execute(query).fetchone()
    except (psycopg.Error, ValueError, psutil.Error):
        return -1
    return -1 if row is None else int(row[0])


def until(demo: Demo, met: Callable[[], bool]) -> float:
    """Seconds until it is so; the demo lives on meanwhile."""
    began_s = time.monotonic()
    while not met():
        assert demo.process.poll() is None, demo.said()
        assert time.monotonic() - began_s < PATIENCE_S, demo.said()
        time.sleep(0.1)
    return time.monotonic() - began_s


def _lose(demo: Demo, victim: str) -> Loss:
    before, told = _confirmed(demo), number(demo, TOLD)
    with _database(demo) as connection:
        waiting = set(dict(connection.execute(WAITING).fetchall()))
    _process(demo, victim).kill()
    match victim:
        case "web":
            address = _address(demo)
            back_s = until(demo, lambda: _answers(address))
        case "PostgreSQL":
            back_s = until(demo, lambda: number(demo, TOLD) > told)
        case _:
            back_s = until(demo, lambda: _caught_up(demo, waiting, before[RESULTS]))
    return Loss(victim=victim, gone=_gone(before, _confirmed(demo)), back_s=back_s)


def _caught_up(demo: Demo, waiting: set[object], had: dict[object, object]) -> bool:
    """Whether all that waited for a worker is done, and what was wanted since goes on."""
    done = set(_confirmed(demo)[RESULTS])
    return waiting <= done and (bool(done - waiting - set(had)) or _is_over(demo))


def _is_over(demo: Demo) -> bool:
    return ENDED.search(demo.said()) is not None


def _confirmed(demo: Demo) -> Facts:
    with _database(demo) as connection:
        return {
            query: dict(connection.execute(query).fetchall())
            for query in (EVENTS, CLOSED, IMAGES, RESULTS)
        }


def _gone(before: Facts, after: Facts) -> tuple[str, ...]:
    return tuple(
        f"{key}: {row}"
        for query, rows in before.items()
        for key, row in rows.items()
        if after[query].get(key) != row
    )


def _process(demo: Demo, victim: str) -> psutil.Process:
    if victim == "web":
        # started ahead, it is told from the others by its name
        [process] = [
            each
            for each in _family(demo)
            if _AHEAD in _words_of(each) and " web " in f"{_words_of(each)} "
        ]
        return process
    return _member(demo, _WORDS[victim])


def _member(demo: Demo, part: str) -> psutil.Process:
    """The oldest process of the demo whose command line holds these words."""
    found = [process for process in _family(demo) if part in _words_of(process)]
    return min(found, key=lambda process: process.create_time())


def _family(demo: Demo) -> list[psutil.Process]:
    children: list[psutil.Process] = psutil.Process(demo.process.pid).children(recursive=True)
    return children


def _words_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@contextmanager
def _database(demo: Demo) -> Iterator[psycopg.Connection]:
    url = _member(demo, _SIMULATOR).environ()["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/login", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def _address(demo: Demo) -> str:
    said = demo.said()
    start = said.index("http://127.0.0.1:")
    return "/".join(said[start:].split()[0].split("/")[:3])
