from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smartscope", "0010_movie_sums"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="routinedose",
            name="routine_dose_routine",
        ),
        migrations.AlterField(
            model_name="routinedose",
            name="routine",
            field=models.CharField(
                choices=[
                    ("height", "height"),
                    ("realign", "realign"),
                    ("recentre", "recentre"),
                    ("focus", "focus"),
                    ("drift", "drift"),
                    ("tuning", "tuning"),
                    ("zero_loss", "zero_loss"),
                    ("beam_check", "beam_check"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="routinedose",
            constraint=models.CheckConstraint(
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
                            "beam_check",
                        ],
                    )
                ),
                name="routine_dose_routine",
            ),
        ),
    ]
