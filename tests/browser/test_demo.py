"""From an empty database: the demo's first night, watched and edited by a person, and its server
killed in the middle of it.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.accessible import assert_accessible
from tests.browser.conftest import LOST
from tests.browser.served import ROOT
from tests.browser.watch import Watch

READY_LIMIT_S = 180.0
NIGHT_LIMIT_MS = 240_000


@dataclass(frozen=True, slots=True)
class Demo:
    login: str
    process_id: int

    @property
    def address(self) -> str:
        return self.login.split("login/")[0]

    def kill(self, *services: str) -> None:
        """End services as a crash would; whoever supervises them starts them again."""
        for child in psutil.Process(self.process_id).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "smartscope.demo.ahead" in (line := child.cmdline()) and {*services} & {*line}:
                    child.kill()


@pytest.fixture
def demo(chromium: Browser, tmp_path: Path) -> Iterator[Demo]:
    """The demo with servers of its own, ended with everything it started."""
    given = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SMARTSCOPE_DATA_DIR")
    environment = {name: value for name, value in os.environ.items() if name not in given}
    output = tmp_path / "output.txt"
    arguments = ("--grids", "2", "--speed", "120", "--fresh", "--directory", str(tmp_path / "demo"))
    with output.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "smartscope.demo", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Demo(_login_link(process, output), process.pid)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _login_link(process: subprocess.Popen[bytes], output: Path) -> str:
    until = time.monotonic() + READY_LIMIT_S
    while time.monotonic() < until:
        if found := re.search(r"http://\S+/login/\S+", output.read_text()):
            return found.group()
        assert process.poll() is None, output.read_text()
        time.sleep(0.5)
    raise AssertionError(f"the demo was not ready in time: {output.read_text()}")


@pytest.mark.timeout(900)
def test_a_night_from_an_empty_database_is_watched_killed_and_paused(
    chromium: Browser, demo: Demo
) -> None:
    page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    watch = Watch(page, demo.address)
    watch.expected += [*LOST, "status of 50"]
    page.goto(demo.login)
    page.get_by_role("button", name="Open the dashboard").click()
    card = page.get_by_role("article")
    expect(card).to_contain_text(re.compile(r"of \d+ squares imaged"), timeout=NIGHT_LIMIT_MS)
    expect(card.get_by_role("img", name="Micrograph")).to_be_visible(timeout=NIGHT_LIMIT_MS)
    assert_accessible(page)

    page.get_by_role("navigation", name="Sessions").locator(".tree a").first.click()
    page.locator("tbody tr").first.get_by_role("link", name="Open").click()
    _stays_where_it_is(page)
    assert_accessible(page)
    _is_relabelled(page)
    _outlives_its_server(page, demo)
    _loses_and_doubles_nothing(page)

    page.get_by_role("navigation", name="Sessions").get_by_role("link", name="Now").click()
    card.get_by_role("button", name="Pause").click()
    expect(card.locator("header")).to_contain_text("paused", timeout=NIGHT_LIMIT_MS)
    page.reload()
    expect(card.locator("header")).to_contain_text("paused")
    expect(card.get_by_role("button", name="Resume")).to_be_visible()
    assert_accessible(page)
    page.context.close()
    watch.verdict()


def _stays_where_it_is(page: Page) -> None:
    """Zoomed in, the map shows the same part while new images come in."""
    atlas = page.get_by_role("region", name="Atlas")
    expect(atlas.locator(".openseadragon-canvas canvas").first).to_be_visible()
    for _ in range(3):
        atlas.get_by_role("button", name="Zoom in").click()
    before = _settled_picture(page)
    taken = _exposures(page)
    _until(page, lambda: _exposures(page) > taken, "another exposure")
    page.wait_for_timeout(1_000)  # events are merged for half a second
    assert _settled_picture(page) == before, "the view jumped"


def _settled_picture(page: Page) -> str:
    """The drawn part of the atlas, once its tiles are there."""
    seen = ""
    until = time.monotonic() + 30
    while (now := str(page.evaluate(DRAWN))) != seen:
        assert time.monotonic() < until, "the map never came to rest"
        seen = now
        page.wait_for_timeout(700)
    return seen


def _is_relabelled(page: Page) -> None:
    atlas = page.get_by_role("region", name="Atlas")
    atlas.get_by_role("button", name="Table").click()
    row = atlas.locator("tbody tr").filter(has_text="dry").first
    slug = row.get_by_role("button").inner_text()
    row.click()
    page.keyboard.press("3")
    one = atlas.locator("tbody tr").filter(has_text=re.compile(rf"{slug}(?!\d)"))
    expect(one).to_contain_text("contaminated (person)")
    page.get_by_role("button", name="Undo").click()
    expect(one).to_contain_text("dry")


def _outlives_its_server(page: Page, demo: Demo) -> None:
    """Server and bridge end at once, in the middle of the run, and come back by themselves."""
    taken = _exposures(page)
    connection = page.locator(".live")
    demo.kill("web", "bridge")
    expect(connection).not_to_contain_text(LIVE)
    expect(connection).to_contain_text(LIVE, timeout=NIGHT_LIMIT_MS)
    _until(page, lambda: _exposures(page) > taken, "an exposure after the restart")


def _loses_and_doubles_nothing(page: Page) -> None:
    """Every hole has been exposed once at most; every image that was taken is there."""
    items = page.evaluate(ITEMS)
    given = Counter(item["hole"] for item in items if item["state"] in ("done", "lost"))
    assert given, "no hole was exposed yet"
    assert set(given.values()) == {1}, f"exposed twice: {given.most_common(3)}"
    done = {item["hole"] for item in items if item["state"] == "done"}
    assert done <= set(page.evaluate(EXPOSED)), "an image was taken and is not there"


def _exposures(page: Page) -> int:
    return len(page.evaluate(EXPOSED))


def _until(page: Page, holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + NIGHT_LIMIT_MS / 1000
    while not holds():
        assert time.monotonic() < until, f"there was not {what} in time"
        page.wait_for_timeout(500)


LIVE = re.compile(r"^\s*live")
DRAWN = """() => [...document.querySelectorAll(
        'section[aria-label="Atlas"] .openseadragon-canvas canvas')]
    .map((canvas) => canvas.toDataURL()).join()"""
EXPOSED = """async () => {
    const answer = await (await fetch("api/v1/exposures?limit=1000")).json();
    return answer.results.map((one) => one.slug.replace(/-x\\d+$/, ""));
}"""
ITEMS = """async () => {
    const answer = await (await fetch("api/v1/steps?kind=expose&limit=1000")).json();
    return answer.results.flatMap((step) => step.items).filter((item) => item.hole !== null);
}"""
