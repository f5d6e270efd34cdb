"""A mapping is checked before it is kept; each fault names its place."""

import pytest

from records.mapping import faults

SOUND = {
    "kind": "purchase",
    "message_id": ["receipt_id"],
    "occurred_at": "sold_at",
    "amount": "dollars",
    "date_order": "dmy",
    "fields": {"mail": "email"},
    "properties": {"dollars": "number"},
    "consents": {"newsletter": {"purpose": "marketing", "channel": "email"}},
}


def test_a_sound_mapping_has_no_fault() -> None:
    assert faults(SOUND) == faults({}) == []


@pytest.mark.parametrize(
    ("different", "place"),
    [
        ({"colour": "red"}, "'colour'"),
        ({"kind": 5}, "'kind'"),
        ({"kind": "a kind beyond all measure"}, "'kind'"),
        ({"event": "e" * 121}, "'event'"),
        ({"occurred_at": ["sold_at"]}, "'occurred_at'"),
        ({"amount": 5}, "'amount'"),
        ({"date_order": "american"}, "'date_order'"),
        ({"message_id": "receipt_id"}, "'message_id'"),
        ({"message_id": [5]}, "'message_id'"),
        ({"fields": ["email"]}, "'fields'"),
        ({"fields": {"mail": "electronic"}}, "'fields.mail'"),
        ({"fields": {"mail": None}}, "'fields.mail'"),
        ({"properties": {"total": "money"}}, "'properties.total'"),
        ({"consents": []}, "'consents'"),
        ({"consents": {"newsletter": "marketing"}}, "'consents.newsletter'"),
        ({"consents": {"newsletter": {"channel": "email"}}}, "'consents.newsletter'"),
        ({"consents": {"newsletter": {"purpose": "marketing", "channel": 5}}}, "'consents.newsletter'"),
        ({"consents": {"newsletter": {"purpose": "marketing", "channel": "c" * 21}}}, "'consents.newsletter'"),
    ],
)
def test_each_fault_names_its_place(different: dict[str, object], place: str) -> None:
    (fault,) = faults({**SOUND, **different})
    assert fault.startswith(place)


@pytest.mark.parametrize("mapping", [[], "mapping", 5, None])
def test_a_mapping_is_an_object(mapping: object) -> None:
    assert faults(mapping) == ["The mapping must be an object."]


@pytest.mark.parametrize("text", ["sold\0at", "sold\ud800at"])
def test_a_mapping_holds_nothing_that_cannot_be_stored(text: str) -> None:
    for different in ({"occurred_at": text}, {"fields": {text: "email"}}, {"message_id": [text]}):
        assert faults({**SOUND, **different}) == [
            "The mapping holds a zero byte or half a character, which text cannot hold."
        ]
