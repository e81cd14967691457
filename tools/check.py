"""`make check`: every static promise of the project, side by side, with verdict and time."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Check:
    """A command that must end with 0; `slow` ones are begun first."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a check ended."""

    check: Check
    passed: bool
    seconds: float
    output: str


def checks() -> Iterator[Check]:
    """All checks, the slowest first so that the others run beside them."""
    python = sys.executable
    manage = [python, "manage.py"]
    # No check needs a database; an address without a server keeps it so.
    nowhere = {
        "DATABASE_URL": "postgresql://nobody@/none?host=/nonexistent",
        "SMARTSCOPE_MODE": "test",
    }
    production = {
        "SMARTSCOPE_MODE": "production",
        "SMARTSCOPE_SECRET_KEY": secrets.token_urlsafe(48),
        "SMARTSCOPE_HOSTS": "smartscope.example.org",
    }
    yield Check("types (mypy --strict)", [str(BIN / "mypy")])
    yield Check("page (types, tests, budget)", [python, "-m", "tools.page", "check"])
    yield Check("layers (import-linter)", [str(BIN / "lint-imports"), "--no-logo"])
    yield Check("API description", [python, "-m", "tools.api_schema", "--check"], nowhere)
    yield Check(
        "migrations", [*manage, "makemigrations", "--check", "--dry-run", "--no-input"], nowhere
    )
    yield Check("Django, as developed", [*manage, "check", "--fail-level", "WARNING"], nowhere)
    yield Check(
        "Django, as deployed",
        [*manage, "check", "--deploy", "--fail-level", "WARNING"],
        nowhere | production,
    )
    yield Check("containers", [python, "-m", "tools.deployment"])
    yield Check("lint (ruff)", [str(BIN / "ruff"), "check", "."])
    yield Check("format (ruff)", [str(BIN / "ruff"), "format", "--check", "."])


def run(check: Check) -> Verdict:
    """Run one check and keep what it said."""
    began_s = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        env={**os.environ, "PYTHONWARNINGS": "default", **check.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Verdict(check, done.returncode == 0, time.monotonic() - began_s, done.stdout)


def main() -> int:
    """Run all checks, as many at a time as there are cores; returns 1 if any failed."""
    failed: list[Verdict] = []
    with ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        for future in as_completed([pool.submit(run, check) for check in checks()]):
            verdict = future.result()
            word = "ok  " if verdict.passed else "FAIL"
            print(f"{word} {verdict.check.name:<32} {verdict.seconds:6.1f} s", flush=True)
            if not verdict.passed:
                failed.append(verdict)
    for verdict in failed:
        print(f"\n--- {verdict.check.name}: {' '.join(verdict.check.command)}\n{verdict.output}")
    print(f"\n{len(failed)} of the checks failed." if failed else "\nAll checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
