"""Roles and what each may do. A capability is asked for by name; what no role grants, nobody may."""

from dataclasses import dataclass

ADMINISTRATOR = "administrator"
OPERATOR = "operator"
DATA_STEWARD = "data_steward"
PRIVACY_OFFICER = "privacy_officer"
MARKETER = "marketer"

VIEW_PROFILES = "profiles.view"
REVEAL_IDENTIFIERS = "identifiers.reveal"
CORRECT_IDENTITY = "identity.correct"
CHANGE_RULES = "identity.rules"
SET_VALUES = "values.set"
RECORD_CONSENT = "consents.record"
VIEW_CONSENTS = "consents.view"
EDIT_PURPOSES = "purposes.edit"
VIEW_SEGMENTS = "segments.view"
EDIT_SEGMENTS = "segments.edit"
REVIEW_SEGMENTS = "segments.review"
VIEW_RETENTION = "retention.view"
EDIT_RETENTION = "retention.edit"
VIEW_REQUESTS = "requests.view"
OPEN_REQUESTS = "requests.open"
DECIDE_REQUESTS = "requests.decide"
VIEW_SOURCES = "sources.view"
EDIT_SOURCES = "sources.edit"
VIEW_QUARANTINE = "quarantine.view"
REPLAY_QUARANTINE = "quarantine.replay"
VIEW_RECIPIENTS = "recipients.view"
EDIT_RECIPIENTS = "recipients.edit"
VIEW_AUDIT = "audit.view"
REVIEW_EMERGENCIES = "emergencies.review"
MANAGE_ACCESS = "access.manage"


@dataclass(frozen=True)
class Role:
    """A named set of capabilities."""

    slug: str
    name: str
    capabilities: frozenset[str]


ROLES = {
    role.slug: role
    for role in (
        Role(
            ADMINISTRATOR,
            "Administrator",
            frozenset(
                {
                    VIEW_SOURCES,
                    EDIT_SOURCES,
                    VIEW_SEGMENTS,
                    VIEW_QUARANTINE,
                    REPLAY_QUARANTINE,
                    VIEW_AUDIT,
                    MANAGE_ACCESS,
                    VIEW_RETENTION,
                    VIEW_RECIPIENTS,
                    EDIT_RECIPIENTS,
                }
            ),
        ),
        Role(
            OPERATOR,
            "Operator",
            frozenset(
                {
                    VIEW_SOURCES,
                    EDIT_SOURCES,
                    VIEW_QUARANTINE,
                    REPLAY_QUARANTINE,
                    VIEW_RECIPIENTS,
                    EDIT_RECIPIENTS,
                }
            ),
        ),
        Role(
            DATA_STEWARD,
            "Data steward",
            frozenset(
                {
                    VIEW_PROFILES,
                    REVEAL_IDENTIFIERS,
                    CORRECT_IDENTITY,
                    CHANGE_RULES,
                    SET_VALUES,
                    VIEW_CONSENTS,
                    VIEW_SEGMENTS,
                    VIEW_SOURCES,
                    VIEW_QUARANTINE,
                    REPLAY_QUARANTINE,
                }
            ),
        ),
        Role(
            PRIVACY_OFFICER,
            "Privacy officer",
            frozenset(
                {
                    VIEW_PROFILES,
                    REVEAL_IDENTIFIERS,
                    VIEW_CONSENTS,
                    RECORD_CONSENT,
                    EDIT_PURPOSES,
                    REVIEW_SEGMENTS,
                    VIEW_RETENTION,
                    EDIT_RETENTION,
                    VIEW_REQUESTS,
                    OPEN_REQUESTS,
                    DECIDE_REQUESTS,
                    VIEW_SOURCES,
                    VIEW_QUARANTINE,
                    VIEW_RECIPIENTS,
                    VIEW_AUDIT,
                    REVIEW_EMERGENCIES,
                }
            ),
        ),
        Role(
            MARKETER,
            "Marketer",
            frozenset({VIEW_PROFILES, VIEW_CONSENTS, VIEW_SEGMENTS, EDIT_SEGMENTS, VIEW_SOURCES}),
        ),
    )
}
