"""What follows from what was said: the pure rules of the consent decision. Deny unless allowed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from consent.models import (
    CONSENT,
    CONTRACT,
    GRANTED,
    LEGAL_OBLIGATION,
    LEGITIMATE_INTEREST,
    LIMIT_USE,
    OPT_OUT,
    PARTIAL,
    PENDING,
    UNDER_16,
    WITHDRAWN,
)

ALLOWED = "allowed"
UNKNOWN_PURPOSE = "unknown purpose"
INACTIVE_PURPOSE = "inactive purpose"
NOT_DECLARED = "no source declares this purpose"
RESTRICTED = "restricted"
NEVER_SAID = "no consent on record"
SAID_NO = "withdrawn or refused"
UNCONFIRMED = "consent awaits confirmation"
EXPIRED = "consent has expired"
OUTDATED = "consent was given under an older notice"
ONLY_SOME_DEVICES = "consent covers only some devices"


@dataclass(frozen=True, slots=True)
class Renewal:
    """What people are told has changed materially: since when, and the hashes of the notices that tell the new."""

    since: datetime
    notices: frozenset[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A purpose as the decision sees it."""

    slug: str
    legal_basis: str
    expires_after: timedelta | None
    active: bool
    sensitive: bool = False
    sale_or_sharing: bool = False
    expires_in: Mapping[str, timedelta] = field(default_factory=dict)
    renewal: Renewal | None = None

    def lasts(self, jurisdiction: str) -> timedelta | None:
        """How long a yes holds: as its jurisdiction says, or that one's country, or the purpose; None: without end."""
        country = jurisdiction.partition("-")[0]
        return self.expires_in.get(jurisdiction, self.expires_in.get(country, self.expires_after))


@dataclass(frozen=True, slots=True)
class Said:
    """The latest act of one source profile for the purpose and channel asked about."""

    source_profile: UUID
    state: str
    occurred_at: datetime
    verified: bool
    jurisdiction: str = ""
    notice: str = ""
    act: UUID | None = None


def conclude(
    rule: Rule | None,
    source_profiles: Collection[UUID],
    said: Mapping[UUID, Said],
    *,
    declared: Collection[UUID],
    restrictions: Collection[str] = (),
    at: datetime,
) -> str:
    """`ALLOWED`, or why not, for all source profiles of one person together.

    The most restrictive wins: one standing 'no' denies for the whole person. A 'yes' from a verified source carries
    over to the person's other source profiles; an unverified one (browser, app) covers only its own device or account.
    `declared` are those source profiles whose source may be used for this purpose; `restrictions` the kinds that stand
    for any of the person's source profiles.
    """
    if rule is None:
        return UNKNOWN_PURPOSE
    if not rule.active:
        return INACTIVE_PURPOSE
    acts = [said[id] for id in source_profiles if id in said]
    if rule.legal_basis == LEGAL_OBLIGATION:
        return ALLOWED
    if any(_touches(kind, rule) for kind in restrictions):
        return RESTRICTED
    if any(act.state == WITHDRAWN for act in acts):
        return SAID_NO
    if rule.sale_or_sharing and UNDER_16 in restrictions:
        return _by_consent(rule, source_profiles, acts, at)
    if rule.legal_basis == LEGITIMATE_INTEREST:
        return ALLOWED
    if rule.legal_basis == CONTRACT:
        return ALLOWED if any(id in declared for id in source_profiles) else NOT_DECLARED
    return _by_consent(rule, source_profiles, acts, at) if rule.legal_basis == CONSENT else UNKNOWN_PURPOSE


def _touches(kind: str, rule: Rule) -> bool:
    """Whether a restriction of this kind refuses the purpose. Opting out of sale and sharing leaves the rest alone."""
    if kind == OPT_OUT:
        return rule.sale_or_sharing
    if kind == LIMIT_USE:
        return rule.sensitive
    return kind not in PARTIAL


def _by_consent(rule: Rule, source_profiles: Collection[UUID], acts: Sequence[Said], at: datetime) -> str:
    granted = [act for act in acts if act.state == GRANTED]
    if not granted:
        return UNCONFIRMED if any(act.state == PENDING for act in acts) else NEVER_SAID
    fresh = [act for act in granted if not has_expired(act, rule, at=at)]
    if not fresh:
        return EXPIRED
    standing = [act for act in fresh if not is_outdated(act, rule)]
    if not standing:
        return OUTDATED
    if any(act.verified for act in standing) or covers(standing, source_profiles):
        return ALLOWED
    return ONLY_SOME_DEVICES


def has_expired(act: Said, rule: Rule, *, at: datetime) -> bool:
    """Whether this yes has run out by then."""
    after = rule.lasts(act.jurisdiction)
    return after is not None and at >= act.occurred_at + after


def is_outdated(act: Said, rule: Rule) -> bool:
    """Whether what people are told has changed materially since: then a yes must name a notice that tells the new.

    A yes that names none counts as given under the notice that was published when it was said.
    """
    if rule.renewal is None or act.notice in rule.renewal.notices:
        return False
    return bool(act.notice) or act.occurred_at < rule.renewal.since


def covers(acts: Iterable[Said], source_profiles: Collection[UUID]) -> bool:
    """Whether each of these source profiles has an act of its own."""
    return {act.source_profile for act in acts}.issuperset(source_profiles)
