from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smartscope", "0007_partial_items"),
    ]

    operations = [
        migrations.AlterField(
            model_name="routinedose",
            name="beside_um",
            field=models.FloatField(default=0.0, null=True),
        ),
    ]
