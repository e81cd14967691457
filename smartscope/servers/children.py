"""Starting and ending child processes so that none outlives its starter, not even one killed."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from smartscope.servers.guard import signal_group

STAGE_SERVERS = 0
STAGE_SERVICES = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run and how to end it: `stop_signal` asks, after `grace_s` seconds it is killed."""

    name: str
    arguments: Sequence[str]
    stage: int = STAGE_SERVICES
    environment: Mapping[str, str] | None = None
    directory: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0
    account: tuple[int, int] | None = None
    log: Path | None = None
    # descriptors of ours that it inherits under the same numbers
    inherits: tuple[int, ...] = ()


@dataclass(slots=True)
class Child:
    """A running command."""

    command: Command
    process: subprocess.Popen[bytes]

    @property
    def name(self) -> str:
        return self.command.name

    def ended_with(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self.process.poll()


@dataclass(slots=True)
class Children:
    """All processes one starter is answerable for; a context manager that leaves none behind."""

    directories: tuple[Path, ...] = ()
    _running: list[Child] = field(default_factory=list)
    _guard: subprocess.Popen[bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()

    def start(self, command: Command) -> Child:
        """Start a command in its own process group and tell the guard of it."""
        self._start_guard()
        with contextlib.ExitStack() as stack:
            output: IO[bytes] | None = None
            if command.log is not None:
                output = stack.enter_context(command.log.open("ab"))
            uid, gid = command.account or (None, None)
            process = subprocess.Popen(
                list(command.arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                cwd=command.directory,
                env=dict(command.environment) if command.environment is not None else None,
                start_new_session=True,
                pass_fds=command.inherits,
                user=uid,
                group=gid,
                extra_groups=None if uid is None else [],
            )
        number = int(command.stop_signal)
        self._tell(f"add {process.pid} {command.stage} {number} {command.grace_s}")
        child = Child(command, process)
        with self._lock:
            self._running.append(child)
        return child

    def forget(self, child: Child) -> None:
        """Take a child that has ended off the list; what it started and left is killed."""
        signal_group(child.process.pid, signal.SIGKILL)
        self._tell(f"remove {child.process.pid}")
        with self._lock:
            self._running.remove(child)

    def stop(self, child: Child) -> int:
        """Ask one child to end, kill it after its grace; returns its exit code."""
        self._ask(child)
        return self._await(child)

    def stop_stage(self, stage: int) -> None:
        """End all children of one stage at the same time."""
        children = [child for child in self._running if child.command.stage == stage]
        for child in children:
            self._ask(child)
        for child in children:
            self._await(child)

    def stop_all(self) -> None:
        """End every child, highest stage first, and dismiss the guard (it sweeps directories)."""
        for stage in sorted({child.command.stage for child in self._running}, reverse=True):
            self.stop_stage(stage)
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait(timeout=30)
            self._guard = None

    def running(self) -> tuple[Child, ...]:
        """The children that were started and not yet ended or forgotten."""
        with self._lock:
            return tuple(self._running)

    def process_ids(self) -> set[int]:
        """The processes started here that have not ended, the guard included."""
        running = {child.process.pid for child in self._running}
        return running | ({self._guard.pid} if self._guard is not None else set())

    def _ask(self, child: Child) -> None:
        if child.ended_with() is None:
            # Only the leader is asked: it ends its own children in its own order.
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(child.command.stop_signal)

    def _await(self, child: Child) -> int:
        try:
            code = child.process.wait(timeout=child.command.grace_s)
        except subprocess.TimeoutExpired:
            signal_group(child.process.pid, signal.SIGKILL)
            code = child.process.wait(timeout=10)
        self.forget(child)
        return code

    def _start_guard(self) -> None:
        if self._guard is not None:
            return
        self._guard = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("guard.py"))],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        for directory in self.directories:
            self._tell(f"sweep {directory}")

    def _tell(self, line: str) -> None:
        assert self._guard is not None
        assert self._guard.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._guard.stdin.write(line.encode() + b"\n")
            self._guard.stdin.flush()
