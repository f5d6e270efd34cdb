"""Room on a page for new versions of its rows: what was seen again is then written without touching an index."""

from django.db import migrations

ROOM = """
ALTER TABLE records_sourceprofile SET (fillfactor = 80);
ALTER TABLE records_identifier SET (fillfactor = 80);
"""
NO_ROOM = """
ALTER TABLE records_sourceprofile RESET (fillfactor);
ALTER TABLE records_identifier RESET (fillfactor);
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0011_fewer_indexes")]
    operations = [migrations.RunSQL(ROOM, NO_ROOM)]
