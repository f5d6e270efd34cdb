"""Double opt-in: a yes for e-mail counts once it was said again from the mailbox, by a link that works once."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import mail
from django.utils import timezone

from consent.acts import NewAct, record
from consent.models import PENDING, WITHDRAWN, Act
from consent.state import standing
from identity.profiles import look_up, source_profiles
from pipeline.process import process_batch
from privacy import links
from privacy.models import OPT_IN, Link
from privacy.public import opt_in
from records import sources
from tests.api.conftest import Shop
from tests.privacy.public_cast import ADDRESS
from tests.privacy.visitor import Visitor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
MAPPING = {"consents": {"newsletter": {"purpose": "marketing", "channel": "email", "double_opt_in": True}}}


@pytest.fixture
def site() -> Shop:
    """A form in the browser: anybody can type any address into it."""
    purposes = ["service", "marketing"]
    return Shop(*sources.add("site", kind="online", client_side=True, purposes=purposes, mapping=MAPPING))


def sign_up(site: Shop, number: int = 1, *, yes: bool = True) -> None:
    message = {
        "type": "identify",
        "messageId": f"sign-up-{number}",
        "userId": "u-alice",
        "traits": {"email": "alice@example.com"},
        "context": {"consent": {"categoryPreferences": {"newsletter": yes}}},
    }
    assert site.send({"batch": [message]}).json()["accepted"] == 1
    process_batch(now=timezone.now())


def alice() -> list[UUID]:
    found = look_up("email", "alice@example.com", now=timezone.now())
    assert found is not None
    return source_profiles(found)


def may_write() -> bool:
    stands = standing(alice(), at=timezone.now())
    return next(one.allowed for one in stands if (one.purpose, one.channel) == ("marketing", "email"))


def link() -> str:
    assert opt_in.ask_waiting(now=timezone.now()) == 1
    (message,) = mail.outbox
    mail.outbox.clear()
    assert message.to == ["alice@example.com"]
    found = ADDRESS.search(message.body)
    assert found is not None
    return found[1]


def test_a_yes_waits_until_it_is_said_again(site: Shop) -> None:
    sign_up(site)
    assert [act.state for act in Act.objects.all()] == [PENDING]
    assert not may_write()
    page = Visitor().open(link())
    assert not may_write(), "opening the link changes nothing: scanners of mail open them all"
    page.press()
    assert "Thank you" in page.document.text
    assert may_write()
    act = Act.objects.get(how="double_opt_in")
    assert (act.state, act.verified, act.channel) == ("granted", True, "email")


def test_the_link_works_once(site: Shop) -> None:
    sign_up(site)
    address = link()
    first, second = Visitor().open(address), Visitor().open(address)
    first.press()
    acts = Act.objects.count()
    assert "used before" in second.press().document.text
    assert "used before" in Visitor().open(address).document.text
    assert Act.objects.count() == acts


def test_an_old_link_does_nothing(site: Shop) -> None:
    sign_up(site)
    bearer = alice()[0]
    about = links.About(purpose="marketing", channel="email")
    token = links.make(OPT_IN, source_profile=bearer, about=about, now=timezone.now() - timedelta(days=4))
    page = Visitor().open(f"/privacy/confirm/{token}/")
    assert page.response.status_code == 404
    assert page.client.post(f"/privacy/confirm/{token}/").status_code == 404
    assert not may_write()


def test_whoever_withdrew_since_is_not_signed_up_by_an_old_message(site: Shop) -> None:
    sign_up(site)
    page = Visitor().open(link())
    now = timezone.now()
    record([NewAct(id, "marketing", "", WITHDRAWN, now, "phone", True, actor="clerk") for id in alice()], now=now)
    assert page.press().response.status_code == 404
    assert not may_write()


def test_only_the_hash_of_the_token_is_kept(site: Shop) -> None:
    sign_up(site)
    token = link().split("/")[-2]
    stored = Link.objects.get()
    assert len(bytes(stored.digest)) == 32
    assert token.encode() not in bytes(stored.digest)


def test_nobody_is_asked_twice_for_what_a_source_repeats(site: Shop) -> None:
    for number in (1, 2, 3):
        sign_up(site, number)
    assert Act.objects.filter(state=PENDING).count() == 1
    Visitor().open(link()).press()
    sign_up(site, 4)
    assert opt_in.ask_waiting(now=timezone.now()) == 0
    assert not mail.outbox


def test_a_no_needs_no_second_word_and_a_new_yes_asks_again(site: Shop) -> None:
    sign_up(site)
    Visitor().open(link()).press()
    sign_up(site, 2, yes=False)
    assert not may_write()
    sign_up(site, 3)
    assert not may_write()
    Visitor().open(link()).press()
    assert may_write()


def test_mail_that_cannot_go_out_is_tried_again(site: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    sign_up(site)
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.message.EmailMessage.send", _no_route)
        assert opt_in.ask_waiting(now=timezone.now()) == 0
    assert not Link.objects.exists()
    assert link()


def _no_route(*args: object, **kwargs: object) -> int:
    raise ConnectionRefusedError


@pytest.mark.parametrize(
    "target",
    [{"double_opt_in": "yes", "channel": "email"}, {"double_opt_in": True}, {"double_opt_in": True, "channel": "sms"}],
)
def test_a_mapping_that_cannot_stand(target: dict[str, Any]) -> None:
    with pytest.raises(Exception, match="double_opt_in"):
        sources.add("form", kind="online", mapping={"consents": {"news": {"purpose": "marketing", **target}}})
