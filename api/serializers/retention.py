"""How long files are kept, what would go by it, and each removal that was ordered."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.places import ROW
from api.serializers.strict import StrictSerializer
from smartscope.domain.retention import LEAST_DAYS, MOST_DAYS
from smartscope.models import Clearing, ClearingState


class KeepingBody(StrictSerializer):
    """Days after a session's end; null is for ever. Movies are frames as the camera wrote them."""

    movies_days = serializers.IntegerField(
        min_value=LEAST_DAYS, max_value=MOST_DAYS, allow_null=True
    )
    images_days = serializers.IntegerField(
        min_value=LEAST_DAYS, max_value=MOST_DAYS, allow_null=True
    )
    without_backup = serializers.BooleanField(
        help_text="Also files that the list of the last backup does not name."
    )


class ClearingBody(StrictSerializer):
    """With `group` a lead asks the staff for it; staff order without."""

    group = serializers.CharField(max_length=150, required=False)


class SessionGoesSerializer(serializers.Serializer[Any]):
    """Bytes are those of the files; their tiles come on top."""

    session = serializers.UUIDField()
    name = serializers.CharField()
    group = serializers.CharField()
    ended_at = serializers.DateTimeField()
    movies = serializers.IntegerField()
    images = serializers.IntegerField()
    bytes = serializers.IntegerField()


class RetentionSerializer(serializers.Serializer[Any]):
    """The site's choice, and what a removal ordered now would take; nothing goes by itself.

    `kept_unlisted` files are old enough and in no backup's list.
    """

    movies_days = serializers.IntegerField(allow_null=True)
    images_days = serializers.IntegerField(allow_null=True)
    without_backup = serializers.BooleanField()
    sessions = SessionGoesSerializer(many=True)
    files = serializers.IntegerField()
    bytes = serializers.IntegerField()
    kept_unlisted = serializers.IntegerField()
    last_backup_at = serializers.DateTimeField(allow_null=True)
    #: of an order made by whoever asks
    delay_days = serializers.IntegerField(help_text="How long an order of yours waits.")
    may_change = serializers.BooleanField(help_text="Whether you may change what is kept.")
    as_of_seq = serializers.IntegerField()


class ClearingSerializer(serializers.ModelSerializer[Any]):
    """`message` says what went wrong last; `author` is null while nobody has approved it.

    `group` null is every group's sessions; `asked_by` is the lead who asked.
    """

    state = serializers.ChoiceField(choices=ClearingState.choices, read_only=True)
    author = serializers.SerializerMethodField()
    asked_by = serializers.SerializerMethodField()
    group = serializers.SerializerMethodField()

    class Meta:
        model = Clearing
        fields = (
            *ROW,
            "author",
            "asked_by",
            "group",
            "state",
            "not_before",
            "movies_before",
            "images_before",
            "without_backup",
            "files_expected",
            "bytes_expected",
            "files_removed",
            "bytes_removed",
            "message",
            "finished_at",
        )

    def get_author(self, clearing: Any) -> str | None:
        return None if clearing.author is None else str(clearing.author.get_username())

    def get_asked_by(self, clearing: Any) -> str | None:
        return None if clearing.asked_by is None else str(clearing.asked_by.get_username())

    def get_group(self, clearing: Any) -> str | None:
        return None if clearing.group is None else str(clearing.group.name)


class ClearingsSerializer(serializers.Serializer[Any]):
    """The last ones, newest first."""

    results = ClearingSerializer(many=True)
    as_of_seq = serializers.IntegerField()
