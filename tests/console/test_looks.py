"""The reads of one look at a page are one line; those of another person, reason or minute are not."""

from datetime import UTC, datetime, timedelta

from console.profile.looks import looks, readers
from vault.models import AuditEntry

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)


def read(seconds: int, actor: str, *fields: str, reason: str = "profile page") -> AuditEntry:
    return AuditEntry(
        at=NOW - timedelta(seconds=seconds), actor=actor, actor_kind="person", purpose="service", reason=reason,
        fields=list(fields),
    )  # fmt: skip


def test_one_look_is_one_line_with_all_that_was_read() -> None:
    found = looks([read(0, "7", "email", "phone"), read(1, "7", "email", "given_name")], {"7": "steward"})
    assert [(look.who, look.at, look.purpose, look.fields) for look in found] == [
        ("steward", NOW, "Service", ["E-mail", "Given name", "Phone"])
    ]


def test_another_person_reason_or_time_is_another_look() -> None:
    entries = [
        read(0, "7", "email"),
        read(1, "8", "email"),
        read(2, "8", "email", reason="profile list"),
        read(60, "8", "email", reason="profile list"),
    ]
    found = looks(entries, {"7": "steward"})
    assert [look.who for look in found] == ["steward", "8", "8", "8"]
    assert [(bar.name, bar.count, bar.percent) for bar in readers(found)] == [
        ("8", 3, 100.0),
        ("steward", 1, 100 / 3),
    ]


def test_nobody_looked() -> None:
    assert (looks([], {}), readers([])) == ([], [])
