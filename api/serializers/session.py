"""Sessions and grids as they are read, and the bodies that plan and edit them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from api.serializers.places import ROW
from api.serializers.protocol import ParametersBody, ProtocolSerializer
from api.serializers.strict import StrictSerializer
from smartscope.domain.protocol import HOLE_TYPES, MESH_MATERIALS, MESHES, PARAMETER_NAMES
from smartscope.models import Grid, Session, Verdict

SESSION_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"


class CountsSerializer(serializers.Serializer[Any]):
    grids = serializers.IntegerField(source="grid_count")
    squares = serializers.IntegerField(source="square_count")
    holes = serializers.IntegerField(source="hole_count")
    exposures = serializers.IntegerField(source="exposure_count")


class SessionSerializer(serializers.ModelSerializer[Any]):
    """One visit to a microscope; `state` is the newest run's, or planned, or imported."""

    slug = serializers.CharField(source="name", read_only=True)
    group = serializers.CharField(source="group.name", read_only=True)
    protocol = ProtocolSerializer(source="*", read_only=True)
    state = serializers.CharField(read_only=True)
    wish = serializers.CharField(allow_null=True, read_only=True)
    run = serializers.UUIDField(allow_null=True, read_only=True)
    started_at = serializers.SerializerMethodField()
    ended_at = serializers.SerializerMethodField()
    counts = CountsSerializer(source="*", read_only=True)

    class Meta:
        model = Session
        fields = (
            *ROW,
            "slug",
            "name",
            "date",
            "group",
            "microscope",
            "detector",
            "simulated",
            "imported",
            "notes",
            "stop_at",
            "protocol",
            "state",
            "wish",
            "run",
            "started_at",
            "ended_at",
            "counts",
        )

    def get_started_at(self, session: Any) -> datetime | None:
        return on_clock(session.started_at_s)

    def get_ended_at(self, session: Any) -> datetime | None:
        return session.ended_at or on_clock(session.last_ended_at_s)


class GridCountsSerializer(serializers.Serializer[Any]):
    """Of `exposures_judged`, `exposures_contaminated` are surely so and no person said else;
    `squares_good` are of a class that is worth imaging, by people where they said.
    """

    squares = serializers.IntegerField(source="square_count")
    squares_good = serializers.IntegerField()
    squares_imaged = serializers.IntegerField()
    holes = serializers.IntegerField(source="hole_count")
    exposures = serializers.IntegerField(source="exposure_count")
    exposures_analysed = serializers.IntegerField()
    exposures_judged = serializers.IntegerField()
    exposures_contaminated = serializers.IntegerField()
    waiting_for_analysis = serializers.IntegerField()
    particles = serializers.IntegerField(
        source="particle_count", allow_null=True, help_text="null: none was counted yet"
    )


class GridSerializer(serializers.ModelSerializer[Any]):
    """A grid and what is known of it; a CTF fit of null was not measured yet."""

    protocol = ProtocolSerializer(source="*", read_only=True)
    atlas = serializers.SerializerMethodField()
    counts = GridCountsSerializer(source="*", read_only=True)
    minutes_spent = serializers.FloatField(allow_null=True, read_only=True)
    ctf_fit_best_angstrom = serializers.FloatField(allow_null=True, read_only=True)
    ctf_fit_median_angstrom = serializers.FloatField(allow_null=True, read_only=True)
    rank = serializers.IntegerField(read_only=True)
    verdict_reasons = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Grid
        fields = (
            *ROW,
            "slug",
            "session",
            "position",
            "name",
            "sample",
            "hole_type",
            "mesh",
            "mesh_material",
            "status",
            "status_reason",
            "protocol",
            "atlas",
            "counts",
            "minutes_spent",
            "suggested_verdict",
            "verdict",
            "verdict_reasons",
            "confidence",
            "holes_in_range",
            "success_rate",
            "expected_usable_holes",
            "particles_per_exposure",
            "picker",
            "ctf_fit_best_angstrom",
            "ctf_fit_median_angstrom",
            "rank",
            "started_at_s",
            "ended_at_s",
            "notes",
            "tag",
            "turn",
        )

    def get_atlas(self, grid: Any) -> str | None:
        atlas = getattr(grid, "atlas", None)
        return None if atlas is None else str(atlas.pk)


