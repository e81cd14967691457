"""The whole examination of a SerialEM microscope: settings, what lies outside, the instrument."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from smartscope.domain.check_up import Finding, broken, sound
from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.doctor.inside import look_from_inside
from smartscope.microscope.serialem.doctor.outside import look_from_outside
from smartscope.microscope.serialem.settings import settings_from


def examine(settings: Mapping[str, object], *, in_control: bool) -> Iterator[Finding]:
    """Findings in the order in which they are made; without `in_control` nothing is sent.

    Taking control throws any other client out: the caller answers for there being none.
    """
    try:
        chosen = settings_from(settings)
    except BadInstrumentSettings as error:
        yield broken("settings", str(error), "Correct the microscope's settings, then come back.")
        return
    yield sound("settings", "complete, and every key is known")
    yield from look_from_outside(chosen)
    if in_control:
        yield from look_from_inside(chosen, SerialEmClient(chosen.host, chosen.port))
