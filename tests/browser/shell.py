"""A process beside a site's server that runs pieces of Python on the same rows.

It stays for the next piece: a fresh one would import for seconds before each.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import traceback
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Shell:
    """Started with the first piece, ended by `end`."""

    directory: Path
    environment: Mapping[str, str]
    _process: subprocess.Popen[str] | None = field(default=None)

    def run(self, code: str) -> str:
        """What the piece prints; fails with the traceback of one that raises."""
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(code) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, "the shell beside the site has ended"
        printed, problem = json.loads(answer)
        assert not problem, problem
        return str(printed)

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.browser.shell"],
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process


def answer(code: str) -> tuple[str, str]:
    """What the piece printed, and its traceback if it raised."""
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            exec(code, {"__name__": "__shell__"})  # noqa: S102 - the tests' own pieces
    except Exception:  # noqa: BLE001 - whatever a piece raises belongs to its asker
        return printed.getvalue(), traceback.format_exc()
    return printed.getvalue(), ""


def main() -> None:
    """Answer each line of the input until it ends."""
    import django
    from django.db import connections

    django.setup()
    for line in sys.stdin:
        told = answer(json.loads(line))
        connections.close_all()
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
