"""The ledger of assignments: an entry can be ended once, and never changed otherwise."""

from django.db import migrations

LEDGER = """
CREATE FUNCTION identity_end_once() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER end_once BEFORE UPDATE OR DELETE ON identity_assignment
    FOR EACH ROW EXECUTE FUNCTION identity_end_once();
"""

REVERSE = """
DROP TRIGGER end_once ON identity_assignment;
DROP FUNCTION identity_end_once();
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial"), ("vault", "0002_append_only")]
    operations = [migrations.RunSQL(LEDGER, REVERSE)]
