"""Staff need a second factor, give it again before what is delicate, and nobody may guess or try out lists."""

import re
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from access import users
from access.models import User
from tests.api.conftest import Caller, assert_problem, call
from tests.console.conftest import PLAINTEXT, World, now, world
from tests.statements.sabotage import Sabotage

__all__ = ["call", "now", "world"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "console/second_factor.py",
    "        return request.session.get(PROVED_BY) == str(user_of(request).pk)",
    "        return True",
)
PASSWORD = "correct horse battery"
SIGN_IN = "/admin/login/"


@pytest.fixture(autouse=True)
def _required(settings: Any) -> None:
    """As in production."""
    settings.MFA_REQUIRED = True


@pytest.fixture
def mary(db: None) -> User:
    """A privacy officer with a password and no second factor yet."""
    return users.add("mary", password=PASSWORD, roles=["privacy_officer"])


def test_p39_after_the_password_no_page_of_the_admin_opens_before_the_second_factor(mary: User) -> None:
    client = _signed_in()
    pages = [page for page in _pages() if not page.startswith(("/admin/second-factor/", "/admin/login/"))]
    assert len(pages) > 60
    opened = [page for page in pages if client.get(page).headers.get("Location", "").split("?")[0] != _set_up()]
    assert sorted(set(opened)) == ["/admin/jsi18n/", "/admin/logout/"]
    assert client.post("/admin/identity/profile/look-up/", {"namespace": "email", "value": "a@b.c"}).status_code == 302


def test_p39_at_the_first_sign_in_it_is_set_up_and_at_the_next_one_asked_for(mary: User) -> None:
    client = _signed_in()
    secret, codes = _enrol(client)
    assert client.get("/admin/").status_code == 200
    again = _signed_in()
    assert again.get("/admin/").headers["Location"] == f"{reverse('second_factor')}?next=%2Fadmin%2F"
    # Nobody sets up another one over the first.
    assert again.get(_set_up()).headers["Location"] == reverse("second_factor")
    assert again.post(reverse("second_factor"), {"code": "000000"}).status_code == 400
    assert again.post(reverse("second_factor"), {"code": codes[0]}).headers["Location"] == "/admin/"
    assert again.get("/admin/").status_code == 200
    # A recovery code opens once.
    third = _signed_in()
    assert third.post(reverse("second_factor"), {"code": codes[0]}).status_code == 400
    assert third.get("/admin/").status_code == 302
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(row::text, ' ') FROM mfa_authenticator AS row")
        (kept,) = cursor.fetchone()
    assert [word for word in (secret, *codes) if word in kept] == []


def test_p39_a_code_of_the_app_opens_once(mary: User) -> None:
    secret, _ = _enrol(_signed_in())
    used = Authenticator.objects.count()
    assert used == 2
    following = _code(secret, ahead=1)
    assert _signed_in().post(reverse("second_factor"), {"code": following}).status_code == 302
    assert _signed_in().post(reverse("second_factor"), {"code": following}).status_code == 400


def test_p39_codes_cannot_be_guessed(mary: User) -> None:
    secret, _ = _enrol(_signed_in())
    client = _signed_in()
    for _ in range(5):
        client.post(reverse("second_factor"), {"code": "123"})
    refused = client.post(reverse("second_factor"), {"code": _code(secret, ahead=1)})
    assert refused.status_code == 400
    assert "Too many in a short time" in refused.content.decode()


def test_p39_what_is_delicate_asks_again_after_five_minutes(world: World) -> None:
    client = Client()
    client.force_login(world.staff["privacy_officer"])
    _enrol(client)
    delicate = {
        reverse("admin:identity_profile_reveal", args=[world.alice]): {"reason": "ticket 4711"},
        reverse("admin:privacy_subjectrequest_answer", args=[world.access.pk]): {},
        reverse("admin:privacy_subjectrequest_erase", args=[world.erasure.pk]): {},
    }
    session = client.session
    session["second_factor_at"] = time.time() - 301
    session.save()
    for page, form in delicate.items():
        response = client.post(page, form)
        assert response.headers["Location"].startswith(reverse("second_factor")), page
        assert [value for value in PLAINTEXT if value in response.content.decode()] == []
    assert client.get(reverse("admin:identity_profile_change", args=[world.alice])).status_code == 200
    session["second_factor_at"] = time.time()
    session.save()
    page, form = next(iter(delicate.items()))
    assert "alice@example.com" in client.post(page, form).content.decode()


