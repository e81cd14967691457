"""`python -m smartscope.demo.web DESCRIPTOR`: pages, API and streams in one process, on a socket
that listens already.

uvicorn's own `--fd` takes every socket for a Unix one, and so leaves Nagle's delay on.
"""

from __future__ import annotations

import socket
import sys

import uvicorn

# A browser may say "subscribe" and "ping"; more than this is not from our page.
LARGEST_MESSAGE_BYTES = 16 * 1024
OPEN_REQUESTS_MAY_TAKE_S = 3


def serve(descriptor: int) -> None:
    """Serve on the inherited socket until SIGTERM."""
    with socket.socket(fileno=descriptor) as listener:
        config = uvicorn.Config(
            "smartscope.asgi:application",
            ws="websockets-sansio",
            ws_max_size=LARGEST_MESSAGE_BYTES,
            # an event is a few hundred bytes: to compress it for each stream costs more than it
            ws_per_message_deflate=False,
            lifespan="off",
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=OPEN_REQUESTS_MAY_TAKE_S,
        )
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    serve(int(sys.argv[1]))
