"""The resources that people asked for of a grid's particles: files, and what was worked out."""

from __future__ import annotations

from api.filters import Filter, Kind
from api.resource import Resource
from api.serializers.exports import ExportSerializer
from api.serializers.particle_studies import ParticleStudySerializer
from smartscope.queries.exports import visible_exports
from smartscope.queries.particle_studies import visible_studies

_OF_A_GRID = {
    "grid": Filter("grid", Kind.REFERENCE, "grid__slug"),
    "session": Filter("grid__session", Kind.REFERENCE, "grid__session__name"),
    "state": Filter("state"),
}

EXPORTS = Resource(
    name="exports",
    serializer=ExportSerializer,
    rows=visible_exports,
    filters={**_OF_A_GRID, "format": Filter("format")},
    default_sort="-created_at",
)
PARTICLE_STUDIES = Resource(
    name="particle-studies",
    serializer=ParticleStudySerializer,
    rows=visible_studies,
    filters={**_OF_A_GRID, "kind": Filter("kind")},
    default_sort="-created_at",
)
