from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pipeline", "0006_replay_of_a_file"),
    ]

    operations = [
        migrations.AddField(
            model_name="following",
            name="turn_at",
            field=models.DateTimeField(null=True),
        ),
    ]
