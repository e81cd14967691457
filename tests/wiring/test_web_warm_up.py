"""A person's first edit waits for no compiler: the web process made the kernels ready before."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_FIRST_EDIT = """
import json, sys, threading
from django.conf import settings
settings.configure(PROCESS=sys.argv[1])
from smartscope import web_warm_up

def compiled():
    here = [m for name, m in sys.modules.items() if name.startswith("smartscope.analysis.grouping")]
    kernels = {k for m in here for k in vars(m).values() if hasattr(k, "signatures")}
    return sum(len(kernel.signatures) for kernel in kernels)

web_warm_up.AFTER_S = 0.01
web_warm_up.warm_up_later()
for thread in threading.enumerate():
    if isinstance(thread, threading.Timer):
        assert thread.daemon, "it must keep no process from ending"
        thread.join()
before = compiled()
from smartscope.analysis import pipeline
from smartscope.domain.geometry import Point
holes = [Point(2.5 * i, 2.5 * j) for i in range(9) for j in range(7) if (i, j) != (4, 3)]
pipeline.group(holes, radius_um=8.0)
print(json.dumps([before, compiled()]))
"""


def _compiled(process: str) -> tuple[int, int]:
    """How many kernels were ready before the first edit, and after it, in such a process."""
    command = [sys.executable, "-c", _FIRST_EDIT, process]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after = json.loads(done.stdout)
    return before, after


def test_the_web_process_has_compiled_all_that_a_first_edit_needs() -> None:
    before, after = _compiled("web")
    if after == 0:
        pytest.skip("numba is not installed: nothing is compiled")
    assert before == after


def test_a_process_that_answers_no_edits_compiles_nothing_beforehand() -> None:
    before, _ = _compiled("ws")
    assert before == 0
