"""What the demo costs a visitor's patience and machine: seconds, memory, and what it leaves.

On a machine that is set up, `make demo` runs as a visitor types it, in a directory of its own and
with servers of its own: for the first time, afresh, once more to go on, each until it can be looked
at; then as fast as it goes to the end of a night of one grid. It is watched from outside: by its
output, its page, its API, its processes.

Run: `python -m benchmarks.demo [--quick] [--json PATH]`. It takes two to three minutes; `--quick`
ends with the first atlas of the second start.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from benchmarks.report import Report, main
from smartscope.demo.place import Place
from smartscope.servers.guard import is_running

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"Sign in once with: +(\S+/login/\S+)\n")
ENDED = re.compile(r"\] done.*: grids 1 of 1, .*, exposures (\d+), analysed \1\n")
HIDDEN_FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="(\w+)">')
PATIENCE_S = 300.0
LOOK_EVERY_S = 0.1
# more often the API answers "too many requests"
ASK_EVERY_S = 0.5
WEIGH_EVERY_S = 0.5
# what was queued for the last exposure, and the page's last requests, end within this
SETTLED_WITHIN_S = 60.0
SETTLED_CORES = 0.1
GLANCE_S = 3.0
IDLE_S = 30.0
BYTES_PER_MB = 1e6

T = TypeVar("T")


@dataclass(slots=True)
class RunningDemo:
    """One demo under way, and every process it was ever seen to have."""

    process: subprocess.Popen[bytes]
    output: Path
    began_s: float
    family: set[psutil.Process] = field(default_factory=set)

    def said(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(encoding="utf-8")

    def seconds_until(
        self, ask: Callable[[], T | None], *, every_s: float = LOOK_EVERY_S
    ) -> tuple[float, T]:
        """Seconds since the command was given until `ask` answered something, and that."""
        while (answer := ask()) is None:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() - self.began_s < PATIENCE_S, self.said()
            time.sleep(every_s)
        return time.monotonic() - self.began_s, answer

    def look(self) -> list[psutil.Process]:
        """make, the launcher, all services, the servers and their children, as they are now."""
        make = psutil.Process(self.process.pid)
        processes = [make, *make.children(recursive=True)]
        self.family |= set(processes)
        return processes

    def memory_mb(self) -> float:
        """Memory of all processes; what several share is counted once (proportional set size)."""
        return sum(_of(p, lambda p: p.memory_full_info().pss) for p in self.look()) / BYTES_PER_MB

    def cpu_s(self) -> float:
        """Processor seconds spent by the processes that run now."""
        return sum(_of(p, lambda p: p.cpu_times().user + p.cpu_times().system) for p in self.look())

    def cores(self, *, over_s: float) -> float:
        """How many cores it takes, over that time from now."""
        before_s, began_s = self.cpu_s(), time.monotonic()
        time.sleep(over_s)
        return (self.cpu_s() - before_s) / (time.monotonic() - began_s)

    def stop(self) -> tuple[float, int]:
        """End it as `kill` does; seconds that took, and how many processes were left."""
        self.look()
        asked_s = time.monotonic()
        [launcher] = psutil.Process(self.process.pid).children()
        launcher.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=PATIENCE_S)
        took_s = time.monotonic() - asked_s
        assert code == 0, self.said()
        return took_s, sum(is_running(p.pid) for p in self.family)


@dataclass(slots=True)
class Weighing:
    """The largest memory seen while the demo works; a thread that looks twice a second."""

    demo: RunningDemo
    peak_mb: float = 0.0
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        thread = threading.Thread(target=self._weigh)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _weigh(self) -> None:
        while not self._over.wait(WEIGH_EVERY_S):
            self.peak_mb = max(self.peak_mb, self.demo.memory_mb())


def claims(quick: bool) -> Report:  # noqa: FBT001 (the form of every benchmark)
    """The demo from its start to its end: twice when `quick`, else four times."""
    report = Report(f"The demo, set up, on {os.cpu_count()} cores")
    with a_place() as place:
        _until_the_atlas(report, place, "the first time", target_s=None)
        _until_the_atlas(report, place, "afresh", "--fresh", target_s=15.0)
        if not quick:
            _going_on(report, place)
    if quick:
        report.leave_out("going on, stopping, memory and idling: they take the whole script.")
    else:
        _one_grid(report)
    report.leave_out("make setup on a bare machine: it depends on the network and empty caches.")
    report.leave_out("the browser's own memory and processor time.")
    return report


def _going_on(report: Report, place: Path) -> None:
    """A third start in the same place, and its end in the middle of the night."""
    with demo(place) as again:
        page_s, _ = again.seconds_until(lambda: _shown(again))
        stopping_s, left = again.stop()
    report.inform("going on: to the page", page_s, unit="s")
    report.inform("stopping in the middle", stopping_s, unit="s")
    report.at_most("processes left behind", left, unit="processes", target=0)


def _until_the_atlas(
    report: Report, place: Path, which: str, *options: str, target_s: float | None
) -> None:
    """From `make demo` with default arguments to the page and to its first atlas."""
    with demo(place, *options) as running:
        page_s, link = running.seconds_until(lambda: _shown(running))
        atlas_s, _ = running.seconds_until(_first_atlas(link), every_s=ASK_EVERY_S)
        running.stop()
    report.inform(f"{which}: to the page", page_s, unit="s")
    claim = f"{which}: to the first atlas"
    if target_s is None:
        report.inform(claim, atlas_s, unit="s")
    else:
        report.at_most(claim, atlas_s, unit="s", target=target_s)


def _one_grid(report: Report) -> None:
    """A night as fast as it goes, and what the demo takes when it is over."""
    with a_place() as place, demo(place, "--grids", "1", "--speed", "instant") as running:
        weighing = Weighing(running)
        with weighing.going_on():
            night_s, _ = running.seconds_until(lambda: ENDED.search(running.said()))
        settling_s = _settle(running)
        idle_cores = running.cores(over_s=IDLE_S)
        _, left = running.stop()
    report.inform("one grid as fast as it goes, to the end", night_s, unit="s")
    report.at_most("peak memory meanwhile", weighing.peak_mb, unit="MB", target=3000.0)
    report.inform("quiet again after", settling_s, unit="s")
    idle = f"idle then, over {IDLE_S:.0f} s"
    report.at_most(idle, 100.0 * idle_cores, unit="% of a core", target=5)
    report.at_most("processes left behind by it", left, unit="processes", target=0)


@contextmanager
def a_place() -> Iterator[Path]:
    """A directory for demos, which goes with all that they made."""
    with tempfile.TemporaryDirectory(prefix="smartscope-demo-") as name:
        try:
            yield Path(name)
        finally:
            # for root PostgreSQL's files lie outside this directory
            Place(Path(name) / "demo").forget()


@contextmanager
def demo(place: Path, *options: str) -> Iterator[RunningDemo]:
    """`make demo` there; servers of others are not used."""
    given = ("DATABASE_URL", "REDIS_URL")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in given and not name.startswith("SMARTSCOPE_")
    }
    output = place / "output.txt"
    arguments = " ".join(["--directory", str(place / "demo"), *options])
    began_s = time.monotonic()
    with output.open("wb") as file:
        process = subprocess.Popen(
            ["make", "--no-print-directory", "demo", f"ARGS={arguments}"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield RunningDemo(process, output, began_s)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=PATIENCE_S)


def _shown(running: RunningDemo) -> str | None:
    """The sign-in link, once it is printed and the page behind it is there."""
    found = LINK.search(running.said())
    if found is None:
        return None
    link = found.group(1)
    return link if httpx.get(link, trust_env=False).status_code == httpx.codes.OK else None


def _first_atlas(link: str) -> Callable[[], dict[str, Any] | None]:
    """Sign in as a visitor does; asks for an atlas whose picture can be looked at."""
    browser = httpx.Client(trust_env=False, follow_redirects=True)
    form = dict(HIDDEN_FIELD.findall(browser.get(link).raise_for_status().text))
    browser.post(link, data=form, headers={"Referer": link}).raise_for_status()
    api = f"{link.partition('/login/')[0]}/api/v1"

    def ask() -> dict[str, Any] | None:
        for atlas in _rows(browser, f"{api}/atlases"):
            # the stitched picture, once there is one
            if atlas["image"] is not None:
                tiles = browser.get(f"{api}/images/{atlas['image']}/info.json")
                if tiles.status_code == httpx.codes.OK:
                    return atlas
        return None

    return ask


def _rows(browser: httpx.Client, address: str) -> list[dict[str, Any]]:
    answer = browser.get(address).raise_for_status().json()
    rows: list[dict[str, Any]] = answer["results"]
    return rows


def _settle(running: RunningDemo) -> float:
    """Wait until the demo is quiet, a minute at most; the seconds that took."""
    began_s = time.monotonic()
    while running.cores(over_s=GLANCE_S) > SETTLED_CORES:
        if time.monotonic() - began_s > SETTLED_WITHIN_S:
            break
    return time.monotonic() - began_s


def _of(process: psutil.Process, ask: Callable[[psutil.Process], float]) -> float:
    """A figure of a process; nothing of one that has just ended."""
    try:
        return ask(process)
    except psutil.NoSuchProcess:
        return 0.0


if __name__ == "__main__":
    sys.exit(main(claims))
