"""The page of the data dictionary."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from access.roles import ROLES, VIEW_SOURCES
from records.dictionary import FIELDS
from tests.console.conftest import World

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def test_the_page_lists_every_field(world: World, sign_in: Callable[[str], Client]) -> None:
    response = sign_in("administrator").get(reverse("admin:records_dictionary_changelist"))
    entries = {entry.name: entry for entry in response.context["entries"]}
    assert list(entries) == list(FIELDS)
    email, language = entries["email"], entries["language"]
    assert (email.type, email.sensitivity, email.rule, email.survivorship) == (
        "e-mail address",
        "direct identifier",
        "email/1",
        "most trusted",
    )
    assert (language.survivorship, language.aliases) == (
        "most recent",
        "lang, locale, sprache, langue, idioma, lingua, taal",
    )
    assert "Checked by RFC 5321" in response.content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_only_who_sees_sources_sees_it(role: str, world: World, sign_in: Callable[[str], Client]) -> None:
    client, address = sign_in(role), reverse("admin:records_dictionary_changelist")
    may = VIEW_SOURCES in ROLES[role].capabilities
    assert client.get(address).status_code == (200 if may else 403)
    assert (address in client.get(reverse("admin:index")).content.decode()) == may
