"""manage.py add_source NAME --kind KIND: add a source and print its write key."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from consent import acts
from pipeline.management import contract_file
from records import sources
from records.models import ROWS, SEGMENT, STRICT


class Command(BaseCommand):
    """Add a source; the write key is shown this once."""

    help = "Add a source of records and print its write key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="letters, digits, hyphens and underscores")
        parser.add_argument("--kind", required=True, choices=sources.KINDS)
        parser.add_argument("--format", choices=(SEGMENT, ROWS), help="default: segment for online, rows otherwise")
        parser.add_argument("--stable-key", help="account_id, customer_number, loyalty_number, or '' for none")
        parser.add_argument("--client-side", action="store_true", help="the write key is public: browser or mobile app")
        parser.add_argument("--purpose", action="append", help="may be repeated; default: service")
        parser.add_argument("--trust-rank", type=int, default=50, help="0 to 100; the golden record prefers higher")
        parser.add_argument("--region", default="GB", help="country code for phone numbers without prefix")
        parser.add_argument("--mapping", type=Path, help="a JSON file: source fields to the data dictionary")
        contract_file.add_arguments(parser, when="")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        purposes = options["purpose"] or ["service"]
        schema = contract_file.schema_in(options["contract"])
        try:
            acts.must_exist(purposes)
            source, write_key = sources.add(
                options["name"],
                kind=options["kind"],
                format=options["format"],
                stable_key=options["stable_key"],
                client_side=options["client_side"],
                purposes=purposes,
                trust_rank=options["trust_rank"],
                region=options["region"],
                by="command",
                mapping=json.loads(options["mapping"].read_text(encoding="utf-8-sig")) if options["mapping"] else None,
                contract_mode=options["contract_mode"] or STRICT,
                contract_schema=schema or "",
            )
        except acts.UnknownPurpose as error:
            raise CommandError(f"--purpose: {error}") from None
        except ValidationError as error:
            fields = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())
            raise CommandError(fields) from None
        except (OSError, ValueError) as error:
            raise CommandError(f"--mapping: {error}") from None
        if options["json"]:
            self.stdout.write(json.dumps({"name": source.name, "id": str(source.id), "write_key": write_key}))
        else:
            self.stdout.write(f"Source {source.name} added. Write key, shown this once: {write_key}")
