"""A running demo, with a PostgreSQL and a Redis of its own, whose servers and processes are killed
one after the other with SIGKILL: what was confirmed and is gone, and how long each was missed.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.lived import Lived

STOPS_WITHIN_S = 600.0


def lived_on(directory: Path) -> Lived:
    """One night of one grid; `back_s` says for each victim when all went on again."""
    from smartscope.demo.place import Place
    from tests.system.lost_servers import (
        SPEED,
        TWICE,
        await_first_exposure,
        await_last_analysis,
        lose_each,
        number,
    )
    from tests.system.test_demo import Demos

    lived = Lived(kind="servers", name="a demo of one grid")
    demos = Demos(directory, [])
    demo = demos.start("--speed", SPEED)
    try:
        await_first_exposure(demo)
        for loss in lose_each(demo):
            lived.died += 1
            lived.back_s[loss.victim] = loss.back_s
            lived.violations += [f"I9: {words} was confirmed and is gone" for words in loss.gone]
        await_last_analysis(demo)
        lived.violations += ["I5: a hole was exposed twice"] * number(demo, TWICE)
        lived.state = "done"
    finally:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.process.wait(timeout=STOPS_WITHIN_S)
        # for root the servers' files lie outside this directory, which is closed to others
        Place(directory / "demo").forget()
    return lived
