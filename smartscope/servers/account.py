"""Under which account the embedded PostgreSQL runs: it refuses root, so root lends it another.

Nothing outside our own directories is changed for that: where the account cannot reach them, a copy
is used instead of opening up somebody's home.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from smartscope.domain.errors import SmartscopeError

CANDIDATES = ("postgres", "nobody")


class NoAccount(SmartscopeError):
    """PostgreSQL cannot run as root and no other account is known."""


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account of the operating system."""

    uid: int
    gid: int

    @property
    def ids(self) -> tuple[int, int]:
        return self.uid, self.gid

    def own(self, directory: Path) -> None:
        """Hand a directory of ours, and what is in it, to the account."""
        for path in (directory, *directory.rglob("*")):
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def reaches(self, path: Path) -> bool:
        """Whether the account may pass every directory down to `path` that exists already."""
        return all(
            parent.stat().st_mode & stat.S_IXOTH
            or (parent.stat().st_uid == self.uid and parent.stat().st_mode & stat.S_IXUSR)
            for parent in path.resolve().parents
            if parent.exists()
        )


def lent_account() -> Account | None:
    """The account for a server started by root; None when we are an ordinary user already."""
    if os.geteuid() != 0:
        return None
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise NoAccount(
        "PostgreSQL refuses to run as root and this machine has no account postgres or nobody. "
        "Run as an ordinary user, or name a running server in DATABASE_URL."
    )


def reachable_directory(wanted: Path, account: Account | None) -> Path:
    """`wanted`, or a directory among the temporary files that always stands for this path."""
    if account is None or account.reaches(wanted):
        return wanted
    name = hashlib.sha256(str(wanted.resolve()).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"smartscope-{name}"


def reachable_copy(program: Path, account: Account | None) -> Path:
    """An installation of PostgreSQL that the account may run: this one, or a copy of it.

    A packaged installation finds the libraries it needs in a directory beside its package, so that
    directory is copied to the same place beside the copy.
    """
    if account is None or account.reaches(program / "bin" / "postgres"):
        return program
    package = program.parent
    libraries = package.with_name(f"{package.name}.libs")
    copy = reachable_directory(program, account)
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(program, copy / package.name / program.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        copy.chmod(0o755)
        (copy / "complete").touch()
    return copy / package.name / program.name
