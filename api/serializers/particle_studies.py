"""Studies of a grid's particles: what is asked for, how far it is, and what it came to."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from api.serializers.picks import LARGEST, SMALLEST
from api.serializers.places import ROW
from api.serializers.strict import StrictSerializer
from smartscope.models import ParticleStudy, StudyKind


class LearntSerializer(serializers.Serializer[Any]):
    """Of `shown` clicks on particles `hits` were found by what the other clicks taught, and of the
    picks `taken_away` it `kept` so many; `f1` is over these clicks, 0 for the picker before.
    """

    clicks = serializers.IntegerField()
    exposures = serializers.IntegerField()
    shown = serializers.IntegerField()
    hits = serializers.IntegerField()
    taken_away = serializers.IntegerField()
    kept = serializers.IntegerField()
    f1 = serializers.FloatField()


class ParticleClassSerializer(serializers.Serializer[Any]):
    """`score` is how alike the halves of the class are in detail, `chance` the same of noise."""

    count = serializers.IntegerField()
    junk = serializers.BooleanField()
    score = serializers.FloatField()
    chance = serializers.FloatField()
    resolution_angstrom = serializers.FloatField(allow_null=True)


class AveragesSerializer(serializers.Serializer[Any]):
    """Classes as they lie in the picture from left to right, those that show most first."""

    particles = serializers.IntegerField()
    exposures = serializers.IntegerField()
    box_px = serializers.IntegerField()
    pixel_size_angstrom = serializers.FloatField()
    junk_particles = serializers.IntegerField()
    classes = ParticleClassSerializer(many=True)


class ParticleStudySerializer(serializers.ModelSerializer[Any]):
    """Once `state` is done, `learnt` or `averages` tells what came of it, by `kind`."""

    author = serializers.SerializerMethodField()
    learnt = serializers.SerializerMethodField()
    averages = serializers.SerializerMethodField()

    class Meta:
        model = ParticleStudy
        fields = (
            *ROW,
            "grid",
            "author",
            "kind",
            "number",
            "diameter_angstrom",
            "state",
            "progress",
            "message",
            "finished_at",
            "bytes",
            "learnt",
            "averages",
        )

    def get_author(self, study: Any) -> str | None:
        return None if study.author is None else str(study.author.get_username())

    @extend_schema_field(LearntSerializer(allow_null=True))
    def get_learnt(self, study: Any) -> Any:
        return study.told if study.kind == StudyKind.PICKER and study.told else None

    @extend_schema_field(AveragesSerializer(allow_null=True))
    def get_averages(self, study: Any) -> Any:
        return study.told if study.kind == StudyKind.CLASSES and study.told else None


class ParticleStudyBody(StrictSerializer):
    """A diameter left out is the protocol's, or as clicks or picks tell."""

    kind = serializers.ChoiceField(choices=StudyKind.choices)
    diameter_angstrom = serializers.FloatField(
        min_value=SMALLEST, max_value=LARGEST, required=False, allow_null=True
    )


class UsePickerBody(StrictSerializer):
    """A learnt picker of this grid; null: the protocol's."""

    study = serializers.UUIDField(allow_null=True)
