"""The encoding of a text file: found from its bytes, and read as UTF-8 whatever it is.

A mark at the start, or text that is UTF-8, leaves no doubt. Of other texts, charset-normalizer tells the script; among
the code pages of Latin letters, which look alike to it, the source's region's wins unless another reads better.
"""

import codecs
import io
import unicodedata
from collections.abc import Iterable

from charset_normalizer import from_bytes

from records.readers.position import NotReadable

UTF8 = "utf-8"
MARKS = (
    (codecs.BOM_UTF8, UTF8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
PAGES = {
    "cp1250": "AL BA CZ HR HU ME PL RO RS SI SK",
    "cp1251": "BG BY KG KZ MK MN RU TJ UA",
    "cp1253": "CY GR",
    "cp1254": "AZ TR",
    "cp1255": "IL",
    "cp1256": "AE BH DZ EG IQ IR JO KW LB LY MA OM PK QA SA SD SY TN YE",
    "cp1257": "EE LT LV",
    "cp1258": "VN",
    "cp874": "TH",
    "cp932": "JP",
    "gb18030": "CN SG",
    "big5hkscs": "HK TW",
    "cp949": "KR",
}
OF_REGION = {region: page for page, regions in PAGES.items() for region in regions.split()}
WESTERN, CENTRAL = "cp1252", "cp1250"
ASKED = [*PAGES, WESTERN, "koi8_r", "euc_jp", "iso2022_jp"]
SAMPLE = 64 * 1024
# Fewer letters than this say nothing about their script.
ENOUGH_LETTERS = 8
MANY = 0.2
CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x1a\x1b"))
# Marks that stand between or beside letters in good texts.
BESIDE_LETTERS = frozenset("’‘“”„«»–—…ªº´`€£§ \xad·")
# The last byte of all, where something is broken; hardly any word has it.
NO_LETTER = "ÿ"
BROKEN = "onym.broken"
# Some encodings, of names in the web for one, cannot read on behind what is broken.
UNREADABLE = b"a\xff\xff\xff\xff"
PIECE = 64 * 1024


class UnknownEncoding(NotReadable):
    """There is no encoding of this name."""


def known(name: str) -> str:
    """The encoding that is called so. Raises `UnknownEncoding`."""
    try:
        encoding = codecs.lookup(name).name
        "a".encode(encoding)
        codecs.getincrementaldecoder(encoding)(BROKEN).decode(UNREADABLE, final=True)
    except (LookupError, TypeError, ValueError):
        raise UnknownEncoding(f"'{name[:40]}' is no encoding; give one such as utf-8, utf-16 or windows-1252") from None
    return encoding


def called(encoding: str) -> str:
    """The encoding's name, as people know it."""
    page = encoding.removeprefix("cp")
    return f"Windows-{page}" if page.startswith("125") else encoding.upper()


class Sample:
    """Looks at a text as it passes: its first bytes, and as many lines as say something about its encoding."""

    def __init__(self) -> None:
        self.head = b""
        self._lines: list[bytes] = []
        self._size = 0
        self._rest = b""

    def feed(self, piece: bytes) -> None:
        """The next bytes of the text."""
        if len(self.head) < SAMPLE:
            self.head = (self.head + piece)[:SAMPLE]
        if self._size < SAMPLE and not (piece.isascii() and self._rest.isascii()):
            *lines, self._rest = (self._rest + piece).split(b"\n")
            self._rest = self._rest[:SAMPLE]
            self._take(lines)
        elif self._size < SAMPLE:
            self._rest = piece.rpartition(b"\n")[2][-SAMPLE:]

    def encoding(self, region: str) -> str:
        """What the text is written in. Raises `NotReadable` for what is no text.

        JSON is UTF-8 or marked: a line of it that is not is broken, and no reason to read all others otherwise.
        """
        for mark, encoding in MARKS:
            if self.head.startswith(mark):
                return encoding
        if wide := _wide(self.head):
            return wide
        if self.head.lstrip().startswith(b"{"):
            return UTF8
        if not self._rest.isascii():
            self._take([self._rest])
        as_utf8 = sum(_is_utf8(line) for line in self._lines)
        return UTF8 if as_utf8 * 2 >= len(self._lines) else _page(b"\n".join(self._lines), region)

    def _take(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            if not line.isascii() and self._size < SAMPLE:
                self._lines.append(line[:SAMPLE])
                self._size += len(line)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: every other byte of its plain letters is zero. Raises `NotReadable`."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) / 2 * MANY and min(even, odd) < max(even, odd) / 10:
        return "utf-16-be" if even > odd else "utf-16-le"
    if len(head.translate(None, CONTROLS)) < len(head) * (1 - MANY):
        raise NotReadable("this is no text; give CSV, JSON lines or Parquet")
    return ""


def _page(sample: bytes, region: str) -> str:
    found = from_bytes(sample, cp_isolation=ASKED).best()
    if found and _of_another_script(str(found)):
        return found.encoding
    pages = (OF_REGION.get(region, WESTERN), WESTERN, CENTRAL)
    best = min(pages, key=lambda page: _oddness(sample, page))
    return best if _oddness(sample, best) < sum(byte > 127 for byte in sample) / 2 else UTF8


def _of_another_script(text: str) -> bool:
    letters = [character for character in text if ord(character) > 127 and character.isalpha()]
    latin = sum("LATIN" in unicodedata.name(letter, "") for letter in letters)
    return len(letters) >= ENOUGH_LETTERS and latin * 2 < len(letters)


def _oddness(sample: bytes, page: str) -> int:
    """How many characters are unreadable, or signs in the middle of words, when the sample is read so."""
    text = sample.decode(page, "replace")
    odd = 0
    for before, character, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if ord(character) < 128 or character in BESIDE_LETTERS or (character.isalpha() and character != NO_LETTER):
            continue
        odd += character == "\ufffd" or unicodedata.category(character) == "Cc" or before.isalpha() or after.isalpha()
    return odd


def _broken(error: UnicodeError) -> tuple[str, int]:
    """Half a character in place of each that cannot be read: its row is then no UTF-8, and kept apart for that."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udc80", error.end


codecs.register_error(BROKEN, _broken)


class Recoded(io.RawIOBase):
    """A text in another encoding, read as UTF-8. What cannot be read in it is not UTF-8 afterwards either."""

    def __init__(self, file: io.BufferedIOBase, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self._begin()

    def _begin(self) -> None:
        self._decoder = codecs.getincrementaldecoder(self._encoding)(BROKEN)
        self._ready = memoryview(b"")
        self._at = 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready and not self._ended:
            piece = self._file.read(PIECE)
            self._ended = not piece
            text = self._decoder.decode(piece, final=self._ended)
            self._ready = memoryview(text.encode(UTF8, "surrogatepass"))
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        self._at += size
        return size

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Only from the start: a place in the UTF-8 is found by reading up to it."""
        if whence == io.SEEK_CUR:
            offset += self._at
        elif whence != io.SEEK_SET:
            raise io.UnsupportedOperation("the length of a recoded text is not known")
        if offset < self._at:
            self._file.seek(0)
            self._begin()
        while self._at < offset and self.read(min(PIECE, offset - self._at)):
            pass
        return self._at

    def tell(self) -> int:
        return self._at
