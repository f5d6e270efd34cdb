"""Two recipients that are told of the same people get ids that have none in common, and so do two purposes."""

from uuid import UUID

import pytest

from tests.statements.sabotage import Sabotage
from vault.pseudonyms import pseudonym, pseudonyms

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "vault/pseudonyms.py",
    '    return f"pseudonym|{len(recipient)}|{recipient}|{purpose}"',
    '    return f"pseudonym|{purpose}"',
)
PEOPLE = [UUID(int=number) for number in range(1, 1_001)]


def test_p46_two_recipients_have_no_id_in_common():
    agency = set(pseudonyms(PEOPLE, recipient="agency", purpose="marketing"))
    printer = set(pseudonyms(PEOPLE, recipient="printer", purpose="marketing"))
    assert (len(agency), len(printer)) == (1_000, 1_000)
    assert agency & printer == set()


def test_p46_one_recipient_cannot_join_two_purposes():
    marketing = set(pseudonyms(PEOPLE, recipient="agency", purpose="marketing"))
    assert marketing & set(pseudonyms(PEOPLE, recipient="agency", purpose="analytics")) == set()


def test_p46_no_id_is_written_in_its_pseudonym(alice):
    known_as = pseudonym(alice, recipient="agency", purpose="marketing")
    assert known_as == pseudonym(alice, recipient="agency", purpose="marketing")
    assert not {alice.hex, str(alice)} & {known_as}
