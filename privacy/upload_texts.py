"""What stands in an upload, to be searched: unpacked, decoded, and no word cut in two."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO

import structlog

from privacy.scans import in_parts
from records import uploads
from records.envelope import Reject, as_json
from records.models import FileLoad
from records.readers import NDJSON, PARQUET, Nature, NotReadable, examine, rows_of, text_of
from records.uploads import Gone
from vault.grants import Grant

log = structlog.get_logger()

PIECE = 1024 * 1024
OVERLAP = 4_096


def texts_of(load: FileLoad, *, leave: Callable[[], Grant]) -> Iterator[list[bytes]]:
    """The text of this upload, a part at a time; of Parquet its rows. What nobody can read comes as it lies there.

    JSON lines come twice, as they lie there and as we would write them: any letter may stand there as its number.
    """
    with uploads.opened(load, leave=leave) as file, suppress(Gone):
        try:
            nature = (
                Nature(load.format, load.packed, load.encoding, load.size, "")
                if load.format
                else examine(file, encoding=load.encoding, region=load.source.region)
            )
            if nature.format != PARQUET:
                yield from _pieces(text_of(file, nature))
            if nature.format in (PARQUET, NDJSON):
                yield from in_parts(_rows(file, nature))
        except Gone:
            raise
        except Exception as error:  # whatever a file does to its reader, an erasure goes on
            if not isinstance(error, NotReadable):
                log.error("an upload cannot be read and is searched as it lies there", error=type(error).__name__)
            file.seek(0)
            yield from _pieces(file)


def _rows(file: BinaryIO, nature: Nature) -> Iterator[bytes]:
    for item in rows_of(file, nature):
        if text := item.body if isinstance(item, Reject) else as_json(item[1])[0]:
            yield text


def _pieces(text: BinaryIO) -> Iterator[list[bytes]]:
    tail = b""
    while piece := text.read(PIECE):
        yield [tail + piece]
        tail = piece[-OVERLAP:]
