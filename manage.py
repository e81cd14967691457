#!/usr/bin/env python
"""Django's command line; it also names the kind of process, which settles its database limits."""

from __future__ import annotations

import os
import sys

LONG_RUNNING = ("bridge", "sweeper")


def main() -> None:
    """Run one management command in a process of the right kind."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartscope.settings")
    if len(sys.argv) > 1 and sys.argv[1] in LONG_RUNNING:
        os.environ.setdefault("SMARTSCOPE_PROCESS", sys.argv[1])
    if sys.argv[1:2] == ["demo"]:
        # The launcher starts the servers first and only then Django, so it must not need one.
        from smartscope.demo.__main__ import main as demo

        sys.exit(demo(sys.argv[2:]))

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
