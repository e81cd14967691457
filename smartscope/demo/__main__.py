"""`python -m smartscope.demo`, which `make demo` and `manage.py demo` run."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from smartscope.demo.launcher import Interrupted, Launcher
from smartscope.demo.options import parse
from smartscope.domain.errors import SmartscopeError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; what a person can put right is one sentence, not a traceback."""
    try:
        return Launcher(parse(sys.argv[1:] if arguments is None else arguments)).run()
    except SmartscopeError as error:
        print(error, file=sys.stderr)
        return 1
    except (Interrupted, KeyboardInterrupt):
        return 130


if __name__ == "__main__":
    sys.exit(main())
