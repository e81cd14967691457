"""What a page missed while nobody could tell it: the network gone, and another log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import LOST, SESSION, SignIn
from tests.browser.relay import Relay
from tests.browser.served import Site
from tests.browser.test_live import EDIT
from tests.browser.test_workbench import rows, table

#: by the page's own clock, which stands still while the server works: a slow machine is not blamed
CAUGHT_UP_WITHIN_MS, TICK_MS = 3_000, 300
#: a row as a restored backup leaves it: changed, and nothing says so
RESTORED = """
from smartscope.models import Square
Square.objects.filter(slug="{slug}", grid__session__name="20261120_ribosome").update(
    label="{label}")
"""


@pytest.fixture
def network(site: Site) -> Iterator[Relay]:
    with Relay(site.port) as relay:
        yield relay


def named(page: Page, *labels: str) -> list[str]:
    """The first square of each class."""
    squares = page.get_by_role("region", name="Atlas").get_by_role("table")
    return [rows(squares, label).first.get_by_role("button").inner_text() for label in labels]


def test_a_minute_without_network_loses_no_event(
    journey: SignIn, site: Site, network: Relay
) -> None:
    page = journey(at=network, expected=LOST)
    page.clock.install()
    page.goto(f"{network.address}s/{SESSION}/g/g01")
    squares = table(page, "Atlas")
    expect(page.locator(".live")).to_contain_text("live")
    slugs = named(page, "small", "contaminated", "partial")
    head = int(site.python(HEAD))
    asked: list[int] = []
    page.on("request", lambda request: asked.extend(_after(request.url)))

    network.drop()
    page.clock.fast_forward(16_000)
    banner = page.get_by_role("status").filter(has_text="Live view paused, last known")
    expect(banner).to_be_visible()
    for slug in slugs:
        site.python(EDIT.format(slug=slug, label="dry"))
    page.clock.fast_forward(26_000)
    expect(page.locator(".live")).to_contain_text(re.compile("offline|connecting"))
    page.clock.fast_forward(18_000)
    expect(rows(squares, slugs[0])).not_to_contain_text("dry (person)")

    network.restore()
    at_work = Requests(page)
    page.clock.pause_at(page.evaluate("Date.now() + 1"))
    page.evaluate("dispatchEvent(new Event('online'))")  # as a browser whose interface is back
    page.clock.run_for(TICK_MS)
    expect(page.locator(".live")).to_contain_text(re.compile("live|catching up"))
    for _ in range(CAUGHT_UP_WITHIN_MS // TICK_MS - 1):
        at_work.settle()
        page.clock.run_for(TICK_MS)
    # the page's time stands: whatever it left to a timer of its own does not come any more
    for slug in slugs:
        expect(rows(squares, slug)).to_contain_text("dry (person)")
    expect(page.locator(".live")).to_contain_text(re.compile(r"^\s*live"))
    page.clock.resume()
    expect(banner).to_have_count(0)
    expect(page.locator(".stale")).to_have_count(0)
    assert asked, "the page must ask for what it missed"
    assert min(asked) <= head, "from the last event that it had taken in"


def test_another_log_makes_a_page_read_everything_again(journey: SignIn, site: Site) -> None:
    page = journey(f"s/{SESSION}/g/g01")
    squares = table(page, "Atlas")
    expect(page.locator(".live")).to_contain_text("live")
    edited, silent = named(page, "cracked", "partial")
    site.python(EDIT.format(slug=edited, label="small"))
    expect(rows(squares, edited)).to_contain_text("small (person)")
    site.python(RESTORED.format(slug=edited, label=""))
    site.python(RESTORED.format(slug=silent, label="good"))
    site.manage("renew_event_log", "--reason", "restored from a backup")
    expect(rows(squares, edited)).not_to_contain_text("small (person)", timeout=25_000)
    expect(rows(squares, silent)).to_contain_text("good (person)")
    expect(page.locator(".live")).to_contain_text("live")


NO_SOCKETS = """window.WebSocket = class {
    constructor() { setTimeout(() => this.onclose?.(), 5); }
    close() {}
}"""


def test_where_no_socket_opens_the_page_lives_on_a_stream(sign_in: SignIn, site: Site) -> None:
    page = sign_in("now", expected=LOST)
    page.add_init_script(NO_SOCKETS)
    with page.expect_request("**/api/v1/events/stream*"):
        page.goto(f"{site.address}s/{SESSION}/g/g01")
    expect(page.locator(".live .word")).to_have_text("live")
    table(page, "Atlas")
    (one,) = named(page, "good")
    site.python(RESTORED.format(slug=one, label="") + EDIT.format(slug=one, label="cracked"))
    squares = page.get_by_role("region", name="Atlas").get_by_role("table")
    expect(rows(squares, one).first).to_contain_text("cracked (person)")


class Requests:
    """What a page has asked for and not been answered, except where it waits for events."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._open: set[Request] = set()
        page.on("request", self._asked)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    def settle(self) -> None:
        """Until every answer has come, however long the server takes within the test's timeout."""
        while self._open:
            self._page.wait_for_timeout(20)

    def _asked(self, request: Request) -> None:
        if "wait" not in parse_qs(urlsplit(request.url).query):
            self._open.add(request)

    def _ended(self, request: Request) -> None:
        self._open.discard(request)


HEAD = "from smartscope.queries.events import head_seq; print(head_seq())"


def _after(url: str) -> list[int]:
    parts = urlsplit(url)
    if not parts.path.endswith("/api/v1/events"):
        return []
    return [int(value) for value in parse_qs(parts.query).get("after", [])]
