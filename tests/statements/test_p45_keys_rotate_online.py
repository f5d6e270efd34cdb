"""All three kinds of keys are renewed while the product works; what is interrupted resumes, and the old keys end."""

import shutil
from datetime import timedelta
from itertools import islice

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils import timezone

from consent.decide import decide
from identity.models import Assignment
from identity.profiles import look_up
from privacy import data_key_rotation, index_key_rotation, key_encryption_rotation
from records.models import Attribute, Identifier, SourceProfile
from records.reading import open_attributes, open_identifiers
from tests.senders import process, send_rows
from tests.statements.sabotage import Sabotage
from vault import blind, keys, rotations
from vault.blind import blind_index, version_of
from vault.grants import Actor
from vault.key_encryption import KeyRing, KeyVersionMissing, key_ring
from vault.key_files import KeyFiles
from vault.models import DataKey, IndexKey, KeptKey
from vault.sealing import Place

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage("vault/index_columns.py", "    if moving:", "    if False:")
PEOPLE = 12


@pytest.fixture(autouse=True)
def _own_keys(tmp_path, settings):
    """Files of the key-encryption key that this test may change; index keys as a new process knows them."""
    shutil.copy(key_ring().homes[-1]._path, tmp_path / "kek")
    settings.KEK_FILE = tmp_path / "kek"
    key_ring.cache_clear()
    blind.forget()
    yield
    key_ring.cache_clear()
    blind.forget()


@pytest.fixture
def people(crm, now):
    """Twelve customers, resolved to profiles."""
    send_rows(crm, *(row(number) for number in range(PEOPLE)), now=now)
    process(now)
    return list(SourceProfile.objects.order_by("id").values_list("id", flat=True))


def row(number: int, **different: str) -> dict[str, str]:
    return {
        "customer_number": f"C-{number:04}",
        "email": f"person{number}@example.com",
        "given_name": f"Given{number}",
        "family_name": f"Family{number}",
        "city": "Leipzig",
        "updated_at": "2026-11-20T10:00:00Z",
        **different,
    }


def read(people, now):
    grant = decide(people, purpose="security", at=now, actor=Actor.machine("test"), reason="test")
    attributes = {
        (id, known.field, known.value) for id, of_one in open_attributes(people, grant).items() for known in of_one
    }
    return attributes | {
        (id, known.namespace, known.value) for id, of_one in open_identifiers(people, grant).items() for known in of_one
    }


def finish(rotation):
    return list(rotation)[-1]


def test_p45_after_the_key_encryption_key_the_old_version_alone_opens_nothing(people, now, tmp_path):
    before, wrapped = read(people, now), dict(DataKey.objects.values_list("id", "wrapped"))
    half = key_encryption_rotation.rotate(now=now, at_once=5)
    next(half)
    assert set(DataKey.objects.values_list("kek_version", flat=True)) == {1, 2}
    assert read(people, now) == before
    finish(key_encryption_rotation.rotate(now=now, at_once=5))
    assert {
        version
        for model in (DataKey, IndexKey, KeptKey)
        for version in model.objects.values_list("kek_version", flat=True)
    } == {2}
    assert all(DataKey.objects.get(id=id).wrapped != old for id, old in wrapped.items())
    with pytest.raises(key_encryption_rotation.StillInUse, match="other processes may not know it yet"):
        key_encryption_rotation.retire(now=now)
    assert key_encryption_rotation.retire(now=now + timedelta(hours=1)) == [1]
    assert sorted(path.name for path in tmp_path.glob("kek*")) == ["kek.2"]
    assert read(people, now) == before


def test_p45_the_old_key_file_opens_no_key(people, now, tmp_path):
    shutil.copy(tmp_path / "kek", tmp_path / "stolen")
    finish(key_encryption_rotation.rotate(now=now))
    thief = KeyRing([KeyFiles(tmp_path / "stolen")]).current()
    for id, wrapped in DataKey.objects.values_list("id", "wrapped"):
        with pytest.raises(InvalidTag):
            thief.unwrap(bytes(wrapped), context=id.bytes, version=1)
        with pytest.raises(KeyVersionMissing):
            thief.unwrap(bytes(wrapped), context=id.bytes, version=2)


