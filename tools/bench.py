"""`make bench`: every benchmark, one after the other, so that none disturbs another."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENTRY = '__name__ == "__main__"'


def benchmarks() -> list[str]:
    """Names of the scripts below benchmarks/ that can be run."""
    files = sorted((ROOT / "benchmarks").glob("*.py"))
    return [file.stem for file in files if ENTRY in file.read_text(encoding="utf-8")]


def main() -> int:
    """Run all benchmarks, or those named; returns 1 if a target was missed or a script failed."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=main.__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *benchmarks()], metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="at most a minute each")
    parser.add_argument("--json", type=Path, metavar="DIR", help="write DIR/NAME.json for each")
    options = parser.parse_args()
    if options.json is not None:
        options.json.mkdir(parents=True, exist_ok=True)
    missed = []
    for name in options.names or benchmarks():
        command = [sys.executable, "-m", f"benchmarks.{name}", *["--quick"] * options.quick]
        if options.json is not None:
            command += ["--json", str(options.json / f"{name}.json")]
        began_s = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        print(f"{name}: {time.monotonic() - began_s:.0f} s\n", flush=True)
        if code != 0:
            missed.append(name)
    print(f"Missed: {', '.join(missed)}." if missed else "Every target was reached.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
