"""Coming back: sign-ups that wait for a second yes, links that say what they prove, what was listed together."""

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import F, Q

from vault.ids import new_id

# All got one value; what one erasure listed is to have one in common. Where its request is gone, nobody knows any more.
LISTED_TOGETHER = "UPDATE privacy_suppression SET listed_with = COALESCE(request_id, gen_random_uuid())"


class Migration(migrations.Migration):
    dependencies = [("privacy", "0012_emergency_reveals"), ("records", "0006_corrections")]
    operations = [
        migrations.AddField(
            "suppression",
            "listed_with",
            models.UUIDField(default=new_id, help_text="What one erasure listed has this in common."),
        ),
        migrations.RunSQL(LISTED_TOGETHER, migrations.RunSQL.noop),
        migrations.CreateModel(
            "SignUp",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("purpose", models.CharField(max_length=40)),
                ("channel", models.CharField(max_length=20)),
                ("index", models.BinaryField()),
                ("sealed", models.BinaryField()),
                (
                    "bars",
                    ArrayField(models.BigIntegerField(), help_text="The rows of the suppression list that it met."),
                ),
                ("kept_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sign_ups", to="records.source"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["index", "purpose", "channel"], name="sign_up_waits_once"),
                    models.CheckConstraint(
                        condition=Q(expires_at__gt=F("kept_at")), name="sign_up_ends_after_it_began"
                    ),
                ],
                "indexes": [models.Index(fields=["expires_at"], name="sign_ups_by_end")],
            },
        ),
        migrations.AddField("link", "index", models.BinaryField(null=True)),
        migrations.AddField(
            "link",
            "sign_up",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="links", to="privacy.signup"
            ),
        ),
        migrations.AlterField(
            "link",
            "source_profile",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="links",
                to="records.sourceprofile",
            ),
        ),
        migrations.AddIndex("link", models.Index(fields=["index", "made_at"], name="links_by_address")),
        migrations.AddConstraint(
            "link",
            models.CheckConstraint(
                condition=Q(source_profile__isnull=False, sign_up=None)
                | Q(source_profile=None, sign_up__isnull=False, use="opt_in")
                | Q(source_profile=None, sign_up=None, use="opt_in", used_at__isnull=False),
                name="link_is_somebodys_until_it_is_used",
            ),
        ),
    ]
