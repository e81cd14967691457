"""HTTP and live streams in one application; production routes only the live streams to it.

What is answered at once goes through a few threads. What may wait, and the emergency stop, which
must never wait behind anything, are Django's own to begin a thread for.
"""

from __future__ import annotations

import os
import re
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartscope.settings")
os.environ.setdefault("SMARTSCOPE_PROCESS", "web")

http_application = get_asgi_application()

# The routes import models, which exist only once the line above has set Django up.
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from channels.sessions import CookieMiddleware  # noqa: E402
from django.conf import settings  # noqa: E402

from frontend.routing import websocket_urlpatterns  # noqa: E402
from smartscope.threaded_http import ThreadedHandler  # noqa: E402
from smartscope.web_warm_up import warm_up_later  # noqa: E402

OWN_THREAD = re.compile(r"/api/v1/(events(/stream)?|microscopes/[^/]+/emergency-stop)")


class ByPatience:
    """Sends each request to the handler that suits how long it may take."""

    def __init__(self, patient: Any, quick: Any) -> None:
        self.patient, self.quick = patient, quick

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path = scope["path"].removeprefix(settings.PREFIX)
        handler = self.patient if OWN_THREAD.fullmatch(path) else self.quick
        await handler(scope, receive, send)


class BelowPrefix:
    """Tells the socket router which part of the path is the site's prefix, as Django is told."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        prefix: str = settings.PREFIX
        if prefix and scope["path"].startswith(prefix + "/"):
            scope = {**scope, "root_path": prefix}
        await self.application(scope, receive, send)


application = ProtocolTypeRouter(
    {
        "http": ByPatience(http_application, ThreadedHandler(threads=settings.HTTP_THREADS)),
        "websocket": BelowPrefix(
            OriginValidator(
                CookieMiddleware(URLRouter(websocket_urlpatterns)), settings.STREAM_ORIGINS
            )
        ),
    }
)

warm_up_later()
