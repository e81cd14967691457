"""What was chosen, why, what a person changed, and how it turned out."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.places import ROW
from smartscope.models import Hole
from smartscope.queries.decisions import outcome_of


class DecidedSerializer(serializers.Serializer[Any]):
    """The newest analysed exposure; `fault` is "" for a success."""

    exposure = serializers.UUIDField()
    slug = serializers.CharField()
    exposed_at_s = serializers.FloatField()
    ctf_fit_angstrom = serializers.FloatField(allow_null=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    fault = serializers.CharField(allow_blank=True)


class DecisionSerializer(serializers.ModelSerializer[Any]):
    """A hole that was chosen, or that a person decided about.

    `chosen_because` is the rule that chose it or its group; `outcome` is null before there is one.
    """

    chosen_because = serializers.SerializerMethodField()
    policy = serializers.SerializerMethodField()
    grid = serializers.UUIDField(source="square.grid_id", read_only=True)
    override = serializers.BooleanField(read_only=True)
    surprise = serializers.BooleanField(read_only=True)
    outcome = serializers.SerializerMethodField()

    class Meta:
        model = Hole
        fields = (
            *ROW,
            "slug",
            "grid",
            "square",
            "group",
            "status",
            "reason",
            "chosen_because",
            "policy",
            "score",
            "ice_thickness_nm",
            "cluster",
            "model_label",
            "label",
            "queued_by_person",
            "override",
            "surprise",
            "outcome",
        )

    def get_chosen_because(self, hole: Any) -> str:
        of_group = "" if hole.group is None else hole.group.chosen_because
        return str(hole.chosen_because or of_group)

    def get_policy(self, hole: Any) -> str:
        """What found the square's holes, with its version."""
        found = hole.square.diagnostics
        return f"{found.get('finder', '')} {found.get('finder_version', '')}".strip()

    @extend_schema_field(DecidedSerializer(allow_null=True))
    def get_outcome(self, hole: Any) -> Any:
        found = outcome_of(hole)
        if found is None:
            return None
        exposure, fault = found
        return DecidedSerializer(
            {
                "exposure": exposure.pk,
                "slug": exposure.slug,
                "exposed_at_s": exposure.exposed_at_s,
                "ctf_fit_angstrom": exposure.ctf_fit_angstrom,
                "label": exposure.label,
                "fault": "" if fault is None else str(fault),
            }
        ).data
