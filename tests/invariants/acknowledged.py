"""What had been confirmed at a moment: it must be there, unchanged, after anything is killed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smartscope.domain.status import OPEN_STEPS
from smartscope.models import Event, Image, Step


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Events by number, closed steps with their ends, images with their checksums."""

    events: Mapping[int, str]
    closed: Mapping[str, str]
    images: Mapping[str, str]


def acknowledged_now() -> Acknowledged:
    """Everything committed so far that nobody may take back."""
    steps = Step.objects.exclude(state__in=sorted(OPEN_STEPS))
    return Acknowledged(
        dict(Event.objects.values_list("seq", "kind")),
        {str(pk): state for pk, state in steps.values_list("pk", "state")},
        dict(Image.objects.values_list("key", "sha256")),
    )
