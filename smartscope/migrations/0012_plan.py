import django.db.models.deletion
import smartscope.models.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smartscope", "0011_beam_check"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="grid",
            name="budget_minutes",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="grid",
            name="tag",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="grid",
            name="turn",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="microscope",
            name="inventory",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="microscope",
            name="inventory_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="budget_minutes",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="stop_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="Preset",
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
                ("name", models.CharField(max_length=60, unique=True)),
                ("description", models.CharField(blank=True, max_length=300)),
                ("parameters", models.JSONField(default=dict)),
                ("is_default", models.BooleanField(default=False)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_default", True)),
                        fields=("is_default",),
                        name="one_default_preset",
                    )
                ],
            },
        ),
    ]
