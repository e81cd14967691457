"""Nobody sees a page before signing in, and a one-time link works once."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.chromium import PASSWORD
from tests.browser.conftest import SESSION, SignIn
from tests.browser.served import Site


def test_a_stranger_signs_in_and_comes_to_the_page_that_was_asked_for(
    sign_in: SignIn, site: Site
) -> None:
    page = sign_in(f"s/{SESSION}", as_=None)
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.fill("#username", "operator")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name=SESSION)).to_be_visible()
    assert page.url == f"{site.address}s/{SESSION}"


def test_a_wrong_password_is_said_plainly(sign_in: SignIn) -> None:
    page = sign_in("login", as_=None)
    page.fill("#username", "nobody")
    page.fill("#password", "not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")


def test_a_login_link_is_spent_by_its_button_and_not_by_reading_it(
    sign_in: SignIn, site: Site
) -> None:
    secret = site.python(
        "from smartscope.domain.actor import SETUP\n"
        "from smartscope.operations.login_links import create_login_link\n"
        "print(create_login_link(SETUP, 'operator'))"
    ).strip()
    page = sign_in(f"login/{secret}", as_=None, expected=(r"status of 410",))
    page.reload()
    page.get_by_role("button", name="Open the dashboard").click()
    expect(page.get_by_role("heading", name="Krios 1")).to_be_visible()
    page.goto(f"{site.address}login/{secret}")
    page.get_by_role("button", name="Open the dashboard").click()
    expect(page.get_by_role("alert")).to_contain_text("used already")


def test_a_share_link_opens_the_report_for_a_stranger_and_a_broken_one_says_so(
    sign_in: SignIn,
) -> None:
    page = sign_in(f"s/{SESSION}")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("button", name="Make a link").click()
    made = page.get_by_text("/share#").inner_text()
    link = made[made.index("http") :].split()[0]
    stranger = sign_in("login", as_=None, expected=(r"status of 410",))
    stranger.goto(link)
    stranger.get_by_role("button", name="Open the report").click()
    expect(stranger.get_by_role("heading", name=SESSION)).to_be_visible()
    stranger.goto("about:blank")
    stranger.goto(f"{link[:-4]}none")
    stranger.get_by_role("button", name="Open the report").click()
    expect(stranger.get_by_role("alert")).to_contain_text("Ask whoever sent it")


def test_signing_out_ends_it(sign_in: SignIn, site: Site) -> None:
    page = sign_in(anew=True, expected=("status of 401",))
    page.get_by_role("button", name="Mira Ito").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.goto(f"{site.address}now")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
