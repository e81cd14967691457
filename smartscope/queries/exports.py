"""Files of particles that were asked for, as far as the reader may see their grids."""

from __future__ import annotations

from django.db.models import QuerySet

from smartscope.models import Export
from smartscope.queries.visible import Reader, visible_grids


def visible_exports(reader: Reader) -> QuerySet[Export]:
    """With the author's name."""
    rows = Export.objects.select_related("author", "grid")
    return rows.filter(grid__in=visible_grids(reader).values("pk"))
