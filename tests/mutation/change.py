"""A change of a source file in one small way, as a mutation test makes it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Change:
    """The bytes from `start` to `end` of a file become others, within this function or constant.

    Known by its file, scope and the lines touched as they were and as they become; `twin` counts those that look alike.
    """

    file: str
    scope: str
    start: int
    end: int
    becomes: str
    before: str = ""
    after: str = ""
    twin: int = 1

    def __str__(self) -> str:
        twin = f" ({self.twin})" if self.twin > 1 else ""
        return f"{self.file} {self.scope}{twin}: {self.before}  ->  {self.after}"

    def applied(self, source: str) -> str:
        """The whole source with this change made."""
        code = source.encode()
        return (code[: self.start] + self.becomes.encode() + code[self.end :]).decode()


def told_apart(changes: Iterable[Change], source: str) -> Iterator[Change]:
    """These changes of one source, each once, with the lines that they touch."""
    code, seen, twins = source.encode(), set(), Counter[tuple[str, str, str]]()
    for change in sorted(changes, key=lambda one: (one.start, one.end, one.becomes)):
        result = change.applied(source)
        if result == source or result in seen:
            continue
        seen.add(result)
        first = code.rfind(b"\n", 0, change.start) + 1
        last = code.find(b"\n", change.end)
        before = code[first:last].decode()
        after = (code[first : change.start] + change.becomes.encode() + code[change.end : last]).decode()
        shown = _on_one_line(before), _on_one_line(after)
        twins[change.scope, *shown] += 1
        yield replace(change, before=shown[0], after=shown[1], twin=twins[change.scope, *shown])


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
