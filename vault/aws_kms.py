"""AWS Key Management Service as key service; needs the extra `aws`."""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings

from vault.key_service import KeyServiceFailed

CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


class AwsKms:
    """A symmetric KMS key by id, ARN or alias; credentials, region and endpoint as boto3 finds them.

    The role needs kms:Encrypt and kms:Decrypt on that key, and nothing else.
    """

    name = "aws"

    def __init__(self) -> None:
        self.key = settings.AWS_KMS_KEY
        self._client = boto3.client("kms", config=CONFIG)

    def wrap(self, secret: bytes, *, context: str) -> bytes:
        """The secret as KMS's ciphertext, bound to the encryption context."""
        answer = self._ask("encrypt", Plaintext=secret, EncryptionContext={"onym": context})
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, *, context: str) -> bytes:
        """The secret again; KMS refuses ciphertext of another key or context."""
        answer = self._ask("decrypt", CiphertextBlob=wrapped, EncryptionContext={"onym": context})
        return bytes(answer["Plaintext"])

    def _ask(self, call: str, **arguments: Any) -> dict[str, Any]:
        try:
            return dict(getattr(self._client, call)(KeyId=self.key, **arguments))
        except ClientError as error:
            raise KeyServiceFailed(f"{self._about()}: {error.response['Error']['Code']}. {ADVICE}") from None
        except BotoCoreError as error:
            raise KeyServiceFailed(f"{self._about()}: {type(error).__name__}. {ADVICE}") from None

    def _about(self) -> str:
        return f"AWS KMS key '{self.key}'"


ADVICE = "Nothing is opened until it answers: look at region, credentials, and the key's policy and state."