def test_p45_data_keys_are_renewed_and_the_old_ones_open_nothing(people, now):
    before, old = read(people, now), keys.fetch(people)
    waited = []
    finish(data_key_rotation.rotate(now=timezone.now(), at_once=5, wait=waited.append))
    new = keys.fetch(people)
    assert waited == [data_key_rotation.GRACE]
    assert all(new[id] != old[id] for id in people)
    assert not DataKey.objects.filter(previous__isnull=False).exists()
    assert read(people, now) == before
    for item in Identifier.objects.all():
        theirs = AESGCM(old[item.source_profile_id])
        sealed = bytes(item.sealed)
        with pytest.raises(InvalidTag):
            theirs.decrypt(
                sealed[1:13],
                sealed[13:],
                Place("records_identifier", "sealed", item.id).bound_to(item.source_profile_id),
            )


def test_p45_data_keys_half_way_everything_opens_and_the_rest_follows(people, crm, now):
    before = read(people, now)
    list(islice(data_key_rotation.rotate(now=timezone.now(), at_once=5, wait=lambda _: None), 2))
    renewed = DataKey.objects.filter(renewed_at__isnull=False).count()
    assert renewed == 10
    assert read(people, now) == before
    send_rows(crm, row(0, city="Leipzig", updated_at="2026-11-21T10:00:00Z"), now=now)
    assert Attribute.objects.filter(field="city").count() == PEOPLE
    finish(data_key_rotation.rotate(now=timezone.now(), at_once=5, wait=lambda _: None))
    assert DataKey.objects.filter(id__in=people, renewed_at__isnull=False).count() == PEOPLE
    assert read(people, now) == before


def test_p45_a_rotation_that_died_between_the_two_databases_loses_nothing(people, crm, now):
    before = read(people, now)
    started = timezone.now()
    rotations.begin(data_key_rotation.KIND, now=started)
    # The key store took the new keys, and the sealed fields were never committed.
    keys.renew({id: bytes([number]) * 32 for number, id in enumerate(people)}, at=started)
    assert read(people, now) == before
    send_rows(crm, row(0, updated_at="2026-11-21T10:00:00Z"), now=now)
    finish(data_key_rotation.rotate(now=timezone.now(), at_once=5, wait=lambda _: None))
    assert not DataKey.objects.filter(previous__isnull=False).exists()
    assert read(people, now) == before
    assert Attribute.objects.filter(field="city").count() == PEOPLE


def test_p45_index_keys_move_without_a_look_up_or_a_person_lost(people, crm, now):
    found = {number: look_up("email", f"person{number}@example.com", now=now) for number in range(PEOPLE)}
    assert None not in found.values()
    rotation = index_key_rotation.rotate(now=now, at_once=4, wait=lambda _: None)
    rounds = 0
    for _ in rotation:
        rounds += 1
        assert {n: look_up("email", f"person{n}@example.com", now=now) for n in range(PEOPLE)} == found
        send_rows(crm, *(row(number, updated_at=f"2026-11-21T10:00:{rounds:02}Z") for number in range(PEOPLE)), now=now)
        assert SourceProfile.objects.count() == PEOPLE
        assert Identifier.objects.filter(namespace="email").count() == PEOPLE
    assert rounds > 5
    assert {version_of(bytes(index)) for index in Identifier.objects.values_list("index", flat=True)} == {2}
    assert {version_of(bytes(index)) for index in SourceProfile.objects.values_list("stable_index", flat=True)} == {2}
    process(now)
    assert Assignment.objects.current().values("profile").distinct().count() == PEOPLE


def test_p45_index_keys_resume_where_they_stopped_and_the_old_key_finds_nothing(people, now):
    old = blind_index("email", "person3@example.com")
    for _ in islice(index_key_rotation.rotate(["email"], now=now, at_once=4, wait=lambda _: None), 1):
        pass
    assert IndexKey.objects.filter(name="email").count() == 2
    finish(index_key_rotation.rotate(["email"], now=now, at_once=4, wait=lambda _: None))
    assert IndexKey.objects.filter(name="email").count() == 2
    assert blind_index("email", "person3@example.com") != old
    assert not Identifier.objects.filter(index=old).exists()
    assert Identifier.objects.filter(namespace="email", index=blind_index("email", "person3@example.com")).count() == 1
