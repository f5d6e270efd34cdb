"""Partitions are made and dropped by their owner, on behalf of an application role that owns nothing."""

from django.db import migrations

DEFINER = """
ALTER FUNCTION records_make_partition(date) SECURITY DEFINER SET search_path = public, pg_temp;

CREATE FUNCTION records_drop_partition(name text) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_inherits
        WHERE inhparent = 'records_record'::regclass AND inhrelid = to_regclass(quote_ident(name))
    ) THEN
        RAISE EXCEPTION 'no partition of records_record is called %', name;
    END IF;
    EXECUTE format('DROP TABLE %I', name);
END $$;
"""
REVERSE = """
DROP FUNCTION records_drop_partition(text);
ALTER FUNCTION records_make_partition(date) SECURITY INVOKER RESET search_path;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0004_purposes_of_the_past")]
    operations = [migrations.RunSQL(DEFINER, REVERSE)]
