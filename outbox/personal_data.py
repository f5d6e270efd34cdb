"""What this room's tables hold about people."""

from vault.annotations import PLAIN, PSEUDONYM, Table

TABLES = [
    Table(
        "outbox.Change",
        subject="profile_id",
        via="profile",
        purpose="service",
        retention="13 months",
        fields={"id": PLAIN, "profile_id": PSEUDONYM, "kind": PLAIN, "detail": PLAIN, "happened_at": PLAIN},
    )
]
