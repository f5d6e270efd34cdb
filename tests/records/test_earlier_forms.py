"""What a person had put right before a rule changed stays right: the value is known in the form it had then."""

from uuid import uuid4

import pytest

from records.corrections import refute
from records.earlier_forms import earlier_forms
from records.models import Attribute, Record, Source
from tests.records.cast import NOW, keep, said, stranger
from vault import keys
from vault.sealing import Sealer

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.mark.parametrize(
    ("field", "raw", "forms"),
    [
        ("family_name", {"family_name": " MUELLER "}, ["MUELLER"]),
        ("postcode", {"postcode": "1234 ab"}, ["1234 AB"]),
        ("family_name", {"full_name": "MUELLER,  ANNA"}, ["MUELLER"]),
        ("given_name", {"full_name": "MUELLER,  ANNA"}, ["ANNA"]),
        ("given_name", {"full_name": "MUELLER"}, [""]),
        ("city", {"street": "A"}, []),
    ],
)
def test_forms(field: str, raw: dict[str, str], forms: list[str]) -> None:
    assert list(earlier_forms(field, raw)) == forms


def test_a_wrong_value_does_not_come_back_in_its_new_form(crm: Source) -> None:
    alice = stranger(crm)
    sealer = Sealer(keys.fetch_or_make([alice]))
    refute(alice, "family_name", ["MUELLER"], right="Moller", sealer=sealer, request=uuid4(), now=NOW)
    keep(crm, alice, said(family_name="Mueller", given_name="Anna", raw={"family_name": "MUELLER"}))
    assert Record.objects.get().flags == ["refuted:family_name"]
    assert list(Attribute.objects.values_list("field", flat=True)) == ["given_name"]
    keep(crm, alice, said(family_name="Mueller"))
    assert set(Attribute.objects.values_list("field", flat=True)) == {"family_name", "given_name"}
