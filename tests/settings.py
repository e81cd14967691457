"""The service's settings as the tests run them: this run's own servers, quick password hashes."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("SMARTSCOPE_MODE", "test")
os.environ.setdefault("SMARTSCOPE_UNACKED_RESTORE_INTERVAL", "1")
os.environ.setdefault("SMARTSCOPE_UNACKED_RESTORE_THROTTLE", "1")

if "pytest" in sys.modules:
    from tests.run_servers import SERVERS

    DATA = SERVERS.directory / "data" / os.environ.get("PYTEST_XDIST_WORKER", "main")
    (DATA / "images").mkdir(parents=True, exist_ok=True)
else:
    DATA = Path(tempfile.gettempdir()) / "smartscope-checks"
os.environ.setdefault("SMARTSCOPE_DATA_DIR", str(DATA))

from smartscope.settings import *  # noqa: F403
from smartscope.settings import DATABASES

# Argon2 is slow on purpose; what is tested is who may sign in, not how long it takes.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# A query that hangs must fail its own test, not the whole run's timeout.
DATABASES["default"]["OPTIONS"]["options"] = "-c statement_timeout=30000 -c lock_timeout=10000"
