"""A service that reads its modules ahead begins when the gate opens, and not before."""

from __future__ import annotations

import subprocess
import sys

from smartscope.demo.ahead import Gate

# what `main` of a service does at the gate, without a service's seconds of reading modules
AT_THE_GATE = """
import sys
from smartscope.demo import ahead
ahead.READY["test"] = lambda words: lambda: print("begun", *words)
print("ready", flush=True)
ahead.main(sys.argv[1:])
"""


def waiting(gate: Gate) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", AT_THE_GATE, str(gate.descriptor), "test", "a", "b"],
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=(gate.descriptor,),
    )


def test_a_service_waits_for_the_gate_and_one_started_later_does_not() -> None:
    with Gate() as gate:
        with waiting(gate) as service:
            assert service.stdout is not None
            assert service.stdout.readline() == "ready\n"
            assert service.poll() is None
            gate.open()
            assert service.communicate(timeout=20)[0] == "begun a b\n"
        with waiting(gate) as again:
            assert again.communicate(timeout=20)[0] == "ready\nbegun a b\n"


def test_a_service_asked_to_end_at_the_gate_ends_without_having_begun() -> None:
    with Gate() as gate, waiting(gate) as service:
        assert service.stdout is not None
        assert service.stdout.readline() == "ready\n"
        service.terminate()
        assert service.communicate(timeout=20)[0] == ""
        assert service.returncode < 0
