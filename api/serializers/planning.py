"""What a plan begins with and would meet: presets, tables of grids, the cassette, the preflight."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.commands import MODES, OutcomeSerializer
from api.serializers.protocol import ParametersBody, ProtocolSerializer
from api.serializers.strict import StrictSerializer
from smartscope.domain.check_up import Verdict
from smartscope.domain.protocol import PARAMETER_NAMES


class PresetSerializer(serializers.Serializer[Any]):
    """`differs` is against the facility's default; `id` is null for the service's own."""

    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    is_default = serializers.BooleanField()
    author = serializers.CharField(allow_null=True)
    protocol = ProtocolSerializer()
    differs = serializers.DictField(child=serializers.JSONField())


class PresetsSerializer(serializers.Serializer[Any]):
    results = PresetSerializer(many=True)


class PresetBody(ParametersBody):
    """A name and what it changes of the service's defaults."""

    name = serializers.CharField(max_length=60)
    description = serializers.CharField(max_length=300, allow_blank=True, default="")
    is_default = serializers.BooleanField(default=False)

    class Meta(ParametersBody.Meta):
        fields = ("name", "description", "is_default", *PARAMETER_NAMES)


class SlotSerializer(serializers.Serializer[Any]):
    slot = serializers.IntegerField()
    occupied = serializers.BooleanField(allow_null=True)
    name = serializers.CharField(allow_blank=True)


class InventorySerializer(serializers.Serializer[Any]):
    """The cassette as the bridge last read it; names are for those who drive the microscope."""

    slots = SlotSerializer(many=True)
    loaded_position = serializers.IntegerField(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)


class TableBody(StrictSerializer):
    """A table of grids: pasted or CSV `text`, or the base64 of an XLSX file."""

    text = serializers.CharField(max_length=500_000, required=False, trim_whitespace=False)
    xlsx = serializers.CharField(max_length=1_400_000, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("text" in attrs) == ("xlsx" in attrs):
            raise serializers.ValidationError({"text": ["give either text or xlsx."]})
        return attrs


class ReadTableBody(TableBody):
    """`microscope` says how many slots there are."""

    microscope = serializers.UUIDField()


class ManifestBody(TableBody):
    """`best_effort` adds the good rows; `atomic` adds all or none."""

    mode = serializers.ChoiceField(choices=MODES, default="best_effort")
    dry_run = serializers.BooleanField(default=False)


class CellProblemSerializer(serializers.Serializer[Any]):
    """`column` is the field's name, or the head as it was written."""

    column = serializers.CharField(allow_blank=True)
    message = serializers.CharField()


class ManifestRowSerializer(serializers.Serializer[Any]):
    """`cells` is what was written, by field; the values below are how it was understood."""

    line = serializers.IntegerField()
    good = serializers.BooleanField()
    cells = serializers.DictField(child=serializers.CharField(allow_blank=True))
    position = serializers.IntegerField(source="described.position", allow_null=True, default=None)
    name = serializers.CharField(source="described.name", allow_null=True, default=None)
    hole_type = serializers.CharField(source="described.hole_type", allow_null=True, default=None)
    mesh = serializers.CharField(source="described.mesh", allow_null=True, default=None)
    mesh_material = serializers.CharField(
        source="described.mesh_material", allow_null=True, default=None
    )
    sample = serializers.CharField(allow_blank=True)
    notes = serializers.CharField(allow_blank=True)
    parameters = serializers.DictField(child=serializers.JSONField())
    problems = CellProblemSerializer(many=True)


class ManifestSerializer(serializers.Serializer[Any]):
    """A table row by row; `problems` are of the table as a whole."""

    columns = serializers.ListField(child=serializers.CharField())
    rows = ManifestRowSerializer(many=True)
    problems = CellProblemSerializer(many=True)


class ManifestOutcomeSerializer(ManifestSerializer):
    """`outcome` counts grids; null where nothing could be added."""

    outcome = OutcomeSerializer(allow_null=True)


class OrderBody(StrictSerializer):
    """Every waiting grid once, the next one first."""

    grids = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=100)


class FindingSerializer(serializers.Serializer[Any]):
    subject = serializers.CharField()
    verdict = serializers.ChoiceField(choices=[str(one) for one in Verdict])
    told = serializers.CharField(allow_blank=True)
    advice = serializers.CharField(allow_blank=True)


class GridPlanSerializer(serializers.Serializer[Any]):
    """`assumed`: the microscope has too little history for some of these figures."""

    id = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    position = serializers.IntegerField()
    minutes = serializers.FloatField(source="estimate.minutes")
    squares = serializers.IntegerField(source="estimate.squares")
    exposures = serializers.IntegerField(source="estimate.exposures")
    gigabytes = serializers.FloatField(source="estimate.gigabytes")
    assumed = serializers.BooleanField(source="estimate.assumed")
    differs = serializers.DictField(child=serializers.JSONField())


class FirstStepSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    words = serializers.CharField()


class PreflightSerializer(serializers.Serializer[Any]):
    """`blocked` are the reasons why a start would be refused or do nothing."""

    blocked = serializers.ListField(child=serializers.CharField())
    checks = FindingSerializer(many=True)
    grids = GridPlanSerializer(many=True)
    minutes = serializers.FloatField()
    gigabytes = serializers.FloatField()
    exchanges = serializers.IntegerField()
    first_steps = FirstStepSerializer(many=True)
    as_of_seq = serializers.IntegerField()
