"""Say by what a camera's movies are corrected: gain, bad pixels, anisotropic magnification."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.models import Detector
from smartscope.operations.event_log import Scope, Told, record_event


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieReferences:
    """As the columns of a detector: keys below the storage URL, "" for none; ratio 0 for none."""

    gain_key: str = ""
    gain_rotation: int = 0
    gain_flip: bool = False
    gain_reciprocal: bool = False
    defects_key: str = ""
    magnification_ratio: float = 0.0
    magnification_angle_deg: float = 0.0


@transaction.atomic
def set_movie_references(detector: UUID, actor: Actor, references: MovieReferences) -> Detector:
    """All of them at once; movies measured from now on are corrected so."""
    row = Detector.objects.select_for_update(of=("self",), no_key=True).get(pk=detector)
    wanted = asdict(references)
    before = {name: getattr(row, name) for name in wanted}
    for name, value in wanted.items():
        setattr(row, name, value)
    row.version += 1
    row.save()
    record_event(
        "settings.changed",
        actor,
        Scope(row.microscope_id, None, None),
        Told(subjects=[row.pk], before=before, after=wanted),
    )
    return row
