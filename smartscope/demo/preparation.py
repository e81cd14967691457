"""What the demo does with Django before anybody looks: tables, the night's rows, a sign-in link.

All of it in the launcher's own process: each further start of Django is a second that a visitor
waits for nothing.
"""

from __future__ import annotations

import contextlib
import io
import os
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

from smartscope.demo.instrument import DemoInstrument
from smartscope.domain.errors import SmartscopeError

# whom the night's rows make for the visitor
PERSON = "demo"


class PreparationFailed(SmartscopeError):
    """A step of the preparation did not succeed; the log that is named says all of it."""


def set_up_django(environment: Mapping[str, str], logs: Path) -> None:
    """Make this a process of the service. Raises PreparationFailed for settings without sense."""
    os.environ |= environment
    with _explained("Reading the settings", logs):
        import django

        django.setup()
        # used in a moment, and read while the servers are still starting
        import django.core.management.commands.migrate

        import workers.demo_night  # noqa: F401


def make_tables(logs: Path) -> None:
    """Bring the database to this version's tables and leave it. Raises PreparationFailed."""
    from django.core.management import call_command
    from django.db import connection

    with _explained("Making the tables", logs):
        call_command("migrate", interactive=False, verbosity=0)
    # a database with clients cannot be copied
    connection.close()


def begin_night(instrument: DemoInstrument, logs: Path) -> None:
    """The demo's session, made and started, or the one that is there. Raises PreparationFailed."""
    from django.utils import timezone

    from workers.demo_night import demo_night

    with _explained("Making the night's session", logs):
        demo_night(
            qualities=instrument.cassette.qualities(),
            seed=instrument.cassette.seed,
            driver_settings=instrument.driver_settings(),
            today=timezone.now(),
        )


def sign_in_link(site: str) -> str:
    """An address that signs the visitor in, once; `site` is where the page is."""
    return _said("login_link", PERSON, "--site", site).splitlines()[-1]


def night_summary() -> str:
    """The figures of the newest run, as JSON."""
    return _said("run_summary")


def _said(command: str, *arguments: str) -> str:
    from django.core.management import call_command

    written = io.StringIO()
    call_command(command, *arguments, stdout=written)
    return written.getvalue()


@contextlib.contextmanager
def _explained(doing: str, logs: Path) -> Iterator[None]:
    """One sentence for the person, the traceback for a file."""
    try:
        yield
    except Exception as error:
        log = logs / "preparation.txt"
        log.write_text(traceback.format_exc(), encoding="utf-8")
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
        raise PreparationFailed(f"{doing} failed: {reason} All of it is in {log}.") from error
