"""How a microscope stands, in words and in figures."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from smartscope.queries.standing import Standing


class OpenWorkSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    kind = serializers.CharField()
    state = serializers.CharField()
    began_at_s = serializers.FloatField()
    images_done = serializers.IntegerField()
    images = serializers.IntegerField()


class NextSerializer(serializers.Serializer[Any]):
    """What comes next; `condition` is what stands in between, "" for nothing."""

    kind = serializers.CharField()
    words = serializers.CharField()
    condition = serializers.CharField(allow_blank=True)


class OutlookSerializer(serializers.Serializer[Any]):
    """`words` say why it stands as it does, `advice` what a person can do about it.

    `step` is the open one, `next` what the planner would decide now; both null where there is none.
    """

    standing = serializers.ChoiceField(choices=[str(one) for one in Standing])
    words = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    cause = serializers.CharField(allow_blank=True)
    advice = serializers.CharField(allow_blank=True)
    step = OpenWorkSerializer(allow_null=True)
    next = NextSerializer(allow_null=True)
    wish = serializers.CharField(allow_blank=True)
    wished_by = serializers.CharField(allow_blank=True)
    as_of_seq = serializers.IntegerField()
