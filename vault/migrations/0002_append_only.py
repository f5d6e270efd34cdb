"""A trigger function that keeps ledgers append-only; erasure alone may delete, and says so for its transaction."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION onym_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('onym.erasing', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION onym_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON vault_auditentry
    FOR EACH ROW EXECUTE FUNCTION onym_never_changes();
"""

REVERSE = """
DROP TRIGGER append_only ON vault_auditentry;
DROP FUNCTION onym_never_changes();
DROP FUNCTION onym_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("vault", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTION, REVERSE)]
