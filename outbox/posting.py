"""Posting to an address outside: to the IP address that was looked at, following nothing, for a short while."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from outbox.addresses import Address, NotAllowed, resolve

PATIENCE = 10.0
MOST_READ = 65_536


@dataclass(frozen=True)
class Answer:
    """What came back: a status and a body, or why nothing did."""

    code: int | None
    body: bytes = b""
    problem: str = ""

    @property
    def well(self) -> bool:
        return self.code is not None and 200 <= self.code < 300


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post this, and tell what came of it. A redirect is an answer like any other: nothing is followed."""
    try:
        address = resolve(url)
        line = _line_to(address)
        try:
            line.request(
                "POST",
                address.path,
                body=body,
                headers={"Content-Type": "application/json", "User-Agent": "Onym"} | dict(headers),
            )
            answer = line.getresponse()
            return Answer(answer.status, answer.read(MOST_READ))
        finally:
            line.close()
    except NotAllowed:
        return Answer(None, problem="address not allowed")
    except TimeoutError:
        return Answer(None, problem="no answer in time")
    except ssl.SSLError:
        return Answer(None, problem="no trusted TLS certificate")
    except (OSError, http.client.HTTPException, ValueError):
        return Answer(None, problem="could not be reached")


class _Plain(http.client.HTTPConnection):
    """A connection to the address's IP, whatever its name stands for by now."""

    def __init__(self, address: Address) -> None:
        super().__init__(address.host, address.port, timeout=PATIENCE)
        self.ip = address.ip

    def connect(self) -> None:
        self.sock = socket.create_connection((self.ip, self.port), self.timeout)


class _Sealed(_Plain):
    """The same under TLS; the certificate must be the name's."""

    default_port = http.client.HTTPS_PORT

    def connect(self) -> None:
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _line_to(address: Address) -> http.client.HTTPConnection:
    return _Sealed(address) if address.scheme == "https" else _Plain(address)
