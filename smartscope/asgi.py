"""HTTP and live streams in one application; production routes only the live streams to it."""

from __future__ import annotations

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartscope.settings")
os.environ.setdefault("SMARTSCOPE_PROCESS", "web")

http_application = get_asgi_application()

# The routes import models, which exist only once the line above has set Django up.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from frontend.routing import websocket_urlpatterns  # noqa: E402


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
        "http": http_application,
        "websocket": BelowPrefix(
            OriginValidator(
                AuthMiddlewareStack(URLRouter(websocket_urlpatterns)), settings.STREAM_ORIGINS
            )
        ),
    }
)
