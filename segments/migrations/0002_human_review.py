"""Segments with a significant effect: changes are held for a person, and the database admits no other membership."""

import django.db.models.deletion
from django.db import migrations, models

# Nobody is in a segment with a significant effect whom no person has released.
TRIGGER = """
CREATE FUNCTION segments_must_be_released() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.released_by = '' AND EXISTS (
        SELECT FROM segments_segment WHERE id = NEW.segment_id AND significant_effect
    ) THEN
        RAISE EXCEPTION 'a person has to release this membership' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER must_be_released BEFORE INSERT OR UPDATE OF released_by, segment_id ON segments_membership
    FOR EACH ROW EXECUTE FUNCTION segments_must_be_released();

-- Whether a segment has a significant effect is said when it is made: memberships that nobody released never count.
CREATE FUNCTION segments_effect_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.significant_effect IS DISTINCT FROM OLD.significant_effect THEN
        RAISE EXCEPTION 'whether a segment has a significant effect stays' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER effect_stays BEFORE UPDATE OF significant_effect ON segments_segment
    FOR EACH ROW EXECUTE FUNCTION segments_effect_stays();
"""
REVERSE = """
DROP TRIGGER effect_stays ON segments_segment;
DROP FUNCTION segments_effect_stays();
DROP TRIGGER must_be_released ON segments_membership;
DROP FUNCTION segments_must_be_released();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0003_entries_outlive_an_erased_profile"),
        ("segments", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="released_by",
            field=models.CharField(blank=True, max_length=80),
        ),
        migrations.AddField(
            model_name="segment",
            name="significant_effect",
            field=models.BooleanField(
                default=False,
                help_text="Who is in it is treated differently in a way that matters: a person releases each change.",
            ),
        ),
        migrations.CreateModel(
            name="HeldChange",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("direction", models.CharField(choices=[("enter", "enter"), ("leave", "leave")], max_length=5)),
                ("score", models.FloatField(null=True)),
                ("why", models.JSONField()),
                ("proposed_at", models.DateTimeField()),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("", ""), ("released", "released"), ("refused", "refused"), ("lapsed", "lapsed")],
                        max_length=8,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=80)),
                ("reason", models.CharField(blank=True, max_length=180)),
                (
                    "profile",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="identity.profile"
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="held_changes", to="segments.segment"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("decision", "")), fields=["segment", "proposed_at"], name="held_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("decision__in", ["", "refused"])),
                        fields=("segment", "profile", "direction"),
                        name="held_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decision__in", ["released", "refused"]), _negated=True),
                            models.Q(("decided_by", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="a_person_decides_what_is_held",
                    ),
                ],
            },
        ),
        migrations.RunSQL(TRIGGER, REVERSE),
    ]