class NewGridBody(ParametersBody):
    """One grid of the cassette; parameters not given are the session's."""

    name = serializers.CharField(max_length=80)
    position = serializers.IntegerField(min_value=1, max_value=1_000)
    hole_type = serializers.ChoiceField(choices=tuple(HOLE_TYPES), default="R1.2/1.3")
    mesh = serializers.ChoiceField(choices=tuple(MESHES), default="300")
    mesh_material = serializers.ChoiceField(choices=MESH_MATERIALS, default="copper")
    sample = serializers.CharField(max_length=120, allow_blank=True, default="")
    notes = serializers.CharField(max_length=10_000, allow_blank=True, default="")

    class Meta(ParametersBody.Meta):
        fields = (
            "name",
            "position",
            "hole_type",
            "mesh",
            "mesh_material",
            "sample",
            "notes",
            *PARAMETER_NAMES,
        )


class NewSessionBody(ParametersBody):
    """A session and its grids; `group` is a name, microscope and detector are ids."""

    name = serializers.RegexField(SESSION_NAME, max_length=80)
    date = serializers.DateField(required=False)
    group = serializers.CharField(max_length=150)
    microscope = serializers.UUIDField()
    detector = serializers.UUIDField()
    notes = serializers.CharField(max_length=10_000, allow_blank=True, default="")
    stop_at = serializers.DateTimeField(required=False, allow_null=True)
    grids = NewGridBody(many=True, allow_empty=False, max_length=100)  # type: ignore[call-arg]

    class Meta(ParametersBody.Meta):
        fields = (
            "name",
            "date",
            "group",
            "microscope",
            "detector",
            "notes",
            "stop_at",
            "grids",
            *PARAMETER_NAMES,
        )


class EditSessionBody(ParametersBody):
    """Notes, when it is to end, and parameters for the grids that have not ended."""

    notes = serializers.CharField(max_length=10_000, allow_blank=True, required=False)
    stop_at = serializers.DateTimeField(required=False, allow_null=True)

    class Meta(ParametersBody.Meta):
        fields = ("notes", "stop_at", *PARAMETER_NAMES)


class EditGridBody(ParametersBody):
    """Notes, tag, sample and verdict at any time, name, film and mesh while it waits, parameters
    until it has ended.
    """

    name = serializers.CharField(max_length=80, required=False)
    sample = serializers.CharField(max_length=120, allow_blank=True, required=False)
    hole_type = serializers.ChoiceField(choices=tuple(HOLE_TYPES), required=False)
    mesh = serializers.ChoiceField(choices=tuple(MESHES), required=False)
    mesh_material = serializers.ChoiceField(choices=MESH_MATERIALS, required=False)
    notes = serializers.CharField(max_length=10_000, allow_blank=True, required=False)
    tag = serializers.CharField(max_length=40, allow_blank=True, required=False)
    verdict = serializers.ChoiceField(choices=Verdict.choices, allow_blank=True, required=False)

    class Meta(ParametersBody.Meta):
        fields = (
            "name",
            "sample",
            "hole_type",
            "mesh",
            "mesh_material",
            "notes",
            "tag",
            "verdict",
            *PARAMETER_NAMES,
        )


class GridSetBody(StrictSerializer):
    """Either skip or queue, or verdict and tag."""

    skip = serializers.BooleanField(required=False)
    queue = serializers.BooleanField(required=False)
    verdict = serializers.ChoiceField(choices=Verdict.choices, allow_blank=True, required=False)
    tag = serializers.CharField(max_length=40, allow_blank=True, required=False)


def on_clock(seconds: float | None) -> datetime | None:
    """A moment on the microscope's clock as a time."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
