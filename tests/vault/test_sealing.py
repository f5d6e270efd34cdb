"""Sealed fields open with a grant, in their own place and under their own key, or not at all."""

from datetime import timedelta
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from django.db import DataError, transaction
from django.utils import timezone
from msgspec.structs import replace

from vault import audit, grants, keys
from vault.grants import LIFETIME, Actor
from vault.ids import new_id
from vault.keys import KeyMissing
from vault.models import AuditEntry, DataKey
from vault.sealing import NotGranted, Place, Sealed, Sealer, Shelf, open_sealed, open_shelves, open_what_opens

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

EMAIL = b"alice@example.com"
PLACE = Place("records_identifier", "sealed", UUID(int=7))


def sealed(owner: UUID, plaintext: bytes = EMAIL, place: Place = PLACE) -> Sealed:
    """The plaintext sealed for this owner in that place."""
    return Sealed(owner, place, Sealer(keys.fetch([owner])).seal(owner, place, plaintext))


@pytest.mark.parametrize("plaintext", [EMAIL, b"", "Zoë Łukasz 李".encode(), bytes(range(256)), b"x" * 100_000])
def test_what_was_sealed_opens(alice, leave, plaintext):
    assert open_sealed([sealed(alice, plaintext)], leave(alice)) == [plaintext]


def test_many_open_in_order_each_under_its_own_key(alice, bob, leave):
    items = [sealed(bob, b"bob"), sealed(alice, b"alice"), sealed(bob, b"bob again")]
    assert open_sealed(items, leave(alice, bob)) == [b"bob", b"alice", b"bob again"]


def test_a_ciphertext_as_the_database_returns_it_opens(alice, leave):
    item = sealed(alice)
    assert open_sealed([replace(item, ciphertext=memoryview(bytes(item.ciphertext)))], leave(alice)) == [EMAIL]


def test_what_does_not_open_is_left_out_and_the_rest_opens(alice, bob, leave):
    carol = new_id()
    keys.make([carol])
    changed = replace(sealed(bob, b"changed"), ciphertext=bytes(sealed(bob, b"another").ciphertext)[:-1] + b"?")
    items = [sealed(alice, b"alice"), changed, sealed(bob, b"bob"), sealed(carol, b"carol")]
    keys.destroy([carol])
    assert open_what_opens(items, leave(alice, bob, carol)) == [b"alice", None, b"bob", None]


def shelf(*items: Sealed) -> Shelf:
    """These of one owner on one shelf."""
    first = items[0]
    rows, fields = [item.place.row.bytes for item in items], [item.field for item in items]
    return Shelf(
        first.key_id, first.place.table, first.place.column, rows, fields, [bytes(item.ciphertext) for item in items]
    )


def placed(owner: UUID, plaintext: bytes, row: int) -> Sealed:
    """The plaintext sealed for this owner in that row."""
    return replace(sealed(owner, plaintext, Place("records_identifier", "sealed", UUID(int=row))), field=f"field {row}")


def test_shelves_open_in_order_and_are_audited_as_one_read(alice, bob, leave):
    shelves = [shelf(placed(bob, b"b1", 1), placed(bob, b"b2", 2)), shelf(placed(alice, b"a", 3))]
    assert open_shelves(shelves, leave(alice, bob), action="compare") == [[b"b1", b"b2"], [b"a"]]
    assert list(AuditEntry.objects.values_list("action", "count", "fields")) == [
        ("compare", 2, ["field 1", "field 2", "field 3"])
    ]
    with pytest.raises(NotGranted):
        open_shelves(shelves, leave(alice))
    assert open_shelves([], leave(alice)) == []


def test_of_a_shelf_what_does_not_open_is_left_out_and_the_rest_opens(alice, leave):
    whole, moved = placed(alice, b"whole", 1), placed(alice, b"moved", 2)
    of_another_version = replace(
        placed(alice, b"new", 3), ciphertext=b"?" + bytes(placed(alice, b"new", 3).ciphertext)[1:]
    )
    elsewhere = replace(moved, place=replace(moved.place, row=UUID(int=4)))
    in_another_table = replace(shelf(placed(alice, b"there", 5)), table="records_attribute")
    shelves = [shelf(whole, elsewhere, of_another_version), in_another_table]
    assert open_shelves(shelves, leave(alice)) == [[b"whole", None, None], [None]]


def test_a_shelf_whose_key_is_gone_stays_shut_and_the_others_open(alice, bob, leave):
    shelves = [shelf(placed(bob, b"bob", 1)), shelf(placed(alice, b"alice", 2))]
    keys.destroy([bob])
    assert open_shelves(shelves, leave(alice, bob)) == [[None], [b"alice"]]


def test_in_the_middle_of_a_rotation_a_shelf_opens_under_either_key(alice, leave):
    old = placed(alice, b"old", 1)
    keys.renew({alice: keys.new_key()}, at=timezone.now())
    assert open_shelves([shelf(old, placed(alice, b"new", 2))], leave(alice)) == [[b"old", b"new"]]
    keys.forget_previous([alice])
    assert open_shelves([shelf(old, placed(alice, b"new", 2))], leave(alice)) == [[None, b"new"]]


def test_what_is_not_granted_or_not_audited_is_not_opened_in_that_way_either(alice, bob, leave, monkeypatch):
    with pytest.raises(NotGranted):
        open_what_opens([sealed(bob)], leave(alice))
    open_what_opens([sealed(alice)], leave(alice), action="compare")
    assert AuditEntry.objects.filter(action="compare").count() == 1


