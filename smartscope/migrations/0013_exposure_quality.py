"""What is seen in an exposure: its class, how sure, why, and how much of it is dirt."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("smartscope", "0012_plan")]

    operations = [
        migrations.AddField(
            "exposure", "quality_class", models.CharField(blank=True, max_length=20)
        ),
        migrations.AddField("exposure", "quality_probability", models.FloatField(null=True)),
        migrations.AddField(
            "exposure", "quality_reasons", models.CharField(blank=True, max_length=500)
        ),
        migrations.AddField(
            "exposure", "quality_refusal", models.CharField(blank=True, max_length=300)
        ),
        migrations.AddField(
            "exposure", "quality_plugin", models.CharField(blank=True, max_length=80)
        ),
        migrations.AddField("exposure", "contaminated_fraction", models.FloatField(null=True)),
    ]
