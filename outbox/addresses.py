"""Which addresses may be called from here: what others typed in must not reach into the organization's own network."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

PORTS = {"https": 443, "http": 80}


class NotAllowed(ValueError):
    """This address may not be called; the message says why and what to do."""


@dataclass(frozen=True)
class Address:
    """Where to connect to (an IP address that was looked at), and what to ask there."""

    scheme: str
    host: str
    port: int
    path: str
    ip: str


def must_be_allowed(url: str) -> None:
    """Raises `NotAllowed` for an address that could never be called. Looks nothing up."""
    _parts(url)


def resolve(url: str) -> Address:
    """The address with the IP address to connect to, looked up now. Raises `NotAllowed`, `OSError`.

    Whoever connects must use this IP address: a name that is looked up twice may point elsewhere the second time.
    """
    scheme, host, port, path = _parts(url)
    found = [info[4][0] for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for ip in found:
        _must_be_public(str(ip), host)
    return Address(scheme, host, port, path, str(found[0]))


def _parts(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    except ValueError:
        raise NotAllowed("this is no address; write it as https://host/path") from None
    if parts.scheme not in PORTS or not host:
        raise NotAllowed("this is no address; write it as https://host/path")
    if parts.username or parts.password or parts.fragment:
        raise NotAllowed("an address here holds no password and no fragment")
    if parts.scheme == "http" and (settings.PRODUCTION or not _is_loopback(host)):
        raise NotAllowed("only https is allowed; http only to this machine, and not in production")
    if not any(character.isspace() or ord(character) < 32 for character in url):
        literal = _ip(host)
        if literal is not None:
            _must_be_public(str(literal), host)
        return parts.scheme, host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    raise NotAllowed("an address holds no spaces")


def _must_be_public(ip: str, host: str) -> None:
    if settings.OUTGOING_PRIVATE_ADDRESSES:
        return
    address = ipaddress.ip_address(ip.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None) or address
    if not mapped.is_global or mapped.is_multicast:
        raise NotAllowed(
            "this host is in a private network; ONYM_OUTGOING_PRIVATE_ADDRESSES=1 allows that to the whole installation"
        )


def _is_loopback(host: str) -> bool:
    literal = _ip(host)
    return host == "localhost" or (literal is not None and literal.is_loopback)


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
