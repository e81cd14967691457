from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smartscope", "0003_driver_lease"),
    ]

    operations = [
        migrations.AddField(
            model_name="exposure",
            name="astigmatism_axis_deg",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="exposure",
            name="ctf_refusal",
            field=models.CharField(blank=True, max_length=300),
        ),
        migrations.AddField(
            model_name="exposure",
            name="defocus_error_um",
            field=models.FloatField(null=True),
        ),
    ]
