"""Who calls: a program, by the API key in its `Authorization: Bearer` header."""

from datetime import datetime
from typing import cast

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from access import api_keys
from access.models import ApiKey
from vault.grants import Actor

REALM = 'Bearer realm="onym"'


class ApiKeyAuthentication(BaseAuthentication):
    """`request.auth` is the API key, `request.user` the actor that the audit log will name."""

    def authenticate(self, request: Request) -> tuple[Actor, ApiKey] | None:
        if get_authorization_header(request).partition(b" ")[0].lower() != b"bearer":
            return None
        key = api_keys.find(_presented(request), now=timezone.now())
        if key is None:
            raise AuthenticationFailed("This API key is unknown, expired or revoked.", code="invalid_api_key")
        return Actor("api", str(key.id)), key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for (RFC 6750, section 3)."""
        return f'{REALM}, error="invalid_token"' if get_authorization_header(request) else REALM


def key_of(request: Request) -> ApiKey:
    """The API key of an authenticated request."""
    return cast(ApiKey, request.auth)


def end_of(request: Request) -> datetime | None:
    """When the secret that was presented stops to open anything, once that is near; None before, and without a key."""
    if not isinstance(request.auth, ApiKey):
        return None
    end = api_keys.ends_at(request.auth, _presented(request))
    return end if end - timezone.now() <= api_keys.WARNED_BEFORE else None


def actor_of(request: Request) -> Actor:
    """The actor of an authenticated request, as the audit log names it."""
    return cast(Actor, request.user)


def _presented(request: Request) -> str:
    return get_authorization_header(request).decode("latin-1").partition(" ")[2].strip()
