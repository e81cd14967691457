"""Particles of an exposure as they are read, asked for and corrected; and its denoised picture."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.strict import StrictSerializer
from smartscope.domain.protocol import LIMITS, PickingMethod
from smartscope.domain.status import AnalysisState
from smartscope.models import Denoised, Picking
from smartscope.operations.edit_picks import MOST_CLICKS

STATES = [state.value for state in AnalysisState]
SMALLEST, LARGEST = LIMITS["particle_diameter_angstrom"]


def _state() -> Any:
    return serializers.ChoiceField(source="analysis.state", choices=STATES, read_only=True)


class PickingSerializer(serializers.ModelSerializer[Any]):
    """How particles of an exposure were looked for; `reason` says why there are none or in doubt.

    A `diameter_spread_angstrom` of null with a diameter: a person gave it. `masked_fraction` is the
    share of the field left out as dirt; null where none was, and `mask_refusal` may say why.
    """

    state = _state()
    error = serializers.CharField(source="analysis.error", read_only=True)

    class Meta:
        model = Picking
        fields = (
            "state",
            "error",
            "method",
            "method_version",
            "diameter_angstrom",
            "diameter_spread_angstrom",
            "other_diameter_angstrom",
            "threshold",
            "own_threshold",
            "reason",
            "masked_fraction",
            "mask_refusal",
        )


class DenoisedSerializer(serializers.ModelSerializer[Any]):
    """The exposure without its noise, for looking only; or why there is no such picture."""

    state = _state()
    error = serializers.CharField(source="analysis.error", read_only=True)

    class Meta:
        model = Denoised
        fields = ("state", "error", "image", "method", "method_version", "tuned", "refusal")


class PickEditSerializer(serializers.Serializer[Any]):
    """What a person said of one place."""

    id = serializers.UUIDField()
    x_px = serializers.FloatField()
    y_px = serializers.FloatField()
    author = serializers.CharField(allow_null=True)
    time = serializers.DateTimeField()


class PicksSerializer(PickingSerializer):
    """Every pick as columns, best first, in pixels of `image`: x right, y down.

    `counts` says which of them count: sure enough, and not taken away by a person. `particles` are
    those and what people `added`.
    """

    exposure = serializers.UUIDField(source="exposure_id", read_only=True)
    image = serializers.UUIDField(source="analysis.image_id", read_only=True)
    width_px = serializers.IntegerField(source="analysis.image.width_px", read_only=True)
    height_px = serializers.IntegerField(source="analysis.image.height_px", read_only=True)
    pixel_size_angstrom = serializers.FloatField(
        source="analysis.image.pixel_size_angstrom", read_only=True
    )
    reach_px = serializers.FloatField(
        read_only=True, help_text="a place so near a pick means that pick"
    )
    particles = serializers.IntegerField(read_only=True, allow_null=True)
    asked_diameter_angstrom = serializers.FloatField(read_only=True, allow_null=True)
    x_px = serializers.ListField(child=serializers.FloatField(), read_only=True)
    y_px = serializers.ListField(child=serializers.FloatField(), read_only=True)
    scores = serializers.ListField(child=serializers.FloatField(), read_only=True)
    counts = serializers.ListField(child=serializers.BooleanField(), read_only=True)
    added = PickEditSerializer(many=True, read_only=True)
    removed = PickEditSerializer(many=True, read_only=True)

    class Meta(PickingSerializer.Meta):
        fields = (  # type: ignore[assignment]
            "id",
            "created_at",
            "updated_at",
            "version",
            "exposure",
            "image",
            "width_px",
            "height_px",
            "pixel_size_angstrom",
            *PickingSerializer.Meta.fields,
            "asked_diameter_angstrom",
            "reach_px",
            "particles",
            "x_px",
            "y_px",
            "scores",
            "counts",
            "added",
            "removed",
        )


class WantPicksBody(StrictSerializer):
    """Who is to look and for what size; what is left out is as the grid's protocol says."""

    method = serializers.ChoiceField(
        choices=[str(one) for one in PickingMethod if one is not PickingMethod.NONE],
        required=False,
    )
    diameter_angstrom = serializers.FloatField(
        min_value=SMALLEST, max_value=LARGEST, required=False, allow_null=True
    )


class PlaceBody(StrictSerializer):
    x_px = serializers.FloatField(min_value=0)
    y_px = serializers.FloatField(min_value=0)


class EditPicksBody(StrictSerializer):
    """Places in pixels; one beside a pick means that pick. A threshold of null is the picker's."""

    add = PlaceBody(many=True, required=False, max_length=MOST_CLICKS)  # type: ignore[call-arg]
    remove = PlaceBody(many=True, required=False, max_length=MOST_CLICKS)  # type: ignore[call-arg]
    threshold = serializers.FloatField(required=False, allow_null=True)


class PickingStepsBody(StrictSerializer):
    """Settings of the clusters-of-grey picker; what is left out is as its text has it."""

    diameter_angstrom = serializers.FloatField(min_value=SMALLEST, max_value=LARGEST)
    gamma = serializers.FloatField(min_value=0.1, max_value=5, required=False)
    low_percentile = serializers.FloatField(min_value=0, max_value=49, required=False)
    high_percentile = serializers.FloatField(min_value=51, max_value=100, required=False)
    gaussian_times = serializers.IntegerField(min_value=0, max_value=10, required=False)
    variation_weight = serializers.FloatField(min_value=0.001, max_value=1, required=False)
    closing_px = serializers.IntegerField(min_value=1, max_value=12, required=False)
    clusters = serializers.IntegerField(min_value=2, max_value=10, required=False)
    cluster = serializers.IntegerField(min_value=1, max_value=10, required=False)
    least_roundness = serializers.FloatField(min_value=0, max_value=1, required=False)


class PreviewStepSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    width_px = serializers.IntegerField()
    height_px = serializers.IntegerField()
    png = serializers.CharField(help_text="base64")


class PickingStepsSerializer(serializers.Serializer[Any]):
    """The middle of the exposure after each step; places are in pixels of its sum."""

    steps = PreviewStepSerializer(many=True)
    left_px = serializers.IntegerField()
    top_px = serializers.IntegerField()
    width_px = serializers.IntegerField()
    height_px = serializers.IntegerField()
    x_px = serializers.ListField(child=serializers.FloatField())
    y_px = serializers.ListField(child=serializers.FloatField())
