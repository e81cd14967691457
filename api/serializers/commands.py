"""Bodies that edit many at once, command a microscope, or make a token."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.strict import StrictSerializer
from smartscope.operations.target_rows import MOST_ROWS
from smartscope.operations.tokens import SCOPES
from smartscope.operations.wish_command import COMMAND_TYPES

MODES = ("atomic", "best_effort")


class TargetSetBody(StrictSerializer):
    """What to set; a label of null, "" or "clear" takes the label away."""

    label = serializers.CharField(  # type: ignore[assignment]
        max_length=20, allow_blank=True, allow_null=True, required=False
    )
    queue = serializers.BooleanField(required=False)
    skip = serializers.BooleanField(required=False)


class LabelSetBody(StrictSerializer):
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=20, allow_blank=True, allow_null=True
    )


class BulkBody(StrictSerializer):
    """`ids`, or `filter` with the names of the list's query parameters."""

    ids = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_ROWS, min_length=1
    )
    filter = serializers.DictField(child=serializers.CharField(max_length=500), required=False)
    mode = serializers.ChoiceField(choices=MODES, default="best_effort")
    dry_run = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError({"ids": ["give either ids or a filter."]})
        return attrs


class HoleSetBody(TargetSetBody):
    """`delete` goes alone: the hole is out of the queue and out of sight."""

    delete = serializers.BooleanField(required=False)


class TargetBulkBody(BulkBody):
    set = TargetSetBody()


class HoleBulkBody(BulkBody):
    set = HoleSetBody()


class ExposureBulkBody(BulkBody):
    set = LabelSetBody()


class SkippedSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    code = serializers.CharField()
    reason = serializers.CharField()


class PreviewSerializer(serializers.Serializer[Any]):
    """How many of each, "" for those without; `samples` are rows to look at first."""

    samples = serializers.ListField(child=serializers.UUIDField())
    by_label = serializers.DictField(child=serializers.IntegerField(), required=False)
    by_model_label = serializers.DictField(child=serializers.IntegerField(), required=False)
    by_status = serializers.DictField(child=serializers.IntegerField(), required=False)
    by_verdict = serializers.DictField(child=serializers.IntegerField(), required=False)


class OutcomeSerializer(serializers.Serializer[Any]):
    """What an edit did, or would do; `changeset` takes it back.

    `advice` says what is missing for it to take effect, such as a run.
    """

    changeset = serializers.UUIDField(allow_null=True)
    matched = serializers.IntegerField()
    changed = serializers.IntegerField()
    skipped = SkippedSerializer(many=True)
    advice = serializers.CharField(allow_blank=True)


class BulkOutcomeSerializer(OutcomeSerializer):
    """`preview` is there in a dry run."""

    preview = PreviewSerializer(required=False)


class ArgumentsBody(StrictSerializer):
    session = serializers.UUIDField(required=False)
    grid = serializers.UUIDField(required=False)
    square = serializers.UUIDField(required=False)
    group = serializers.UUIDField(required=False)
    hole = serializers.UUIDField(required=False)
    on = serializers.BooleanField(required=False)
    slot = serializers.IntegerField(required=False, min_value=0, max_value=48)


class CommandBody(StrictSerializer):
    type = serializers.ChoiceField(choices=COMMAND_TYPES)
    arguments = ArgumentsBody(default=dict)


class RevertBody(StrictSerializer):
    dry_run = serializers.BooleanField(default=False)


class TokenBody(StrictSerializer):
    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES), min_length=1, max_length=len(SCOPES)
    )
    hours = serializers.IntegerField(min_value=1, max_value=90 * 24)
