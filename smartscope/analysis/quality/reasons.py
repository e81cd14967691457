"""Why an exposure was given its class, in phrases for people; only what was measured is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from smartscope.analysis.base import FloatArray
from smartscope.analysis.quality.classes import ExposureClass
from smartscope.analysis.quality.context import Context
from smartscope.analysis.quality.indicators import NAMES
from smartscope.analysis.quality.texture import SPOT_NAMES, SPOTS_ANGSTROM

_Seen = Mapping[str, float]
#: a spot this much (natural logarithm) above the strongest of noise is told of
_TOLD_SPOT: Final = 0.3
_TOLD_ASHMAN: Final = 2.0
_TOLD_FRACTION: Final = 0.01
_TOLD_STEP_ANGSTROM: Final = 1.5


def reasons_for(label: ExposureClass, values: FloatArray, context: Context) -> tuple[str, ...]:
    """Phrases for a class; `values` are the indicators. At least one."""
    seen = dict(zip(NAMES, (float(value) for value in values), strict=True))
    phrases = [phrase for say in _SAY[label] if (phrase := say(seen, context))]
    return tuple(phrases) or (_ALIKE,)


def _ctf(_: _Seen, context: Context) -> str:
    if not context.ctf_sought:
        return ""
    if context.ctf_fit_angstrom is None:
        return "no CTF was found"
    return f"CTF fits to {context.ctf_fit_angstrom:.1f} Å"


def _ice(_: _Seen, context: Context) -> str:
    if context.rings_ice_nm is not None and context.rings_ice_nm > 80.0:
        return f"ice of about {context.rings_ice_nm:.0f} nm by its rings"
    if context.seen_ice_nm is None:
        return ""
    return f"ice of about {context.seen_ice_nm:.0f} nm by the brightness of the hole"


def _motion(_: _Seen, context: Context) -> str:
    step = context.frame_step_angstrom
    if step is None or step < _TOLD_STEP_ANGSTROM:
        return ""
    return f"moves {step:.1f} Å from frame to frame"


def _spots(seen: _Seen, _: Context) -> str:
    told = [
        f"{spacing:.2f}"
        for name, spacing in zip(SPOT_NAMES, SPOTS_ANGSTROM, strict=True)
        if seen[name] > _TOLD_SPOT
    ]
    return f"spots of crystals at {', '.join(told)} Å" if told else ""


def _grains(seen: _Seen, _: Context) -> str:
    return "uneven from place to place" if seen["tile_residual"] > -4.5 else ""


def _two_materials(seen: _Seen, _: Context) -> str:
    return "two grey levels side by side" if seen["ashman_d"] > _TOLD_ASHMAN else ""


def _dark(seen: _Seen, _: Context) -> str:
    dark = seen["dark_fraction"]
    return f"{100 * dark:.0f} % of the field is far darker" if dark > _TOLD_FRACTION else ""


def _blobs(seen: _Seen, _: Context) -> str:
    excess = seen["blobs_dark"] - seen["blobs_bright"]
    return "dark blobs are no commoner than bright ones" if excess < 0.3 else ""


_SAY: Final[Mapping[ExposureClass, tuple[Callable[[_Seen, Context], str], ...]]] = {
    ExposureClass.GOOD: (_ctf, _ice),
    ExposureClass.THICK: (_ice, _ctf),
    ExposureClass.NO_ICE: (_ice, _ctf),
    ExposureClass.NO_PARTICLES: (_blobs, _ctf),
    ExposureClass.CRYSTALLINE: (_spots, _grains),
    ExposureClass.CONTAMINATED: (_dark, _grains),
    ExposureClass.FOIL: (_two_materials, _grains),
    ExposureClass.BLURRED: (_motion, _ctf),
    ExposureClass.UNKNOWN: (_ctf, _motion),
}
_ALIKE: Final = "looks like others of this class"
