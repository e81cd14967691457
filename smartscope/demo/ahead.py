"""`python -m smartscope.demo.ahead GATE SERVICE ...`: a service that reads its modules at once and
begins its work when the demo's gate opens.

Reading modules takes a service longer than the database takes to get ready, so both happen at the
same time. Behind the gate the service is the one that production starts.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Begin = Callable[[], object]


@dataclass(slots=True)
class Gate:
    """A pipe whose writing end the launcher holds: closed, by it or by its death, it is open."""

    descriptor: int = field(init=False)
    _held: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.descriptor, self._held = os.pipe()

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_: object) -> None:
        self.open()
        os.close(self.descriptor)

    def open(self) -> None:
        """Let through every service that waits, and every one that comes later."""
        if self._held is not None:
            os.close(self._held)
            self._held = None


def main(arguments: Sequence[str]) -> None:
    """Read what the service needs, await the gate, be the service."""
    gate, service, *rest = arguments
    begin = READY[service](rest)
    os.read(int(gate), 1)  # nothing is ever written: it ends when the gate opens
    os.close(int(gate))
    begin()


def _web(arguments: Sequence[str]) -> Begin:
    """`arguments`: the descriptor of a socket that listens already."""
    import smartscope.asgi
    import smartscope.urls  # noqa: F401
    from smartscope.demo.web import serve

    return lambda: serve(int(arguments[0]))


def _bridge(_: Sequence[str]) -> Begin:
    import django

    django.setup()
    from django.core.management import call_command

    import smartscope.microscope.serialem.driver
    import smartscope.microscope.simulator.calibration  # noqa: F401
    import workers.bridge.process  # noqa: F401

    # called, not executed: Django's checks of the site load every view, which is web's to do
    return lambda: call_command("bridge")


READY: dict[str, Callable[[Sequence[str]], Begin]] = {
    "web": _web,
    "bridge": _bridge,
}


if __name__ == "__main__":
    main(sys.argv[1:])
