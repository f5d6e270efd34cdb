"""Erasure only begins approved, a completed request says when, and the steps of a request are append-only."""

from django.db import migrations, models
from django.db.models import Q

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON privacy_requeststep
    FOR EACH ROW EXECUTE FUNCTION onym_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_initial"), ("vault", "0002_append_only")]
    operations = [
        migrations.AddConstraint(
            "subjectrequest",
            models.CheckConstraint(
                condition=~Q(kind="erasure") | Q(state__in=["open", "rejected"]) | ~Q(approved_by=""),
                name="erasure_is_approved_before_it_begins",
            ),
        ),
        migrations.AddConstraint(
            "subjectrequest",
            models.CheckConstraint(
                condition=~Q(state="completed") | Q(completed_at__isnull=False), name="completed_request_says_when"
            ),
        ),
        migrations.RunSQL(APPEND_ONLY, "DROP TRIGGER append_only ON privacy_requeststep;"),
    ]
