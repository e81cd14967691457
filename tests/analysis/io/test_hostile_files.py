"""F47: whatever a file says, it is read or refused with a sentence, soon and in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.analysis.io.hostile_files import write_all

ROOT = Path(__file__).resolve().parents[3]
LEAST_FILES = 200
LONGEST_S = 1.0
#: what readers may raise: a file that is none, a gain that does not fit, a tile that is not there
OURS = ("BadFile", "InvalidInput", "NotFound")


def test_every_broken_file_is_refused_within_a_second_and_300_mib(tmp_path: Path) -> None:
    written = write_all(tmp_path / "files", seed=11)
    assert written >= LEAST_FILES
    reader = [sys.executable, "-W", "ignore", "-m", "tests.analysis.io.hostile_files"]
    done = subprocess.run(
        [*reader, str(tmp_path / "files")],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == written
    strange = [
        line for line in lines if line["ended"] != "read" and not line["ended"].startswith(OURS)
    ]
    assert strange == []
    assert [line for line in lines if line["seconds"] > LONGEST_S] == []
    refused = Counter(line["name"].partition(".")[2] for line in lines if line["ended"] != "read")
    assert set(refused) == {line["name"].partition(".")[2] for line in lines}, refused
    assert all(len(line["ended"].split()) > 4 for line in lines if line["ended"] != "read")
