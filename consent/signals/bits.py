"""Bit fields in web-safe base64, as the TCF and GPP formats write them. Whatever is not exactly right is malformed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SIXTETS = {ord(letter): f"{number:06b}" for number, letter in enumerate(ALPHABET)}
LONGEST = 16_384
# Fibonacci numbers as the code words of the GPP use them; the last is beyond every number that may occur.
FIBONACCI = (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181, 6765, 10946, 17711, 28657)


class Malformed(ValueError):
    """A consent string breaks its format. The message names the place and never repeats the string."""


@dataclass(frozen=True, slots=True)
class Ids:
    """A set of ids, kept as inclusive ranges: a wide range costs no more than a narrow one."""

    ranges: tuple[tuple[int, int], ...] = ()

    def __contains__(self, id: object) -> bool:
        return isinstance(id, int) and any(first <= id <= last for first, last in self.ranges)


class Bits:
    """A segment of a consent string, read from left to right. Every method raises `Malformed` at its end."""

    def __init__(self, text: str, *, place: str) -> None:
        if not text or len(text) > LONGEST or not text.isascii() or set(text) - set(ALPHABET):
            raise Malformed(f"{place} is not web-safe base64 of at most {LONGEST} characters")
        self.place = place
        self._bits = text.translate(SIXTETS)
        self._at = 0

    def take(self, count: int) -> str:
        """The next so many bits, as zeros and ones."""
        end = self._at + count
        if end > len(self._bits):
            raise Malformed(f"{self.place} ends too early")
        taken, self._at = self._bits[self._at : end], end
        return taken

    def number(self, count: int) -> int:
        return int(self.take(count), 2)

    def flag(self) -> bool:
        return self.take(1) == "1"

    def ids(self, count: int) -> frozenset[int]:
        """A bit for each id from 1 to `count`: those that are set."""
        return frozenset(id for id, bit in enumerate(self.take(count), 1) if bit == "1")

    def letters(self, count: int) -> str:
        """So many letters from A to Z."""
        numbers = [self.number(6) for _ in range(count)]
        if any(number > 25 for number in numbers):
            raise Malformed(f"{self.place} has a letter outside A to Z")
        return "".join(chr(ord("A") + number) for number in numbers)

    def instant(self) -> datetime:
        """Tenths of a second since 1970."""
        tenths = self.number(36)
        return datetime.fromtimestamp(tenths // 10, UTC).replace(microsecond=tenths % 10 * 100_000)

    def fibonacci(self) -> int:
        """A whole number from 1 in Fibonacci coding: it ends with the first two ones in a row."""
        total, before = 0, False
        for value in FIBONACCI:
            bit = self.flag()
            if bit and before:
                return total
            total, before = total + (value if bit else 0), bit
        raise Malformed(f"{self.place} has a number that is too large")

    def vendors(self) -> Ids:
        """A vendor section of the TCF: the highest id, then a bit for each, or ranges."""
        highest = self.number(16)
        if self.flag():
            return self.ranges(highest)
        return Ids(_runs(self.take(highest)))

    def ranges(self, highest: int) -> Ids:
        """So many entries as the first 12 bits say, each a single id or a first and a last one."""
        return Ids(tuple(self._range(highest) for _ in range(self.number(12))))

    def _range(self, highest: int) -> tuple[int, int]:
        is_range, first = self.flag(), self.number(16)
        last = self.number(16) if is_range else first
        if not 1 <= first <= last <= highest:
            raise Malformed(f"{self.place} has a range that is out of order")
        return first, last

    def end(self) -> None:
        """Only padding may follow, and padding is zero."""
        if "1" in self._bits[self._at :]:
            raise Malformed(f"{self.place} goes on after its end")


def _runs(bits: str) -> tuple[tuple[int, int], ...]:
    """The ids whose bit is set, neighbors joined."""
    runs, at = [], bits.find("1")
    while at >= 0:
        after = bits.find("0", at)
        after = len(bits) if after < 0 else after
        runs.append((at + 1, after))
        at = bits.find("1", after)
    return tuple(runs)


def only(values: Sequence[int], highest: int, *, place: str) -> None:
    """Raises `Malformed` when one of these is above the highest value that has a meaning."""
    if any(value > highest for value in values):
        raise Malformed(f"{place} has a value without a meaning")
