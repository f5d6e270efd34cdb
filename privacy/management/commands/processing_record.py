"""manage.py processing_record: the article 30 record, as JSON or as a page to print."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from privacy import record_page
from privacy.processing_record import generate


class Command(BaseCommand):
    """Make the record of processing activities from what is configured and stored right now."""

    help = "Make the record of processing activities (GDPR article 30) from the live configuration."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--html", type=Path, help="write it as a page into this file")
        parser.add_argument("--json", action="store_true", help="print it as one JSON object, last")

    def handle(self, *args: Any, **options: Any) -> None:
        record = generate(now=timezone.now())
        if options["html"]:
            options["html"].write_text(record_page.render(record))
            self.stdout.write(f"written to {options['html']}")
        if options["json"] or not options["html"]:
            self.stdout.write(json.dumps(record))
        if record["undeclared_tables"]:
            self.stderr.write(f"Tables that nothing declares: {', '.join(record['undeclared_tables'])}")
