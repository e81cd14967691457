"""What workers do: the analysis of images, and what people asked for of a grid's particles."""

from __future__ import annotations

from api.filters import Filter, Kind
from api.resource import Resource
from api.serializers.exports import ExportSerializer
from api.serializers.jobs import JobSerializer
from api.serializers.particle_studies import ParticleStudySerializer
from smartscope.queries.exports import visible_exports
from smartscope.queries.particle_studies import visible_studies
from smartscope.queries.visible import visible_analyses

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
JOBS = Resource(
    name="jobs",
    serializer=JobSerializer,
    rows=lambda reader: visible_analyses(reader).select_related("image"),
    filters={
        "image": Filter("image", Kind.REFERENCE),
        "grid": Filter("image__grid", Kind.REFERENCE, "image__grid__slug"),
        "session": Filter("image__grid__session", Kind.REFERENCE, "image__grid__session__name"),
        "kind": Filter("kind"),
        "state": Filter("state"),
    },
    sorts=("created_at", "updated_at"),
    default_sort="-created_at",
)
