"""An agent that watches a real database and a SerialEM of ours, in times a test can wait for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from safety_agent.agent import Agent
from safety_agent.listener import Listener
from safety_agent.memory import Watch
from safety_agent.pager import Pager
from safety_agent.settings import Settings, Times
from smartscope.microscope.safety_line import SafetyLine

KEY = "a key of the tests that nobody else has"
#: instead of 60 s
SILENCE_S = 0.6


class Pages(Pager):
    """Keeps the titles as well as sending them on."""

    def __init__(self, urls: tuple[str, ...] = ()) -> None:
        self.titles: list[str] = []
        super().__init__(urls)

    def page(self, title: str, body: str) -> None:
        """As the pager does."""
        self.titles.append(title.partition(": ")[2])
        super().page(title, body)


@dataclass(slots=True)
class Rig:
    """A running agent, and the service's line to it."""

    agent: Agent
    line: SafetyLine
    pages: Pages
    #: where it listens
    port: int
    epoch: int = 1
    counter: int = 0
    _ends: list[Callable[[], None]] = field(default_factory=list)

    def beat(self) -> None:
        """One good beat, taken in before this returns."""
        self.counter += 1
        self.line.beat(epoch=self.epoch, counter=self.counter)
        self.until(lambda: self.agent.memory.counter >= self.counter)

    def until(self, true: Callable[[], bool], limit_s: float = 5.0) -> float:
        """Wait for it; seconds it took."""
        began_s = time.monotonic()
        while not true():
            assert time.monotonic() - began_s < limit_s, (
                f"did not happen: {self.agent.memory}, paged {self.pages.titles}"
            )
            time.sleep(0.005)
        return time.monotonic() - began_s

    def is_(self, watch: Watch) -> bool:
        """Whether the agent is so."""
        return self.agent.memory.watch is watch

    def stays(self, watch: Watch, seconds: float = 2 * SILENCE_S) -> None:
        """Nothing changes for so long."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            assert self.is_(watch), self.agent.memory
            time.sleep(0.02)


def database_url() -> str:
    """The tests' own database, as an agent is given it."""
    given = connection.settings_dict
    account = quote(str(given["USER"]))
    if given["PASSWORD"]:
        account += f":{quote(str(given['PASSWORD']))}"
    where = f"host={quote(str(given['HOST']), safe='')}"
    if given["PORT"]:
        where += f"&port={given['PORT']}"
    return f"postgresql://{account}@/{given['NAME']}?{where}"


def settings_of(microscope: str, place: Path, *, instrument: int, database: str = "") -> Settings:
    """Scaled a hundredfold."""
    return Settings(
        microscope=microscope,
        listen=("127.0.0.1", 0),
        key=KEY.encode(),
        database_url=database or database_url(),
        instrument=("127.0.0.1", instrument),
        state_file=place / "agent.json",
        times=Times(silence_s=SILENCE_S),
    )


@contextmanager
def running(settings: Settings, *, pages: Pages | None = None) -> Iterator[Rig]:
    """The agent in threads of this process, as `python -m safety_agent` runs it."""
    pages = pages or Pages()
    agent = Agent(settings, pages)
    listener = Listener(settings.listen, settings.key, agent.hear)
    ended = threading.Event()
    watch = threading.Thread(target=agent.watch, args=(ended,), name="agent")
    listener.start()
    watch.start()
    line = SafetyLine(f"127.0.0.1:{listener.port}", KEY, settings.microscope)
    try:
        yield Rig(agent, line, pages, listener.port)
    finally:
        ended.set()
        agent.wake.set()
        watch.join()
        listener.stop()
        agent.close()
        pages.close()
