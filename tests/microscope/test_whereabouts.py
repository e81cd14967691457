"""Looking up a name is bounded for whoever asks, and done once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from smartscope.microscope.safety_line import SafetyLine
from smartscope.microscope.whereabouts import Whereabouts

KEY = "a key of the tests that nobody else has"
REAL = socket.getaddrinfo


class NameServer:
    """Answers for `agent.example` once it is let to."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.knows = True
        self.asked = 0

    def __call__(self, host: str, port: int, **how: Any) -> Any:
        if how.get("flags") or host != "agent.example":
            return REAL(host, port, **how)
        self.asked += 1
        self.answers.wait(10)
        if not self.knows:
            raise socket.gaierror("Name or service not known")
        return REAL("127.0.0.1", port, **how)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    found = NameServer()
    monkeypatch.setattr(socket, "getaddrinfo", found)
    yield found
    found.answers.set()
    for thread in threading.enumerate():
        if thread.name == "look-up":
            thread.join()


def test_a_number_is_known_at_once() -> None:
    assert Whereabouts("127.0.0.1", 5).known() == (socket.AF_INET, ("127.0.0.1", 5))
    assert Whereabouts("::1", 5).known()[0] == socket.AF_INET6


def test_a_name_server_that_hangs_holds_up_no_beat_and_no_stop(names: NameServer) -> None:
    began_s = time.monotonic()
    line = SafetyLine("agent.example:9", KEY, "m")
    for counter in range(3):
        with pytest.raises(OSError, match="still being looked up"):
            line.beat(epoch=1, counter=counter)
    assert line.stop("M. Ito", timeout_s=0.1) is None
    assert time.monotonic() - began_s < 1.0
    names.answers.set()
    assert line._whereabouts.known(5.0)[1] == ("127.0.0.1", 9)
    line.beat(epoch=1, counter=9)
    assert names.asked == 1


def test_a_name_that_was_not_known_is_looked_up_again(names: NameServer) -> None:
    names.knows = False
    names.answers.set()
    where = Whereabouts("agent.example", 9)
    with pytest.raises(OSError, match=r"agent\.example.*not known"):
        where.known(5.0)
    names.knows = True
    until_s = time.monotonic() + 5
    while True:
        try:
            where.known(1.0)
            break
        except OSError:
            assert time.monotonic() < until_s
    assert where.known() == (socket.AF_INET, ("127.0.0.1", 9))
