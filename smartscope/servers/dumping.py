"""Which pg_dump reads a server: it must be of the server's major version or a later one."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from pathlib import Path

from smartscope.servers.postgres import ServerFailed, installation

PROGRAM = "pg_dump"


def dump_program(server_major: int) -> Path:
    """This machine's pg_dump where it is new enough, else the embedded server's.

    Raises ServerFailed where neither is.
    """
    for program in _candidates():
        if _major(program) >= server_major:
            return program
    raise ServerFailed(
        f"There is no pg_dump of version {server_major} here; install PostgreSQL's client of the "
        "server's version."
    )


def _candidates() -> list[Path]:
    found = shutil.which(PROGRAM)
    candidates = [Path(found)] if found is not None else []
    # a site with a database server of its own need not have the embedded one
    with contextlib.suppress(ServerFailed):
        candidates.append(installation() / "bin" / PROGRAM)
    return candidates


def _major(program: Path) -> int:
    """0 for what does not run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    number = re.search(r"(\d+)\.", said.stdout)
    return int(number[1]) if number else 0
