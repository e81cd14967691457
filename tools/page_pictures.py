"""Pictures of every page for the documents: a running and a finished night, dark, light, a phone.

`python -m tools.page_pictures docs/pictures` draws them anew on a planted night; look at them.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import FLAGS, chromium_path, sign_in
from tests.browser.every_page import EVERY_PAGE, opened
from tests.browser.served import Site, scratch_site

DESK = (1440, 900)
PHONE = (360, 780)
#: what is worth showing once more when the night is over
AFTERWARDS = ("now", "session", "grid", "timeline")
QUALITY = 72
PLANT = "from tests.browser.night import plant_night; plant_night()"
ENDED = """
from django.utils import timezone
from smartscope.models import Exposure, Grid, Lease, Microscope, Run, Step
clock_s = Microscope.objects.get().clock_s
Step.objects.filter(state="issued").update(state="done", ended_at_s=clock_s)
Run.objects.update(state="done", ended_at_s=clock_s)
Grid.objects.filter(status="working").update(status="done", ended_at_s=clock_s)
Microscope.objects.update(state="idle", valves_open=False, state_since=timezone.now())
Lease.objects.update(state="free", expires_at=None)
"""


def main() -> int:
    """Write NAME-dark.webp, NAME-light.webp, NAME-phone.webp and NAME-done.webp; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="*", choices=sorted(EVERY_PAGE), default=None)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    names = options.only or list(EVERY_PAGE)
    with scratch_site(PLANT) as site, _browser() as browser:
        for look, size, theme in (
            ("dark", DESK, "dark"),
            ("light", DESK, "light"),
            ("phone", PHONE, "dark"),
        ):
            page = _page(browser, site, size, theme)
            for name in names:
                _draw(page, site, name, options.folder / f"{name.replace(' ', '-')}-{look}.webp")
            page.context.close()
        site.python(ENDED)
        page = _page(browser, site, DESK, "light")
        for name in (name for name in names if name in AFTERWARDS):
            _draw(page, site, name, options.folder / f"{name}-done.webp")
    return 0


@contextmanager
def _browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        yield browser
        browser.close()


def _page(browser: Browser, site: Site, size: tuple[int, int], theme: str) -> Page:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = context.new_page()
    sign_in(page, site.address, "operator")
    page.evaluate("(theme) => localStorage.setItem('smartscope-theme', theme)", theme)
    return page


def _draw(page: Page, site: Site, name: str, file: Path) -> None:
    opened(page, f"{site.address}{EVERY_PAGE[name]}")
    page.wait_for_timeout(700)  # tiles fade in
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(file, "WEBP", quality=QUALITY, method=6)


if __name__ == "__main__":
    sys.exit(main())
