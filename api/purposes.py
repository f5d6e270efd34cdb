"""What a key reads for: one of its own purposes, and what that purpose may see."""

from rest_framework.request import Request

from api.authentication import key_of
from api.errors import Problem
from consent.models import CONTRACT, LEGAL_OBLIGATION, Purpose
from records.dictionary import FIELDS, PLAIN

HEADER = "X-Onym-Purpose"


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

    That is a contract, a legal duty, or a purpose with channels to send on. For all others such fields are absent.
    """
    return purpose.legal_basis in (CONTRACT, LEGAL_OBLIGATION) or bool(purpose.channels)


def needs(field: str, *, purpose: Purpose) -> bool:
    """Whether the purpose may see this field. What it may not see is neither opened nor named in the answer."""
    return sees_clear(purpose) or (field in FIELDS and FIELDS[field].sensitivity == PLAIN)


def needed(purpose: Purpose) -> frozenset[str] | None:
    """The fields that the purpose may see; None when it may see all."""
    return None if sees_clear(purpose) else frozenset(name for name in FIELDS if needs(name, purpose=purpose))


def agrees(request: Request, slug: str) -> None:
    """What is kept for one purpose is read under that one: a header that names another is an error, and not ignored."""
    named = request.headers.get(HEADER, "").strip()
    if named and named != slug:
        raise Problem(
            400,
            code="purpose_mismatch",
            detail=f"This is kept for '{slug}': name that purpose in the header {HEADER}, or leave the header out.",
            members={"purposes": [slug]},
        )


def purposes_asked(request: Request) -> list[str]:
    """The purposes of the key; only the one that the header names, when it names one."""
    named = request.headers.get(HEADER, "").strip()
    return [held_purpose(request, named).slug] if named else list(key_of(request).purposes)
