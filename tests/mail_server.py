"""A mail server in tests: real SMTP on loopback that keeps what it got and answers as it is told."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

TAKEN = "250 taken"


@dataclass
class MailServer:
    """Where it listens, what came and to whom, and how it answers."""

    host: str = "127.0.0.1"
    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    answer: Callable[[], str] = lambda: TAKEN

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """The base class calls it so."""
        answer = self.answer()
        if answer.startswith("2"):
            self.got.append(message_from_bytes(bytes(envelope.content or b""), policy=policy.default))  # type: ignore[arg-type]
            self.to.append(list(envelope.rcpt_tos))
        return answer


@contextmanager
def serving_mail(settings: Any) -> Iterator[MailServer]:
    """A mail server that runs for the block, to which Django mails."""
    server = MailServer()
    server.port = _free_port(server.host)
    controller = Controller(server, hostname=server.host, port=server.port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = server.host, server.port, False
    try:
        yield server
    finally:
        controller.stop()


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as listener:
        return int(listener.getsockname()[1])
