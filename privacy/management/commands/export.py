"""manage.py export: a pseudonymous, k-anonymous file for a recipient."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from outbox.models import Recipient
from privacy import exports
from privacy.export_columns import COLUMNS
from privacy.exports import DEFAULT_K, NotAllowed, Order
from vault.grants import Actor


class Command(BaseCommand):
    """Write a file for a recipient. Consent is asked for every row; rare combinations of values are left out."""

    help = "Export people for a recipient: pseudonyms and broad bands, every combination shared by at least k people."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--recipient", required=True, help="name of the recipient")
        parser.add_argument("--purpose", required=True)
        parser.add_argument("--channel", default="")
        parser.add_argument("--segment", default="", help="only members of this segment")
        parser.add_argument("--columns", required=True, help=f"separated by commas, of: {', '.join(COLUMNS)}")
        parser.add_argument("--k", type=int, default=DEFAULT_K, help="least people for each combination of values")
        parser.add_argument("--reason", required=True, help="kept in the audit log; name a case, not a person")
        parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object, last")

    def handle(self, *args: Any, **options: Any) -> None:
        recipient = Recipient.objects.filter(name=options["recipient"]).first()
        if recipient is None:
            raise CommandError(f"There is no recipient {options['recipient']!r}; add it in the admin")
        order = Order(
            recipient=recipient,
            purpose=options["purpose"],
            channel=options["channel"],
            segment=options["segment"],
            columns=options["columns"].split(","),
            k=options["k"],
        )
        try:
            made = exports.export(order, actor=Actor("person", "command line"), reason=options["reason"])
        except NotAllowed as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{exports.path_of(made)}: {made.rows:,} people; {made.suppressed:,} left out, fewer than {made.k} alike. "
            "It is deleted in 24 hours."
        )
        if options["json"]:
            outcome = {"file": str(exports.path_of(made)), "rows": made.rows, "suppressed": made.suppressed}
            self.stdout.write(json.dumps(outcome))
