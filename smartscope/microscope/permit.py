"""The permit of somebody who is alone with the instrument: notebooks, tests, service scripts."""

from __future__ import annotations

from smartscope.microscope.values import CommandClass


class AlwaysPermitted:
    """Allows every command; a bridge passes a permit that checks its lease instead."""

    def check(self, command_class: CommandClass, name: str) -> None:
        """Return."""
