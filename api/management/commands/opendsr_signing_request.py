"""manage.py opendsr_signing_request: what a certificate authority needs to issue the certificate for OpenDSR."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from privacy.opendsr import KEY
from vault.certificates import signing_request


class Command(BaseCommand):
    """Prints a certificate signing request in PEM; the private key stays in the key store."""

    help = "Print a signing request; ONYM_OPENDSR_CERTIFICATE_FILE then names the certificate that was issued."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(signing_request(KEY, settings.OPENDSR_DOMAIN).decode())
