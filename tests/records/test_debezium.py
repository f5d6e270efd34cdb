"""What Debezium tells: envelopes bare and wrapped, logical types in words, and what is no envelope."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.envelope import Envelope, Reject, Unreadable
from records.envelopes import kafka, mqtt
from records.envelopes.debezium import change_of, unwrapped
from records.envelopes.streamed import Reader
from records.models import ROWS, SEGMENT, Source
from tests.conftest import NOW


def column(name: str, kind: str, logical: str = "", **parameters: str) -> dict[str, object]:
    return {"field": name, "type": kind, "name": logical, "parameters": parameters}


ROW = [
    column("born", "int32", "io.debezium.time.Date"),
    column("changed", "int64", "io.debezium.time.MicroTimestamp"),
    column("made", "int64", "org.apache.kafka.connect.data.Timestamp"),
    column("seen", "int64", "io.debezium.time.NanoTimestamp"),
    column("total", "bytes", "org.apache.kafka.connect.data.Decimal", scale="2"),
    {"field": "debt", "type": "struct", "name": "io.debezium.data.VariableScaleDecimal", "fields": []},
    column("odd", "int32", "io.debezium.time.Date"),
    column("name", "string"),
]
VALUES = {
    "born": 5239,
    "changed": 1795564800123456,
    "made": 1795564800000,
    "seen": 1795564800000000000,
    "total": "EOE=",
    "debt": {"scale": 3, "value": "/zg="},
    "odd": "no number",
    "name": "Alice",
}
WRAPPED = {
    "schema": {"type": "struct", "fields": [{"field": "after", "type": "struct", "fields": ROW}]},
    "payload": {"before": None, "after": VALUES, "op": "c", "ts_ms": 5, "source": {"lsn": 1, "ts_ms": 4}},
}


def test_a_schema_says_what_numbers_mean() -> None:
    change = change_of(unwrapped(WRAPPED))
    assert change is not None
    assert change.after == {
        "born": "1984-05-06",
        "changed": "2026-11-25T00:00:00.123456+00:00",
        "made": "2026-11-25T00:00:00+00:00",
        "seen": "2026-11-25T00:00:00+00:00",
        "total": "43.21",
        "debt": "-0.200",
        "odd": "no number",
        "name": "Alice",
    }
    assert (change.operation, change.before, change.happened_ms, change.position) == (
        "c",
        None,
        4,
        {"lsn": 1, "ts_ms": 4},
    )


def test_a_decimal_keeps_all_its_digits() -> None:
    written = base64.b64encode((12345678901234567890123456789012345).to_bytes(16, "big", signed=True)).decode()
    schema = {
        "type": "struct",
        "fields": [column("total", "bytes", "org.apache.kafka.connect.data.Decimal", scale="2")],
    }
    assert unwrapped({"schema": schema, "payload": {"total": written}}) == {
        "total": "123456789012345678901234567890123.45"
    }


@pytest.mark.parametrize("scale", ["1000000000", "-1000000000"])
def test_a_scale_beyond_all_measure_leaves_the_value_as_it_is(scale: str) -> None:
    schema = {
        "type": "struct",
        "fields": [column("total", "bytes", "org.apache.kafka.connect.data.Decimal", scale=scale)],
    }
    assert unwrapped({"schema": schema, "payload": {"total": "EOE="}}) == {"total": "EOE="}


def test_a_documents_text_is_read() -> None:
    change = change_of({"op": "c", "after": '{"_id": 1}', "source": None, "ts_ms": 7})
    assert change is not None
    assert (change.after, change.happened_ms, change.position) == ({"_id": 1}, 7, None)


@pytest.mark.parametrize(
    "message",
    [
        None,
        4,
        [],
        {},
        {"op": "c"},
        {"op": 1, "after": {}},
        {"before": {}, "after": {}},
        {"operation": "c", "after": {}},
    ],
)
def test_what_is_no_envelope_is_a_row_like_any_other(message: object) -> None:
    assert change_of(message) is None


@pytest.mark.parametrize("after", ["{", "4", 4, [1], True])
def test_a_row_that_is_none_is_refused(after: object) -> None:
    with pytest.raises(Unreadable):
        change_of({"op": "c", "after": after})


NAMES = st.sampled_from(
    [
        *("op", "before", "after", "source", "ts_ms", "schema", "payload", "value", "timestamp", "fields", "name"),
        *("type", "email", "customer_number", "temperature", "userId", "context"),
    ]
) | st.text(max_size=5)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


def source_of(format: str, kind: str) -> Source:
    mapping = {"fields": {"email": "email", "kafka.key": "customer_number"}, "properties": {"temperature": "number"}}
    return Source(name="any", kind=kind, format=format, mapping=mapping if kind == "offline" else {})


@given(
    payload=st.binary(max_size=40) | VALUE.map(lambda value: _as_bytes(value)),
    key=st.none() | st.binary(max_size=10),
    topic=st.text(max_size=12),
    kind=st.sampled_from(["offline", "iot"]),
    format=st.sampled_from([ROWS, SEGMENT]),
)
def test_whatever_comes_is_an_envelope_or_a_reject(
    payload: bytes, key: bytes | None, topic: str, kind: str, format: str
) -> None:
    """Nothing that a broker can hand over makes a reader raise; and read twice it is known by the same."""
    source = source_of(format, kind)
    where = mqtt.Place("any", *topic.partition("/")[::2])
    messages = [
        kafka.Message("onym.any", 0, 1, 1, key, payload or None),
        mqtt.Message(f"onym/any/{topic}", where, payload, lambda: b"one"),
    ]
    for message in messages:
        once, again = (message.read(Reader(source, NOW)) for _ in range(2))
        assert all(isinstance(item, Envelope | Reject) for item in once)
        assert [item.message_hash for item in once] == [item.message_hash for item in again]


def _as_bytes(value: object) -> bytes:
    return json.dumps(value).encode(errors="surrogatepass")
