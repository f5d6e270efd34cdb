"""The profile page and what can be done there."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.roles import CORRECT_IDENTITY, RECORD_CONSENT, REVEAL_IDENTIFIERS, ROLES, VIEW_PROFILES
from consent.acts import NewAct, record
from consent.models import WITHDRAWN, Act
from consent.restrictions import RESTRICTION, restrict
from console.showing import UNKNOWN, short
from identity import profiles
from identity.makeup import makeup_of
from identity.models import Assignment, GoldenValue, Verdict
from pipeline import corrections, queue
from pipeline.models import Work
from records import sources
from records.models import Source, SourceProfile
from tests.console.conftest import ALICE, World, said
from tests.senders import process, send_messages, send_rows
from vault import keys
from vault.audit import subject_hash
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
REASON = {"reason": "ticket 4711"}


def page(profile: UUID) -> str:
    return reverse("admin:identity_profile_change", args=[profile])


def act(name: str, profile: UUID, *more: UUID) -> str:
    return reverse(f"admin:identity_profile_{name}", args=[profile, *more])


def test_the_page_tells_the_story_masked(world: World, sign_in: SignIn) -> None:
    content = sign_in("marketer").get(page(world.alice)).content.decode()
    assert "A•••• A••••" in content
    assert "a•••@e•••.com" in content
    assert "£34.00" in content
    assert "Buyers" in content
    assert "Order Completed" in content
    assert 'o-bad">withdrawn' not in content


def test_a_lost_key_takes_its_values_off_the_page_and_nothing_else(world: World, sign_in: SignIn) -> None:
    crm = world.parts(world.alice)[0]
    client = sign_in("marketer")
    keys.destroy([crm])
    assert "A•••• A••••" not in client.get(page(world.alice)).content.decode()
    assert "Order Completed" in client.get(page(world.alice)).content.decode()
    listed = client.get(reverse("admin:identity_profile_changelist"))
    assert (listed.status_code, "R•••• B••••" in listed.content.decode()) == (200, True)


def test_what_a_source_does_not_keep_to_serve_is_seen_for_analytics_or_not_at_all(
    world: World, sign_in: SignIn
) -> None:
    sources.change(Source.objects.get(name="shop"), purposes=["analytics"])
    client = sign_in("data_steward")
    content = client.get(page(world.alice)).content.decode()
    assert content.count("does not declare that purpose") == 1
    assert "Order Completed" in content
    assert AuditEntry.objects.filter(action="open profile", purpose="analytics", count=1).count() == 1
    now = timezone.now()
    record([NewAct(world.parts(world.alice)[0], "analytics", "", WITHDRAWN, now, "test", verified=True)], now=now)
    content = client.get(page(world.alice)).content.decode()
    assert "Without the records of 1 source profile: its source does not serve the person" in content
    assert "Order Completed" not in content


def test_the_timeline_has_pages(world: World, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    first, second = (client.get(page(world.alice), {"page": number}).context["timeline"] for number in (1, 2))
    assert (first.total, len(first.page.object_list), len(second.page.object_list)) == (27, 20, 7)
    assert not {record.id for record in first.page.object_list} & {record.id for record in second.page.object_list}


def test_each_read_is_audited_under_the_reader(world: World, sign_in: SignIn) -> None:
    before = AuditEntry.objects.count()
    sign_in("marketer").get(page(world.bob))
    entries = list(AuditEntry.objects.order_by("id")[before:])
    assert {(entry.actor, entry.purpose, entry.reason) for entry in entries} == {
        (str(world.staff["marketer"].pk), purpose, "profile page") for purpose in ("service", "analytics")
    }
    assert {bytes(subject) for entry in entries for subject in entry.subjects} == {
        subject_hash(id) for id in world.parts(world.bob)
    }


def test_a_refusal_shows_why_instead_of_data(world: World, sign_in: SignIn) -> None:
    sources.change(world.crm, purposes=["analytics"])
    client = sign_in("marketer")
    content = client.get(page(world.bob)).content.decode()
    assert "no source declares this purpose. A source that knows the person has to declare the purpose" in content
    assert "Not shown" in content
    assert "b•••@e•••.com" not in content
    profiles = reverse("admin:identity_profile_changelist")
    everybody = client.get(profiles, {"who": "everybody"}).content.decode()
    assert "may not be read for service: no source declares this purpose" in everybody
    assert "no source declares this purpose" not in client.get(profiles).content.decode()


def test_the_list_begins_with_people_whose_name_may_be_shown(world: World, sign_in: SignIn, now: datetime) -> None:
    at = now.isoformat()
    send_rows(world.crm, {"customer_number": "C-5000", "email": "dora@example.com", "updated_at": at}, now=now)
    other, _ = sources.add("fair", kind="offline", stable_key="account_id", purposes=["analytics", "identity_linking"])
    send_rows(other, {"account_id": "a-1", "given_name": "Dora", "updated_at": at, "analytics": "yes"}, now=now)
    process(now)
    dora = profiles.look_up("email", "dora@example.com", now=now)
    (at_the_fair,) = SourceProfile.objects.filter(source=other).values_list("id", flat=True)
    corrections.merge(dora, profiles.profile_of([at_the_fair])[at_the_fair], actor="1", reason="one", now=now)
    assert GoldenValue.objects.filter(field="given_name", source_profile=at_the_fair).exists()
    client, listed = sign_in("marketer"), reverse("admin:identity_profile_changelist")
    names = {
        who: sorted(row.row.name for row in client.get(listed, {"who": who} if who else {}).context["cl"].result_list)
        for who in ("", "known")
    }
    people = ["A•••• A••••", "C•••• C••••", "R•••• B••••"]
    assert names == {"": people, "known": sorted([*people, UNKNOWN])}
    assert (
        f'href="{listed}?who=known">4 known people</a>'
        in sign_in("data_steward").get(reverse("admin:index")).content.decode()
    )


def test_a_restriction_of_any_part_takes_the_person_off_the_page(world: World, sign_in: SignIn, now: datetime) -> None:
    *_, last = world.parts(world.alice)
    restrict([last], kind=RESTRICTION, actor="1", now=now)
    content = sign_in("marketer").get(page(world.alice)).content.decode()
    assert ("a•••@e•••.com" in content, "Not shown" in content) == (False, True)


def test_what_any_part_said_stands_on_the_page(world: World, sign_in: SignIn, now: datetime) -> None:
    *_, last = world.parts(world.alice)
    record([NewAct(last, "marketing", "", WITHDRAWN, now, "test", verified=True)], now=now)
    assert 'o-bad">withdrawn' in sign_in("marketer").get(page(world.alice)).content.decode()


def test_reveal_shows_the_values_once_and_says_why_in_the_audit_log(world: World, sign_in: SignIn) -> None:
    response = sign_in("data_steward").post(act("reveal", world.alice), REASON)
    content = response.content.decode()
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert [
        value for value in ("alice@example.com", "Alice Archer", "c-4711") if value.lower() not in content.lower()
    ] == []
    entry = AuditEntry.objects.order_by("-id").first()
    assert entry is not None
    assert (entry.reason, entry.actor) == ("reveal: ticket 4711", str(world.staff["data_steward"].pk))
    assert "alice@example.com" not in sign_in("data_steward").get(page(world.alice)).content.decode()


def test_an_address_that_slipped_into_a_property_is_masked_until_it_is_revealed(
    world: World, sign_in: SignIn, now: datetime
) -> None:
    gift = {"type": "track", "userId": "u-alice", "event": "Sent", "properties": {"brand": "for alice@example.com"}}
    send_messages(Source.objects.get(name="shop"), gift, now=now)
    client = sign_in("data_steward")
    masked = client.get(page(world.alice)).content.decode()
    assert ("for a•••@e•••.com" in masked, "for alice@example.com" in masked) == (True, False)
    assert "for alice@example.com" in client.post(act("reveal", world.alice), REASON).content.decode()


def test_reveal_needs_a_reason(world: World, sign_in: SignIn) -> None:
    response = sign_in("data_steward").post(act("reveal", world.alice), {"reason": ""})
    assert response.status_code == 302
    assert said(response) == ["Reason: This field is required."]


@pytest.mark.parametrize("value", ["alice@example.com", "Alice@Example.COM"])
def test_look_up_finds_by_any_spelling_and_keeps_the_value_out_of_the_address(
    value: str, world: World, sign_in: SignIn
) -> None:
    response = sign_in("marketer").post(
        reverse("admin:identity_profile_look_up"), {"namespace": "email", "value": value}
    )
    assert (response.status_code, response["Location"]) == (302, page(world.alice))


def test_look_up_of_nobody(world: World, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    address = reverse("admin:identity_profile_look_up")
    response = client.post(address, {"namespace": "email", "value": "nobody@example.com"})
    assert said(response) == ["Nobody bears this identifier."]
    assert "nobody" not in response["Location"]
    assert client.get(address, {"namespace": "email", "value": "alice@example.com"}).status_code == 405
    assert client.post(address, {"namespace": "shoe_size", "value": "44"}).status_code == 302


def test_split_and_undo_put_everybody_back(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    parts = world.parts(world.alice)
    assert len(parts) == 2
    response = client.post(act("split", world.alice, parts[1]), REASON)
    made = profiles.profile_of([parts[1]])[parts[1]]
    assert response["Location"] == page(made)
    assert (world.parts(world.alice), world.parts(made)) == ([parts[0]], [parts[1]])
    assert set(Work.objects.values_list("source_profile_id", flat=True)) == set(parts)
    assert "Undo split" in client.get(page(made)).content.decode()
    response = client.post(act("undo_split", made, parts[1]), REASON)
    assert response["Location"] == page(world.alice)
    assert world.parts(world.alice) == parts


def seen(world: World) -> dict[str, str]:
    """What whoever has seen Alice and Bob side by side sends."""
    return {**REASON, "other": str(world.bob), "seen": makeup_of([world.alice, world.bob])}


def test_merge_and_undo_put_everybody_back(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    alices, bobs = world.parts(world.alice), world.parts(world.bob)
    client.post(act("merge", world.alice), seen(world))
    homes = set(profiles.profile_of([*alices, *bobs]).values())
    assert len(homes) == 1
    (here,) = homes
    other = world.bob if here == world.alice else world.alice
    assert client.get(page(other))["Location"] == page(here)
    assert client.get(page(here)).context["merges"][0].profile == other
    client.post(act("undo_merge", here, other), REASON)
    assert (world.parts(world.alice), world.parts(world.bob)) == (alices, bobs)


def test_what_held_somebody_before_a_merge_holds_them_once_it_is_undone(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")

    def held(profile: UUID) -> list[tuple[UUID, str, bool]]:
        return [(part.id, part.reason, part.back) for part in client.get(page(profile)).context["parts"]]

    before = {profile: held(profile) for profile in (world.alice, world.bob)}
    client.post(act("merge", world.alice), seen(world))
    here, other = (world.alice, world.bob) if world.parts(world.alice) else (world.bob, world.alice)
    moved = {id for id, _, _ in before[other]}
    assert {reason for id, reason, _ in held(here) if id in moved} == {"by hand"}
    client.post(act("undo_merge", here, other), {"reason": "ticket 5002"})
    assert held(here) == before[here]
    assert held(other) == [(id, reason, True) for id, reason, _ in before[other]]
    content = client.get(page(other)).content.decode()
    assert "Back here since a merge was undone by hand: ticket 5002" in content
    assert "by hand: merge undone: ticket 5002" in content
    entry = Assignment.objects.current().filter(profile=other)[0]
    ledger = client.get(reverse("admin:identity_assignment_change", args=[entry.pk])).content.decode()
    assert "Held there by" in ledger
    assert "by hand: merge undone" in client.get(reverse("admin:identity_assignment_changelist")).content.decode()


def test_whoever_undoes_a_merge_sees_both_names_before_any_worker(world: World, sign_in: SignIn, now: datetime) -> None:
    client, profiles = sign_in("data_steward"), (world.alice, world.bob)
    client.post(act("merge", world.alice), seen(world))
    here, other = profiles if world.parts(world.alice) else profiles[::-1]
    process(now)
    assert not GoldenValue.objects.filter(profile=other).exists()
    undone = client.post(act("undo_merge", here, other), REASON)
    shown = client.get(undone["Location"])
    assert shown.context["name"] == ("R•••• B••••" if other == world.bob else "A•••• A••••")
    assert UNKNOWN not in shown.content.decode() + client.get(page(here)).content.decode()


def test_what_is_not_possible_is_said_and_changes_nothing(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    (only,) = world.parts(world.bob)
    before = Assignment.objects.count()
    answers = [
        client.post(act("split", world.bob, only), REASON),
        client.post(act("split", world.alice, only), REASON),
        client.post(act("undo_merge", world.alice, world.bob), REASON),
        client.post(act("undo_split", world.bob, only), REASON),
    ]
    assert [said(answer)[0].split(";")[0].split(":")[0] for answer in answers] == [
        "This source profile is the only one of its profile",
        "That source profile is not part of this profile any more.",
        "None of this profile's source profiles came from that one.",
        "This source profile was not split off by hand, or its former profile has nobody left.",
    ]
    assert Assignment.objects.count() == before
    assert not Verdict.objects.exists()


def test_what_a_person_says_holds_for_every_source_profile(world: World, sign_in: SignIn) -> None:
    form = {"purpose": "marketing", "channel": "email", "state": "withdrawn", "how": "phone"}
    sign_in("privacy_officer").post(act("say", world.alice), form)
    acts = Act.objects.filter(how="phone")
    assert {row.source_profile_id for row in acts} == set(world.parts(world.alice))
    assert {(row.purpose_id, row.channel, row.state, row.verified, row.actor) for row in acts} == {
        ("marketing", "email", "withdrawn", True, str(world.staff["privacy_officer"].pk))
    }
    assert set(Work.objects.values_list("source_profile_id", flat=True)) == set(world.parts(world.alice))


def test_a_channel_that_the_purpose_lacks_is_refused(world: World, sign_in: SignIn) -> None:
    form = {"purpose": "analytics", "channel": "email", "state": "granted", "how": "phone"}
    response = sign_in("privacy_officer").post(act("say", world.alice), form)
    assert said(response) == ["Channel: Analytics has no such channel; it has: none."]
    assert not Act.objects.filter(how="phone").exists()


def test_nobody_does_what_their_roles_do_not_grant(world: World, sign_in: SignIn) -> None:
    part = world.parts(world.alice)[0]
    actions = {
        reverse("admin:identity_profile_look_up"): VIEW_PROFILES,
        act("reveal", world.alice): REVEAL_IDENTIFIERS,
        act("merge", world.alice): CORRECT_IDENTITY,
        act("split", world.alice, part): CORRECT_IDENTITY,
        act("undo_split", world.alice, part): CORRECT_IDENTITY,
        act("undo_merge", world.alice, world.bob): CORRECT_IDENTITY,
        act("say", world.alice): RECORD_CONSENT,
    }
    for role in ROLES:
        client = sign_in(role)
        refused = {address for address in actions if client.post(address).status_code == 403}
        assert refused == {a for a, capability in actions.items() if capability not in ROLES[role].capabilities}, role
        posted = actions.keys() - {act("merge", world.alice)}
        assert all(client.get(address).status_code in (403, 405) for address in posted)


def test_a_profile_that_never_was_is_not_found(world: World, sign_in: SignIn) -> None:
    client = sign_in("marketer")
    assert client.get(page(UUID(int=7))).status_code == 404
    assert client.get("/admin/identity/profile/nonsense/change/").status_code == 404


def test_the_marketers_page_offers_nothing_that_they_may_not_do(world: World, sign_in: SignIn) -> None:
    content = sign_in("marketer").get(page(world.alice)).content.decode()
    assert [
        word for word in ("Reveal", "Split off", "Open request", "Record consent", ">Merge") if word in content
    ] == []
    steward = sign_in("data_steward").get(page(world.alice)).content.decode()
    assert [word for word in ("Reveal", "Split off", ">Merge") if word not in steward] == []


def test_the_evidence_is_shown_in_levels_and_bits(world: World, sign_in: SignIn) -> None:
    parts = sign_in("marketer").get(page(world.alice)).context["parts"]
    (shop,) = [part for part in parts if part.source == "shop"]
    crm = next(part for part in parts if part.source == "crm")
    scored = shop.evidence or crm.evidence
    assert {piece.comparison for piece in scored.pieces} >= {"E-mail"}
    assert all(0 <= piece.start <= 100 and piece.start + piece.length <= 100.001 for piece in scored.pieces)
    assert ALICE["email"] not in str(scored)
    assert timezone.now() >= crm.since


def test_what_stewards_wrote_is_shown_to_those_who_correct_identity(world: World, sign_in: SignIn) -> None:
    merge = reverse("admin:identity_profile_merge", args=[world.alice])
    sign_in("data_steward").post(merge, seen(world) | {"reason": "case 4711"})
    told = {role: sign_in(role).get(page(world.alice), follow=True) for role in ("data_steward", "marketer")}
    assert {answer.status_code for answer in told.values()} == {200}
    assert "case 4711" in told["data_steward"].content.decode()
    assert "case 4711" not in told["marketer"].content.decode()
    entry = Assignment.objects.current().filter(reason="by hand").latest("id")
    ledger = sign_in("data_steward").get(reverse("admin:identity_assignment_change", args=[entry.pk]))
    assert ("Reason given", "case 4711") in ledger.context["facts"]


def test_after_a_no_to_linking_the_page_argues_no_more_and_says_where_the_others_went(
    world: World, sign_in: SignIn, now: datetime
) -> None:
    ids = world.parts(world.alice)
    assert len(ids) > 1
    record([NewAct(id, "identity_linking", "", WITHDRAWN, now, "phone", verified=True) for id in ids], now=now)
    queue.enqueue(ids, now=now)
    process(now)
    response = sign_in("data_steward").get(page(world.alice))
    (stayed,) = world.parts(world.alice)
    (part,) = response.context["parts"]
    assert (part.reason, part.bits, part.alike, bool(part.evidence)) == (
        "whom it was joined to has left",
        None,
        "",
        False,
    )
    homes = profiles.profile_of([id for id in ids if id != stayed])
    left = {(entry.went_to, entry.went_because) for entry in response.context["history"] if entry.ended_at}
    assert left == {(home, "no leave to link") for home in homes.values()}
    content = response.content.decode()
    assert all(f'href="{page(home)}">{short(home)}</a>, no leave to link' in content for home in homes.values())
