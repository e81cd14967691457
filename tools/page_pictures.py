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
from tests.browser.conftest import SESSION
from tests.browser.every_page import EVERY_PAGE, opened
from tests.browser.served import Site, scratch_site

DESK = (1440, 900)
PHONE = (360, 780)
#: what is worth showing once more when the night is over
AFTERWARDS = ("now", "session", "grid", "timeline")
QUALITY = 72
#: a picture is as tall as its page, up to here
TALLEST = {DESK: 1800, PHONE: 1560}
PLANT = f"""
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from smartscope.models import Webhook, WebhookDelivery
from tests.browser.night import plant_night
from tests.browser.picked import plant_picks
plant_night()
plant_picks({SESSION!r}, "g01")
User.objects.filter(username="operator").update(is_staff=True)
now = timezone.now()
hook = Webhook.objects.create(name="facility calendar", url="https://calendar.example.org/runs",
                              kinds=["run."], secret="unused")
for seq, state, attempts, answer in ((3, "sent", 1, "200 OK"), (9, "wanted", 2, "503 Busy"),
                                     (12, "failed", 14, "ConnectionRefusedError")):
    WebhookDelivery.objects.create(
        webhook=hook, seq=seq, kind="run.changed", state=state, attempts=attempts,
        due_at=now + timedelta(seconds=40), answer=answer,
        sent_at=now if state == "sent" else None)
"""
#: what stands behind buttons: where, and which are pressed in turn
PICKED = "picked"
BEHIND = {
    "picks": (PICKED, ("Correct…",)),
    "denoised": (PICKED, ("Mark them", "Denoised")),
    "exports": (PICKED, ("Particles",)),
    "limits": (f"s/{SESSION}/g/g01?overlay=class.ice", ("Limits",)),
}
#: how much of the page is below the window, px: it scrolls inside `main`, the report as a whole
HIDDEN = """() => [document.documentElement, ...document.querySelectorAll("main")]
    .reduce((most, part) => Math.max(most, part.scrollHeight - part.clientHeight), 0)"""
#: the report is always for paper, and limits are drawn on larger screens
LEFT_OUT = ("report-dark", "limits-phone")
WHERE = f"""
from smartscope.models import Picking
hole = Picking.objects.select_related("exposure__hole__square").get().exposure.hole
print(f"s/{SESSION}/g/g01?square={{hole.square.slug}}&hole={{hole.slug}}", end="")
"""
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
    parser.add_argument("--only", nargs="*", choices=sorted(EVERY_PAGE | BEHIND), default=None)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    names = options.only or [*EVERY_PAGE, *BEHIND]
    with scratch_site(PLANT) as site, _browser() as browser:
        for look, size, theme in (
            ("dark", DESK, "dark"),
            ("light", DESK, "light"),
            ("phone", PHONE, "dark"),
        ):
            page = _page(browser, site, size, theme)
            for name in names:
                drawn = f"{name.replace(' ', '-')}-{look}"
                if drawn not in LEFT_OUT:
                    _draw(page, site, name, options.folder / f"{drawn}.webp")
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
    path, buttons = BEHIND.get(name, (EVERY_PAGE.get(name, ""), ()))
    opened(page, f"{site.address}{site.python(WHERE) if path == PICKED else path}")
    for button in buttons:
        page.get_by_role("button", name=button, exact=True).first.click()
    page.wait_for_timeout(700)  # tiles fade in
    size = page.viewport_size or {"width": DESK[0], "height": DESK[1]}
    before = (size["width"], size["height"])
    tall = min(size["height"] + int(page.evaluate(HIDDEN)), TALLEST[before])
    if not buttons and tall > size["height"]:
        page.set_viewport_size({"width": size["width"], "height": tall})
        page.wait_for_timeout(300)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(file, "WEBP", quality=QUALITY, method=6)
    page.set_viewport_size({"width": before[0], "height": before[1]})


if __name__ == "__main__":
    sys.exit(main())
