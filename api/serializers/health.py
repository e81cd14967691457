"""The health page: every part of the service with what is wrong and what to do."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.planning import FindingSerializer


class QueueSerializer(serializers.Serializer[Any]):
    """Analyses of one kind; `oldest_s` is how long the oldest has waited."""

    kind = serializers.CharField()
    wanted = serializers.IntegerField()
    running = serializers.IntegerField()
    dead = serializers.IntegerField()
    oldest_s = serializers.FloatField(allow_null=True)


class PluginInUseSerializer(serializers.Serializer[Any]):
    """`network` is the beginning of the SHA-256 of the site's own weights, "" for the shipped."""

    kind = serializers.CharField()
    name = serializers.CharField()
    version = serializers.CharField()
    done = serializers.IntegerField()
    dead = serializers.IntegerField()
    network = serializers.CharField(allow_blank=True)


class MicroscopeHealthSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    simulated = serializers.BooleanField()
    state = serializers.CharField()
    checks = FindingSerializer(many=True)


class HealthSerializer(serializers.Serializer[Any]):
    services = FindingSerializer(many=True)
    queues = QueueSerializer(many=True)
    plugins = PluginInUseSerializer(many=True)
    microscopes = MicroscopeHealthSerializer(many=True)
    versions = serializers.DictField(child=serializers.CharField())
