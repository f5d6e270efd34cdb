"""Recipients were listed with the scope of deliveries; they have one of their own, and whoever held that holds it."""

from django.db import migrations

GIVE = """
UPDATE access_apikey SET scopes = array_append(scopes, 'recipients:read')
WHERE 'deliveries:read' = ANY(scopes) AND NOT 'recipients:read' = ANY(scopes)
"""
TAKE = """
UPDATE access_apikey SET scopes = array_remove(array_remove(scopes, 'recipients:read'), 'recipients:write')
"""


class Migration(migrations.Migration):
    dependencies = [("access", "0004_turns")]
    operations = [migrations.RunSQL(GIVE, TAKE)]
