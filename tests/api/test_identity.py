"""Who is who over the API: the ledger as of any instant, merging, splitting, and undoing either."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from consent.restrictions import RESTRICTION, restrict
from identity import ledger, profiles
from identity.ledger import Entry
from identity.models import Assignment, Verdict
from pipeline import corrections
from tests.api.conftest import NOTHING, Caller, Shop, assert_problem
from tests.crossing import WAITING

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

WHY = "call of March 3, case 7"


@pytest.fixture
def bob(shop: Shop) -> UUID:
    return shop.meet("bob")


def decide(caller: Caller, profile: UUID | str, what: str, **body: Any) -> Any:
    return caller.post(f"/api/profiles/{profile}/{what}/", {"reason": WHY, **{name: str(body[name]) for name in body}})


def members(caller: Caller, profile: UUID, **query: Any) -> set[UUID]:
    answer = caller.get(f"/api/profiles/{profile}/ledger/", **query)
    assert answer.status_code == 200, answer.content
    return {UUID(entry["source_profile"]) for entry in answer.json()["results"]}


def test_two_are_merged_and_parted_again_and_the_ledger_tells_of_both(alice: UUID, bob: UUID, service: Caller) -> None:
    hers, his = (profiles.source_profiles(one) for one in (alice, bob))
    before = timezone.now()
    answer = decide(service, bob, "merges", other=alice)
    assert (answer.status_code, answer.json()) == (200, {"profile": str(alice), "other": str(bob)})
    assert profiles.source_profiles(alice) == sorted([*hers, *his])
    between = timezone.now()
    answer = decide(service, alice, "merges/undo", merged=bob)
    assert (answer.status_code, answer.json()) == (200, {"profile": str(alice), "other": str(bob)})
    now = timezone.now()
    for at, of_alice, of_bob in ((before, hers, his), (between, [*hers, *his], []), (now, hers, his)):
        assert members(service, alice, at=at.isoformat()) == set(of_alice)
        if of_bob:
            assert members(service, bob, at=at.isoformat()) == set(of_bob)
    assert_problem(service.get(f"/api/profiles/{bob}/ledger/", at=between.isoformat()), 404, "not_found")
    entries = service.get(f"/api/profiles/{bob}/ledger/").json()["results"]
    assert [(entry["reason"], entry["source"], entry["until"] is None) for entry in entries] == [
        ("by hand", "shop", True),
        ("joined to nobody", "shop", False),
    ]
    assert entries[0]["evidence"] == {"undoes": str(alice)}
    verdicts = Verdict.objects.values_list("reason", "actor", "undone_at").order_by("id")
    assert [(reason, actor == entries[0]["actor"], bool(undone)) for reason, actor, undone in verdicts] == [
        (WHY, True, True),
        (WHY, True, False),
    ]


def test_a_source_profile_is_split_off_and_put_back(alice: UUID, bob: UUID, service: Caller) -> None:
    (his,) = profiles.source_profiles(bob)
    decide(service, alice, "merges", other=bob)
    answer = decide(service, alice, "splits", source_profile=his)
    made = UUID(answer.json()["other"])
    assert (answer.json()["profile"], profiles.source_profiles(made)) == (str(alice), [his])
    elsewhere = decide(service, alice, "splits/undo", source_profile=his)
    assert "does not belong" in assert_problem(elsewhere, 409, "not_possible")["detail"]
    answer = decide(service, made, "splits/undo", source_profile=his)
    assert (answer.status_code, answer.json()) == (200, {"profile": str(alice), "other": str(made)})
    assert his in profiles.source_profiles(alice)


def test_what_is_not_possible_says_why_and_changes_nothing(alice: UUID, bob: UUID, service: Caller) -> None:
    (hers,) = profiles.source_profiles(alice)
    entries = Assignment.objects.count()
    alone = decide(service, alice, "splits", source_profile=hers)
    assert "the only one of its profile" in assert_problem(alone, 409, "not_possible")["detail"]
    same = decide(service, alice, "merges", other=alice)
    assert "two different profiles" in assert_problem(same, 409, "not_possible")["detail"]
    never = decide(service, alice, "merges/undo", merged=bob)
    assert "came from that one" in assert_problem(never, 409, "not_possible")["detail"]
    assert_problem(decide(service, alice, "merges", other=NOTHING), 404, "not_found")
    assert_problem(decide(service, NOTHING, "merges", other=alice), 404, "not_found")
    named = decide(service, alice, "merges", other=bob, reason="bob@example.com says so")
    assert assert_problem(named, 400, "invalid")["errors"][0]["field"] == "reason"
    assert Assignment.objects.count() == entries


def test_who_was_merged_meanwhile_is_named_and_not_decided_about(alice: UUID, bob: UUID, service: Caller) -> None:
    decide(service, alice, "merges", other=bob)
    for answer in (decide(service, bob, "merges", other=alice), decide(service, alice, "merges", other=bob)):
        assert assert_problem(answer, 409, "merged_meanwhile")["profile"] == str(alice)


def test_the_ledger_leaves_out_who_may_not_be_read(
    alice: UUID, bob: UUID, service: Caller, call: Callable[..., Caller]
) -> None:
    hers, his = (profiles.source_profiles(one) for one in (alice, bob))
    decide(service, alice, "merges", other=bob)
    restrict(his, kind=RESTRICTION, actor="officer-1", now=timezone.now())
    assert members(service, alice) == set()
    decide(service, alice, "merges/undo", merged=bob)
    assert members(service, alice) == set(hers)
    assert_problem(
        call("service", scopes=["identity:write"]).get(f"/api/profiles/{alice}/ledger/"), 403, "missing_scope"
    )


def test_what_one_part_of_a_person_refused_hides_all_of_them(
    alice: UUID, carol_who_withdrew: UUID, call: Callable[..., Caller]
) -> None:
    before = timezone.now()
    caller = call("service", "marketing")
    decide(caller, alice, "merges", other=carol_who_withdrew)
    for path, query in ((f"{alice}", {}), (f"{alice}/ledger", {"at": before.isoformat()})):
        answer = caller.get(f"/api/profiles/{path}/", purpose="marketing", **query)
        assert answer.status_code == 403 or answer.json()["results"] == [], path


@pytest.mark.parametrize("name", ["with", "apart_from", "kept_from"])
def test_the_evidence_names_nobody_who_may_not_be_read(name: str, alice: UUID, bob: UUID, service: Caller) -> None:
    (hers,), (his,) = profiles.source_profiles(alice), profiles.source_profiles(bob)
    entry = Entry(hers, alice, "similar person", {name: str(his), "bits": 3.5})
    ledger.assign([entry], actor="resolve", rule_version="default", now=timezone.now())
    path = f"/api/profiles/{alice}/ledger/"
    assert service.get(path).json()["results"][0]["evidence"] == {name: str(his), "bits": 3.5}
    restrict([his], kind=RESTRICTION, actor="officer-1", now=timezone.now())
    assert service.get(path).json()["results"][0]["evidence"] == {"bits": 3.5}


@pytest.mark.django_db(databases=["default", "keystore"], transaction=True)
def test_what_is_decided_while_another_decides_follows_it(alice: UUID, bob: UUID, service: Caller) -> None:
    (his,) = profiles.source_profiles(bob)
    decide(service, alice, "merges", other=bob)

    def undo() -> int:
        try:
            return int(decide(service, alice, "merges/undo", merged=bob).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ledger.lock()
            answer = pool.submit(undo)
            while not answer.done() and not _somebody_waits():
                pass
            for correct in (corrections.split, corrections.undo_split):
                correct(his, actor="steward", reason=WHY, now=timezone.now())
        assert answer.result() == 200
    assert profiles.source_profiles(bob) == [his]


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # Inside a transaction the activity is else told as it was when first asked for.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


def test_a_split_is_undone_after_its_former_profile_was_merged(
    shop: Shop, alice: UUID, bob: UUID, service: Caller
) -> None:
    (hers,) = profiles.source_profiles(shop.meet("dora"))
    decide(service, bob, "merges", other=profiles.profile_of([hers])[hers])
    made = decide(service, bob, "splits", source_profile=hers).json()["other"]
    decide(service, alice, "merges", other=bob)
    answer = decide(service, made, "splits/undo", source_profile=hers)
    assert (answer.status_code, answer.json()) == (200, {"profile": str(alice), "other": made})
    assert hers in profiles.source_profiles(alice)


def test_an_instant_that_is_none_is_named(alice: UUID, service: Caller) -> None:
    problem = assert_problem(service.get(f"/api/profiles/{alice}/ledger/", at="yesterday"), 400, "invalid")
    assert problem["errors"][0]["field"] == "at"


def test_the_ledger_is_paged(alice: UUID, bob: UUID, service: Caller) -> None:
    for _ in range(2):
        decide(service, alice, "merges", other=bob)
        decide(service, alice, "merges/undo", merged=bob)
    first = service.get(f"/api/profiles/{bob}/ledger/", page_size=2).json()
    rest = service.client.get(first["next"]).json()
    found = [entry["id"] for entry in (*first["results"], *rest["results"])]
    assert (len(first["results"]), len(found), rest["next"]) == (2, 3, None)
    assert len(set(found)) == 3
