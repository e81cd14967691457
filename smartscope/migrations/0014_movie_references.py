from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("smartscope", "0013_exposure_quality")]

    operations = [
        migrations.AddField(
            model_name="detector",
            name="gain_reciprocal",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="detector",
            name="gain_key",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="detector",
            name="defects_key",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="detector",
            name="magnification_ratio",
            field=models.FloatField(default=0.0),
        ),
        migrations.AddField(
            model_name="detector",
            name="magnification_angle_deg",
            field=models.FloatField(default=0.0),
        ),
        migrations.AddField(
            model_name="exposure",
            name="warnings",
            field=models.CharField(blank=True, max_length=600),
        ),
    ]
