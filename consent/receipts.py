"""Receipts: what a person said, as a consent record after ISO/IEC TS 27560:2023, for them to keep and others to read.

Its four parts are kept apart as there: the record itself, what is processed, the parties, and the events.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from consent.models import GRANTED, Act, Notice
from consent.purposes import rule_in_force
from consent.rules import Rule

SCHEMA = "ISO/IEC TS 27560:2023"
EVENTS = {"granted": "explicitly given", "withdrawn": "withdrawn", "pending": "requested, awaiting confirmation"}


def receipt(act: Act) -> dict[str, Any]:
    """The receipt of one act, ready for JSON."""
    return receipts([act])[0]


def receipts_of(source_profiles: Collection[UUID]) -> list[dict[str, Any]]:
    """The receipts of everything that a person said and that was not annulled, the latest first."""
    acts = Act.objects.filter(source_profile__in=source_profiles, annulment=None)
    return receipts(acts.select_related("purpose").order_by("-occurred_at", "-id"))


def receipts(acts: Iterable[Act]) -> list[dict[str, Any]]:
    """Receipts of these acts, in order."""
    acts = list(acts)
    notices = {one.hash: one for one in Notice.objects.filter(hash__in={act.notice for act in acts if act.notice})}
    return [_receipt(act, notices.get(act.notice)) for act in acts]


def _receipt(act: Act, notice: Notice | None) -> dict[str, Any]:
    version = rule_in_force(act.purpose_id, at=act.occurred_at)
    return {
        "schema_version": SCHEMA,
        "record_id": str(act.id),
        "pii_principal_id": str(act.source_profile_id),
        "pii_processing": {
            "privacy_notice": _notice(act, notice),
            "language": act.locale or (notice.locale if notice else ""),
            "purposes": [
                {
                    "purpose": act.purpose.name,
                    "purpose_id": act.purpose_id,
                    "description": act.purpose.description,
                    "lawful_basis": act.basis or act.purpose.legal_basis,
                    "sensitive_pii": bool(version and version.rule.sensitive),
                    "channels": [act.channel] if act.channel else list(act.purpose.channels),
                    "jurisdiction": act.jurisdiction,
                    "impact_assessment": act.purpose.dpia_reference,
                    "withdrawal_method": "as easily as given: in the preference centre, or by telling us",
                    "recipients": "third parties" if version and version.rule.sale_or_sharing else "none",
                }
            ],
        },
        "party_identification": [{"party_role": "PII controller", "party_name": settings.ORGANIZATION}],
        "events": [
            {
                "event_time": act.occurred_at.isoformat(),
                "recorded_time": act.recorded_at.isoformat(),
                "event_type": act.how,
                "event_state": EVENTS[act.state],
                "entity_id": "the person" if not act.actor else f"recorded by {act.actor}",
                "source": act.source,
                "verified": act.verified,
                "validity_duration": _duration(act, version.rule if version else None),
            }
        ],
    }


def _notice(act: Act, notice: Notice | None) -> dict[str, Any]:
    if notice is None:
        return {"hash_sha256": act.notice}
    return {
        "hash_sha256": notice.hash,
        "version": notice.version,
        "locale": notice.locale,
        "published_at": notice.published_at.isoformat(),
        "text": notice.text,
    }


def _duration(act: Act, rule: Rule | None) -> str:
    """How long a yes holds, as ISO 8601 writes it; empty when it does not end by itself."""
    if rule is None or act.state != GRANTED:
        return ""
    after: timedelta | None = rule.lasts(act.jurisdiction)
    return "" if after is None else f"P{after.days}D"
