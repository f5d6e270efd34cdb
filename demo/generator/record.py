"""One line of a source's file together with the truth about it."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass

from demo.generator.people import Person

Message = dict[str, object]


@dataclass(frozen=True, slots=True)
class Record:
    """A line as written, the key by which truth finds it (None when it has none), and whose it really is."""

    key: str | None
    line: str
    person: Person
    rejected: str | None = None


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_line(values: Sequence[str]) -> str:
    """The values as one line of CSV, without its end."""
    return str(_CSV.writerow(values))


def json_line(message: Message) -> str:
    """The message as one line of JSON, without its end."""
    return _JSON.encode(message)


_CSV = csv.writer(_Echo(), lineterminator="")
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
