"""What the database keeps by itself, at every door: versions of rules, hashes of notices, everybody's last word."""

from django.db import migrations

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON consent_purposeversion
    FOR EACH ROW EXECUTE FUNCTION onym_never_changes();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON consent_notice
    FOR EACH ROW EXECUTE FUNCTION onym_never_changes();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON consent_annulment
    FOR EACH ROW EXECUTE FUNCTION onym_append_only();
"""

# A notice is known by the SHA-256 of its purpose, version, locale and text, a line each.
HASHES = """
ALTER TABLE consent_notice ADD CONSTRAINT notice_bears_its_hash CHECK (
    hash = encode(sha256(convert_to(concat_ws(E'\\n', purpose_id, version::text, locale, text), 'UTF8')), 'hex')
)
"""

VERSIONS = """
CREATE FUNCTION onym_purpose_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.legal_basis, NEW.channels, NEW.expires_after_days, NEW.expiry_by_jurisdiction, NEW.sensitive,
        NEW.sale_or_sharing, NEW.high_risk, NEW.dpia_reference, NEW.active)
        IS DISTINCT FROM
        (OLD.legal_basis, OLD.channels, OLD.expires_after_days, OLD.expiry_by_jurisdiction, OLD.sensitive,
        OLD.sale_or_sharing, OLD.high_risk, OLD.dpia_reference, OLD.active)
        AND NEW.rule_since IS NOT DISTINCT FROM OLD.rule_since
    THEN
        NEW.rule_since := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION onym_purpose_versions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.rule_since IS NOT DISTINCT FROM OLD.rule_since THEN
        RETURN NULL;
    END IF;
    INSERT INTO consent_purposeversion (
        purpose_id, valid_from, recorded_at, legal_basis, channels, expires_after_days, expiry_by_jurisdiction,
        sensitive, sale_or_sharing, high_risk, dpia_reference, active
    ) VALUES (
        NEW.slug, coalesce(NEW.rule_since, '1900-01-01 00:00+00'), clock_timestamp(), NEW.legal_basis, NEW.channels,
        NEW.expires_after_days, NEW.expiry_by_jurisdiction, NEW.sensitive, NEW.sale_or_sharing, NEW.high_risk,
        NEW.dpia_reference, NEW.active
    );
    RETURN NULL;
END $$;

INSERT INTO consent_purposeversion (
    purpose_id, valid_from, recorded_at, legal_basis, channels, expires_after_days, expiry_by_jurisdiction,
    sensitive, sale_or_sharing, high_risk, dpia_reference, active
)
SELECT slug, '1900-01-01 00:00+00', '1900-01-01 00:00+00', legal_basis, channels, expires_after_days,
    expiry_by_jurisdiction, sensitive, sale_or_sharing, high_risk, dpia_reference, active
FROM consent_purpose;

CREATE TRIGGER date_the_rule BEFORE UPDATE ON consent_purpose
    FOR EACH ROW EXECUTE FUNCTION onym_purpose_changes();
CREATE TRIGGER keep_the_rule AFTER INSERT OR UPDATE ON consent_purpose
    FOR EACH ROW EXECUTE FUNCTION onym_purpose_versions();
