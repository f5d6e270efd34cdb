"""What the tables of third-party packages hold about people; their packages declare nothing."""

from vault.annotations import PLAIN, PSEUDONYM, Table

TABLES = [
    Table(
        "admin.LogEntry",
        # The key of the object that was edited; when that was a profile, it is this path's profile.
        subject="object_id",
        via="profile",
        purpose="accountability",
        retention="24 months",
        expires=("action_time", 730),
        fields={
            "id": PLAIN,
            "action_time": PLAIN,
            "user": PSEUDONYM,
            "content_type": PLAIN,
            "object_id": PSEUDONYM,
            "object_repr": PLAIN,
            "action_flag": PLAIN,
            "change_message": PLAIN,
        },
    ),
    Table(
        "sessions.Session",
        subject=None,
        purpose="access control",
        retention="8 hours",
        expires=("expire_date", 0),
        fields={"session_key": PSEUDONYM, "session_data": PLAIN, "expire_date": PLAIN},
    ),
    Table(
        "contenttypes.ContentType",
        subject=None,
        purpose="access control",
        retention="as long as in use",
        fields={"id": PLAIN, "app_label": PLAIN, "model": PLAIN},
    ),
    Table(
        "auth.Permission",
        subject=None,
        purpose="access control",
        retention="as long as in use",
        fields={"id": PLAIN, "name": PLAIN, "content_type": PLAIN, "codename": PLAIN},
    ),
    Table(
        "auth.Group",
        subject=None,
        purpose="access control",
        retention="as long as in use",
        fields={"id": PLAIN, "name": PLAIN},
    ),
    Table(
        "auth.Group_permissions",
        subject=None,
        purpose="access control",
        retention="as long as in use",
        fields={"id": PLAIN, "group": PLAIN, "permission": PLAIN},
    ),
]