def test_a_wrong_key_encryption_key_is_no_loss_of_single_keys(alice, bob, leave):
    items = [sealed(alice), sealed(bob)]
    DataKey.objects.filter(id=bob).update(wrapped=b"x" * 60)
    assert open_what_opens(items, leave(alice, bob)) == [EMAIL, None]
    DataKey.objects.update(wrapped=b"x" * 60)
    with pytest.raises(InvalidTag):
        open_what_opens(items, leave(alice, bob))


def test_the_same_plaintext_is_never_sealed_the_same_way_twice(alice):
    assert sealed(alice).ciphertext != sealed(alice).ciphertext


def test_a_ciphertext_holds_nothing_of_the_plaintext(alice):
    assert b"alice" not in bytes(sealed(alice).ciphertext)


@pytest.mark.parametrize(
    "place",
    [
        replace(PLACE, row=UUID(int=8)),
        replace(PLACE, column="digest"),
        replace(PLACE, table="records_attribute"),
        # The same characters, cut elsewhere.
        Place("records_identifiersealed", "", UUID(int=7)),
    ],
    ids=["row", "column", "table", "border"],
)
def test_a_moved_ciphertext_does_not_open(alice, leave, place):
    with pytest.raises(InvalidTag):
        open_sealed([replace(sealed(alice), place=place)], leave(alice))


def test_a_ciphertext_moved_to_another_source_profile_does_not_open(alice, bob, leave):
    with pytest.raises(InvalidTag):
        open_sealed([replace(sealed(alice), key_id=bob)], leave(alice, bob))


def test_the_source_profile_is_bound_even_where_two_share_a_key(alice, bob, leave, monkeypatch):
    shared = keys.fetch([alice])[alice]
    monkeypatch.setattr(keys, "fetch", lambda ids: dict.fromkeys(ids, shared))
    with pytest.raises(InvalidTag):
        open_sealed([replace(sealed(alice), key_id=bob)], leave(alice, bob))


def test_any_changed_byte_is_noticed(alice, leave):
    item, grant = sealed(alice, b"a@b.example"), leave(alice)
    for position in range(len(item.ciphertext)):
        changed = bytearray(item.ciphertext)
        changed[position] ^= 1
        with pytest.raises(InvalidTag):
            open_sealed([replace(item, ciphertext=bytes(changed))], grant)


@pytest.mark.parametrize("length", [0, 1, 12, 13, 20])
def test_a_ciphertext_cut_short_does_not_open(alice, leave, length):
    item = sealed(alice)
    with pytest.raises((InvalidTag, ValueError)):
        open_sealed([replace(item, ciphertext=bytes(item.ciphertext)[:length])], leave(alice))


def test_a_source_profile_that_the_grant_does_not_cover_stays_closed(alice, bob, leave):
    with pytest.raises(NotGranted):
        open_sealed([sealed(alice), sealed(bob)], leave(alice))
    assert AuditEntry.objects.count() == 0


def test_a_grant_for_nobody_opens_nothing(alice, leave):
    with pytest.raises(NotGranted) as refused:
        open_sealed([sealed(alice)], leave())
    assert str(alice) not in str(refused.value)


def test_a_grant_ends(alice):
    long_ago = timezone.now() - LIFETIME - timedelta(seconds=1)
    grant = grants.issue([alice], actor=Actor.machine("resolve"), purpose="service", reason="late", now=long_ago)
    with pytest.raises(NotGranted):
        open_sealed([sealed(alice)], grant)
    with pytest.raises(NotGranted):
        open_sealed([], grant)


@pytest.mark.parametrize("nothing", [None, object()])
def test_without_a_grant_nothing_opens(alice, nothing):
    with pytest.raises(AttributeError):
        open_sealed([sealed(alice)], nothing)


def test_reading_nothing_is_not_noted(leave):
    assert open_sealed([], leave()) == []
    assert AuditEntry.objects.count() == 0


def test_no_key_is_fetched_before_the_read_is_noted(alice, leave, monkeypatch):
    item, fetched = sealed(alice), []
    monkeypatch.setattr(keys, "fetch", fetched.append)
    too_long_for_the_log = leave(alice, reason="x" * 201)
    with pytest.raises(DataError), transaction.atomic():
        open_sealed([item], too_long_for_the_log)
    assert fetched == []


def test_a_log_that_cannot_be_written_opens_nothing(alice, leave, monkeypatch):
    item = sealed(alice)

    def fail(*args, **kwargs):
        raise OSError("the disk is full")

    monkeypatch.setattr(audit, "write", fail)
    with pytest.raises(OSError, match="the disk is full"):
        open_sealed([item], leave(alice))


def test_a_destroyed_key_closes_what_it_sealed_for_good(alice, bob, leave):
    hers, his = sealed(alice), sealed(bob, b"bob@example.com")
    assert keys.destroy([alice]) == 1
    with pytest.raises(KeyMissing):
        open_sealed([hers], leave(alice, bob))
    keys.make([alice])
    with pytest.raises(InvalidTag):
        open_sealed([hers], leave(alice, bob))
    assert open_sealed([his], leave(alice, bob)) == [b"bob@example.com"]


def test_a_sealer_without_the_key_seals_nothing(alice):
    with pytest.raises(KeyError):
        Sealer(keys.fetch([alice])).seal(new_id(), PLACE, EMAIL)


def test_a_digest_tells_repetition_within_one_source_profile_only(alice, bob):
    sealer = Sealer(keys.fetch([alice, bob]))
    digest = sealer.digest(alice, "city", "Leipzig")
    assert len(digest) == 16
    assert Sealer(keys.fetch([alice])).digest(alice, "city", "Leipzig") == digest
    others = [
        sealer.digest(alice, "city", "Berlin"),
        sealer.digest(alice, "street", "Leipzig"),
        sealer.digest(bob, "city", "Leipzig"),
    ]
    assert digest not in others
