"""All simulated commands by name; every name is one of SerialEM's list with its own code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from smartscope.microscope.serialem.commands import commands
from smartscope.microscope.simulator.serialem import (
    topic_alignment,
    topic_autoloader,
    topic_buffers,
    topic_camera,
    topic_column,
    topic_files,
    topic_frames,
    topic_low_dose,
    topic_montage,
    topic_multishot,
    topic_navigator,
    topic_navigator_files,
    topic_navigator_groups,
    topic_optics,
    topic_realign,
    topic_shift,
    topic_stage,
    topic_system,
    topic_tasks,
)
from smartscope.microscope.simulator.serialem.program import Handler

_TOPICS = (
    topic_system,
    topic_autoloader,
    topic_column,
    topic_stage,
    topic_optics,
    topic_realign,
    topic_shift,
    topic_low_dose,
    topic_camera,
    topic_frames,
    topic_tasks,
    topic_buffers,
    topic_files,
    topic_alignment,
    topic_montage,
    topic_multishot,
    topic_navigator,
    topic_navigator_files,
    topic_navigator_groups,
)


def handlers() -> Mapping[str, Handler]:
    """The handler of each simulated command."""
    merged: dict[str, Handler] = {}
    for topic in _TOPICS:
        merged |= topic.COMMANDS
    return MappingProxyType(merged)


def unsimulated() -> tuple[str, ...]:
    """Commands of the table that answer an error here."""
    return tuple(name for name in commands() if name not in handlers())