def test_p39_failures_lock_name_and_address_and_tell_nobody_whether_the_name_exists(mary: User) -> None:
    said = {}
    for name in ("mary", "nobody-of-this-name"):
        tries = [Client().post(SIGN_IN, {"username": name, "password": f"wrong {n}"}) for n in range(6)]
        said[name] = [(one.status_code, re.sub(r'value="[^"]*"', "", one.content.decode())) for one in tries]
    assert [status for status, _ in said["mary"]] == [200, 200, 200, 200, 429, 429]
    assert said["mary"] == said["nobody-of-this-name"]
    # Even the right password is of no use now, and elsewhere it still is.
    assert Client().post(SIGN_IN, {"username": "mary", "password": PASSWORD}).status_code == 429
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert elsewhere.post(SIGN_IN, {"username": "mary", "password": PASSWORD}).status_code == 302


def test_p39_the_lockout_keeps_neither_names_nor_passwords_nor_addresses(mary: User) -> None:
    client = Client(REMOTE_ADDR="198.51.100.7")
    client.post(SIGN_IN, {"username": "mary@canary.example", "password": "canary-password", "next": "/admin/"})
    assert AccessAttempt.objects.count() == 1
    assert (AccessFailureLog.objects.count(), AccessLog.objects.count()) == (0, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row::text FROM axes_accessattempt AS row")
        (kept,) = cursor.fetchone()
    assert [word for word in ("canary", "198.51.100.7", "mary") if word in kept] == []


@pytest.mark.usefixtures("one_minute")
def test_p39_look_ups_by_identifier_are_limited_for_each_actor(
    call: Callable[..., Caller], settings: Any, world: World
) -> None:
    settings.LOOK_UPS_A_MINUTE = 3
    one, other = call("service"), call("service")
    body = {"namespace": "email", "value": "nobody@example.com"}
    answers = [one.post("/api/profiles/lookup/", body) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429]
    assert_problem(answers[3], 429, "too_many_requests")
    assert 1 <= int(answers[3]["Retry-After"]) <= 60
    assert other.post("/api/profiles/lookup/", body).status_code == 404
    settings.MFA_REQUIRED = False
    client = Client()
    client.force_login(world.staff["data_steward"])
    page = reverse("admin:identity_profile_look_up")
    for _ in range(4):
        last = client.post(page, body, follow=True)
    assert "Too many look-ups by identifier within a minute" in last.content.decode()


def _signed_in() -> Client:
    client = Client()
    assert client.post(SIGN_IN, {"username": "mary", "password": PASSWORD}).status_code == 302
    return client


def _enrol(client: Client) -> tuple[str, list[str]]:
    """Set the second factor up as a person does: read the secret from the page, enter the code, keep the codes."""
    secret = re.search(r"<code>([A-Z2-7]+)</code>", client.get(_set_up()).content.decode())[1]
    page = client.post(_set_up(), {"code": _code(secret)})
    assert page.status_code == 200
    return secret, re.findall(r"<li>(\d+)</li>", page.content.decode())


def _code(secret: str, *, ahead: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def _set_up() -> str:
    return reverse("second_factor_set_up")


def _pages() -> list[str]:
    """Every address below /admin/, from the urlconf, with an id for each part that varies."""
    found = []

    def walk(patterns: list[Any], before: str) -> None:
        for one in patterns:
            route = before + str(one.pattern)
            if isinstance(one, URLResolver):
                walk(one.url_patterns, route)
            elif isinstance(one, URLPattern) and route.startswith("admin/"):
                found.append("/" + re.sub(r"<[^>]*>", str(UUID(int=1)), route.replace("\\Z", "")))

    walk(get_resolver().url_patterns, "")
    return [page for page in found if not re.search(r"[\^$(]", page)]
