"""An erased person is gone from every table; nobody else is touched; and it is done only when it is."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import OperationalError
from psycopg.errors import DeadlockDetected

from identity import ledger
from identity.models import Assignment, DeviceEpisode, Match, Profile
from identity.profiles import source_profiles, where_now
from outbox.models import Change
from pipeline.models import Work
from privacy import erasure, requests, suppression
from privacy.erasure import Outcome, erase
from privacy.models import SubjectRequest, Suppression, Tombstone
from privacy.requests import NotOpen, WrongKind
from privacy.subjects import Subject
from records.models import Identifier, SourceProfile
from tests.privacy.cast import (
    HOUSEHOLD_PHONE,
    NOW,
    OFFICER,
    SECOND_OFFICER,
    Person,
    World,
    arrive,
    assign,
    index_of,
    known_source_profiles,
)
from tests.privacy.scan import hits, rows
from vault import keys
from vault.ids import new_id
from vault.models import AuditEntry, DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def approved(person: Person) -> SubjectRequest:
    request = requests.open("erasure", profile_id=person.profile, actor=OFFICER, now=NOW)
    return requests.approve(request, actor=SECOND_OFFICER, now=NOW)


def carried_out(request: SubjectRequest) -> Outcome:
    return erase(request, actor=SECOND_OFFICER, now=NOW)


def bars(fields: dict[str, str]) -> set[str]:
    """The identifiers that keep a record with these fields out."""
    return suppression.barred([suppression.Asked(fields, NOW)])[0]


def state_of(request: SubjectRequest) -> str:
    return SubjectRequest.objects.get(pk=request.pk).state


def everything_of(person: Person) -> list[str | UUID]:
    return [*person.source_profiles, person.profile, f"{person.name}canary", f"{person.name} canary", *person.canaries]


class Crash(Exception):
    """The process ends here."""


def crash(*args: object, **kwargs: object) -> None:
    raise Crash


def test_the_scan_finds_what_is_there(alice: Person) -> None:
    tables = {table.rpartition(".")[2] for table in hits(alice.source_profiles)}
    assert tables == {
        "consent_act",
        "consent_lastword",
        "identity_assignment",
        "identity_blockingtoken",
        "identity_deviceepisode",
        "identity_goldenvalue",
        "identity_match",
        "identity_matchingview",
        "identity_verdict",
        "pipeline_following",
        "pipeline_work",
        "records_attribute",
        "records_identifier",
        "records_record_2026_05",
        "records_sourceprofile",
        "segments_dailyactivity",
        "vault_datakey",
    }
    assert {table.rpartition(".")[2] for table in hits([alice.profile])} > {
        "django_admin_log",
        "identity_profile",
        "outbox_change",
        "pipeline_following",
        "segments_membership",
        "segments_profilefeatures",
    }


def test_p01_an_erased_person_is_in_no_column_of_either_database(alice: Person, bob: Person) -> None:
    request = approved(alice)
    carried_out(request)
    assert hits(alice.source_profiles) == {}
    assert hits([*alice.canaries, "alicecanary", "alice canary", "spend_of_alice"]) == {}
    assert hits([alice.profile]) == {
        "default:public.outbox_change": 1,
        "default:public.privacy_subjectrequest": 1,
        "default:public.privacy_tombstone": 1,
    }


def test_p10_nothing_of_a_household_member_goes(alice: Person, bob: Person) -> None:
    left, right = sorted((alice.source_profiles[1], bob.source_profiles[1]))
    Match.objects.create(
        id=new_id(), left_id=left, right_id=right, reason="phone", probability=0.4, evidence={"phone": "exact"},
        state="rejected", model_version="1", found_at=NOW,
    )  # fmt: skip
    before = rows(everything_of(bob))
    carried_out(approved(alice))
    after = rows(everything_of(bob))
    assert before.pop("default:public.identity_match") != after.pop("default:public.identity_match")
    assert after == before
    assert keys.fetch(bob.source_profiles)
    assert source_profiles(bob.profile) == sorted(bob.source_profiles[:2])


def test_p10_every_source_identity_of_a_merged_profile_goes(alice: Person, world: World) -> None:
    alice_at_work = Person("alice_at_work")
    Profile.objects.create(id=alice_at_work.profile, created_at=NOW)
    there = arrive(alice_at_work, world.shop, stable="account_id", fields={"account_id": alice_at_work.account_id})
    assign(there, alice_at_work.profile)
    request = approved(alice_at_work)
    ledger.merge(alice.profile, alice_at_work.profile, actor=OFFICER, reason="same person", now=NOW)
    carried_out(request)
    assert known_source_profiles() == set()
    assert Profile.objects.count() == 0
    assert where_now(alice_at_work.profile) is None
    assert Change.objects.get().profile_id == alice.profile


def test_somebody_once_mistaken_for_the_person_stays_with_all_of_their_ledger(alice: Person, bob: Person) -> None:
    """Bob's till was taken for Alice's, then split off: his entries stay, and say nothing of her any more."""
    till = bob.source_profiles[1]
    Assignment.objects.filter(source_profile=till).update(ended_at=NOW - timedelta(hours=1))
    assign(till, alice.profile, ended_at=NOW, evidence={"with": str(alice.source_profiles[0]), "bits": 9.5})
    assign(till, bob.profile, evidence={"from": str(alice.profile)})
    carried_out(approved(alice))
    entries = list(Assignment.objects.filter(source_profile=till).order_by("id").values_list("profile", "evidence"))
    assert entries == [(bob.profile, {}), (None, {"bits": 9.5}), (bob.profile, {})]
    assert hits(alice.source_profiles) == {}
    assert source_profiles(bob.profile) == sorted(bob.source_profiles[:2])
    assert where_now(alice.profile) is None
    assert known_source_profiles() == set(bob.source_profiles)


def test_the_outcome_counts_and_leaves_a_tombstone(alice: Person, bob: Person) -> None:
    request = approved(alice)
    outcome = carried_out(request)
    assert (outcome.source_profiles, outcome.keys, outcome.suppressed, outcome.shared) == (3, 3, 4, 1)
    assert (outcome.mentions, outcome.retrain) == ({}, [])
    assert list(Tombstone.objects.values_list("profile_id", "erased_at", "request")) == [
        (alice.profile, NOW, request.pk)
    ]
    assert outcome.rows["records.SourceProfile"] == 3
    assert outcome.rows["records.Record"] == 3
    assert (outcome.rows["pipeline.Work"], outcome.rows["pipeline.Following"]) == (3, 4)
    assert outcome.rows["admin.LogEntry"] == 1
    request.refresh_from_db()
    assert (request.state, request.completed_at, request.profile_id) == ("completed", NOW, alice.profile)
    assert request.outcome["rows"] == outcome.rows
    assert [step.what for step in requests.steps(request)] == [
        "opened",
        "approved",
        "erasure begun",
        "rows deleted",
        "mentions erased",
        "completed",
    ]
    assert list(Change.objects.filter(profile_id=alice.profile).values_list("kind", "detail")) == [
        ("profile.erased", {"request": str(request.pk)})
    ]


def test_the_episode_of_a_device_she_only_signed_in_on_goes(alice: Person, bob: Person, world: World) -> None:
    device = index_of("device_id", "dev-alice-canary-7004")
    for owner in (alice.source_profiles[0], bob.source_profiles[0]):
        DeviceEpisode.objects.create(
            id=new_id(), source=world.shop, device_index=device, owner_id=owner, started_at=NOW, ended_at=NOW
        )
    carried_out(approved(alice))
    assert DeviceEpisode.objects.get(device_index=device).owner_id == bob.source_profiles[0]
    assert not bars({"device_id": "dev-alice-canary-7004"})


def test_a_stable_key_is_suppressed_also_when_it_was_seen_nowhere_else(alice: Person) -> None:
    Identifier.objects.filter(namespace="customer_number").delete()
    carried_out(approved(alice))
    assert bars({"customer_number": alice.customer_number})


def test_the_audit_log_stays(alice: Person) -> None:
    carried_out(approved(alice))
    assert AuditEntry.objects.filter(actor="reader-7").exists()


def test_a_shared_phone_is_not_suppressed_but_what_was_hers_alone_is(alice: Person, bob: Person) -> None:
    carried_out(approved(alice))
    assert not bars({"phone": HOUSEHOLD_PHONE})
    assert not bars({"email": bob.email})
    everything = {"customer_number": alice.customer_number, "email": alice.email, "device_id": alice.device}
    assert bars(everything) == {"customer_number", "email", "device_id"}


def test_when_the_last_of_the_household_goes_the_phone_is_suppressed(alice: Person, bob: Person) -> None:
    carried_out(approved(alice))
    carried_out(approved(bob))
    assert bars({"phone": HOUSEHOLD_PHONE})


def test_p03_records_that_nobody_has_resolved_yet_go_as_well(alice: Person, bob: Person, world: World) -> None:
    in_flight = arrive(alice, world.till, stable=None, fields={"email": alice.email, "phone": "+442079460999"})
    carried_out(approved(alice))
    assert known_source_profiles() == set(bob.source_profiles)
    assert hits([in_flight]) == {}
    assert bars({"phone": "+442079460999"})


def test_an_unresolved_record_that_also_bears_what_is_anothers_stays(alice: Person, bob: Person, world: World) -> None:
    """Bob typed Alice's address beside his own: these are his records as well."""
    of_both = arrive(bob, world.shop, stable=None, fields={"email": alice.email, "loyalty_number": "bob-canary-1"})
    of_both_too = arrive(bob, world.till, stable=None, fields={"email": alice.email, "device_id": bob.device})
    carried_out(approved(alice))
    assert of_both not in known_source_profiles()
    assert of_both_too in known_source_profiles()


