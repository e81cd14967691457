"""`python -m safety_agent`: watch until told to end; with `--status`, ask the one that runs."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

from safety_agent.agent import Agent
from safety_agent.listener import Listener
from safety_agent.memory import Watch
from safety_agent.pager import Pager
from safety_agent.settings import Settings, read_settings
from smartscope.domain.errors import SmartscopeError
from smartscope.microscope.safety_line import SafetyLine

log = logging.getLogger("safety_agent")

ENDED, CANNOT_WATCH, ABSENT = 0, 1, 1


def main() -> int:
    """The exit code; 1 when it cannot watch, or is asked about and does not answer."""
    parser = argparse.ArgumentParser(prog="safety_agent", description=__doc__)
    parser.add_argument("--config", type=Path, help="TOML file with the settings")
    parser.add_argument("--status", action="store_true", help="ask the running agent how it is")
    options = parser.parse_args()
    logging.basicConfig(
        level=logging.INFO, format="{asctime} {levelname} {name}: {message}", style="{"
    )
    try:
        settings = read_settings(options.config)
        return _status(settings) if options.status else watch(settings)
    except (SmartscopeError, ValueError, OSError) as error:
        print(f"The safety agent cannot watch: {error}", file=sys.stderr)
        return CANNOT_WATCH


def watch(settings: Settings) -> int:
    """Until SIGTERM or SIGINT; ending while armed is a person's doing and is paged."""
    ended = threading.Event()
    pager = Pager(settings.page_urls)
    agent = Agent(settings, pager)
    listener = Listener(settings.listen, settings.key, agent.hear)

    def end(*_: object) -> None:
        ended.set()
        agent.wake.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    listener.start()
    log.info("watching microscope %s on port %d", settings.microscope, listener.port)
    try:
        agent.watch(ended)
    finally:
        listener.stop()
        agent.close()
        if agent.memory.watch is Watch.ARMED:
            pager.page(
                "[MAJOR] smartscope safety agent: ended while armed",
                "Nobody closes the valves if the bridge dies now. Start it again.",
            )
        pager.close()
    return ENDED


def _status(settings: Settings) -> int:
    host, port = settings.listen
    here = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 (asked, not listened on)
    line = SafetyLine(f"{here}:{port}", settings.key.decode(), settings.microscope)
    answer = line.status()
    print("absent" if answer is None else answer.text)
    return ABSENT if answer is None else ENDED


if __name__ == "__main__":
    sys.exit(main())
