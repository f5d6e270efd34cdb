"""Legal holds. What stands under one cannot be deleted, not even by hand: the database refuses it."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

# Deleting a source profile deletes the row that holds it, or is refused by its foreign key. The replay of the erasure
# ledger on a restored backup goes on: there a hold stands again that had been lifted before the erasure.
REFUSES = """
CREATE FUNCTION onym_is_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('onym.replaying', true) IS DISTINCT FROM 'on' AND EXISTS (
        SELECT FROM privacy_legalhold
        WHERE id = OLD.hold_id AND lifted_at IS NULL AND (until IS NULL OR until > now())
    ) THEN
        RAISE EXCEPTION 'a legal hold stands on this source profile' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER held BEFORE DELETE ON privacy_heldsourceprofile FOR EACH ROW EXECUTE FUNCTION onym_is_held();

CREATE FUNCTION onym_hold_goes_one_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.lifted_at IS NOT NULL AND NEW.lifted_at IS DISTINCT FROM OLD.lifted_at
       OR (NEW.id, NEW.profile_id, NEW.reference, NEW.put_by, NEW.put_at, NEW.until)
          IS DISTINCT FROM (OLD.id, OLD.profile_id, OLD.reference, OLD.put_by, OLD.put_at, OLD.until) THEN
        RAISE EXCEPTION 'a legal hold is lifted, not changed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER one_way BEFORE UPDATE OR DELETE ON privacy_legalhold
    FOR EACH ROW EXECUTE FUNCTION onym_hold_goes_one_way();
"""
NO_LONGER = """
DROP TRIGGER one_way ON privacy_legalhold;
DROP FUNCTION onym_hold_goes_one_way();
DROP TRIGGER held ON privacy_heldsourceprofile;
DROP FUNCTION onym_is_held();
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0009_proof_outlives_request"), ("records", "0001_initial")]
    operations = [
        migrations.CreateModel(
            "LegalHold",
            [
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("profile_id", models.UUIDField()),
                ("reference", models.CharField(max_length=80)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("put_by", models.CharField(max_length=80)),
                ("put_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lifted_by", models.CharField(blank=True, max_length=80)),
                ("lift_reason", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=~Q(reference=""), name="hold_has_a_reference"),
                    models.CheckConstraint(
                        condition=Q(until=None) | Q(until__gt=F("put_at")), name="hold_ends_after_it_begins"
                    ),
                    models.CheckConstraint(
                        condition=Q(lifted_at=None) | ~Q(lifted_by=""), name="lifted_hold_says_by_whom"
                    ),
                ],
                "indexes": [models.Index(fields=["profile_id"], name="holds_by_profile")],
            },
        ),
        migrations.CreateModel(
            "HeldSourceProfile",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "hold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="held", to="privacy.legalhold"
                    ),
                ),
                (
                    "source_profile",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="records.sourceprofile"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["hold", "source_profile"], name="held_once_per_hold")]
            },
        ),
        migrations.RunSQL(REFUSES, NO_LONGER),
    ]
