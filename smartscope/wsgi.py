"""The HTTP application where web and live streams are separate services (production)."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartscope.settings")
os.environ.setdefault("SMARTSCOPE_PROCESS", "web")

application = get_wsgi_application()

# It reads the settings, which are there once the line above has set Django up.
from smartscope.web_warm_up import warm_up_later  # noqa: E402

warm_up_later()
