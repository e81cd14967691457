from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smartscope", "0006_trained_network"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="stepitem",
            name="step_item_state",
        ),
        migrations.AlterField(
            model_name="stepitem",
            name="state",
            field=models.CharField(
                choices=[
                    ("planned", "planned"),
                    ("issued", "issued"),
                    ("done", "done"),
                    ("lost", "lost"),
                    ("partial", "partial"),
                    ("abandoned", "abandoned"),
                ],
                default="planned",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="stepitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["planned", "issued", "done", "lost", "partial", "abandoned"])
                ),
                name="step_item_state",
            ),
        ),
    ]