def test_p09_a_crash_while_rows_are_deleted_leaves_all_rows_and_resumes(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = approved(alice)
    before = hits(alice.source_profiles)
    with monkeypatch.context() as patch:
        patch.setattr(SourceProfile.objects.filter().__class__, "delete", crash)
        with pytest.raises(Crash):
            carried_out(request)
    assert state_of(request) == "in_progress"
    assert hits(alice.source_profiles) == before
    assert Suppression.objects.count() == 0
    assert carried_out(request).source_profiles == 3
    assert (state_of(request), hits(alice.source_profiles)) == ("completed", {})


@pytest.mark.parametrize("stage", ["_destroy_keys", "_end"])
def test_p09_a_crash_after_the_rows_are_gone_resumes_and_is_not_done_early(
    alice: Person, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    request = approved(alice)
    with monkeypatch.context() as patch:
        patch.setattr(erasure, stage, crash)
        with pytest.raises(Crash):
            carried_out(request)
    assert state_of(request) == "in_progress"
    assert DataKey.objects.filter(id__in=alice.source_profiles).exists() == (stage == "_destroy_keys")
    assert not Change.objects.filter(kind="profile.erased").exists()
    outcome = carried_out(request)
    assert (outcome.keys, outcome.source_profiles, outcome.suppressed) == (3, 3, 5)
    assert not DataKey.objects.filter(id__in=alice.source_profiles).exists()
    assert (state_of(request), hits(alice.source_profiles)) == ("completed", {})
    assert Suppression.objects.count() == 5
    assert Change.objects.filter(kind="profile.erased").count() == 1


def test_a_completed_erasure_answers_the_same_again(alice: Person) -> None:
    request = approved(alice)
    first = carried_out(request)
    steps = len(requests.steps(request))
    assert carried_out(request) == first
    assert len(requests.steps(request)) == steps


def test_a_deadlock_with_a_worker_is_tried_again(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    request, delete = approved(alice), erasure.delete_rows_of
    deadlocks = [OperationalError("deadlock")]
    deadlocks[0].__cause__ = DeadlockDetected()

    def delete_at_the_second_try(subject: Subject) -> dict[str, int]:
        if deadlocks:
            raise deadlocks.pop()
        return delete(subject)

    monkeypatch.setattr(erasure, "delete_rows_of", delete_at_the_second_try)
    assert carried_out(request).source_profiles == 3
    assert state_of(request) == "completed"


def test_an_erasure_nobody_approved_is_not_carried_out(alice: Person) -> None:
    request = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    with pytest.raises(NotOpen):
        carried_out(request)
    assert known_source_profiles() == set(alice.source_profiles)


def test_another_kind_of_request_erases_nothing(alice: Person) -> None:
    request = requests.open("access", profile_id=alice.profile, actor=OFFICER, now=NOW)
    requests.approve(request, actor=SECOND_OFFICER, now=NOW)
    with pytest.raises(WrongKind):
        carried_out(request)
    assert known_source_profiles() == set(alice.source_profiles)


def test_a_second_request_about_an_erased_person_finds_nobody(alice: Person, bob: Person) -> None:
    first, second = approved(alice), approved(alice)
    carried_out(first)
    outcome = carried_out(second)
    assert (outcome.rows, outcome.source_profiles, outcome.keys) == ({}, 0, 0)
    assert state_of(second) == "completed"


def test_what_officers_noted_about_the_person_goes(alice: Person) -> None:
    earlier = requests.open("access", profile_id=alice.profile, actor=OFFICER, now=NOW)
    requests.reject(earlier, reason=f"wrote from {alice.email}", actor=OFFICER, now=NOW)
    carried_out(approved(alice))
    assert hits([alice.email]) == {}


def test_work_of_others_stays(alice: Person, bob: Person) -> None:
    carried_out(approved(alice))
    assert set(Work.objects.values_list("source_profile_id", flat=True)) == set(bob.source_profiles)
