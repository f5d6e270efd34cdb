"""The second factor of those who work here: a code from an authenticator app (TOTP, RFC 6238), or a recovery code.

The store is django-allauth's; its secrets are sealed under a key of the key store, so a dump of the database signs
nobody in.
"""

import hashlib
import time
from datetime import datetime, timedelta

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from django.db import transaction

from access import limits
from access.models import User
from vault import kept_texts

KEY = "second factors"
# Six digits are guessed in a million tries; at this rate that takes more than a lifetime of tries.
MOST_TRIES, TRIES_PER = 5, timedelta(minutes=5)


class WrongCode(ValueError):
    """This is not the code of now, or it was used before."""


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Seals what allauth keeps: secrets of authenticator apps and seeds of recovery codes."""

    def encrypt(self, text: str) -> str:
        return kept_texts.seal(KEY, text)

    def decrypt(self, encrypted_text: str) -> str:
        return kept_texts.unseal(KEY, encrypted_text)


def has_one(user: User) -> bool:
    """Whether the user has set up a second factor."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def new_secret() -> str:
    """A secret for an authenticator app."""
    return str(generate_totp_secret())


def address_of(user: User, secret: str) -> str:
    """The otpauth address that an authenticator app reads from a picture."""
    return str(Adapter().build_totp_url(user, secret))


def picture_of(address: str) -> str:
    """The address as a QR code (SVG)."""
    return str(Adapter().build_totp_svg(address))


def set_up(user: User, *, secret: str, code: str, now: datetime) -> list[str]:
    """Keep the secret once a code proves that the app has it, and return the recovery codes.

    Raises `WrongCode`, `access.limits.TooMany`.
    """
    limits.take_turn(str(user.pk), "second factor", most=MOST_TRIES, per=TRIES_PER, now=now)
    if not validate_totp_code(secret, code):
        raise WrongCode("this is not the code that the app shows now: check the clock of your phone")
    with transaction.atomic():
        Authenticator.objects.filter(user=user).delete()
        TOTP.activate(user, secret)
        _use_up(user, code, now)
        return list(RecoveryCodes.activate(user).get_unused_codes())


def prove(user: User, code: str, *, now: datetime) -> None:
    """Accept a code of the app or a recovery code, each once. Raises `WrongCode`, and `TooMany` after five tries."""
    limits.take_turn(str(user.pk), "second factor", most=MOST_TRIES, per=TRIES_PER, now=now)
    code = code.replace(" ", "").replace("-", "")
    for one in Authenticator.objects.filter(user=user).order_by("type"):
        if one.type == Authenticator.Type.TOTP:
            secret = Adapter().decrypt(one.data["secret"])
            if validate_totp_code(secret, code):
                _use_up(user, code, now)
                return
        elif one.type == Authenticator.Type.RECOVERY_CODES and RecoveryCodes(one).validate_code(code):
            return
    raise WrongCode("this is not a code of now, and no recovery code that is left")


def take_away(user: User) -> None:
    """Forget the second factor of somebody who lost theirs; at the next sign-in they set up a new one."""
    Authenticator.objects.filter(user=user).delete()


def proven_lately(proved_at: float | None, *, within: timedelta) -> bool:
    """Whether a second factor was given so lately."""
    return proved_at is not None and 0 <= time.time() - proved_at <= within.total_seconds()


def _use_up(user: User, code: str, now: datetime) -> None:
    used = hashlib.sha256(f"{user.pk}|{code}".encode()).hexdigest()[:32]
    try:
        limits.take_turn(str(user.pk), f"code {used}", most=1, per=timedelta(days=1), now=now)
    except limits.TooMany:
        raise WrongCode("this code was used already: wait for the next one") from None
