"""The Transit engine of HashiCorp Vault or OpenBao as key service; needs the extra `vault`."""

from base64 import b64decode, b64encode
from typing import Any

import hvac
import requests
from django.conf import settings
from hvac.exceptions import VaultError

from vault.key_service import KeyServiceFailed

TIMEOUT = 10


class Transit:
    """A named Transit key of type aes256-gcm96, reached with a token that may do no more than encrypt and decrypt.

    The address, namespace and certificate authority come from Vault's own environment variables (VAULT_ADDR,
    VAULT_NAMESPACE, VAULT_CACERT); the token from a file, read anew for each call so that an agent may renew it, or
    from VAULT_TOKEN.
    """

    name = "transit"

    def __init__(self) -> None:
        self.key = settings.TRANSIT_KEY
        self._client = hvac.Client(url=settings.TRANSIT_ADDRESS, namespace=settings.TRANSIT_NAMESPACE, timeout=TIMEOUT)

    def wrap(self, secret: bytes, *, context: str) -> bytes:
        """The secret under the newest version of the Transit key, as Transit writes it: `vault:v3:...`."""
        item = {"plaintext": b64encode(secret).decode(), "associated_data": _base64(context)}
        return str(self._ask("encrypt_data", item)["ciphertext"]).encode()

    def unwrap(self, wrapped: bytes, *, context: str) -> bytes:
        """The secret again; Transit itself knows which version of its key that takes."""
        item = {"ciphertext": wrapped.decode(), "associated_data": _base64(context)}
        return b64decode(self._ask("decrypt_data", item)["plaintext"])

    def _ask(self, call: str, item: dict[str, str]) -> dict[str, Any]:
        """Both calls as a batch of one: hvac takes associated data in batches only."""
        if settings.TRANSIT_TOKEN_FILE:
            self._client.token = _token(settings.TRANSIT_TOKEN_FILE)
        try:
            answer = getattr(self._client.secrets.transit, call)(
                name=self.key, batch_input=[item], mount_point=settings.TRANSIT_MOUNT
            )
            (result,) = answer["data"]["batch_results"]
        except (VaultError, requests.RequestException, KeyError, ValueError) as error:
            # The answer of the service stays out of the message: only its kind is told.
            raise KeyServiceFailed(f"{_about(self)}: {type(error).__name__}. {ADVICE}") from None
        if result.get("error"):
            raise KeyServiceFailed(f"{_about(self)}: the ciphertext, its context or its version was refused. {ADVICE}")
        return dict(result)


ADVICE = "Nothing is opened until it answers: look at VAULT_ADDR, the token and its policy, and at the key's name."


def _about(transit: Transit) -> str:
    return f"Transit key '{transit.key}' under '{settings.TRANSIT_MOUNT}'"


def _token(path: str) -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError as error:
        raise KeyServiceFailed(f"the token file of Transit cannot be read: {type(error).__name__}") from None


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()
