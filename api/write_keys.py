"""Who sends: a source, by its write key, in any of the places where Segment's clients put it."""

import base64
import binascii

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from api.errors import Problem
from records import sources
from records.models import Source
from vault.grants import Actor

CHALLENGE = {"WWW-Authenticate": 'Basic realm="onym"'}


class WriteKeyAuthentication(BaseAuthentication):
    """`request.auth` is the source when the `Authorization` header names it; else the body may."""

    def authenticate(self, request: Request) -> tuple[Actor, Source] | None:
        scheme, _, credentials = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() == "basic":
            return _as_sender(source_of(_user_name(credentials)))
        if scheme.lower() == "bearer":
            # Some clients send a token of their own here, and the write key in the body.
            source = sources.by_write_key(credentials.strip())
            return _as_sender(enabled(source)) if source else None
        return None

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE["WWW-Authenticate"]


def source_of(write_key: object) -> Source:
    """The enabled source with this write key; a 401 when there is none, a 404 when it is switched off."""
    source = sources.by_write_key(write_key) if isinstance(write_key, str) and write_key else None
    if source is None:
        raise Problem(
            401, code="unknown_write_key", detail="No source has this write key, or none was sent.", headers=CHALLENGE
        )
    return enabled(source)


def public_source_of(write_key: object) -> Source:
    """The client-side source of this key: what stands in addresses is known to anybody, so no other key may."""
    source = source_of(write_key)
    if not source.client_side:
        raise Problem(403, code="key_is_secret", detail="This write key is for servers: send it in a header.")
    return source


def enabled(source: Source) -> Source:
    """The source, where it is switched on; a 404 else."""
    if not source.enabled:
        raise Problem(404, code="source_disabled", detail="This source is switched off; nothing was kept.")
    return source


def _as_sender(source: Source) -> tuple[Actor, Source]:
    return Actor("machine", "accept"), source


def _user_name(credentials: str) -> str:
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
