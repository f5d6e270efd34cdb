"""Audit entries end: the table's owner removes those of seals that are two years old, and no others."""

from django.db import migrations, models
from django.db.models import F, Q

# The application's role may not delete from the log. What it may call is this, which looks at the age itself: of the
# seals, and once more of each entry, in the trigger.
FUNCTIONS = """
CREATE FUNCTION vault_remove_aged_entries(first bigint, last bigint) RETURNS bigint LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp SET onym.aging = 'on' AS $$
DECLARE
    removed bigint;
BEGIN
    IF EXISTS (SELECT FROM vault_auditseal
               WHERE number BETWEEN $1 AND $2 AND sealed_at > now() - interval '24 months') THEN
        RAISE EXCEPTION 'seals % to % are younger than 24 months', $1, $2 USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM vault_auditentry AS entry USING vault_auditseal AS seal
    WHERE seal.number BETWEEN $1 AND $2 AND entry.id > seal.after_id AND entry.id <= seal.upto_id;
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END $$;

CREATE FUNCTION onym_changes_by_age_alone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('onym.aging', true) = 'on' AND OLD.at < now() - interval '24 months' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

DROP TRIGGER append_only ON vault_auditentry;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON vault_auditentry
    FOR EACH ROW EXECUTE FUNCTION onym_changes_by_age_alone();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON vault_auditaging
    FOR EACH ROW EXECUTE FUNCTION onym_never_changes();
"""
REVERSE = """
DROP TRIGGER append_only ON vault_auditaging;
DROP TRIGGER append_only ON vault_auditentry;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON vault_auditentry
    FOR EACH ROW EXECUTE FUNCTION onym_never_changes();
DROP FUNCTION onym_changes_by_age_alone();
DROP FUNCTION vault_remove_aged_entries(bigint, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("vault", "0009_installation_keys_made")]
    operations = [
        migrations.CreateModel(
            "AuditAging",
            [
                ("first", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("last", models.PositiveIntegerField()),
                ("count", models.PositiveBigIntegerField()),
                ("aged_at", models.DateTimeField()),
                ("key_version", models.PositiveSmallIntegerField()),
                ("signature", models.BinaryField()),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=Q(last__gte=F("first")), name="aging_goes_forward")],
                "verbose_name_plural": "audit agings",
            },
        ),
        migrations.RunSQL(FUNCTIONS, REVERSE),
    ]
