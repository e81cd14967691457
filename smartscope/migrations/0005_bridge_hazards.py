import django.db.models.deletion
import smartscope.models.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smartscope", "0004_ctf"),
    ]

    operations = [
        migrations.AddField(
            model_name="grid",
            name="dark_reference_interval_h",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="grid",
            name="gun_flash_interval_h",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="grid",
            name="resumes_by_itself",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="grid",
            name="tuning_interval_h",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="microscope",
            name="autoloader_limit_k",
            field=models.FloatField(default=110.0),
        ),
        migrations.AddField(
            model_name="microscope",
            name="stage_answer",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="microscope",
            name="stage_doubt",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="microscope",
            name="stage_limit_k",
            field=models.FloatField(default=110.0),
        ),
        migrations.AddField(
            model_name="session",
            name="dark_reference_interval_h",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="gun_flash_interval_h",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="session",
            name="resumes_by_itself",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="session",
            name="tuning_interval_h",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="RoutineDose",
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
                (
                    "routine",
                    models.CharField(
                        choices=[
                            ("height", "height"),
                            ("realign", "realign"),
                            ("recentre", "recentre"),
                            ("focus", "focus"),
                            ("drift", "drift"),
                            ("tuning", "tuning"),
                            ("zero_loss", "zero_loss"),
                        ],
                        max_length=12,
                    ),
                ),
                ("area", models.CharField(max_length=10)),
                ("images", models.PositiveIntegerField()),
                ("dose_e_per_angstrom2", models.FloatField()),
                ("beside_um", models.FloatField(default=0.0)),
                ("stage_x_um", models.FloatField()),
                ("stage_y_um", models.FloatField()),
                ("issued_at_s", models.FloatField()),
                ("ended_at_s", models.FloatField(null=True)),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="routine_doses",
                        to="smartscope.step",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "routine__in",
                                [
                                    "height",
                                    "realign",
                                    "recentre",
                                    "focus",
                                    "drift",
                                    "tuning",
                                    "zero_loss",
                                ],
                            )
                        ),
                        name="routine_dose_routine",
                    )
                ],
            },
        ),
    ]
