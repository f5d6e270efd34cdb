"""What the vault's tables hold about people."""

from vault.annotations import PLAIN, PSEUDONYM, Table

TABLES = [
    Table(
        "vault.DataKey",
        subject="id",
        purpose="security",
        retention="as long as the source profile",
        fields={"id": PSEUDONYM, "wrapped": PLAIN, "kek_version": PLAIN, "created_at": PLAIN},
    ),
    Table(
        "vault.IndexKey",
        subject=None,
        purpose="security",
        retention="until rotated",
        fields={
            "id": PLAIN,
            "name": PLAIN,
            "version": PLAIN,
            "wrapped": PLAIN,
            "kek_version": PLAIN,
            "created_at": PLAIN,
        },
    ),
    Table(
        "vault.KeptKey",
        subject=None,
        purpose="security",
        retention="as long as the installation",
        fields={
            "id": PLAIN,
            "name": PLAIN,
            "version": PLAIN,
            "wrapped": PLAIN,
            "kek_version": PLAIN,
            "created_at": PLAIN,
        },
    ),
    Table(
        "vault.AuditEntry",
        subject=None,
        purpose="accountability",
        retention="24 months",
        fields={
            "id": PLAIN,
            "at": PLAIN,
            "actor": PSEUDONYM,
            "actor_kind": PLAIN,
            "action": PLAIN,
            "purpose": PLAIN,
            "reason": PLAIN,
            "run": PLAIN,
            "subjects": PSEUDONYM,
            "cohort": PSEUDONYM,
            "fields": PLAIN,
            "count": PLAIN,
        },
    ),
    Table(
        "vault.AuditSeal",
        subject=None,
        purpose="accountability",
        retention="as long as the installation",
        fields={
            "number": PLAIN,
            "after_id": PLAIN,
            "upto_id": PLAIN,
            "count": PLAIN,
            "content": PLAIN,
            "head": PLAIN,
            "sealed_at": PLAIN,
            "key_version": PLAIN,
            "signature": PLAIN,
        },
    ),
]
