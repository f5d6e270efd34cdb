"""A high-risk purpose cannot be active without a DPIA reference, by whatever door."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from consent.models import Purpose
from tests.statements.sabotage import Sabotage

pytestmark = pytest.mark.django_db

SABOTAGE = Sabotage(
    "consent/migrations/0005_rules_of_the_past.py",
    '("high_risk", False), ("dpia_reference__regex", "\\\\S"), _connector="OR"',
    '("high_risk", False), ("dpia_reference__regex", ".*"), _connector="OR"',
)
DOORS = {
    "raw SQL insert": lambda: run(
        "INSERT INTO consent_purpose (slug, name, description, legal_basis, channels, expiry_by_jurisdiction, "
        "sensitive, sale_or_sharing, high_risk, dpia_reference, active) "
        "VALUES ('scoring', 'Scoring', '', 'consent', '{}', '{}', false, false, true, '', true)"
    ),
    "raw SQL update": lambda: run("UPDATE consent_purpose SET high_risk = true WHERE slug = 'marketing'"),
    "create": lambda: Purpose.objects.create(**scoring()),
    "bulk create": lambda: Purpose.objects.bulk_create([Purpose(**scoring())]),
    "queryset update": lambda: Purpose.objects.filter(slug="marketing").update(high_risk=True),
    "blanks": lambda: Purpose.objects.create(**scoring(dpia_reference="  \t")),
    "activate": lambda: (
        Purpose.objects.create(**scoring(active=False)),
        Purpose.objects.filter(slug="scoring").update(active=True),
    ),
    "take the reference away": lambda: (
        Purpose.objects.create(**scoring(dpia_reference="DPIA-7")),
        Purpose.objects.filter(slug="scoring").update(dpia_reference=""),
    ),
}


def scoring(**different):
    high_risk = {"slug": "scoring", "name": "Scoring", "legal_basis": "consent", "high_risk": True}
    return high_risk | different


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("door", DOORS)
def test_p52_no_door_lets_it_in(door):
    with pytest.raises(IntegrityError, match="high_risk_purpose_needs_a_dpia"), transaction.atomic():
        DOORS[door]()
    assert not Purpose.objects.filter(high_risk=True, active=True).exists()


def test_p52_a_form_says_what_is_missing():
    with pytest.raises(ValidationError, match="needs a DPIA reference before it can be active"):
        Purpose(**scoring(description="x")).validate_constraints()


def test_p52_with_a_reference_or_out_of_use_it_stands():
    Purpose.objects.create(**scoring(dpia_reference="DPIA-2026-3"))
    Purpose.objects.create(**scoring(slug="draft", active=False))
