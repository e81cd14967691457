"""Container health: `python -m smartscope.servers.reachable` ends with 0 when a service can work.

It can when its database and its broker answer and, with --port, when it accepts connections
itself. That a service runs at all is the container's own business; that it gets on with its work
is watched in the rows (lease, oldest job).
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence

from smartscope import environment
from smartscope.domain.errors import SmartscopeError
from smartscope.servers.given import check_postgres, check_redis

CONNECT_TIMEOUT_S = 3.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the environment names; says what does not answer."""
    parser = argparse.ArgumentParser(prog="python -m smartscope.servers.reachable")
    parser.add_argument("--port", type=int, help="the port this service listens on")
    port = parser.parse_args(arguments).port
    try:
        if url := environment.secret("DATABASE_URL"):
            check_postgres(url)
        if url := environment.secret("REDIS_URL"):
            check_redis(url)
        if port is not None:
            socket.create_connection(("127.0.0.1", port), CONNECT_TIMEOUT_S).close()
    except (SmartscopeError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
