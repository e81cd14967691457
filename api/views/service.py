"""What the service says of itself and of the caller: me, vocabulary, health, version."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import person_of_request
from api.schema import Doc
from api.views.base import View
from smartscope.operations.target_rows import MOST_ROWS
from smartscope.operations.tokens import SCOPES
from smartscope.operations.wish_command import COMMAND_TYPES
from smartscope.queries.health import readiness
from smartscope.queries.rights import rights_summary
from smartscope.queries.vocabulary import vocabulary


class MyGroupSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    role = serializers.CharField()


class MyGrantSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    operator = serializers.BooleanField()


class MeSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    username = serializers.CharField()
    name = serializers.CharField()
    staff = serializers.BooleanField()
    admin = serializers.BooleanField()
    groups = MyGroupSerializer(many=True)
    microscopes = MyGrantSerializer(many=True)


class Me(View):
    """Who you are here, in which groups, and which microscopes you may drive."""

    docs = {"GET": Doc(operation_id="get_me", summary="Who you are", answer=MeSerializer)}

    def get(self, request: Request) -> Response:
        user = person_of_request(request)
        person = {
            "id": str(user.pk),
            "username": user.get_username(),
            "name": user.get_full_name() or user.get_username(),
            "staff": user.is_staff,
            "admin": user.is_superuser,
        }
        return Response(MeSerializer(person | rights_summary(user.pk)).data)


class ParameterSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=["boolean", "integer", "number", "choice"])
    default = serializers.JSONField()
    nullable = serializers.BooleanField()
    minimum = serializers.FloatField(allow_null=True)
    maximum = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())
    unit = serializers.CharField(allow_blank=True)
    help = serializers.CharField(allow_blank=True)


class HoleTypeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    diameter_um = serializers.FloatField(allow_null=True)
    pitch_um = serializers.FloatField(allow_null=True)
    lattice = serializers.CharField()


class MeshSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    opening_um = serializers.FloatField()
    bar_um = serializers.FloatField()


class LabelSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    excludes = serializers.BooleanField()


class VocabularySerializer(serializers.Serializer[Any]):
    hole_types = HoleTypeSerializer(many=True)
    meshes = MeshSerializer(many=True)
    mesh_materials = serializers.ListField(child=serializers.CharField())
    square_labels = LabelSerializer(many=True)
    hole_labels = LabelSerializer(many=True)
    exposure_labels = LabelSerializer(many=True)
    verdicts = serializers.ListField(child=serializers.CharField())
    parameters = ParameterSerializer(many=True)


class Vocabulary(View):
    """The words a plan is written in, with defaults, limits and units."""

    docs = {
        "GET": Doc(
            operation_id="get_vocabulary", summary="Words and limits", answer=VocabularySerializer
        )
    }

    def get(self, request: Request) -> Response:
        return Response(VocabularySerializer(vocabulary()).data)


class LiveSerializer(serializers.Serializer[Any]):
    alive = serializers.BooleanField()


class Live(View):
    """This process answers; says nothing of what it depends on."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    docs = {"GET": Doc(operation_id="get_live", summary="Is it alive", answer=LiveSerializer)}

    def get(self, request: Request) -> Response:
        return Response({"alive": True})


class CheckSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    good = serializers.BooleanField()
    told = serializers.CharField(allow_blank=True)


class ReadySerializer(serializers.Serializer[Any]):
    ready = serializers.BooleanField()
    checks = CheckSerializer(many=True)


class Ready(View):
    """Database and migrations answer; 503 with the failing check otherwise."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    docs = {"GET": Doc(operation_id="get_ready", summary="Is it ready", answer=ReadySerializer)}

    def get(self, request: Request) -> Response:
        checks = readiness()
        ready = all(check["good"] for check in checks)
        return Response({"ready": ready, "checks": checks}, status=200 if ready else 503)


class VersionSerializer(serializers.Serializer[Any]):
    version = serializers.CharField()
    api = serializers.CharField()


class Version(View):
    """Which release serves you."""

    docs = {
        "GET": Doc(operation_id="get_version", summary="Which release", answer=VersionSerializer)
    }

    def get(self, request: Request) -> Response:
        return Response({"version": settings.VERSION, "api": "v1"})


class CapabilitiesSerializer(serializers.Serializer[Any]):
    commands = serializers.ListField(child=serializers.CharField())
    token_scopes = serializers.ListField(child=serializers.CharField())
    live_events = serializers.ListField(child=serializers.CharField())
    bulk_limit = serializers.IntegerField()


class Capabilities(View):
    """What this server can do; a client hides the rest."""

    docs = {
        "GET": Doc(
            operation_id="get_capabilities",
            summary="What it can do",
            answer=CapabilitiesSerializer,
        )
    }

    def get(self, request: Request) -> Response:
        return Response(
            {
                "commands": list(COMMAND_TYPES),
                "token_scopes": list(SCOPES),
                "live_events": ["websocket", "server-sent-events", "long-poll"],
                "bulk_limit": MOST_ROWS,
            }
        )
