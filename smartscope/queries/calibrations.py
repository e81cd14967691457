"""How old a microscope's calibrations are, by its own clock; what was never done says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils import timezone

from smartscope.domain.check_up import Finding, doubtful, sound
from smartscope.models import Detector, Microscope

#: a calibration older than this is worth a look before a night; proposed, a site knows better
OLD_H = 24.0
_UPKEEP = {
    "flash_gun": "gun flash",
    "dark_reference": "dark reference",
    "tune_beam": "astigmatism and coma",
}


def microscope_now_s(microscope: Microscope) -> float:
    """Seconds on the microscope's clock: a simulated one has its own."""
    if microscope.simulated and microscope.clock_s is not None:
        return microscope.clock_s
    return timezone.now().timestamp()


def calibrations(
    microscope: Microscope, detector: Detector, upkeep: Mapping[str, float]
) -> Iterator[Finding]:
    """Gun, dark reference, tuning, zero loss where there is a filter, and the camera's counts.

    `upkeep` is as from `upkeep_times`.
    """
    now_s = microscope_now_s(microscope)
    done = {_UPKEEP[kind]: at_s for kind, at_s in upkeep.items()}
    ages: dict[str, float | None] = {name: done.get(name) for name in _UPKEEP.values()}
    if detector.energy_filter:
        ages["zero-loss peak"] = microscope.zero_loss_at_s
    for name, at_s in ages.items():
        if at_s is None:
            yield doubtful(name, "never done by this service", "Let the protocol do it, or do it.")
            continue
        hours = max(0.0, now_s - at_s) / 3600.0
        told = f"{hours:.1f} h ago"
        yield doubtful(name, told, "Renew it.") if hours > OLD_H else sound(name, told)
    counts = detector.counts_per_electron
    if counts is None:
        yield doubtful(
            "camera",
            "nobody calibrated its counts per electron: doses and ice are guesses",
            "Take an image through vacuum at a known dose and set counts_per_electron.",
        )
    else:
        yield sound("camera", f"{counts:g} counts per electron")
