"""What keeps a house: its last backup, and what somebody needs who is asked for help."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class BackupSerializer(serializers.Serializer[Any]):
    """Null where `manage.py backup` never ran; `command` is what makes one."""

    at = serializers.DateTimeField(allow_null=True)
    age_h = serializers.FloatField(allow_null=True)
    database_bytes = serializers.IntegerField(allow_null=True)
    images = serializers.IntegerField(allow_null=True)
    command = serializers.CharField()
    as_of_seq = serializers.IntegerField()


class SupportBundleSerializer(serializers.Serializer[Any]):
    """One document; no data, nobody's names, no addresses and no secrets."""

    bundle = serializers.DictField()
