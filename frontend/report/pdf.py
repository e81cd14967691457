"""The report on paper, printed by a Chromium of this host where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from smartscope.domain.errors import SmartscopeError

TIMEOUT_S = 60
_NAMES = ("chromium", "chromium-browser", "google-chrome")
#: no network, no profile, no leftovers: it reads one file and writes one
_QUIET = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--no-pdf-header-footer",
)


class NoRenderer(SmartscopeError):
    """This host cannot print; the HTML file can be printed by any browser."""


def printer() -> str | None:
    """The browser that prints: `CHROMIUM_PATH`, else one on the path."""
    named = os.environ.get("CHROMIUM_PATH", "")
    return named or next((found for name in _NAMES if (found := shutil.which(name))), None)


def printed(html: str) -> bytes:
    """A PDF of a page that carries everything inside. Raises NoRenderer."""
    browser = printer()
    if browser is None:
        raise NoRenderer(
            "This host has no Chromium to print with. Download the report as one file and print "
            "it in any browser, or install Chromium on the server."
        )
    with tempfile.TemporaryDirectory(prefix="smartscope-report-") as name:
        folder = Path(name)
        page, result = folder / "report.html", folder / "report.pdf"
        page.write_text(html)
        command = [browser, *_QUIET, f"--user-data-dir={folder / 'profile'}"]
        if os.geteuid() == 0:
            # its sandbox refuses root; the page is ours and runs no script
            command.append("--no-sandbox")
        try:
            subprocess.run(
                [*command, f"--print-to-pdf={result}", page.as_uri()],
                check=True,
                capture_output=True,
                timeout=TIMEOUT_S,
            )
            return result.read_bytes()
        except (OSError, subprocess.SubprocessError) as error:
            raise NoRenderer(
                f"{Path(browser).name} could not print the report ({type(error).__name__}). "
                "Download it as one file and print it in any browser."
            ) from error
