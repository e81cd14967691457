"""One command from nothing to a running night: servers, rows, services, page, and their end."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from types import FrameType

import psycopg

from smartscope.demo import blank, preparation
from smartscope.demo.ahead import Gate
from smartscope.demo.cassette import Cassette
from smartscope.demo.instrument import DemoInstrument
from smartscope.demo.options import DemoOptions
from smartscope.demo.place import Place
from smartscope.demo.ports import LOOPBACK, answers, take_port
from smartscope.demo.progress import Progress, read_progress
from smartscope.demo.services import services
from smartscope.demo.supervision import Supervisor
from smartscope.domain.errors import SmartscopeError
from smartscope.domain.status import RunState
from smartscope.servers.children import STAGE_SERVERS, Children
from smartscope.servers.opening import ServerPlan, sockets
from smartscope.servers.postgres import ServerFailed

LOOK_EVERY_S = 0.5
PAGE_TIMEOUT_S = 60.0
# by then the first atlas has been looked at, and nothing was lost yet that would need repair
LATER_S = 20.0


class GivenDatabaseIsKept(SmartscopeError):
    """--fresh was asked of a database that is not ours to empty."""


class Interrupted(BaseException):
    """Somebody asked the demo to end; no handler of ordinary errors may take it for one."""


@dataclass(slots=True)
class Launcher:
    """The demo as one process that everything else ends with."""

    options: DemoOptions
    ending: bool = False

    @property
    def place(self) -> Place:
        return Place(self.options.directory)

    def run(self) -> int:
        """Run until Ctrl-C, or with --exit-when-done until the run has ended; the exit code.

        Raises SmartscopeError with a sentence for the person who started it.
        """
        signal.signal(signal.SIGTERM, self._interrupt)
        signal.signal(signal.SIGHUP, self._interrupt)
        with self.place.held():
            if self.options.fresh:
                self._forget()
            self.place.prepare()
            with take_port(self.options.port) as listener, sockets() as directory, Gate() as gate:
                children = Children(directories=(directory,))
                try:
                    return self._run_with(children, self._plan(directory), listener, gate)
                except (Interrupted, KeyboardInterrupt):
                    say("Stopping; the next make demo goes on from here.")
                    return 0
                finally:
                    _end(children)

    def _run_with(self, children: Children, plan: ServerPlan, listener: socket, gate: Gate) -> int:
        began_s = time.monotonic()
        say("Starting the database and the services ...")
        environment = self._environment(plan)
        instrument = self._instrument()
        commands = services(
            gate.descriptor,
            listener.fileno(),
            instrument.command(),
            environment,
            self.place.logs,
        )
        supervisor = Supervisor(children, say)
        for command in commands.early:
            supervisor.keep(command)
        self._prepare(children, plan, environment, instrument)
        instrument.await_answer(supervisor.look)
        gate.open()
        for command in commands.then:
            supervisor.keep(command)
        for server in children.running():
            if server.command.stage == STAGE_SERVERS:
                supervisor.adopt(server)
        for command in commands.later:
            supervisor.keep(command, after_s=LATER_S)
        port = int(listener.getsockname()[1])
        self._await_page(supervisor, port)
        self._announce(port, time.monotonic() - began_s)
        return self._watch(supervisor)

    def _prepare(
        self,
        children: Children,
        plan: ServerPlan,
        environment: Mapping[str, str],
        instrument: DemoInstrument,
    ) -> None:
        """Servers, tables, rows; Django is read while the servers start."""
        with ThreadPoolExecutor(1) as reader:
            ready = reader.submit(preparation.set_up_django, environment, self.place.logs)
            self._start_servers(children, plan)
            ready.result()
        preparation.make_tables(self.place.logs)
        if not plan.database_url:
            blank.keep(plan.sockets)
        preparation.begin_night(instrument, self.place.logs)

    def _start_servers(self, children: Children, plan: ServerPlan) -> None:
        if not self.options.fresh:
            plan.start(children)
            return
        try:
            plan.start(children)
            blank.renew(plan.sockets)
        except (ServerFailed, psycopg.Error):
            say("The last demo's database cannot be used; a new one is made.")
            children.stop_stage(STAGE_SERVERS)
            self.place.forget_cluster()
            plan.start(children)

    def _watch(self, supervisor: Supervisor) -> int:
        said: Progress | None = None
        while not self.ending:
            supervisor.look()
            progress = read_progress()
            if progress is not None:
                self._tell(progress, said)
                said = progress
            if self.options.exit_when_done and progress is not None and progress.is_over:
                return self._conclude(progress)
            time.sleep(LOOK_EVERY_S)
        raise Interrupted

    def _tell(self, progress: Progress, before: Progress | None) -> None:
        if before is None and progress.grids != self.options.grids:
            say(f"Going on with the night of {progress.grids} grids that is here already.")
        if str(progress) != str(before):
            say(str(progress))
        newly_over = progress.is_over and not (before is not None and before.is_over)
        if newly_over and not self.options.exit_when_done:
            say('The night has ended. Another one: make demo ARGS="--fresh"')

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        # Raised while a finaliser runs it would be lost, so it is remembered too.
        self.ending = True
        raise Interrupted

    def _conclude(self, progress: Progress) -> int:
        if self.options.json is not None:
            self.options.json.write_text(preparation.night_summary(), encoding="utf-8")
            say(f"Wrote {self.options.json}.")
        return 0 if progress.state is RunState.DONE else 1

    def _instrument(self) -> DemoInstrument:
        place = self.place
        asked = Cassette(grids=self.options.grids, seed=self.options.seed)
        return DemoInstrument.on_free_ports(
            asked.keep(place.cassette),
            speed=self.options.speed,
            world=place.world,
            frames=place.frames,
        )

    def _plan(self, directory: Path) -> ServerPlan:
        return ServerPlan.from_environment(
            os.environ, directory=self.place.servers, sockets=directory, durable=True
        )

    def _environment(self, plan: ServerPlan) -> dict[str, str]:
        return {
            **os.environ,
            **plan.addresses().environment(),
            "DJANGO_SETTINGS_MODULE": "smartscope.settings",
            # whatever the shell says: each service is told its own
            "SMARTSCOPE_PROCESS": "command",
            "PYTHONUNBUFFERED": "1",
            "SMARTSCOPE_SECRET_KEY_FILE": str(self.place.secrets),
            "SMARTSCOPE_DATA_DIR": str(self.place.data),
        }

    def _forget(self) -> None:
        if os.environ.get("DATABASE_URL", "").strip():
            raise GivenDatabaseIsKept(
                "--fresh empties only the demo's own database, not the one DATABASE_URL names. "
                "Name an empty database there, or unset it."
            )
        self.place.forget_night()

    def _await_page(self, supervisor: Supervisor, port: int) -> None:
        deadline_s = time.monotonic() + PAGE_TIMEOUT_S
        while not answers(port) and time.monotonic() < deadline_s:
            supervisor.look()
            time.sleep(0.1)

    def _announce(self, port: int, seconds: float) -> None:
        address = f"http://{LOOPBACK}:{port}/"
        link = preparation.sign_in_link(address)
        say(f"Ready in {seconds:.0f} s. The page:  {address}")
        say(f"Sign in once with:     {link}")
        say("The link holds for a quarter of an hour; the next start prints a new one.")
        say(f"Logs are in {self.place.logs}. Ctrl-C stops everything.")


def say(sentence: str) -> None:
    """One line for the person who started the demo."""
    print(f"[{time.strftime('%H:%M:%S')}] {sentence}", flush=True)


def _end(children: Children) -> None:
    """End everything; a second Ctrl-C changes nothing, because all of it ends in seconds anyway."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    children.stop_all()
