"""Who tries to sign in, as the lockout counts them: pseudonyms of name and address, never the words themselves.

People mistype their password into the name field; what is kept of either must therefore be no secret.
"""

import ipaddress
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from vault import kept_keys, signatures

KEY = "lockout"


def name_of(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """A keyed hash of the user name that was tried."""
    given = (credentials or {}).get("username") or (request.POST.get("username") if request else "") or ""
    return _hash(f"name|{str(given).strip().casefold()}").hex()


def address_of(request: HttpRequest) -> str:
    """A keyed hash of the caller's address, written as a private IPv6 address, for the column takes addresses only."""
    hashed = bytes([0xFD]) + _hash(f"address|{request.META.get('REMOTE_ADDR', '')}")[:15]
    return str(ipaddress.IPv6Address(hashed))


def caller(*arguments: Any, **named: Any) -> str:
    """What the lockout writes into the application's log of a caller: nothing."""
    return "a caller"


def locked_out(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any]) -> HttpResponse:
    """The same page for everybody, whether there is such a user or not."""
    locked = render(request, "console/locked_out.html", status=429)
    locked["Retry-After"] = "900"
    return locked


def _hash(text: str) -> bytes:
    return signatures.authenticate(kept_keys.newest(KEY)[1], text.encode())[:16]
