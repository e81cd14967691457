"""A Chromium, a site with one night in it, and pages that fail on errors and foreign requests."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from smartscope.servers.addresses import Addresses
from tests.browser.served import ROOT, Site

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PASSWORD = "a long enough password"
SESSION = "20261120_ribosome"
NODES = ("chromium", "google-chrome", "chromium-browser")

expect.set_options(timeout=15_000)

SignIn = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # one worker serves one site: the night is planted once
            item.add_marker(pytest.mark.xdist_group("browser"))


def _missing() -> str:
    """Why these tests cannot run here; empty when they can."""
    if _chromium() is None:
        return "no Chromium: set CHROMIUM_PATH or install the system's chromium"
    if not (ROOT / "frontend" / "dist" / "manifest.json").is_file():
        return "the page is not built: run make setup where Node is"
    return ""


def _chromium() -> str | None:
    named = os.environ.get("CHROMIUM_PATH")
    return named or next(filter(None, map(shutil.which, NODES)), None)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's browser; its absence is a failure where REQUIRE_BROWSER is set.

    It ends with this package: while it lives its thread has an event loop, which asynchronous tests
    of other packages cannot share.
    """
    if reason := _missing():
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(
    chromium: Browser, servers: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A night's rows and pictures behind a running server."""
    site = Site(servers, tmp_path_factory.mktemp("site"))
    site.create()
    try:
        site.python("from tests.browser.night import plant_night; plant_night()")
        site.start()
        yield site
    finally:
        site.kill()
        site.drop()


class Watch:
    """What a page must never do: log an error, or ask anybody but its own server."""

    def __init__(self, page: Page, address: str) -> None:
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.expected: list[str] = []
        self._host = urlsplit(address).netloc
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._logged)
        page.on("request", lambda request: self._asked(request.url))
        page.on("websocket", lambda socket: self._asked(socket.url))

    def _logged(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._host:
            self.foreign.append(url)

    def verdict(self) -> None:
        unexpected = [e for e in self.errors if not any(re.search(p, e) for p in self.expected)]
        assert not unexpected, f"the page logged errors: {unexpected}"
        assert not self.foreign, f"the page asked elsewhere: {self.foreign}"


@pytest.fixture
def sign_in(chromium: Browser, site: Site) -> Iterator[SignIn]:
    """Opens a page as somebody; `page.watch.expected` names errors a test provokes itself."""
    contexts: list[BrowserContext] = []
    watches: list[Watch] = []

    def opened(
        path: str = "",
        *,
        as_: str | None = "operator",
        width: int = 1440,
        height: int = 900,
        at: Site = site,
        expected: tuple[str, ...] = (),
    ) -> Page:
        context = chromium.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        watch = Watch(page, at.address)
        watch.expected.extend(expected)
        watches.append(watch)
        if as_ is not None:
            page.goto(f"{at.address}login")
            page.fill("#username", as_)
            page.fill("#password", PASSWORD)
            page.click("button[type=submit]")
            page.wait_for_url(at.address)
        if path or as_ is None:
            page.goto(f"{at.address}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    for watch in watches:
        watch.verdict()
