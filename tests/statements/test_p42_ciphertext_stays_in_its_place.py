"""Ciphertext that was moved to another row, column, table or person does not open."""

from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from msgspec.structs import replace

from tests.statements.sabotage import Sabotage
from vault import keys
from vault.sealing import Place, Sealed, Sealer, open_sealed

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "vault/sealing.py",
    '        return b"|".join((self.table.encode(), self.column.encode(), self.row.bytes, key_id.bytes))',
    '        return b"|".join((self.table.encode(), self.column.encode()))',
)
PLACE = Place("records_identifier", "sealed", UUID(int=7))


def sealed(owner: UUID) -> Sealed:
    sealer = Sealer(keys.fetch([owner]))
    return Sealed(owner, PLACE, sealer.seal(owner, PLACE, b"alice@example.com"))


@pytest.mark.parametrize(
    "elsewhere",
    [replace(PLACE, row=UUID(int=8)), replace(PLACE, column="digest"), replace(PLACE, table="records_attribute")],
    ids=["row", "column", "table"],
)
def test_p42_not_in_another_place(alice, leave, elsewhere):
    with pytest.raises(InvalidTag):
        open_sealed([replace(sealed(alice), place=elsewhere)], leave(alice))


def test_p42_not_as_another_person(alice, bob, leave):
    with pytest.raises(InvalidTag):
        open_sealed([replace(sealed(alice), key_id=bob)], leave(alice, bob))


def test_p42_in_its_own_place_it_opens(alice, leave):
    assert open_sealed([sealed(alice)], leave(alice)) == [b"alice@example.com"]
