import django.db.models.deletion
import smartscope.domain.alarms
import smartscope.models.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smartscope", "0014_movie_references"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ShareLink",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smartscope.models.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("note", models.CharField(blank=True, max_length=120)),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("opened", models.PositiveIntegerField(default=0)),
                ("opened_at", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="share_links",
                        to="smartscope.session",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="AlertRule",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=smartscope.models.ids.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("version", models.PositiveIntegerField(default=1)),
                ("name", models.CharField(max_length=80)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("idle", "idle"),
                            ("error", "error"),
                            ("waiting", "waiting"),
                            ("grid_done", "grid_done"),
                            ("session_done", "session_done"),
                            ("metric", "metric"),
                            ("disk", "disk"),
                            ("analysis_behind", "analysis_behind"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("INFO", "INFO"),
                            ("MINOR", "MINOR"),
                            ("MAJOR", "MAJOR"),
                            ("INVALID", "INVALID"),
                        ],
                        default=smartscope.domain.alarms.Level["MINOR"],
                        max_length=8,
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("minutes", models.FloatField(null=True)),
                ("free_percent", models.FloatField(null=True)),
                ("metric", models.CharField(blank=True, max_length=30)),
                ("low", models.FloatField(null=True)),
                ("high", models.FloatField(null=True)),
                ("exposures", models.PositiveIntegerField(null=True)),
                ("quiet_from", models.TimeField(null=True)),
                ("quiet_to", models.TimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "microscope",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alert_rules",
                        to="smartscope.microscope",
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alert_rules",
                        to="smartscope.session",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "idle",
                                    "error",
                                    "waiting",
                                    "grid_done",
                                    "session_done",
                                    "metric",
                                    "disk",
                                    "analysis_behind",
                                ],
                            )
                        ),
                        name="alert_rule_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("level__in", ["INFO", "MINOR", "MAJOR", "INVALID"])),
                        name="alert_rule_level",
                    ),
                ],
            },
        ),
    ]
