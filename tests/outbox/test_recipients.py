"""Recipients are added with a secret that is shown once, exchanged with an overlap, and checked field by field."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from outbox import recipients
from outbox.changes import PROFILE_CREATED, News, append
from outbox.models import Change, Recipient
from vault.ids import new_id
from vault.models import KeptKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def secret_bytes(text: str) -> bytes:
    return base64.b64decode(text.removeprefix("whsec_"))


def test_the_secret_is_shown_once_and_kept_wrapped() -> None:
    recipient, text = recipients.add("mailer", purposes=["marketing"], url="http://127.0.0.1:1/", now=NOW)
    assert (text[:6], len(secret_bytes(text))) == ("whsec_", 32)
    assert recipients.secrets_of(recipient, now=NOW) == [secret_bytes(text)]
    row = KeptKey.objects.get(name=f"webhook {recipient.pk}")
    assert secret_bytes(text) not in bytes(row.wrapped)


def test_for_a_day_both_secrets_count() -> None:
    recipient, old = recipients.add("mailer", purposes=["marketing"], now=NOW)
    new = recipients.exchange_secret(recipient, now=NOW)
    recipient.refresh_from_db()
    both = [secret_bytes(new), secret_bytes(old)]
    assert recipients.secrets_of(recipient, now=NOW + timedelta(hours=23)) == both
    assert recipients.secrets_of(recipient, now=NOW + timedelta(hours=24)) == both[:1]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "two words"}, "name"),
        ({"name": "mailer"}, "name"),
        ({"purposes": []}, "purposes"),
        ({"url": "ftp://mailer.example/"}, "url"),
        ({"url": "http://mailer.example/"}, "url"),
    ],
)
def test_the_error_names_the_field(given: dict[str, Any], field: str) -> None:
    recipients.add("mailer", purposes=["marketing"], now=NOW)
    with pytest.raises(ValidationError) as caught:
        recipients.add(**{"name": "other", "purposes": ["marketing"], "now": NOW} | given)
    assert field in caught.value.message_dict
    assert Recipient.objects.count() == 1


def test_a_recipient_is_told_of_what_happens_from_then_on() -> None:
    append([News(new_id(), PROFILE_CREATED)], now=NOW)
    recipient, _ = recipients.add("mailer", purposes=["marketing"], now=NOW)
    assert recipient.last_change == Change.objects.get().id
    off = recipients.change(recipient, enabled=False)
    append([News(new_id(), PROFILE_CREATED)], now=NOW)
    assert recipients.change(off, enabled=True).last_change == Change.objects.latest("id").id


def test_what_cannot_be_changed_is_said() -> None:
    recipient, _ = recipients.add("mailer", purposes=["marketing"], now=NOW)
    with pytest.raises(ValidationError):
        recipients.change(recipient, name="other")
    with pytest.raises(ValidationError):
        recipients.change(recipient, url="https://x y/")
    recipient.refresh_from_db()
    assert recipient.url == ""
