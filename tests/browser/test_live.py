"""What happens elsewhere shows by itself, and what is not known to be true is not shown as live."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LOST, SESSION, SignIn
from tests.browser.served import Site
from tests.browser.test_workbench import rows, table


@pytest.fixture
def mortal(site: Site) -> Iterator[Site]:
    """Another server on the same rows, which a test may kill."""
    other = site.another()
    other.start()
    yield other
    other.kill()


EDIT = """
from django.contrib.auth.models import User
from smartscope.domain.actor import Actor
from smartscope.models import Square
from smartscope.operations.edit_targets import edit_squares
from smartscope.operations.pending_edit import Manner
from smartscope.operations.square_edits import Wanted
person = User.objects.get(username="operator")
square = Square.objects.get(slug="{slug}", grid__session__name="20261120_ribosome")
edit_squares(
    Actor("user", "operator", person.pk),
    [square.pk],
    Wanted(label="{label}", queue=None, skip=None),
    Manner(atomic=True, dry_run=False, summary="elsewhere"),
)
"""


def test_an_edit_made_elsewhere_appears_without_a_reload(sign_in: SignIn, site: Site) -> None:
    page = sign_in(f"s/{SESSION}/g/g02")
    squares = table(page, "Atlas")
    expect(page.locator(".live")).to_contain_text("live")
    slug = rows(squares, "partial").first.get_by_role("button").inner_text()
    chosen = rows(squares, "dry").last
    chosen.click()
    scrolled = squares.locator("..").evaluate("(box) => box.scrollTop")
    site.python(EDIT.format(slug=slug, label="small"))
    expect(rows(squares, slug)).to_contain_text("small (person)")
    expect(chosen).to_have_attribute("aria-selected", "true")
    assert squares.locator("..").evaluate("(box) => box.scrollTop") == scrolled


def test_a_dead_server_is_said_and_what_it_missed_is_caught_up(
    sign_in: SignIn, mortal: Site
) -> None:
    page = sign_in(
        f"s/{SESSION}/g/g01",
        at=mortal,
        expected=LOST,
    )
    squares = table(page, "Atlas")
    expect(page.locator(".live")).to_contain_text("live")
    slug = rows(squares, "contaminated").first.get_by_role("button").inner_text()
    mortal.kill()
    banner = page.get_by_role("status").filter(has_text="Live view paused, last known")
    expect(banner).to_be_visible()
    mortal.python(EDIT.format(slug=slug, label="dry"))
    mortal.start()
    expect(rows(squares, slug)).to_contain_text("dry (person)", timeout=30_000)
    expect(page.locator(".live")).to_contain_text("live")
    expect(banner).to_have_count(0)
    page.context.close()
