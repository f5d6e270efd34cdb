"""Records become a table partitioned by the month of receipt, and append-only."""

from django.db import migrations

PARTITIONED = """
CREATE TABLE records_by_month (LIKE records_record INCLUDING ALL) PARTITION BY RANGE (received_at);
DROP TABLE records_record;
ALTER TABLE records_by_month RENAME TO records_record;
ALTER TABLE records_record
    ADD CONSTRAINT record_of_source FOREIGN KEY (source_id) REFERENCES records_source (id),
    ADD CONSTRAINT record_of_source_profile FOREIGN KEY (source_profile_id) REFERENCES records_sourceprofile (id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON records_record
    FOR EACH ROW EXECUTE FUNCTION onym_append_only();

CREATE FUNCTION records_make_partition(month date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', month);
    name text := format('records_record_%s', to_char(first, 'YYYY_MM'));
BEGIN
    IF to_regclass(name) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext(name));
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %I PARTITION OF records_record FOR VALUES FROM (%L) TO (%L)',
            name, first::timestamp AT TIME ZONE 'UTC', (first + interval '1 month')::timestamp AT TIME ZONE 'UTC'
        );
    END IF;
END $$;

SELECT records_make_partition((date_trunc('month', now()) + make_interval(months => ahead))::date)
    FROM generate_series(-1, 3) AS ahead;
"""

REVERSE = """
DROP FUNCTION records_make_partition(date);
DROP TABLE records_record CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial"), ("vault", "0002_append_only")]
    operations = [migrations.RunSQL(PARTITIONED, REVERSE)]
