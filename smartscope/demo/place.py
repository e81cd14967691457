"""The directory a demo lives in: one demo at a time, its secrets, and forgetting it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from smartscope.domain.errors import SmartscopeError
from smartscope.servers.account import lent_account, reachable_directory


class AlreadyRunning(SmartscopeError):
    """Another demo holds this directory."""


@dataclass(frozen=True, slots=True)
class Place:
    """Paths below the demo's directory."""

    directory: Path

    @property
    def secrets(self) -> Path:
        return self.directory / "secrets"

    @property
    def servers(self) -> Path:
        return self.directory / "servers"

    @property
    def cluster(self) -> Path:
        """PostgreSQL's files; elsewhere where its account cannot reach this directory."""
        return reachable_directory(self.servers / "postgres", lent_account())

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def cassette(self) -> Path:
        """The file that says which specimens the world began with."""
        return self.directory / "cassette.json"

    @property
    def world(self) -> Path:
        """What has happened to the simulated microscope and its specimens."""
        return self.directory / "world"

    @property
    def frames(self) -> Path:
        """Where the simulated camera saves its movies."""
        return self.data / "frames"

    @property
    def logs(self) -> Path:
        return self.directory / "log"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the directory for this process; it is let go however the process ends.

        Raises AlreadyRunning, naming the process that holds it.
        """
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        lock = self.directory.with_suffix(".lock")
        with lock.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                raise AlreadyRunning(
                    f"The demo already runs ({file.read().strip() or 'just starting'}). "
                    "Stop it there with Ctrl-C, then start again."
                ) from error
            file.truncate(0)
            file.write(f"process {os.getpid()}")
            file.flush()
            yield

    def forget(self) -> None:
        """Remove everything that demos made here."""
        for directory in (self.cluster, self.directory):
            if directory.exists():
                shutil.rmtree(directory)

    def forget_night(self) -> None:
        """Remove everything but the database cluster, whose databases `blank.renew` replaces."""
        kept = {self.servers, self.servers / "postgres"}
        for directory in (self.directory, self.servers):
            for path in directory.iterdir() if directory.exists() else ():
                if path not in kept:
                    _remove(path)

    def forget_cluster(self) -> None:
        """Remove the database cluster, for one that does not start any more."""
        _remove(self.cluster)

    def prepare(self) -> None:
        """Make the directories and, once, the secret key that only this account may read."""
        images = self.data / "images"
        for directory in (self.directory, self.servers, images, self.frames, self.logs):
            directory.mkdir(parents=True, exist_ok=True)
        if not self.secrets.exists():
            descriptor = os.open(self.secrets, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
