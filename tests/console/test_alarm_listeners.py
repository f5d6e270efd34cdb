"""Who is told of alarms, on screen: added, changed, switched off, removed; and what they were told."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from outbox import alarm_listeners, alarm_notices
from outbox.models import AlarmListener, AlarmNotice
from pipeline import alarm_news
from records import alarms, intakes
from tests.console.conftest import World, said

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
ADD = "admin:outbox_alarmlistener_add"


def to(act: str, one: AlarmListener) -> str:
    return reverse(f"admin:outbox_alarmlistener_{act}", args=[one.pk])


def test_somebody_is_told_by_mail(sign_in: SignIn, world: World) -> None:
    client = sign_in("operator")
    given = {"name": "team", "email": "team@onym.example", "url": "", "source_id": str(world.crm.pk)}
    response = client.post(reverse(ADD), given, follow=True)
    assert said(response) == ["Added. It is told of alarms that begin and end from now on."]
    one = AlarmListener.objects.get()
    assert (one.name, one.email, one.source_id, one.enabled) == ("team", "team@onym.example", world.crm.pk, True)
    client.post(to("change", one), {"email": "crew@onym.example", "source_id": ""})
    client.post(to("switch", one))
    one.refresh_from_db()
    assert (one.email, one.source_id, one.enabled) == ("crew@onym.example", None, False)
    page = client.get(reverse("admin:outbox_alarmlistener_changelist")).content.decode()
    assert "crew@onym.example" in page
    assert "all sources" in page
    client.post(to("remove", one))
    assert not AlarmListener.objects.exists()


def test_a_webhooks_secret_is_shown_once(sign_in: SignIn, world: World) -> None:
    client = sign_in("operator")
    given = {"name": "chat", "email": "", "url": "http://127.0.0.1:9/hook", "source_id": ""}
    assert "whsec_" in client.post(reverse(ADD), given).content.decode()
    one = AlarmListener.objects.get()
    assert "whsec_" not in client.get(to("change", one)).content.decode()
    assert "whsec_" in client.post(to("exchange", one)).content.decode()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"email": "", "url": ""}, "Give either an e-mail address or the address of a webhook."),
        ({"email": "team@onym.example", "url": "http://127.0.0.1:9/"}, "Give either an e-mail address"),
        ({"email": "", "url": "http://chat.example/"}, "only https is allowed"),
        ({"email": "", "url": "http://127.0.0.1:9/", "source_id": "x"}, "Select a valid choice"),
    ],
)
def test_what_cannot_stand_is_said(sign_in: SignIn, world: World, given: dict[str, str], told: str) -> None:
    response = sign_in("operator").post(reverse(ADD), {"name": "new", "source_id": "", **given})
    assert told in response.content.decode()
    assert not AlarmListener.objects.exists()


def test_what_was_told_is_shown_and_sent_again(sign_in: SignIn, world: World, now: datetime) -> None:
    one, _ = alarm_listeners.add("chat", url="http://127.0.0.1:9/hook", now=now)
    hour = now.replace(minute=30) - timedelta(hours=1)
    for weeks in (1, 2, 3, 4, 6):
        at = hour - timedelta(weeks=weeks)
        intakes.note(
            world.crm, door="http", acknowledged=900, stored=900, duplicate=0, quarantined=0, refused=0, now=at
        )
    alarm_news.watch(alarms.watch_volume, now=now)
    assert alarm_notices.send_due(now=now) == 1
    client = sign_in("operator")
    page = client.get(to("change", one)).content.decode()
    assert "could not be reached" in page
    notice = AlarmNotice.objects.order_by("id")[0]
    again = reverse("admin:outbox_alarmlistener_again", args=[notice.pk])
    assert said(client.post(again)) == ["It is sent again within moments."]
    AlarmNotice.objects.update(state="sent")
    assert said(client.post(again)) == ["This message was sent; there is nothing to send again."]


def test_whoever_only_sees_sources_changes_nothing(sign_in: SignIn, world: World, now: datetime) -> None:
    one, _ = alarm_listeners.add("team", email="team@onym.example", now=now)
    client = sign_in("data_steward")
    assert client.get(to("change", one)).status_code == 200
    for act in ("change", "switch", "remove", "exchange"):
        assert client.post(to(act, one), {"email": "me@onym.example"}).status_code == 403, act
    assert AlarmListener.objects.get().email == "team@onym.example"
