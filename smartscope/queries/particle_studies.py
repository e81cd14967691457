"""Studies of grids' particles, as far as the reader may see the grids; and the picker in use."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from smartscope.models import ParticleStudy, StudyKind
from smartscope.queries.visible import Reader, visible_grids

#: in the file of class averages
AVERAGES_PICTURE: Final = "averages.png"


def visible_studies(reader: Reader) -> QuerySet[ParticleStudy]:
    """With the author's name."""
    rows = ParticleStudy.objects.select_related("author", "grid")
    return rows.filter(grid__in=visible_grids(reader).values("pk"))


def learnt_picker(grid: UUID, number: int) -> ParticleStudy | None:
    """The picker of that number; None where there is none whose file is written."""
    rows = ParticleStudy.objects.filter(grid=grid, kind=StudyKind.PICKER, number=number)
    return rows.exclude(key="").first()
