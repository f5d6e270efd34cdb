"""The certificate of an erasure: what was erased, searched and found, signed with the installation's Ed25519 key.

Signed is the text of the part "certificate" as JSON with sorted keys and without spaces; all its numbers are whole.
"""

import base64
import json
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from outbox import deliveries, signing
from privacy.models import COMPLETED, FOUND, PASSED, ErasureCase, SubjectRequest, Tombstone
from privacy.requests import steps

ALGORITHM = "Ed25519"
BELOW = "What was searched, found and not confirmed stands below."
STATEMENTS = {
    PASSED: f"The person of this request was erased, and nothing of them was found. {BELOW}",
    FOUND: f"Rows and keys of the person of this request were deleted; the person was found again, so that the erasure "
    f"is not proved. {BELOW}",
    "": f"Rows and keys of the person of this request were deleted; the search for them has not ended yet. {BELOW}",
}


class NotCertifiable(ValueError):
    """There is nothing to certify: the erasure is not complete."""


class Forged(ValueError):
    """The certificate was changed, or another installation signed it."""


def issue(request: SubjectRequest, *, now: datetime) -> str:
    """The signed certificate as JSON text, kept with the request; a later one replaces it. Raises `NotCertifiable`."""
    with transaction.atomic():
        case = ErasureCase.objects.select_for_update().select_related("request").get(pk=request.pk)
        if case.request.state != COMPLETED:
            raise NotCertifiable(f"this request is {case.request.get_state_display()}; it has to be completed first")
        content = _content(case, now=now)
        case.certificate, case.certified_at = _signed(content), now
        case.save(update_fields=["certificate", "certified_at"])
    return case.certificate


def held(request: SubjectRequest, *, now: datetime) -> str:
    """The certificate that was issued last; issued now, when there is none. Raises `NotCertifiable`."""
    case = ErasureCase.objects.filter(pk=request.pk).first()
    if case is None:
        raise NotCertifiable("nobody has approved an erasure of this number")
    return case.certificate or issue(request, now=now)


def verify(text: str) -> dict[str, Any]:
    """What the certificate states, when this installation signed it so. Raises `Forged`."""
    try:
        parts = json.loads(text)
        content, signature = parts["certificate"], base64.b64decode(parts["signature"], validate=True)
    except (ValueError, KeyError, TypeError) as error:
        raise Forged("this is no certificate: it cannot be read") from error
    if not signing.verify(_canonical(content), signature):
        raise Forged("the signature does not fit: the text was changed, or another installation signed it")
    stated: dict[str, Any] = content
    return stated


def _signed(content: dict[str, Any]) -> str:
    return json.dumps(
        {
            "certificate": content,
            "algorithm": ALGORITHM,
            "public_key": base64.b64encode(signing.public_key()).decode(),
            "signature": base64.b64encode(signing.sign(_canonical(content))).decode(),
        },
        indent=2,
        ensure_ascii=False,
    )


def _canonical(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def _content(case: ErasureCase, *, now: datetime) -> dict[str, Any]:
    request, outcome = case.request, case.request.outcome
    return {
        "statement": STATEMENTS[case.proof_state],
        "request": str(request.pk),
        "regulation": request.regulation,
        "issued_at": now.isoformat(),
        "steps": [{"what": step.what, "at": step.at.isoformat()} for step in steps(request)],
        "erased": {
            "profiles": Tombstone.objects.filter(request=request).count(),
            "source_profiles": outcome.get("source_profiles", 0),
            "rows": outcome.get("rows", {}),
            "mentions": outcome.get("mentions", {}),
            "keys_destroyed": outcome.get("keys", 0),
            "identifiers_suppressed": outcome.get("suppressed", 0),
        },
        "proof": case.proof or "not searched yet",
        "proof_state": case.proof_state or "not searched yet",
        "recipients": {
            "confirmed": deliveries.confirmed(request.pk),
            "unconfirmed": [
                {"recipient": one.recipient, "asked_at": one.asked_at.isoformat(), "attempts": one.attempts}
                for one in deliveries.unconfirmed(request.pk)
            ],
        },
        "models_to_retrain": outcome.get("retrain", []),
        "values_of_the_person": _values_of(case),
    }


def _values_of(case: ErasureCase) -> str:
    """What has become of the values that the proof searches for, and what they still wait for."""
    if case.sealed is None:
        return "destroyed"
    if case.proof_state != PASSED:
        return "sealed until the search has passed"
    if deliveries.unconfirmed(case.pk):
        return "sealed until recipients have answered"
    return "sealed, to be destroyed within minutes"
