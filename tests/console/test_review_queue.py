"""The order of the review queue, and the parts of it that somebody may choose to work on."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from console import review_queue
from console.review_queue import Part
from console.screen import FirstPages
from console.screens.matches import MatchScreen
from identity import rules
from identity.given_answers import Given, given, teaches
from identity.matching.score import CONTRADICTION_CEILING
from identity.models import Match
from identity.review_order import KIND, kind_of
from identity.rules import Thresholds
from pipeline import corrections
from tests.console.conftest import World
from tests.console.test_review import REASON, more_pairs

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
QUEUE = reverse("admin:identity_match_changelist")
BY_LIMIT, OTHERWISE = [["email", "exact", 9.0], ["limit", "email", 0.0]], [["held_back", "visiting", 0.0]]
TORN = [["contradiction", "plainly differ", -6.0]]


def page_of(match: Match, query: str = "") -> str:
    page = reverse("admin:identity_match_change", args=[match.pk])
    return f"{page}?{query}" if query else page


def choices(content: str) -> list[str]:
    """What the menus of filters offer, word by word."""
    return re.findall(r'<a href="\?[^"]*"[^>]*>([^<]+\([\d,]+\+?\))</a>', content)


def test_those_come_first_by_whose_answer_the_model_learns_most(world: World, now: datetime) -> None:
    rules.put_in_force(None, Thresholds(link=0.85), by="1", reason="ticket 4711", now=now - timedelta(hours=1))
    (held,) = more_pairs(world, [0.99], now, BY_LIMIT)
    (torn,) = more_pairs(world, [CONTRADICTION_CEILING], now, TORN)
    (joins,) = more_pairs(world, [0.87], now, OTHERWISE)
    near, far, below = more_pairs(world, [0.52, 0.84, 0.1], now)
    queue = list(review_queue.in_order(review_queue.waiting()))
    assert queue == [near, world.match, far, below, held, joins, torn]
    assert [teaches(pair) for pair in queue] == [True, True, True, True, False, False, False]


def test_of_a_pair_that_contradicts_itself_the_page_says_so(world: World, sign_in: SignIn, now: datetime) -> None:
    """`identity.answers.answers_to` leaves it out."""
    (torn,) = more_pairs(world, [CONTRADICTION_CEILING], now, TORN)
    client = sign_in("data_steward")
    page = client.get(page_of(torn)).content.decode()
    assert "The model does not learn from it: the two plainly differ in what one person has only once" in page
    corrections.keep_apart(torn, actor="1", reason="two siblings", now=now + timedelta(minutes=1))
    assert given() == Given(answers=1, counted=0)
    corrections.keep_apart(world.match, actor="1", reason="two siblings", now=now + timedelta(minutes=2))
    assert given() == Given(answers=2, counted=1)


def test_of_very_many_the_first_are_counted_and_shown(
    world: World, sign_in: SignIn, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    more_pairs(world, [0.7, 0.7, 0.7], now)
    monkeypatch.setattr(review_queue, "MOST", 2)
    monkeypatch.setattr(FirstPages, "MOST", 2)
    monkeypatch.setattr(MatchScreen, "list_per_page", 1)
    client = sign_in("data_steward")
    listed = client.get(QUEUE)
    first, second = list(review_queue.in_order(review_queue.waiting()))[:2]
    assert list(listed.context["cl"].result_list) == [first]
    assert list(client.get(QUEUE, {"p": "2"}).context["cl"].result_list) == [second]
    content = " ".join(listed.content.decode().split())
    assert "2+ matches" in content
    assert choices(content)[0] == "Undecided by evidence (2+)"
    assert review_queue.count_by_source("") is None
    assert f'href="?source={world.crm.pk}" >crm</a>' in content
    assert "2+ pairs to go" in client.get(page_of(world.match)).content.decode()


@pytest.mark.parametrize("evidence", [[], BY_LIMIT, OTHERWISE, TORN, [*TORN, *BY_LIMIT], [*OTHERWISE, *BY_LIMIT]])
def test_a_pair_is_of_the_same_kind_wherever_it_is_asked(evidence: list[object], world: World) -> None:
    world.match.evidence = evidence
    world.match.save()
    assert Match.objects.values_list(KIND, flat=True).get(pk=world.match.pk) == kind_of(evidence)


def test_the_list_and_the_pair_behind_are_read_along_the_index(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    for why in ("", *review_queue.WHY):
        assert "match_review_order" in review_queue.in_order(review_queue.waiting(Part(why))).explain()


def test_the_pair_behind_is_the_next_of_the_list(world: World, now: datetime) -> None:
    more_pairs(world, [0.99], now, BY_LIMIT)
    more_pairs(world, [0.8, 0.8], now, TORN)
    more_pairs(world, [0.5, 0.7, 0.7, 0.2, 0.95], now)
    queue = list(review_queue.in_order(review_queue.waiting()))
    assert [review_queue.after(pair) for pair in queue] == [*queue[1:], queue[0]]


def test_each_part_is_counted_and_shown_alone(world: World, sign_in: SignIn, now: datetime) -> None:
    far, nearer = more_pairs(world, [0.99, 0.98], now, BY_LIMIT)
    (elsewhere,) = more_pairs(world, [0.97], now, OTHERWISE)
    client, crm = sign_in("data_steward"), world.crm.pk
    assert choices(client.get(QUEUE).content.decode()) == [
        *("Undecided by evidence (1)", "Held back by a limit (2)", "Held back by something else (1)"),
        *("Contradicts itself (0)",),
        *("crm (4)",),
    ]
    narrowed = client.get(QUEUE, {"why": "limit", "source": str(crm)})
    assert list(narrowed.context["cl"].result_list) == [nearer, far]
    assert choices(narrowed.content.decode())[-1] == "crm (2)"
    assert list(client.get(QUEUE, {"why": "otherwise"}).context["cl"].result_list) == [elsewhere]
    assert review_queue.count_by_source("undecided") == dict.fromkeys(sources_of(world.match), 1)


def sources_of(match: Match) -> set[object]:
    return {match.left.source_id, match.right.source_id}


def test_the_part_stays_chosen_from_the_list_through_every_answer(world: World, sign_in: SignIn, now: datetime) -> None:
    first, second = sorted(more_pairs(world, [0.98, 0.98], now, BY_LIMIT), key=lambda pair: pair.pk)
    client, query = sign_in("data_steward"), f"why=limit&source={world.crm.pk}"
    listed = client.get(f"{QUEUE}?{query}").content.decode().replace("&amp;", "&")
    assert page_of(first, query) in listed
    page = client.get(page_of(first, query)).content.decode().replace("&amp;", "&")
    assert f'href="{page_of(second, query)}">Next pair' in page
    assert "2 pairs to go of those chosen (held back by a limit)" in page
    apart = reverse("admin:identity_match_keep_apart", args=[first.pk])
    assert f'action="{apart}?{query}"' in page
    refused = client.post(f"{apart}?{query}", {"reason": ""})
    assert refused["Location"] == page_of(first, query)
    assert client.post(f"{apart}?{query}", REASON)["Location"] == page_of(second, query)
    last = client.post(f"{reverse('admin:identity_match_join', args=[second.pk])}?{query}", REASON)
    assert last["Location"] == f"{QUEUE}?{query}"
    assert review_queue.waiting().get() == world.match


@pytest.mark.parametrize("asked", [{"why": "x"}, {"source": "alice@example.com"}, {"source": "\x00"}])
def test_what_no_address_can_mean_is_left_out(asked: dict[str, str], world: World, sign_in: SignIn) -> None:
    assert review_queue.part_in(asked) == Part()
    page = sign_in("data_steward").get(page_of(world.match), asked).content.decode()
    assert "alice@example.com" not in page
    assert "1 pair to go ·" not in page
    assert "of those chosen" not in page
