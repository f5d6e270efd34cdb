"""Each message of a source counts once."""

import pytest

from records import dedupe
from records.envelope import message_hash
from records.models import SeenMessage, Source
from tests.records.cast import NOW

pytestmark = pytest.mark.django_db

ONE, TWO, THREE = (message_hash(name) for name in ("one", "two", "three"))


def test_a_message_is_new_once(shop: Source) -> None:
    assert dedupe.first_seen(shop, [ONE, TWO, ONE], now=NOW) == {ONE, TWO}
    assert dedupe.first_seen(shop, [TWO, THREE], now=NOW) == {THREE}
    assert dedupe.first_seen(shop, [], now=NOW) == set()
    assert SeenMessage.objects.count() == 3


def test_sources_do_not_know_each_others_messages(shop: Source, crm: Source) -> None:
    dedupe.first_seen(shop, [ONE], now=NOW)
    assert dedupe.first_seen(crm, [ONE], now=NOW) == {ONE}
