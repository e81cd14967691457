"""From an empty database: the demo's first night, watched and edited by a person."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Watch
from tests.browser.served import ROOT

READY_LIMIT_S = 180.0
NIGHT_LIMIT_MS = 240_000


@dataclass(frozen=True, slots=True)
class Demo:
    login: str

    @property
    def address(self) -> str:
        return self.login.split("login/")[0]


@pytest.fixture
def demo(chromium: Browser, tmp_path: Path) -> Iterator[Demo]:
    """The demo with servers of its own, ended with everything it started."""
    given = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE", "SMARTSCOPE_DATA_DIR")
    environment = {name: value for name, value in os.environ.items() if name not in given}
    output = tmp_path / "output.txt"
    arguments = ("--grids", "2", "--speed", "60", "--fresh", "--directory", str(tmp_path / "demo"))
    with output.open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "smartscope.demo", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Demo(_login_link(process, output))
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


@pytest.mark.timeout(600)
def test_a_night_from_an_empty_database_is_watched_paused_and_relabelled(
    chromium: Browser, demo: Demo
) -> None:
    page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    watch = Watch(page, demo.address)
    page.goto(demo.login)
    page.get_by_role("button", name="Open the dashboard").click()
    card = page.get_by_role("article")
    expect(card).to_contain_text(re.compile(r"of \d+ squares imaged"), timeout=NIGHT_LIMIT_MS)
    expect(card.get_by_role("img", name="Micrograph")).to_be_visible(timeout=NIGHT_LIMIT_MS)

    page.get_by_role("navigation", name="Sessions").locator(".tree a").first.click()
    page.locator("tbody tr").first.get_by_role("link", name="Open").click()
    atlas = page.get_by_role("region", name="Atlas")
    expect(atlas.locator(".openseadragon-canvas canvas").first).to_be_visible()

    atlas.get_by_role("button", name="Table").click()
    row = atlas.locator("tbody tr").filter(has_text="dry").first
    slug = row.get_by_role("button").inner_text()
    row.click()
    page.keyboard.press("3")
    one = atlas.locator("tbody tr").filter(has_text=re.compile(rf"{slug}(?!\d)"))
    expect(one).to_contain_text("contaminated (person)")
    page.get_by_role("button", name="Undo").click()
    expect(one).to_contain_text("dry")

    page.get_by_role("navigation", name="Sessions").get_by_role("link", name="Now").click()
    card.get_by_role("button", name="Pause").click()
    expect(card.locator("header")).to_contain_text("paused", timeout=NIGHT_LIMIT_MS)
    page.reload()
    expect(card.locator("header")).to_contain_text("paused")
    expect(card.get_by_role("button", name="Resume")).to_be_visible()
    page.context.close()
    watch.verdict()
