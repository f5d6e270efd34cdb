"""What this room's tables hold about people: staff and programs, no customers."""

from vault.annotations import PLAIN, PSEUDONYM, Table

TABLES = [
    Table(
        "access.User",
        subject=None,
        purpose="access control",
        retention="as long as employed",
        fields={
            "id": PSEUDONYM,
            "username": PSEUDONYM,
            "password": PLAIN,
            "last_login": PLAIN,
            "roles": PLAIN,
            "is_active": PLAIN,
            "created_at": PLAIN,
        },
    ),
    Table(
        "access.Turn",
        subject=None,
        purpose="access control",
        retention="one day",
        fields={"actor": PSEUDONYM, "deed": PLAIN, "began_at": PLAIN, "count": PLAIN},
    ),
    Table(
        "access.ApiKey",
        subject=None,
        purpose="access control",
        retention="24 months after it ends",
        fields={
            "id": PLAIN,
            "name": PLAIN,
            "digest": PLAIN,
            "hint": PLAIN,
            "scopes": PLAIN,
            "purposes": PLAIN,
            "created_at": PLAIN,
            "expires_at": PLAIN,
            "former_digest": PLAIN,
            "former_until": PLAIN,
            "revoked_at": PLAIN,
            "last_used_at": PLAIN,
        },
    ),
]
