"""The record of what was done, waited for, wished and edited."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.places import ROW
from smartscope.models import ApiToken, Changeset, Command, Event, Run, Step, StepItem, Wait
from smartscope.queries.events import what_of


class RunSerializer(serializers.ModelSerializer[Any]):
    wished_by = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields: tuple[str, ...] = (
            *ROW,
            "session",
            "microscope",
            "state",
            "state_reason",
            "wish",
            "wished_by",
            "failures_in_a_row",
            "started_at_s",
            "ended_at_s",
        )

    def get_wished_by(self, run: Any) -> str | None:
        return None if run.wished_by is None else str(run.wished_by.get_username())


class RunSummarySerializer(serializers.Serializer[Any]):
    """What a run achieved and what it cost; the same figures as `manage.py run_summary`."""

    grids = serializers.IntegerField()
    squares = serializers.IntegerField()
    holes = serializers.IntegerField()
    groups = serializers.IntegerField()
    exposures = serializers.IntegerField()
    plannable = serializers.IntegerField()
    lost = serializers.IntegerField()
    unexplained = serializers.IntegerField()
    dose_e_per_angstrom2 = serializers.FloatField()
    software_waiting_fraction = serializers.FloatField(allow_null=True)
    wall_s = serializers.FloatField()
    microscope_s = serializers.FloatField(allow_null=True)
    waiting_s = serializers.DictField(child=serializers.FloatField())


class RunWithSummarySerializer(RunSerializer):
    summary = RunSummarySerializer(read_only=True)

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "summary")


class StepItemSerializer(serializers.ModelSerializer[Any]):
    """One image of a step; `hole` is the slug of the hole whose dose it is."""

    hole = serializers.CharField(source="hole.slug", allow_null=True, default=None)

    class Meta:
        model = StepItem
        fields = ("name", "hole", "state", "issued_at_s", "dose_e_per_angstrom2")


class StepSerializer(serializers.ModelSerializer[Any]):
    """`error` is the class of the error that ended it, "" where none did."""

    items = StepItemSerializer(many=True, read_only=True)
    duration_s = serializers.FloatField(allow_null=True, read_only=True)
    error = serializers.SerializerMethodField()
    grid_slug = serializers.CharField(source="grid.slug", allow_null=True, default=None)

    class Meta:
        model = Step
        fields = (
            *ROW,
            "run",
            "number",
            "key",
            "kind",
            "subject",
            "grid",
            "epoch",
            "state",
            "reason",
            "began_at_s",
            "issued_at_s",
            "ended_at_s",
            "duration_s",
            "error",
            "grid_slug",
            "items",
        )

    def get_error(self, step: Any) -> str:
        return str(step.reason.partition(":")[0]) if step.state == "failed" else ""


class WaitSerializer(serializers.ModelSerializer[Any]):
    class Meta:
        model = Wait
        fields = (*ROW, "run", "cause", "reason", "began_at_s", "ended_at_s")


class CommandSerializer(serializers.ModelSerializer[Any]):
    """A wish and what became of it."""

    wished_by = serializers.SerializerMethodField()
    arguments = serializers.DictField(child=serializers.JSONField(), read_only=True)

    class Meta:
        model = Command
        fields = (
            *ROW,
            "microscope",
            "type",
            "arguments",
            "state",
            "reason",
            "wished_by",
            "expires_at",
            "ended_at",
        )

    def get_wished_by(self, command: Any) -> str | None:
        return None if command.wished_by is None else str(command.wished_by.get_username())


class ChangesetSerializer(serializers.ModelSerializer[Any]):
    author = serializers.SerializerMethodField()

    class Meta:
        model = Changeset
        fields = (*ROW, "session", "author", "source", "summary", "reverts")

    def get_author(self, changeset: Any) -> str | None:
        return None if changeset.author is None else str(changeset.author.get_username())


class ActorSerializer(serializers.Serializer[Any]):
    type = serializers.CharField(source="actor_type")
    name = serializers.CharField(source="actor_name")


class EventSerializer(serializers.ModelSerializer[Any]):
    """Thin on purpose: what changed is read where it lives.

    `what` is the one word that the kind leaves open: which command was wished, which step begun.
    """

    what = serializers.SerializerMethodField()
    subjects = serializers.ListField(child=serializers.UUIDField(), read_only=True)
    actor = ActorSerializer(source="*", read_only=True)

    class Meta:
        model = Event
        fields: tuple[str, ...] = (
            "seq",
            "kind",
            "time",
            "microscope",
            "session",
            "grid",
            "subjects",
            "count",
            "changeset",
            "actor",
            "what",
            "reason",
        )

    def get_what(self, event: Any) -> str:
        return what_of(event)


class WholeEventSerializer(EventSerializer):
    """With the values before and after."""

    before = serializers.JSONField(read_only=True)
    after = serializers.JSONField(read_only=True)

    class Meta(EventSerializer.Meta):
        fields = (*EventSerializer.Meta.fields, "before", "after", "epoch")


class EventsSerializer(serializers.Serializer[Any]):
    """A long poll's answer; each one says where the log stands."""

    log_id = serializers.UUIDField(allow_null=True)
    oldest_seq = serializers.IntegerField()
    head_seq = serializers.IntegerField()
    resync = serializers.BooleanField()
    more = serializers.BooleanField(help_text="the log goes on; ask again after the last seq")
    results = EventSerializer(many=True)


class TokenSerializer(serializers.ModelSerializer[Any]):
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            *ROW,
            "name",
            "prefix",
            "scopes",
            "expires_at",
            "last_used_at",
            "revoked_at",
        )
