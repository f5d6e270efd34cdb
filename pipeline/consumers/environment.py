"""Settings of a consumer, from environment variables of one prefix: typed, complete, and without contradictions."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path


class BadSettings(ValueError):
    """The settings cannot be used together; the message names the variables and no value that may be secret."""


class Environment:
    """Variables of one prefix. An empty one counts as unset."""

    def __init__(self, variables: Mapping[str, str], prefix: str, known: Collection[str]) -> None:
        self._prefix = prefix
        self._values = {
            name.removeprefix(prefix): value
            for name, value in variables.items()
            if name.startswith(prefix) and value != ""
        }
        if unknown := sorted(self._values.keys() - set(known)):
            names = ", ".join(prefix + name for name in sorted(known))
            raise BadSettings(f"{prefix}{unknown[0]} is not known; there are {names}.")

    def name(self, name: str) -> str:
        """What the variable is called in full."""
        return self._prefix + name

    def has(self, name: str) -> bool:
        """Whether it is set."""
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """Its value, or the default."""
        return self._values.get(name, default)

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """Its value as a number in these bounds. Raises `BadSettings`."""
        text = self.text(name, str(default))
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise BadSettings(f"{self.name(name)} must be a number from {least} to {most}.")
        return int(text)

    def choice(self, name: str, choices: Sequence[str], default: str) -> str:
        """Its value, one of these. Raises `BadSettings`."""
        if (chosen := self.text(name, default)) not in choices:
            raise BadSettings(f"{self.name(name)} must be one of {', '.join(choices)}.")
        return chosen

    def file(self, name: str) -> str:
        """The path of a file that can be read; empty when unset. Raises `BadSettings`."""
        path = self.text(name)
        if path:
            try:
                Path(path).open("rb").close()
            except OSError as error:
                raise BadSettings(f"{self.name(name)} names a file that cannot be read: {error.strerror}.") from None
        return path

    def secret(self, name: str) -> str:
        """A secret, from the variable or from the file that `…_FILE` names. Raises `BadSettings`."""
        self.not_both(name, f"{name}_FILE")
        path = self.file(f"{name}_FILE")
        return Path(path).read_text().strip() if path else self.text(name)

    def not_both(self, one: str, other: str) -> None:
        """Raises `BadSettings` when both are set."""
        if self.has(one) and self.has(other):
            raise BadSettings(f"Set {self.name(one)} or {self.name(other)}, not both.")

    def needs(self, one: str, other: str) -> None:
        """Raises `BadSettings` when the one is set without the other."""
        if self.has(one) and not self.has(other):
            raise BadSettings(f"{self.name(one)} needs {self.name(other)}.")
