"""An entry of somebody who was once taken for a person since erased stays, and names that person's profile no more."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

LEDGER = """
CREATE OR REPLACE FUNCTION identity_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('onym.erasing', true) = 'on' THEN
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        IF (to_jsonb(NEW) - 'profile_id' - 'evidence') = (to_jsonb(OLD) - 'profile_id' - 'evidence')
           AND (NEW.profile_id IS NULL OR NEW.profile_id = OLD.profile_id) AND NEW.evidence <@ OLD.evidence THEN
            RETURN NEW;
        END IF;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
       AND (to_jsonb(NEW) - 'ended_at') = (to_jsonb(OLD) - 'ended_at') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'identity_assignment is a ledger: entries are added and ended, never changed'
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""

BEFORE = """
CREATE OR REPLACE FUNCTION identity_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('onym.erasing', true) = 'on' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
       AND (to_jsonb(NEW) - 'ended_at') = (to_jsonb(OLD) - 'ended_at') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'identity_assignment is a ledger: entries are added and ended, never changed'
        USING ERRCODE = 'insufficient_privilege';
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0002_ledger")]
    operations = [
        migrations.AlterField(
            "assignment",
            "profile",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="assignments",
                to="identity.profile",
            ),
        ),
        migrations.AddConstraint(
            "assignment",
            models.CheckConstraint(
                condition=Q(profile__isnull=False) | Q(ended_at__isnull=False), name="current_assignment_has_a_profile"
            ),
        ),
        migrations.RunSQL(LEDGER, BEFORE),
    ]
