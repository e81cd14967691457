"""Links that show a session's report to whoever has them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.places import ROW
from api.serializers.strict import StrictSerializer
from smartscope.models import ShareLink


class ShareLinkSerializer(serializers.ModelSerializer[Any]):
    """`opened` counts; the secret is not kept."""

    author = serializers.SerializerMethodField()

    class Meta:
        model = ShareLink
        fields: tuple[str, ...] = (
            *ROW,
            "session",
            "note",
            "expires_at",
            "revoked_at",
            "opened",
            "opened_at",
            "author",
        )

    def get_author(self, link: Any) -> str | None:
        return None if link.author is None else str(link.author.get_username())


class NewShareLinkSerializer(ShareLinkSerializer):
    """`path` is below the site and is shown this once."""

    path = serializers.CharField()

    class Meta(ShareLinkSerializer.Meta):
        fields = (*ShareLinkSerializer.Meta.fields, "path")


class ShareLinkBody(StrictSerializer):
    note = serializers.CharField(max_length=120, allow_blank=True, default="")
    hours = serializers.IntegerField(min_value=1, max_value=90 * 24, default=30 * 24)