"""
NO_VERSIONS = """
DROP TRIGGER keep_the_rule ON consent_purpose;
DROP TRIGGER date_the_rule ON consent_purpose;
DROP FUNCTION onym_purpose_versions();
DROP FUNCTION onym_purpose_changes();
"""

# The last word is the same whatever the order in which acts come in: the later; of one instant the no, then the
# unverified one, then the one that names less.
LAST_WORDS = """
CREATE FUNCTION onym_last_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO consent_lastword AS last (
        purpose_id, channel, source_profile_id, is_no, verified, occurred_at, jurisdiction, notice
    )
    SELECT DISTINCT ON (purpose_id, channel, source_profile_id)
        purpose_id, channel, source_profile_id, state = 'withdrawn', verified, occurred_at, jurisdiction, notice
    FROM spoken WHERE state <> 'pending'
    ORDER BY purpose_id, channel, source_profile_id, occurred_at DESC, state DESC, verified, notice, jurisdiction
    ON CONFLICT (purpose_id, channel, source_profile_id) DO UPDATE SET
        is_no = excluded.is_no, verified = excluded.verified, occurred_at = excluded.occurred_at,
        jurisdiction = excluded.jurisdiction, notice = excluded.notice
    WHERE (excluded.occurred_at, excluded.is_no, NOT excluded.verified)
            > (last.occurred_at, last.is_no, NOT last.verified)
        OR ((excluded.occurred_at, excluded.is_no, excluded.verified) = (last.occurred_at, last.is_no, last.verified)
            AND (excluded.notice, excluded.jurisdiction) < (last.notice, last.jurisdiction));
    RETURN NULL;
END $$;

CREATE TRIGGER keep_last_words AFTER INSERT ON consent_act
    REFERENCING NEW TABLE AS spoken FOR EACH STATEMENT EXECUTE FUNCTION onym_last_words();

CREATE FUNCTION onym_last_words_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH annulled AS (SELECT DISTINCT purpose_id, channel, source_profile_id FROM spoken JOIN consent_act AS act
        ON act.id = spoken.act_id)
    DELETE FROM consent_lastword AS last USING annulled
    WHERE (last.purpose_id, last.channel, last.source_profile_id)
        = (annulled.purpose_id, annulled.channel, annulled.source_profile_id);
    INSERT INTO consent_lastword (
        purpose_id, channel, source_profile_id, is_no, verified, occurred_at, jurisdiction, notice
    )
    SELECT DISTINCT ON (act.purpose_id, act.channel, act.source_profile_id) act.purpose_id, act.channel,
        act.source_profile_id, act.state = 'withdrawn', act.verified, act.occurred_at, act.jurisdiction, act.notice
    FROM consent_act AS act
    WHERE (act.purpose_id, act.channel, act.source_profile_id) IN (
            SELECT other.purpose_id, other.channel, other.source_profile_id
            FROM spoken JOIN consent_act AS other ON other.id = spoken.act_id
        )
        AND act.state <> 'pending'
        AND NOT EXISTS (SELECT FROM consent_annulment WHERE act_id = act.id)
    ORDER BY act.purpose_id, act.channel, act.source_profile_id, act.occurred_at DESC, act.state DESC, act.verified,
        act.notice, act.jurisdiction;
    RETURN NULL;
END $$;

CREATE TRIGGER keep_last_words AFTER INSERT ON consent_annulment
    REFERENCING NEW TABLE AS spoken FOR EACH STATEMENT EXECUTE FUNCTION onym_last_words_anew();

INSERT INTO consent_lastword (
    purpose_id, channel, source_profile_id, is_no, verified, occurred_at, jurisdiction, notice
)
SELECT DISTINCT ON (purpose_id, channel, source_profile_id)
    purpose_id, channel, source_profile_id, state = 'withdrawn', verified, occurred_at, jurisdiction, notice
FROM consent_act
ORDER BY purpose_id, channel, source_profile_id, occurred_at DESC, state DESC, verified, notice, jurisdiction;
"""
NO_LAST_WORDS = """
DROP TRIGGER keep_last_words ON consent_annulment;
DROP TRIGGER keep_last_words ON consent_act;
DROP FUNCTION onym_last_words_anew();
DROP FUNCTION onym_last_words();
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0005_rules_of_the_past"), ("vault", "0002_append_only")]
    operations = [
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER append_only ON consent_purposeversion; DROP TRIGGER append_only ON consent_notice; "
            "DROP TRIGGER append_only ON consent_annulment;",
        ),
        migrations.RunSQL(HASHES, "ALTER TABLE consent_notice DROP CONSTRAINT notice_bears_its_hash"),
        migrations.RunSQL(VERSIONS, NO_VERSIONS),
        migrations.RunSQL(LAST_WORDS, NO_LAST_WORDS),
    ]
