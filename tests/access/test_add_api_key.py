"""manage.py add_api_key NAME --purpose P."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from access import api_keys
from access.models import ApiKey

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = io.StringIO()
    call_command("add_api_key", *words, stdout=out)
    return out.getvalue()


def test_json_is_one_object_with_a_key_that_works():
    printed = json.loads(run("till", "--purpose", "service", "--purpose", "analytics", "--json"))
    key = ApiKey.objects.get()
    assert printed == {
        "name": "till",
        "id": str(key.id),
        "api_key": printed["api_key"],
        "expires_at": key.expires_at.isoformat(),
    }
    assert api_keys.find(printed["api_key"], now=timezone.now()) == key
    assert (key.purposes, key.scopes) == (["service", "analytics"], list(api_keys.DEFAULT_SCOPES))


def test_for_people_it_is_a_sentence():
    printed = run("till", "--purpose", "service", "--scope", "profiles:read").strip()
    assert printed.startswith("API key till made. Shown this once: onym_")
    assert api_keys.find(printed.rpartition(" ")[2], now=timezone.now()).scopes == ["profiles:read"]


def test_a_key_that_reads_nothing_for_a_purpose_needs_none():
    run("loader", "--scope", "sources:read", "--scope", "sources:write", "--scope", "consents:read")
    key = ApiKey.objects.get()
    assert (key.purposes, key.scopes) == ([], ["sources:read", "sources:write", "consents:read"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["till", "--purpose", "service"], "name: .*already exists"),
        (["x" * 81, "--purpose", "service"], "name: .*at most 80"),
        (["web", "--purpose", "p" * 41], "there is no purpose"),
        (["web", "--purpose", "service", "--scope", "all"], "unknown scope 'all'; choose from"),
        (["web"], "Name with --purpose what it may read personal data for: profiles:read needs one."),
        (["web", "--scope", "sources:read", "--scope", "segments:read"], "segments:read needs one"),
    ],
)
def test_what_is_wrong_is_said_and_no_key_made(words, said):
    run("till", "--purpose", "service")
    with pytest.raises(CommandError, match=said):
        run(*words)
    assert list(ApiKey.objects.values_list("name", flat=True)) == ["till"]
