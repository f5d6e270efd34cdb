"""Users: added in known roles with a strong password; somebody can always manage access."""

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from access import users
from access.models import User
from access.users import LastManager

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ada():
    return users.add("ada", password=PASSWORD, roles=["administrator"])


def test_a_user_signs_in_with_name_and_password(ada):
    assert authenticate(HttpRequest(), username="ada", password=PASSWORD) == ada
    assert authenticate(HttpRequest(), username="ada", password="wrong") is None
    assert PASSWORD not in User.objects.get().password


def test_an_inactive_user_does_not_sign_in(ada):
    users.add("grace", password=PASSWORD, roles=["administrator"])
    users.change(ada, roles=["administrator"], is_active=False)
    assert authenticate(HttpRequest(), username="ada", password=PASSWORD) is None


def test_roles_are_kept_once_in_the_order_of_the_table():
    bob = users.add("bob", password=PASSWORD, roles=["marketer", "operator", "marketer"])
    assert User.objects.get(pk=bob.pk).roles == ["operator", "marketer"]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": "ada"}, "username"),
        ({"username": ""}, "username"),
        ({"username": "x" * 81}, "username"),
        ({"roles": ["wizard"]}, "roles"),
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
    ],
)
def test_a_wrong_user_is_refused_by_field(ada, changed, field):
    with pytest.raises(ValidationError) as refused:
        users.add(**{"username": "bob", "password": PASSWORD, "roles": ["operator"], **changed})
    assert list(refused.value.message_dict) == [field]
    assert list(User.objects.values_list("username", flat=True)) == ["ada"]


@pytest.mark.parametrize(
    "change", [{"roles": ["operator"], "is_active": True}, {"roles": ["administrator"], "is_active": False}]
)
def test_the_last_who_manages_access_stays(ada, change):
    with pytest.raises(LastManager):
        users.change(ada, **change)
    kept = User.objects.get(pk=ada.pk)
    assert (kept.roles, kept.is_active) == (["administrator"], True)


def test_a_new_password_replaces_the_old(ada):
    users.set_password(ada, "another horse, another staple")
    assert authenticate(HttpRequest(), username="ada", password=PASSWORD) is None
    assert authenticate(HttpRequest(), username="ada", password="another horse, another staple") == ada
    with pytest.raises(ValidationError):
        users.set_password(ada, "short")


def test_a_superuser_holds_every_role():
    root = User.objects.create_superuser("root", PASSWORD)
    assert root.roles == ["administrator", "operator", "data_steward", "privacy_officer", "marketer"]
