"""What roles and API keys may do, in words."""

from access import api_keys, roles
from access.roles import ROLES

CAN = {
    roles.VIEW_PROFILES: "see profiles, masked",
    roles.REVEAL_IDENTIFIERS: "reveal identifiers, for a reason",
    roles.CORRECT_IDENTITY: "join and split people, and review pairs",
    roles.CHANGE_RULES: "try rules of who is who, and put them in force",
    roles.SET_VALUES: "say which value of a person counts, for a reason",
    roles.RECORD_CONSENT: "record consent",
    roles.VIEW_CONSENTS: "see purposes and consents",
    roles.EDIT_PURPOSES: "change purposes and publish notices",
    roles.VIEW_SEGMENTS: "see segments and features",
    roles.EDIT_SEGMENTS: "make and change segments, and set what missing features are taken to be",
    roles.REVIEW_SEGMENTS: "release or refuse held changes",
    roles.VIEW_RETENTION: "see how long what is kept",
    roles.EDIT_RETENTION: "set limits",
    roles.VIEW_REQUESTS: "see subject requests",
    roles.OPEN_REQUESTS: "open subject requests",
    roles.DECIDE_REQUESTS: "decide, answer and erase",
    roles.VIEW_SOURCES: "see sources",
    roles.EDIT_SOURCES: "add and change sources, and load files",
    roles.VIEW_QUARANTINE: "see the quarantine",
    roles.REPLAY_QUARANTINE: "replay what is in quarantine, and mend it",
    roles.VIEW_RECIPIENTS: "see recipients",
    roles.EDIT_RECIPIENTS: "add and change recipients",
    roles.VIEW_AUDIT: "read the audit log",
    roles.REVIEW_EMERGENCIES: "review broken glass",
    roles.MANAGE_ACCESS: "manage users and API keys",
}
MAY = {
    "profiles:read": "look people up, and read their profile, events and identifiers",
    "profiles:write": "set values of the golden record by hand, and take that back",
    "identity:write": "merge and split profiles, and undo either",
    "consents:read": "read what people said, and ask whether something is allowed",
    "consents:write": "record what people say",
    "segments:read": "read segments, their members, and who is in which",
    "requests:read": "read subject requests and certificates",
    "requests:write": "open subject requests",
    "sources:read": "read sources, the quarantine and the metrics",
    "sources:write": "load files of a source, change how it is read, and replay its quarantine",
    "changes:read": "read what happened to profiles",
    "deliveries:read": "read what recipients were told",
    "recipients:read": "read who is told",
    "recipients:write": "add recipients, and switch them on and off",
}


def roles_that(*capabilities: str) -> list[str]:
    """The names of the roles that may do all of this."""
    return [role.name for role in ROLES.values() if role.capabilities.issuperset(capabilities)]


# Every role by its name, with what it may do in the order of the list above.
OF_ROLES = [(role.name, [CAN[one] for one in CAN if one in role.capabilities]) for role in ROLES.values()]
SCOPES = [(scope, f"{scope} – {MAY[scope]}") for scope in api_keys.SCOPES]
