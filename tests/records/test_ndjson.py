"""JSON lines: one object a line; a line that is none costs only itself."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.envelope import Reject
from records.readers import ndjson
from records.readers.lines import LONGEST_LINE

ALICE, BOB = b'{"name": "Alice"}', b'{"name": "Bob"}'


def read(text: bytes) -> list[tuple[int, dict[str, object]] | Reject]:
    return list(ndjson.read(io.BytesIO(text)))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n  \n"])
def test_objects_are_read_with_their_lines(end: bytes) -> None:
    items = read(ALICE + end + BOB)
    assert items == [(1, {"name": "Alice"}), (1 + end.count(b"\n"), {"name": "Bob"})]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read(b"\xef\xbb\xbf" + ALICE) == [(1, {"name": "Alice"})]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (b'{"name": "Carol"', "malformed_json", "The line is not JSON: it breaks at column 17."),
        (b"name,city", "malformed_json", "The line is not JSON: it breaks at column 1."),
        (b'{"total": NaN}', "malformed_json", "The line is not JSON: it breaks at column 11."),
        (b'{"name": "cut \\ud83d"}', "malformed_json", "The line is not JSON: it breaks at column 15."),
        (b"[" * 5_000, "malformed_json", "The line is not JSON: it breaks at column 1026."),
        (b'["name"]', "not_an_object", "The line must be a JSON object."),
        (b"5", "not_an_object", "The line must be a JSON object."),
        (b"null", "not_an_object", "The line must be a JSON object."),
        (b'{"name": "Zo\xeb"}', "invalid_utf8", "The line is not UTF-8: its byte 13 cannot be read."),
    ],
)
def test_a_bad_line_costs_only_itself(line: bytes, code: str, message: str) -> None:
    first, reject, last = read(ALICE + b"\n" + line + b"\n" + BOB + b"\n")
    assert (first, last) == ((1, {"name": "Alice"}), (3, {"name": "Bob"}))
    assert isinstance(reject, Reject)
    assert (reject.position, reject.code, reject.field) == (2, code, "")
    assert (reject.body, reject.size) == (line, len(line))
    assert reject.message == message


@pytest.mark.parametrize("size", [LONGEST_LINE + 1, 3 * LONGEST_LINE])
def test_a_line_beyond_measure_is_kept_as_hash_and_size(size: int) -> None:
    huge = b'{"name": "' + b"x" * (size - 12) + b'"}'
    first, reject, last = read(ALICE + b"\n" + huge + b"\n" + BOB)
    assert (first, last) == ((1, {"name": "Alice"}), (3, {"name": "Bob"}))
    assert isinstance(reject, Reject)
    assert (reject.code, reject.body, reject.size) == ("too_large", None, size + 1)


def test_an_empty_file_has_nothing() -> None:
    assert read(b"") == read(b"\n \n") == []


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_any_bytes_are_read_or_refused(lines: list[bytes]) -> None:
    text = b"\n".join(line.replace(b"\n", b"") for line in lines)
    assert read(text + b"\n" + ALICE)[-1] == (text.count(b"\n") + 2, {"name": "Alice"})
