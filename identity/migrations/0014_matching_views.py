"""The matching view of each source profile, sealed as one; whatever changes a value that it was made of drops it."""

import django.db.models.deletion
from django.db import migrations, models

TABLES = ("records_attribute", "records_identifier")
# With the name that the rows which a statement changed go by.
EVENTS = {"insert": "NEW", "update": "NEW", "delete": "OLD"}

# Each view is looked up by its key, however many there are: of a subquery PostgreSQL might make a walk through all.
# Whoever takes a value away waits for who is at its view. Whoever brings one, or sees it again, waits for nobody: its
# source profile is queued, and its view is made anew.
DROP_VIEWS = """
CREATE FUNCTION identity_drop_matching_views() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE ids uuid[];
BEGIN
    IF TG_TABLE_NAME = 'records_attribute' THEN
        ids := ARRAY(
            SELECT DISTINCT source_profile_id FROM changed WHERE field IN (
                'given_name', 'family_name', 'birth_date', 'street', 'postcode', 'city', 'country'
            )
        );
    ELSE
        ids := ARRAY(SELECT DISTINCT source_profile_id FROM changed WHERE namespace IN ('email', 'phone'));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        ids := ARRAY(
            SELECT source_profile_id FROM identity_matchingview WHERE source_profile_id = ANY(ids)
            FOR UPDATE SKIP LOCKED
        );
    END IF;
    DELETE FROM identity_matchingview WHERE source_profile_id = ANY(ids);
    RETURN NULL;
END $$
"""


def _triggers() -> str:
    return ";\n".join(
        f"CREATE TRIGGER drop_matching_views_on_{event} AFTER {event.upper()} ON {table} "
        f"REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION identity_drop_matching_views()"
        for table in TABLES
        for event, rows in EVENTS.items()
    )


def _without() -> str:
    return ";\n".join(f"DROP TRIGGER drop_matching_views_on_{event} ON {table}" for table in TABLES for event in EVENTS)


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0013_settling_tells"),
        ("records", "0018_when_generalized"),
    ]

    operations = [
        migrations.CreateModel(
            name="MatchingView",
            fields=[
                (
                    "source_profile",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="records.sourceprofile",
                    ),
                ),
                ("sealed", models.BinaryField()),
            ],
        ),
        migrations.RunSQL(DROP_VIEWS, "DROP FUNCTION identity_drop_matching_views()"),
        migrations.RunSQL(_triggers(), _without()),
    ]
