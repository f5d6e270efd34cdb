"""What a key reads for: one of its own purposes, and what that purpose may see."""

from rest_framework.request import Request

from access.masking import mask
from api.authentication import key_of
from api.errors import Problem
from consent.models import CONTRACT, LEGAL_OBLIGATION, Purpose
from records.dictionary import FIELDS, PLAIN

HEADER = "X-Onym-Purpose"
UNKNOWN_FIELD = "direct"


def purpose_of(request: Request) -> Purpose:
    """The purpose that this request reads under: named in the header, or the only one that the key holds."""
    held = list(key_of(request).purposes)
    named = request.headers.get(HEADER, "").strip()
    if not named and len(held) != 1:
        raise Problem(
            400,
            code="purpose_required",
            detail=f"This API key holds {len(held)} purposes; name one of them in the header {HEADER}.",
            members={"purposes": held},
        )
    return held_purpose(request, named or held[0])


def held_purpose(request: Request, slug: str) -> Purpose:
    """The active purpose of that name, which the key must hold."""
    purpose = Purpose.objects.filter(slug=slug, active=True).first() if slug in key_of(request).purposes else None
    if purpose is None:
        raise Problem(
            403,
            code="purpose_not_held",
            detail="This API key does not hold the purpose that this needs, or the purpose is not active.",
            members={"purposes": list(key_of(request).purposes)},
        )
    return purpose


def sees_clear(purpose: Purpose) -> bool:
    """Whether reading for this purpose shows identifying values: it does where the person must be reached or answered.

    That is a contract, a legal duty, or a purpose with channels to send on. All others read masked values.
    """
    return purpose.legal_basis in (CONTRACT, LEGAL_OBLIGATION) or bool(purpose.channels)


def shown(field: str, value: str, *, purpose: Purpose) -> tuple[str, bool]:
    """The value as this purpose may see it, and whether it is masked."""
    sensitivity = FIELDS[field].sensitivity if field in FIELDS else UNKNOWN_FIELD
    if sensitivity == PLAIN or sees_clear(purpose):
        return value, False
    return mask(field, value), True
