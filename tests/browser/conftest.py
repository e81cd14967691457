"""A Chromium, a site with one night in it, and pages that fail on errors and foreign requests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    StorageState,
    expect,
    sync_playwright,
)

from smartscope.servers.addresses import Addresses
from tests.browser import chromium as system
from tests.browser.accessible import assert_accessible
from tests.browser.relay import Relay
from tests.browser.served import ROOT, Site
from tests.browser.watch import Watch

SESSION = "20261120_ribosome"
#: what a browser itself says of a server or a network that is gone
LOST = (r"WebSocket connection", r"net::ERR_", r"TileSource", r"Tile .* failed to load")
#: the first test waits for the site as well
TEST_LIMIT_S = 600

expect.set_options(timeout=15_000)

SignIn = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(TEST_LIMIT_S))
            # one worker serves one site: the night is planted once
            item.add_marker(pytest.mark.xdist_group("browser"))


def _missing() -> str:
    """Why these tests cannot run here; empty when they can."""
    if system.chromium_path() is None:
        return "no Chromium: set CHROMIUM_PATH or install the system's chromium"
    if not (ROOT / "frontend" / "dist" / "manifest.json").is_file():
        return "the page is not built: run make setup where Node is"
    return ""


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
        browser = playwright.chromium.launch(
            executable_path=system.chromium_path(), args=list(system.FLAGS)
        )
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
        site.begin()
        site.python("from tests.browser.night import plant_night; plant_night()")
        site.await_answer()
        yield site
    finally:
        site.close()
        site.drop()


@pytest.fixture
def as_planted(site: Site) -> None:
    """How far the grids are and what they are worth is as in the beginning: tests share a night."""
    site.python(f"from tests.browser.night import as_planted; as_planted({SESSION!r})")


@pytest.fixture(scope="package")
def below(site: Site) -> Iterator[Site]:
    """The same rows by a server that lives below a prefix."""
    other = site.another(prefix="/some/prefix")
    other.start()
    yield other
    other.kill()


@pytest.fixture(scope="package")
def people(chromium: Browser) -> Callable[[str, str], StorageState]:
    """Who is signed in where: each person goes through the form once."""
    known: dict[tuple[str, str], StorageState] = {}

    def known_as(address: str, name: str) -> StorageState:
        if (address, name) not in known:
            known[address, name] = system.signed_in(chromium, address, name)
        return known[address, name]

    return known_as


@pytest.fixture
def sign_in(
    chromium: Browser, site: Site, people: Callable[[str, str], StorageState]
) -> Iterator[SignIn]:
    """Opens a page as somebody; `expected` names errors a test provokes itself.

    Who shall sign out signs in `anew`: the others' session stays.
    """
    contexts: list[BrowserContext] = []
    watches: list[Watch] = []

    def opened(
        path: str = "",
        *,
        as_: str | None = "operator",
        width: int = 1440,
        height: int = 900,
        at: Site | Relay = site,
        expected: tuple[str, ...] = (),
        anew: bool = False,
    ) -> Page:
        state = None if as_ is None or anew else people(at.address, as_)
        context = chromium.new_context(
            viewport={"width": width, "height": height}, storage_state=state
        )
        contexts.append(context)
        page = context.new_page()
        watch = Watch(page, at.address)
        watch.expected.extend(expected)
        watches.append(watch)
        if anew and as_ is not None:
            system.sign_in(page, at.address, as_)
        page.goto(f"{at.address}{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    for watch in watches:
        watch.verdict()


@pytest.fixture
def journey(sign_in: SignIn) -> Iterator[SignIn]:
    """Opens pages as `sign_in` does; those still open at the end are looked at by axe."""
    pages: list[Page] = []

    def opened(*arguments: Any, **options: Any) -> Page:
        pages.append(sign_in(*arguments, **options))
        return pages[-1]

    yield opened
    for page in pages:
        if not page.is_closed():
            assert_accessible(page)
