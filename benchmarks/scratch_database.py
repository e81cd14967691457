"""A PostgreSQL database for one benchmark, dropped with it; servers start when none is given."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from smartscope.servers.children import Children
from smartscope.servers.opening import ServerPlan, sockets


@contextmanager
def scratch_database() -> Iterator[Path]:
    """Django set up on an empty database; yields a directory for files. DATABASE_URL may name a
    server; otherwise an embedded one is started.
    """
    with (
        tempfile.TemporaryDirectory(prefix="smartscope-benchmark-") as name,
        sockets() as socket_folder,
    ):
        directory = Path(name)
        children = Children(directories=(directory, socket_folder))
        plan = ServerPlan.from_environment(
            os.environ, directory=directory / "servers", sockets=socket_folder, durable=True
        )
        try:
            plan.start(children)
            os.environ |= plan.addresses().environment()
            yield from _django(directory)
        finally:
            children.stop_all()


def _django(directory: Path) -> Iterator[Path]:
    files = directory / "files"
    files.mkdir()
    os.environ["SMARTSCOPE_STORAGE_URL"] = files.as_uri()
    os.environ["SMARTSCOPE_DATA_DIR"] = str(directory / "data")
    os.environ["SMARTSCOPE_LOG_LEVEL"] = "ERROR"
    os.environ["DJANGO_SETTINGS_MODULE"] = "smartscope.settings"
    import django
    from django.db import connection

    django.setup()
    _nobody_listens()
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield directory
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)
        connection.close()


def _nobody_listens() -> None:
    """Hints would look for a broker; the benchmark's workers look at the rows themselves."""
    from smartscope.operations.signals import analysis_wanted, event_committed

    analysis_wanted.disconnect(dispatch_uid="workers.nudge")
    event_committed.disconnect(dispatch_uid="frontend.hints")
