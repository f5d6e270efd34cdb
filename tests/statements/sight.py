"""What a response shows of planted values: in clear, in any encoding that a proof of erasure looks for, or masked."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from access.masking import DOT
from privacy.encodings import patterns
from privacy.matcher import Matcher

# What is shorter than this and all letters and digits stands in random tokens by chance.
SHORTEST = 10


class Sight:
    """Looks for these values, each under the name of its field."""

    def __init__(self, values: Mapping[str, tuple[str, ...]]) -> None:
        self._fields: dict[bytes, str] = {}
        self._words: dict[str, re.Pattern[str]] = {}
        for field, spellings in values.items():
            for value in spellings:
                known = {pattern for pattern in patterns(field, value) if _telling(pattern)}
                if not known:
                    self._words[field] = re.compile(rf"(?<![\w.-]){re.escape(value)}(?![\w.-])")
                self._fields |= dict.fromkeys(known, field)
        self._matcher = Matcher(self._fields)

    def clear(self, response: Any) -> set[str]:
        """The fields of which the response shows a value: in its body, in a file that it is, or in its headers."""
        found = set()
        for part in parts_of(response):
            found |= {self._fields[self._matcher.patterns[number]] for _, number in self._matcher.find(part)}
        text = words_of(response)
        return found | {field for field, word in self._words.items() if word.search(text)}


def parts_of(response: Any) -> Iterator[bytes]:
    """Everything that comes over the wire, files in a ZIP each by itself; redirects on the way too."""
    yield from (f"{name}: {value}".encode() for name, value in response.headers.items())
    yield from (str(cookie).encode() for cookie in response.cookies.values())
    yield from (address.encode() for address, _ in getattr(response, "redirect_chain", ()))
    body = b"".join(response.streaming_content) if response.streaming else response.content
    yield body
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            yield from (packed.read(name) for name in packed.namelist())


def words_of(response: Any) -> str:
    """What a person reads: the text between the tags."""
    if response.streaming:
        return ""
    text = response.content.decode("utf-8", "replace")
    if "html" in response.headers.get("Content-Type", ""):
        text = re.sub(r"<(style|script)\b.*?</\1>", " ", text, flags=re.DOTALL)
        text = re.sub(r"<[^>]*>", " ", text)
    return re.sub(r"\s+", " ", unescape(text))


def is_masked(response: Any) -> bool:
    """Whether something masked is in it."""
    return DOT in words_of(response)


def _telling(pattern: bytes) -> bool:
    return len(pattern) >= SHORTEST or not pattern.isalnum()
