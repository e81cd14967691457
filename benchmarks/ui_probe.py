"""What a page costs, read out of Chromium itself: main-thread time, frames, memory.

Main-thread time is the processor's, so that a busy machine does not count as a slow page.
"""

from __future__ import annotations

import gzip
import itertools
import json
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from playwright.sync_api import CDPSession, Page

USABLE_LIMIT_S = 60.0
FRONTEND = Path(__file__).resolve().parents[1] / "frontend"
#: ms since the navigation began when the legend counts every hole and the picture is there; looked
#: for at every frame by the page itself, whose content policy forbids a polling debugger
USABLE = """async ({ count, until }) => {
    const looked = { sum: 0, drawn: false };
    while (performance.now() < until) {
        const pane = document.querySelector('section[aria-label^="Square"]');
        const counts = pane?.querySelectorAll('[aria-label="Legend"] button .soft') ?? [];
        const numbers = [...counts].map((one) => Number(one.textContent.replace(/\\D/g, "")));
        looked.sum = numbers.reduce((sum, one) => sum + one, 0);
        looked.drawn = Boolean(pane?.querySelector(".openseadragon-canvas canvas"));
        if (looked.sum === count && looked.drawn) return performance.now();
        await new Promise((drawn) => requestAnimationFrame(drawn));
    }
    throw new Error(`not usable in time: ${JSON.stringify(looked)} ${document.body.innerText}`);
}"""
FRAMES = """() => {
    const times = [];
    const look = (at) => { times.push(at); if (!window.framesEnded) requestAnimationFrame(look); };
    window.framesEnded = false;
    requestAnimationFrame(look);
    window.frameTimes = times;
}"""
TWO_FRAMES = "() => new Promise((d) => requestAnimationFrame(() => requestAnimationFrame(d)))"


@dataclass(slots=True)
class Probe:
    """One page under a debugger's eye."""

    page: Page
    _session: CDPSession | None = None

    @property
    def session(self) -> CDPSession:
        if self._session is None:
            self._session = self.page.context.new_cdp_session(self.page)
            self._session.send("Performance.enable", {"timeDomain": "threadTicks"})
        return self._session

    def metric(self, name: str) -> float:
        told = self.session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in told if one["name"] == name))

    def busy_ms(self, act: Callable[[], object], *, times: int) -> list[float]:
        """Main-thread time of each `act` and the two frames after it, less that of two frames."""
        idle = statistics.median(self._task_ms(lambda: None) for _ in range(times))
        return [max(0.0, self._task_ms(act) - idle) for _ in range(times)]

    def _task_ms(self, act: Callable[[], object]) -> float:
        before = self.metric("TaskDuration")
        act()
        self.page.evaluate(TWO_FRAMES)
        return 1000 * (self.metric("TaskDuration") - before)

    def frames_ms(self, act: Callable[[], object]) -> list[float]:
        """Times between frames while `act` goes on."""
        self.page.evaluate(FRAMES)
        act()
        times = self.page.evaluate("() => { window.framesEnded = true; return window.frameTimes; }")
        return [after - before for before, after in itertools.pairwise(times)]

    def heap_mb(self) -> float:
        """Live JavaScript objects, after collecting what nobody holds."""
        self.session.send("HeapProfiler.collectGarbage")
        return self.metric("JSHeapUsedSize") / 1e6


def usable_s(page: Page, address: str, holes: int) -> float:
    """Seconds from the navigation until the square's holes are counted and its picture stands."""
    page.goto(address, wait_until="commit")
    asked = {"count": holes, "until": 1000 * USABLE_LIMIT_S}
    return float(page.evaluate(USABLE, asked)) / 1000


def first_script_kb() -> float:
    """What a first visit downloads as JavaScript, gzipped, in kB."""
    manifest = json.loads((FRONTEND / "dist" / "manifest.json").read_text("utf-8"))
    seen: set[str] = set()
    wanted = ["src/main.ts"]
    while wanted:
        key = wanted.pop()
        if key not in seen:
            seen.add(key)
            wanted += manifest[key].get("imports", [])
    files = (FRONTEND / "dist" / manifest[key]["file"] for key in seen)
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files) / 1000


@cache
def core_script(module: str, name: str) -> str:
    """A module of `src/core` as a script that defines `name`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "core.js"
        command = [
            str(FRONTEND / "node_modules" / ".bin" / "rolldown"),
            str(FRONTEND / "src" / "core" / module),
            *("--format", "iife", "--name", name, "--file", str(file)),
        ]
        subprocess.run(command, cwd=FRONTEND, check=True, capture_output=True)
        return file.read_text("utf-8")
