"""The API's description, `api/schema.yaml`: written by `make schema`, compared by `make check`.

It is committed so that a reviewer sees every change of what scripts and the page rely on.
"""

from __future__ import annotations

import argparse
import difflib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "api" / "schema.yaml"
SHOWN_LINES = 60


def main() -> int:
    """Write the description, or with --check say how the committed one differs."""
    parser = argparse.ArgumentParser(prog="python -m tools.api_schema", description=main.__doc__)
    parser.add_argument("--check", action="store_true")
    only_check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as directory:
        made = Path(directory) / "schema.yaml"
        if not generate(made):
            return 1
        new = made.read_text(encoding="utf-8")
    if not only_check:
        SCHEMA.write_text(new, encoding="utf-8")
        print(f"Wrote {SCHEMA.relative_to(ROOT)}.")
        return 0
    old = SCHEMA.read_text(encoding="utf-8") if SCHEMA.exists() else ""
    if old == new:
        return 0
    difference = difflib.unified_diff(
        old.splitlines(), new.splitlines(), "committed", "generated", lineterm="", n=2
    )
    print("\n".join(list(difference)[:SHOWN_LINES]))
    print(
        "\nThe API differs from api/schema.yaml. If that is meant, run make schema and commit it."
    )
    return 1


def generate(path: Path) -> bool:
    """Let the code describe itself; a warning means that something is described wrongly."""
    done = subprocess.run(
        [
            sys.executable,
            "manage.py",
            "spectacular",
            "--validate",
            "--fail-on-warn",
            "--file",
            path,
        ],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print(done.stdout + done.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
