"""The page that the person reads says in words what programs say in slugs."""

from typing import Any

import pytest

from privacy import answer_page
from segments.rules.definition import OPERATORS

pytestmark = pytest.mark.django_db
RULE: dict[str, Any] = {
    "rule": {
        "all": [
            {"feature": "recency_days", "op": "<=", "value": 90},
            {"not": {"feature": "country", "op": "in", "value": ["DE", "AT"]}},
        ]
    },
    "score": {"terms": [{"feature": "frequency_365d", "weight": 2, "low": 0, "high": 30}], "threshold": 10},
}


def answered(**differently: Any) -> dict[str, Any]:
    return {
        "request": {"id": "01a2b3c4", "answered_at": "2026-05-04"},
        "sources": [{"name": "web_shop", "kind": "online", "purposes": ["subject_requests"]}],
        "purposes": [
            {
                "slug": "subject_requests",
                "name": "Subject requests",
                "description": "",
                "legal_basis": "legal_obligation",
                "sources": ["web_shop"],
            }
        ],
        "recipients": [
            {
                "recipient": "Mailer",
                "kind": "segment.entered",
                "purpose": "identity_linking",
                "times": 1,
                "last_at": None,
            }
        ],
        "retention": {
            "sources": [
                {"source": "web_shop", "days": 30, "by_purpose": {"identity_linking": 9}, "by_field": {"birth_date": 8}}
            ]
        },
        "logic": {
            "linking": "",
            "scoring": "",
            "rights": "",
            "segments": [{"segment": "Buyers in reach", "definition": RULE}],
        },
        "identifiers": [
            {"namespace": "customer_number", "value": "C_1", "source": "web_shop", "last_seen_at": "2026-05-01"}
        ],
        "attributes": [],
        "records": [],
        "consents": {"said": [], "standing": []},
        "how_the_profile_came_about": [],
        "set_by_hand": [],
        "devices": [],
        "features": {"recency_days": 3},
        "estimated_features": {},
        "segments": [],
        "who_looked": {"people_and_programs": [], "machine_runs": []},
        **differently,
    }


def test_the_rule_of_a_segment_is_said_line_by_line() -> None:
    page = answer_page.render(answered())
    assert "<strong>Buyers in reach</strong> is whoever fits this:" in page
    assert "All of these hold:" in page
    assert "Recency ≤ 90 days" in page
    assert "not: Country is one of DE, AT" in page
    assert "a score of at least 10 of 100" in page
    assert "Frequency (365 days) (100 percent): more is better: none at 0, full at 30" in page


def test_no_slug_and_no_json_stands_on_the_page() -> None:
    page = answer_page.render(answered())
    slugs = ("recency_days", "frequency_365d", "web_shop", "customer_number", "legal_obligation", "segment.entered")
    assert [slug for slug in (*slugs, "identity_linking", "birth_date") if slug in page] == []
    assert [
        sign for sign in ("&#x27;", "{", *(f"&quot;{op}&quot;" for op in OPERATORS["number"])) if sign in body(page)
    ] == []
    assert "for Identity linking 9" in page
    assert "birth date 8" in page
    assert "<td>customer number</td><td>C_1</td><td>web shop</td>" in page


def test_a_rule_that_cannot_be_read_any_more_is_not_shown_raw() -> None:
    logic = {**answered()["logic"], "segments": [{"segment": "Old", "definition": {"rule": {"feature": "gone_1d"}}}]}
    page = answer_page.render(answered(logic=logic))
    assert "<strong>Old</strong>: its rule cannot be read any more." in page
    assert "gone_1d" not in page


def test_what_was_estimated_is_told_as_no_fact() -> None:
    assert "no fact about you" not in answer_page.render(answered())
    estimated = {"method": "median", "version": 2}
    condition = {"path": "$.rule", "feature": "country", "op": "==", "expected": "GB", "value": "GB", "holds": True}
    membership = {
        "segment": "Buyers in reach",
        "purpose": "identity_linking",
        "entered_at": "2026-05-01T10:00:00+00:00",
        "left_at": None,
        "score": 40.0,
        "why": {"contributions": [], "conditions": [{**condition, "estimated": estimated}]},
    }
    page = answer_page.render(
        answered(estimated_features={"average_order_value": {"value": 42.5, **estimated}}, segments=[membership])
    )
    assert "Not known of you, and estimated where a rule asks for it. This is no fact about you:" in page
    assert "Average order value (365 days)</dt><dd>42.5" in page
    assert "estimated: the median of those who have it" in page
    assert "score 40.0, in part by what was estimated: Country" in page


def body(page: str) -> str:
    return page.split("<body>")[1]
