"""The system's Chromium and a person in it, for tests and benchmarks; nothing is downloaded."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Browser, Page, StorageState

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PASSWORD = "a long enough password"
NODES = ("chromium", "google-chrome", "chromium-browser")


def chromium_path() -> str | None:
    """Where it is: CHROMIUM_PATH, else the first that the system has."""
    named = os.environ.get("CHROMIUM_PATH")
    return named or next(filter(None, map(shutil.which, NODES)), None)


def sign_in(page: Page, address: str, name: str) -> None:
    """Through the form, as everybody; `address` is the site's own."""
    page.goto(f"{address}login")
    page.fill("#username", name)
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(address)


def signed_in(browser: Browser, address: str, name: str) -> StorageState:
    """What a new context needs to be that person's already; nothing but the cookies."""
    context = browser.new_context()
    sign_in(context.new_page(), address, name)
    state = context.storage_state()
    context.close()
    return {"cookies": state["cookies"], "origins": []}
