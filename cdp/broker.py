"""The embedded broker: messages are files below the home, each put there whole."""

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

NAME = "filesystem"


class Channel(filesystem.Channel):
    """A message appears under its name when it is complete.

    The library writes it in place, and a worker that looks at that moment reads half a message, and ends.
    """

    def _put(self, queue: str, message: Any, **_: Any) -> None:  # type: ignore[override]
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        part = Path(self.data_folder_out, f"{name}.part")
        part.write_text(dumps(message))
        part.rename(part.with_name(name))


class Transport(filesystem.Transport):
    """The library's transport, with that channel."""

    Channel = Channel

    @property
    def default_connection_params(self) -> dict[str, Any]:
        """No host: files have none, and the library would warn at each start that none is named."""
        return {}


def use() -> None:
    """Let `filesystem://` mean this transport."""
    TRANSPORT_ALIASES[NAME] = f"{__name__}:{Transport.__name__}"
