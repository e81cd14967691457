"""The icon at the sizes that phones ask for, drawn from `icon.svg`: `python -m tools.page_icons`.

A phone cuts the maskable one into its own shape, so its ground reaches into the corners.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import FLAGS, chromium_path

FOLDER = Path(__file__).resolve().parents[1] / "frontend" / "static" / "frontend"
ROUND, FULL = 'rx="8"', 'rx="0"'
#: file, side in px, corners
ICONS = (
    ("icon-180.png", 180, FULL),
    ("icon-192.png", 192, ROUND),
    ("icon-512.png", 512, ROUND),
    ("icon-maskable-512.png", 512, FULL),
)


def main() -> int:
    """Write the PNG files beside `icon.svg`; returns 0."""
    svg = (FOLDER / "icon.svg").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(FLAGS))
        page = browser.new_page()
        for name, side_px, corners in ICONS:
            (FOLDER / name).write_bytes(_drawn(page, svg.replace(ROUND, corners), side_px))
        browser.close()
    return 0


def _drawn(page: Page, svg: str, side_px: int) -> bytes:
    page.set_viewport_size({"width": side_px, "height": side_px})
    style = f"position:fixed;inset:0;width:{side_px}px;height:{side_px}px"
    page.set_content(svg.replace("<svg ", f'<svg style="{style}" '))
    return page.screenshot(omit_background=True)


if __name__ == "__main__":
    sys.exit(main())
