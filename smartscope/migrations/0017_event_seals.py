from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("smartscope", "0016_fine_sums"),
    ]

    operations = [
        migrations.CreateModel(
            name="EventSeal",
            fields=[
                ("last_seq", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("first_seq", models.PositiveBigIntegerField(unique=True)),
                ("digests", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
