"""The purposes that every installation starts with, and the ledger of acts made append-only."""

from django.db import migrations

PURPOSES = [
    ("service", "Service", "Fulfilling orders, warranty and customer care.", "contract", [], None),
    (
        "identity_linking",
        "Identity linking",
        "Recognizing that several source profiles are one person.",
        "legitimate_interest",
        [],
        None,
    ),
    ("analytics", "Analytics", "Understanding how customers use shop, site and app.", "consent", [], 395),
    (
        "marketing",
        "Marketing",
        "Telling customers about offers that suit them.",
        "consent",
        ["email", "sms", "push", "post"],
        730,
    ),
    ("personalization", "Personalization", "Adapting what a customer sees to what they did.", "consent", [], 395),
    (
        "subject_requests",
        "Subject requests",
        "Answering what people ask about their data.",
        "legal_obligation",
        [],
        None,
    ),
    ("security", "Security", "Protecting data and proving how it was used.", "legal_obligation", [], None),
]


def seed(apps, schema_editor):
    """Add the purposes that are not there yet."""
    if schema_editor.connection.alias != "default":
        return
    purpose = apps.get_model("consent", "Purpose")
    for slug, name, description, basis, channels, days in PURPOSES:
        purpose.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name,
                "description": description,
                "legal_basis": basis,
                "channels": channels,
                "expires_after_days": days,
            },
        )


APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON consent_act
    FOR EACH ROW EXECUTE FUNCTION onym_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial"), ("vault", "0002_append_only")]
    operations = [
        migrations.RunPython(seed, migrations.RunPython.noop),
        migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER append_only ON consent_act;"),
    ]
