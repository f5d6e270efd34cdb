"""Signed links: one person, one use, an end, revocable, and nothing in them."""

import base64
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction

from privacy import links
from privacy.links import About, BadLink, UsedLink
from privacy.models import OPT_IN, PREFERENCES, REQUEST, Link
from tests.privacy.cast import NOW, Person

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def at_shop(alice: Person) -> UUID:
    return alice.source_profiles[0]


def test_a_link_leads_to_its_person(at_shop: UUID) -> None:
    token = links.make(PREFERENCES, source_profile=at_shop, now=NOW)
    assert links.follow(token, use=PREFERENCES, now=NOW).source_profile_id == at_shop


def test_a_token_is_random_and_says_when_it_ends_and_the_table_cannot_rebuild_it(alice: Person, at_shop: UUID) -> None:
    first, second = (links.make(PREFERENCES, source_profile=at_shop, now=NOW) for _ in range(2))
    assert first != second
    content = base64.urlsafe_b64decode(first.split(".")[0] + "==")
    assert len(content) == links.RANDOM_BYTES + links.END_BYTES
    assert int.from_bytes(content[links.RANDOM_BYTES :]) == int((NOW + timedelta(days=7)).timestamp())
    for known in (at_shop.bytes, alice.profile.bytes, Link.objects.first().id.bytes):
        assert known not in content
    stored = {bytes(link.digest) for link in Link.objects.all()}
    assert all(first.encode() not in digest and len(digest) == 32 for digest in stored)


@pytest.mark.parametrize(
    "damage",
    [lambda it: it[:-1] + "!", lambda it: it + "A", lambda it: ("B" if it[0] == "A" else "A") + it[1:], lambda it: ""],
)
def test_a_forged_token_is_refused_before_anything_is_looked_up(
    at_shop: UUID, damage, django_assert_num_queries
) -> None:
    token = damage(links.make(PREFERENCES, source_profile=at_shop, now=NOW))
    with django_assert_num_queries(0), pytest.raises(BadLink):
        links.follow(token, use=PREFERENCES, now=NOW)


def test_it_ends(at_shop: UUID, django_assert_num_queries) -> None:
    token = links.make(PREFERENCES, source_profile=at_shop, now=NOW)
    links.follow(token, use=PREFERENCES, now=NOW + timedelta(days=7, seconds=-1))
    with django_assert_num_queries(0), pytest.raises(BadLink):
        links.follow(token, use=PREFERENCES, now=NOW + timedelta(days=7))


def test_it_is_good_for_its_own_use_alone(at_shop: UUID) -> None:
    token = links.make(PREFERENCES, source_profile=at_shop, now=NOW)
    for use in (REQUEST, OPT_IN):
        with pytest.raises(BadLink):
            links.follow(token, use=use, now=NOW)


def test_it_is_revoked(at_shop: UUID) -> None:
    token = links.make(PREFERENCES, source_profile=at_shop, now=NOW)
    assert links.revoke(at_shop, now=NOW) == 1
    with pytest.raises(BadLink):
        links.follow(token, use=PREFERENCES, now=NOW)


def test_a_request_that_nobody_confirms_within_two_days_is_off(at_shop: UUID) -> None:
    token = links.make(REQUEST, source_profile=at_shop, about=About(asked="access"), now=NOW)
    links.follow(token, use=REQUEST, now=NOW + timedelta(days=1))
    with pytest.raises(BadLink):
        links.follow(token, use=REQUEST, now=NOW + timedelta(days=2))


def test_a_link_for_one_use_works_once(at_shop: UUID) -> None:
    token = links.make(OPT_IN, source_profile=at_shop, about=About(purpose="marketing", channel="email"), now=NOW)
    link = links.follow(token, use=OPT_IN, now=NOW)
    assert links.use_up(link, now=NOW).used_at == NOW
    with pytest.raises(UsedLink):
        links.use_up(link, now=NOW)


@pytest.mark.parametrize(
    ("use", "about"), [(OPT_IN, About()), (REQUEST, About()), (PREFERENCES, About(asked="access")), ("login", About())]
)
def test_the_table_refuses_links_that_make_no_sense(at_shop: UUID, use: str, about: About) -> None:
    with pytest.raises((IntegrityError, KeyError)), transaction.atomic():
        links.make(use, source_profile=at_shop, about=about, now=NOW)


def test_old_links_are_forgotten(at_shop: UUID) -> None:
    links.make(PREFERENCES, source_profile=at_shop, now=NOW)
    assert links.forget_old(now=NOW + timedelta(days=36)) == 0
    assert links.forget_old(now=NOW + timedelta(days=38)) == 1
