"""The public pages, as people use them: from the form to the mailbox and back."""

import io
import zipfile
from datetime import timedelta
from uuid import UUID

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from consent.models import Act
from consent.notices import publish
from identity.profiles import source_profiles
from pipeline.models import Work
from pipeline.process import process_batch
from privacy import papers, requests
from privacy.models import COMPLETED, ERASURE, OPEN, Inquiry, Link, SubjectRequest
from privacy.public import inquiries
from tests.api.conftest import Shop, alice, carol_who_withdrew, shop
from tests.privacy.public_cast import mailed, preference_link, source_profile_of
from tests.privacy.visitor import Visitor
from vault.grants import Actor

__all__ = ["Shop", "alice", "carol_who_withdrew", "shop"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
ADDRESS = "alice@example.com"


def ask(asked: str, address: str = ADDRESS, *, language: str = "en") -> Visitor:
    """Fill in the form and send it."""
    visitor = Visitor(language).open("/privacy/")
    if not visitor.form.switch(asked).checked:
        visitor.form.switch("preferences").attributes.pop("checked")
        visitor.click(asked)
    return visitor.press(address=address)


def test_from_the_form_to_ones_own_choices(alice: UUID) -> None:
    assert "Look into your mailbox" in ask("preferences").document.text
    page = Visitor().open(mailed())
    assert page.response.status_code == 200
    assert page.form.switch("marketing:email").checked
    page.click("marketing:sms").press("save")
    assert "Saved" in page.document.text
    acts = Act.objects.filter(how="preference_center")
    assert {act.source_profile_id for act in acts} == set(source_profiles(alice))
    (act,) = acts
    assert (act.purpose_id, act.channel, act.state) == ("marketing", "sms", "withdrawn")
    assert (act.verified, act.actor, act.locale) == (True, "data_subject", "en")


def test_segments_follow_within_moments(alice: UUID) -> None:
    assert not Work.objects.exists()
    Visitor().open(preference_link(alice)).press("withdraw_everything")
    assert set(Work.objects.values_list("source_profile_id", flat=True)) == set(source_profiles(alice))


def test_the_notice_in_force_is_shown_and_the_act_names_it(alice: UUID) -> None:
    now = timezone.now()
    texts = {"en": "We write to you about boats.", "de": "Wir schreiben Ihnen über Boote."}
    german, english = sorted(
        publish("marketing", texts, material=False, published_at=now, now=now), key=lambda notice: notice.locale
    )
    page = Visitor().open(preference_link(alice))
    assert english.text in page.document.text
    page.click("marketing:sms").press("save")
    assert Act.objects.get(how="preference_center").notice == english.hash
    assert german.text in Visitor("de").open(page.address).document.text


def test_a_page_that_was_left_open_undoes_nothing(alice: UUID) -> None:
    left_open = Visitor().open(preference_link(alice))
    Visitor().open(preference_link(alice)).press("withdraw_everything")
    left_open.click("analytics:").press("save")
    left_open.open(left_open.address)
    assert not any(one.checked for one in left_open.form.fields if not one.value.startswith("identity"))


def test_what_is_not_offered_cannot_be_said(alice: UUID) -> None:
    before = Act.objects.count()
    said = {"yes": ["security:", "service:", "marketing:fax", "nothing", "analytics:"], "shown": ["analytics:"]}
    assert Client().post(preference_link(alice), said).status_code == 303
    assert Act.objects.count() == before


def test_a_choice_reaches_everything_that_was_merged_since(alice: UUID, shop: Shop) -> None:
    link = preference_link(alice)
    shop.send({"type": "identify", "userId": "u-second", "traits": {"email": ADDRESS}}, path="/v1/identify")
    process_batch(now=timezone.now())
    Visitor().open(link).press("withdraw_everything")
    assert {act.source_profile_id for act in Act.objects.filter(how="preference_center")} == set(source_profiles(alice))


@pytest.mark.parametrize("asked", ["access", "rectification", "erasure", "objection", "human_review"])
def test_a_request_is_confirmed_by_the_link_and_followed_by_it(alice: UUID, asked: str) -> None:
    ask(asked)
    assert not SubjectRequest.objects.exists(), "nothing is opened for whoever only knows the address"
    page = Visitor().open(mailed()).press(details="  My name is\nAlys.  ")
    (opened,) = SubjectRequest.objects.all()
    assert (opened.kind, opened.profile_id, opened.state, opened.channel) == (asked, alice, OPEN, "form")
    assert (opened.verification, opened.assurance, opened.verified_by) == ("email_link", "substantial", "data_subject")
    assert str(opened.pk) in page.document.text
    assert "We have received it" in page.document.text
    (paper,) = papers.read(opened, actor=Actor("person", "officer"), now=timezone.now())
    assert (paper.by, paper.text) == ("data_subject", "My name is\nAlys.")


def test_opening_a_link_twice_asks_once(alice: UUID) -> None:
    ask("access")
    link = mailed()
    first, second = Visitor().open(link), Visitor().open(link)
    first.press()
    second.press()
    assert SubjectRequest.objects.count() == 1
    assert second.document.text == first.document.text


def test_opening_the_link_alone_sends_nothing(alice: UUID) -> None:
    """Scanners of mail open every link."""
    ask("erasure")
    link = mailed()
    Visitor().open(link).open(link)
    assert not SubjectRequest.objects.exists()


def test_an_address_that_nobody_trusted_gave_does_not_verify(shop: Shop, alice: UUID) -> None:
    bearer = source_profile_of(alice)
    bearer_rows = Link._meta.apps.get_model("records.Identifier").objects.filter(source_profile=bearer)
    bearer_rows.update(verified=False)
    ask("access")
    Visitor().open(mailed()).press()
    assert SubjectRequest.objects.get().verified_at is None


def test_the_answer_is_fetched_by_the_link_once_it_is_ready(alice: UUID) -> None:
    ask("access")
    page = Visitor().open(mailed()).press()
    assert len(page.document.forms) == 0, "not ready yet"
    assert page.client.post(f"{page.address}answer/").status_code == 404
    opened = SubjectRequest.objects.get()
    requests.approve(opened, actor="officer", now=timezone.now())
    page.open(page.address)
    (form,) = page.document.forms
    answer = page.client.post(page.address + form.action)
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        assert ADDRESS in files.read("index.html").decode()
        assert ADDRESS in files.read("person.json").decode()
    opened.refresh_from_db()
    assert opened.state == COMPLETED
    assert "It is done" in page.open(page.address).document.text


def test_an_erasure_by_the_form_still_needs_a_second_person(alice: UUID) -> None:
    ask("erasure")
    Visitor().open(mailed()).press()
    opened = SubjectRequest.objects.get()
    with pytest.raises(requests.SecondPersonNeeded):
        requests.approve(opened, actor=opened.opened_by, now=timezone.now())
    assert opened.kind == ERASURE


def test_a_message_holds_a_link_and_nothing_about_the_person(alice: UUID) -> None:
    ask("preferences")
    inquiries.answer_waiting(now=timezone.now())
    (message,) = mail.outbox
    assert message.to == [ADDRESS]
    html = message.alternatives[0][0]
    for text in (message.subject, message.body, html):
        assert "alice" not in text.lower()
        assert str(alice) not in text
    assert "/privacy/choices/" in message.body
    assert "/privacy/choices/" in html


def test_an_address_is_not_flooded(alice: UUID) -> None:
    for _ in range(inquiries.MOST_TO_ADDRESS + 3):
        ask("preferences")
    assert inquiries.answer_waiting(now=timezone.now()) == inquiries.MOST_TO_ADDRESS


def test_mail_that_cannot_go_out_is_tried_again(alice: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    ask("preferences")
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.message.EmailMessage.send", _no_route)
        assert inquiries.answer_waiting(now=timezone.now()) == 0
    assert Inquiry.objects.get().attempts == 1
    assert not Link.objects.exists(), "a link that nobody has is not kept"
    assert inquiries.answer_waiting(now=timezone.now()) == 1
    assert inquiries.answer_waiting(now=timezone.now()) == 0


def _no_route(*args: object, **kwargs: object) -> int:
    raise ConnectionRefusedError


def test_what_was_asked_is_forgotten_in_a_day(alice: UUID) -> None:
    ask("preferences", "nobody@example.com")
    now = timezone.now()
    inquiries.answer_waiting(now=now)
    assert Inquiry.objects.count() == 1
    inquiries.answer_waiting(now=now + timedelta(days=1, seconds=1))
    assert Inquiry.objects.count() == 0


def test_the_pages_speak_german(alice: UUID) -> None:
    assert "Schauen Sie in Ihr Postfach" in ask("preferences", language="de-AT, en;q=0.5").document.text
    inquiries.answer_waiting(now=timezone.now())
    assert "Guten Tag" in mail.outbox[0].body
    page = Visitor("de").open(preference_link(alice))
    assert page.document.elements[0].lang == "de"
    assert "Alles widerrufen" in page.document.text
    assert "Marketing" in page.document.text
    page.press("withdraw_everything")
    assert set(Act.objects.filter(how="preference_center").values_list("locale", flat=True)) == {"de"}


def test_an_unknown_language_reads_english() -> None:
    assert "Your data and your rights" in Visitor("xx, *;q=0.1").open("/privacy/").document.text


def test_no_page_may_be_cached_framed_scripted_or_passed_on(alice: UUID) -> None:
    for address in ("/privacy/", "/privacy/asked/", preference_link(alice), "/privacy/choices/x/"):
        response = Client().get(address)
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in response["Content-Security-Policy"]
        assert "noindex" in response["X-Robots-Tag"]
        assert not response.cookies
        assert b"<script" not in response.content
