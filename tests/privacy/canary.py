"""A canary person, planted through every door; what names them is random, so a search finds this one alone."""

import gzip
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, connection, transaction
from django.db.models import CharField, JSONField, TextField

from access.models import User
from identity.models import Profile
from identity.profiles import look_up
from privacy import requests
from privacy.holdings import erasable, rows_of
from privacy.subjects import find
from records import sources
from records.models import Source
from records.uploads import Receiver
from tests.senders import process, send_messages, send_rows
from vault.annotations import PSEUDONYM, SEALED


@dataclass
class Canary:
    """Somebody whose every value is unheard of."""

    token: str = field(default_factory=lambda: "".join(secrets.choice("bcdfghjkmnpqrstvwxz") for _ in range(10)))
    digits: str = field(default_factory=lambda: f"{secrets.randbelow(10**6):06d}")

    @property
    def email(self) -> str:
        return f"Zoë.{self.token}@Canary.Example".replace("ë", "e")

    @property
    def phone(self) -> str:
        return f"+447{self.digits[:3]}4{self.digits[3:]}77"[:13]

    @property
    def account(self) -> str:
        return f"u{self.token}"

    @property
    def device(self) -> str:
        return f"d-{self.token}"

    @property
    def row(self) -> dict[str, Any]:
        """A row of a customer file."""
        return {
            "customer_number": f"CN-{self.token}",
            "given_name": f"Zoë{self.token}",
            "family_name": f"Zyx{self.token}",
            "email": self.email,
            "phone": self.phone,
            "birth_date": "1984-05-06",
            "street": f"7 {self.token} Lane",
            "postcode": "SW1A 1AA",
            "loyalty_number": f"L-{self.token}",
            "analytics": "yes",
        }


def walk_in(canary: Canary, crm: Source, shop: Source, browser: Source, *, now: datetime) -> UUID:
    """The canary comes in through every door: customer file, till, shop, browser, appliance. Returns the profile."""
    at = (now - timedelta(days=1)).isoformat()
    send_rows(crm, {**canary.row, "updated_at": at}, now=now)
    till = sources.add("till", kind="offline", purposes=["service"])[0]
    sale = {"loyalty_number": f"L-{canary.token}", "event_time": at, "amount": "12.50", "event": f"for {canary.token}"}
    send_rows(till, sale, now=now)
    appliance = sources.add("appliance", kind="iot", purposes=["service"])[0]
    send_rows(appliance, {"device_id": canary.device, "email": canary.email, "event_time": at, "metric": "on"}, now=now)
    consent = {"consent": {"categoryPreferences": {"analytics": True}}}
    send_messages(
        shop,
        {
            "type": "identify",
            "messageId": f"m-{canary.token}",
            "userId": canary.account,
            "timestamp": at,
            "traits": {"email": canary.email.upper(), "firstName": f"Zoë{canary.token}"},
            "context": {"ip": "192.0.2.7", "page": {"url": f"https://shop.example/?q={canary.email}"}, **consent},
        },
        {
            "type": "track",
            "messageId": f"t-{canary.token}",
            "userId": canary.account,
            "event": f"Order of {canary.email}",
            "timestamp": (now + timedelta(minutes=3)).isoformat(),
            "properties": {"revenue": 10, "order_id": canary.token, "brand": f"gift for {canary.email}"},
            "context": consent,
        },
        now=now,
    )
    send_messages(
        browser,
        {
            "type": "identify",
            "messageId": f"p-{canary.token}",
            "anonymousId": f"b-{canary.token}",
            "timestamp": at,
            "traits": {"email": canary.email},
            "context": {"page": {"url": f"https://shop.example/u/{canary.email}"}, **consent},
        },
        now=now,
    )
    process(now)
    profile = look_up("email", canary.email, now=now)
    assert profile is not None
    return profile


def be_mentioned(canary: Canary, crm: Source, home: Path, *, profile: UUID, now: datetime) -> None:
    """The canary stands where no column says so: quarantine, notes, log, session, queue, files."""
    send_rows(crm, {**canary.row, "customer_number": "", "email": "broken", "updated_at": "3024-01-01"}, now=now)
    send_rows(
        crm, {"customer_number": f"cn-{canary.token}", "updated_at": "never", "a": {"b": [canary.email]}}, now=now
    )
    earlier = requests.open("access", profile_id=profile, actor="officer-1", now=now)
    requests.reject(earlier, reason=f"wrote from {canary.email}", actor="officer-1", now=now)
    elsewhere = requests.open("access", profile_id=None, actor="officer-1", now=now)
    requests.reject(elsewhere, reason=f"rang from {canary.phone}", actor="officer-1", now=now)
    staff, _ = User.objects.get_or_create(username="steward")
    LogEntry.objects.create(
        user_id=staff.pk,
        content_type=ContentType.objects.get_for_model(Profile),
        object_id="7",
        object_repr=f"Zoë{canary.token}",
        change_message=f"changed {canary.email}",
        action_flag=CHANGE,
    )
    with Receiver(crm, by="officer-1", most=10**6, try_first=True, now=now) as receiver:
        receiver.write(gzip.compress(f"customer_number,email\n1,{canary.email}\n".encode("utf-16")))
    session = SessionStore()
    session["looked_up"] = canary.email
    session.save()
    for name, content in files(canary).items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def files(canary: Canary) -> dict[str, bytes]:
    """Files that bear the canary: a message in the queue, a log, an export, packed."""
    return {
        f"spool/{canary.token[:3]}.msg": f'{{"body": "{canary.email}"}}'.encode(),
        "logs/server.log": f"GET /?email={canary.email.replace('@', '%40')}\n".encode(),
        "exports/people.csv.gz": gzip.compress(f"id,phone\n1,{canary.phone}\n".encode()),
    }


def fill_every_column(canary: Canary, profile: UUID) -> dict[str, list[str]]:
    """Write the canary into every text and JSON column that its rows have and that takes it. Returns them by table."""
    filled: dict[str, list[str]] = {}
    subject = find(profile)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    try:
        for table in erasable():
            model = apps.get_model(table.model)
            for column in model._meta.concrete_fields:
                if column.name in ("namespace", "field", "object_id") or column.primary_key or column.is_relation:
                    continue
                if table.fields.get(column.name) in (SEALED, PSEUDONYM) or not isinstance(
                    column, CharField | TextField | JSONField
                ):
                    continue
                value = {"a": {"b": [canary.account]}} if isinstance(column, JSONField) else canary.account
                try:
                    with transaction.atomic():
                        if rows_of(table, subject).update(**{column.name: value}):
                            filled.setdefault(model._meta.db_table, []).append(column.name)
                except DatabaseError:
                    continue
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = DEFAULT")
    return filled
