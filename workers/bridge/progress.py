"""The watchdog of a night that seems to run: no step was closed for far too long."""

from __future__ import annotations

from smartscope.domain.alarms import Level
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.raise_alarm import raise_alarm
from workers.bridge.helm import Helm

STUCK = "progress.stuck"
#: microscope seconds without a closed step that are never worth an alarm
LEAST_S = 600.0
#: how long a step of a kind usually takes at most; three times as long is too long
EXPECTED_S = {
    "load_grid": 600.0,
    "atlas": 900.0,
    "square": 180.0,
    "expose": 400.0,
    "flash_gun": 600.0,
    "tune_beam": 600.0,
}


def progress_made(helm: Helm) -> None:
    """A step was closed, or what is waited for has a name."""
    helm.watch.moved_at_s = helm.clock.now()
    if helm.watch.stuck:
        helm.watch.stuck = False
        clear_alarm(key=STUCK, microscope=helm.held.microscope)


def check_progress(helm: Helm, kind: str) -> None:
    """While work of this kind is being done, or decided again and again."""
    now_s = helm.clock.now()
    if helm.watch.moved_at_s is None:
        helm.watch.moved_at_s = now_s
    still_s = now_s - helm.watch.moved_at_s
    if helm.watch.stuck or still_s <= max(LEAST_S, 3.0 * EXPECTED_S.get(kind, 0.0)):
        return
    helm.watch.stuck = True
    raise_alarm(
        key=STUCK,
        level=Level.MAJOR,
        microscope=helm.held.microscope,
        text=f"No step was finished for {still_s / 60:.0f} minutes; {kind} is being tried.",
        advice="Look at the command log and at the microscope's console.",
    )
