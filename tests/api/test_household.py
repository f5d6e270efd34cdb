"""The household of a profile over the API: as far as its members may be read and linked at this moment."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from consent.acts import NewAct, record
from consent.models import WITHDRAWN
from consent.restrictions import RESTRICTION, restrict
from identity.households import household_of
from identity.models import Assignment
from identity.profiles import look_up, source_profiles
from pipeline import corrections
from records import sources
from records.models import Source
from tests.api.conftest import NOTHING, Caller, assert_problem
from tests.senders import process, send_messages, send_rows
from vault.audit import subject_hash
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

HOUSE = {"street": "Rosenweg 60", "postcode": "8010", "city": "Graz", "analytics": "yes"}
PHONE = {"phone": "+43 316 123456"}
# Ann and Ben have the name in common, Ben and Eve the phone.
FAMILY = {
    "ann": {"customer_number": "C1", "given_name": "Ann", "family_name": "Gruber"},
    "ben": {"customer_number": "C2", "given_name": "Ben", "family_name": "Gruber", **PHONE},
    "eve": {"customer_number": "C3", "given_name": "Eve", "family_name": "Novak", **PHONE},
}
NOBODY = {"id": None, "members": []}


@pytest.fixture
def now() -> datetime:
    """Views ask for the present themselves, so these tests happen now."""
    return timezone.now()


@pytest.fixture
def family(crm: Source, now: datetime) -> dict[str, UUID]:
    said = {**HOUSE, "updated_at": (now - timedelta(days=1)).isoformat()}
    send_rows(crm, *({"email": f"{name}@example.com", **row, **said} for name, row in FAMILY.items()), now=now)
    process(now)
    found = {name: look_up("email", f"{name}@example.com", now=now) for name in FAMILY}
    return {name: profile for name, profile in found.items() if profile}


def say_no(profile: UUID, purpose: str, *, at: slice = slice(None)) -> None:
    """What the person says, to all that know them or some, before anything has followed from it."""
    ids, now = source_profiles(profile)[at], timezone.now()
    record([NewAct(id, purpose, "", WITHDRAWN, now, "phone", True, "clerk-3") for id in ids], now=now)


def read(caller: Caller, profile: UUID, purpose: str = "") -> Any:
    answer = caller.get(f"/api/profiles/{profile}/household/", purpose=purpose)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_all_members_are_told_with_what_they_share_and_since_when(
    family: dict[str, UUID], service: Caller, now: datetime
) -> None:
    household = household_of(family["ann"])
    assert household is not None
    answer = read(service, family["ann"])
    assert answer["id"] == str(household.id)
    assert {one["profile"]: one["because"] for one in answer["members"]} == {
        str(family["ann"]): ["family_name"],
        str(family["ben"]): ["family_name", "phone"],
        str(family["eve"]): ["phone"],
    }
    assert {datetime.fromisoformat(one["joined_at"]) for one in answer["members"]} == {now}
    assert read(service, family["ben"]) == answer


def test_who_may_be_linked_no_more_is_neither_told_nor_counted(family: dict[str, UUID], service: Caller) -> None:
    say_no(family["eve"], "identity_linking")
    assert len(household_of(family["ann"]).members) == 3  # type: ignore[union-attr]
    assert {one["profile"]: one["because"] for one in read(service, family["ann"])["members"]} == {
        str(family["ann"]): ["family_name"],
        str(family["ben"]): ["family_name"],
    }
    assert read(service, family["eve"]) == NOBODY


@pytest.mark.parametrize("purpose", ["identity_linking", "analytics"])
def test_a_no_to_one_of_those_that_know_a_member_is_a_no(
    family: dict[str, UUID], crm: Source, call: Callable[..., Caller], now: datetime, purpose: str
) -> None:
    send_rows(crm, {"customer_number": "C9", **HOUSE, "updated_at": (now - timedelta(days=2)).isoformat()}, now=now)
    process(now)
    (other,) = Assignment.objects.current().exclude(profile__in=family.values()).values_list("profile_id", flat=True)
    assert corrections.merge(family["eve"], other, actor="steward-1", reason="one", now=now) == family["eve"]
    caller = call("analytics")
    assert len(read(caller, family["ann"])["members"]) == 3
    say_no(family["eve"], purpose, at=slice(1, 2))
    assert len(read(caller, family["ann"])["members"]) == 2


def test_whom_somebody_alone_ties_who_is_not_told_is_not_told_either(family: dict[str, UUID], service: Caller) -> None:
    say_no(family["ben"], "identity_linking")
    assert read(service, family["ann"]) == read(service, family["eve"]) == NOBODY


def test_who_refuses_the_purpose_is_absent_and_asked_about_refused(
    family: dict[str, UUID], call: Callable[..., Caller]
) -> None:
    say_no(family["eve"], "analytics")
    caller = call("service", "analytics")
    told = {one["profile"] for one in read(caller, family["ann"], "analytics")["members"]}
    assert told == {str(family["ann"]), str(family["ben"])}
    assert len(read(caller, family["ann"], "service")["members"]) == 3
    refused = caller.get(f"/api/profiles/{family['eve']}/household/", purpose="analytics")
    assert assert_problem(refused, 403, "consent_refused")["purpose"] == "analytics"


def test_who_is_left_alone_is_in_no_household(family: dict[str, UUID], service: Caller) -> None:
    for name in ("ann", "eve"):
        restrict(source_profiles(family[name]), kind=RESTRICTION, actor="officer-1", now=timezone.now())
    assert read(service, family["ben"]) == NOBODY


def test_an_id_that_was_merged_answers_with_the_surviving_profile(
    family: dict[str, UUID], service: Caller, now: datetime
) -> None:
    survivor = corrections.merge(family["ann"], family["ben"], actor="steward-1", reason="one", now=now)
    (gone,) = {family["ann"], family["ben"]} - {survivor}
    answer = service.get(f"/api/profiles/{gone}/household/")
    assert (answer.status_code, answer["Content-Location"]) == (200, f"/api/profiles/{survivor}/household/")
    assert {one["profile"] for one in answer.json()["members"]} == {str(survivor), str(family["eve"])}


def test_unknown_profiles_and_keys_that_may_not_read(family: dict[str, UUID], call: Callable[..., Caller]) -> None:
    assert_problem(call("service").get(f"/api/profiles/{NOTHING}/household/"), 404, "not_found")
    writer = call("service", scopes=["profiles:write"])
    assert_problem(writer.get(f"/api/profiles/{family['ann']}/household/"), 403, "missing_scope")
    named = call("service").get(f"/api/profiles/{family['ann']}/household/", purpose="marketing")
    assert_problem(named, 403, "purpose_not_held")


def test_a_read_is_one_row_that_names_those_alone_of_whom_it_told(family: dict[str, UUID], service: Caller) -> None:
    say_no(family["eve"], "identity_linking")
    before = AuditEntry.objects.count()
    read(service, family["ann"])
    (entry,) = AuditEntry.objects.order_by("id")[before:]
    assert (entry.actor_kind, entry.action, entry.purpose, entry.reason) == (
        "api",
        "read household",
        "service",
        "API household",
    )
    assert entry.fields == ["household"]
    told = [*source_profiles(family["ann"]), *source_profiles(family["ben"])]
    assert {bytes(one) for one in entry.subjects} == {subject_hash(id) for id in told}


KID = {"customer_number": "C4", "given_name": "Kid", "family_name": "Gruber"}
MAX = {"customer_number": "C5", "given_name": "Max", "family_name": "Novak"}


def meet(crm: Source, *, at: datetime, now: datetime, **people: dict[str, str]) -> dict[str, UUID]:
    said = {**HOUSE, "updated_at": at.isoformat()}
    send_rows(crm, *({"email": f"{name}@example.com", **row, **said} for name, row in people.items()), now=now)
    process(now)
    return {name: found for name in people if (found := look_up("email", f"{name}@example.com", now=now))}


def test_two_parts_of_a_household_are_not_told_to_be_by_one_id(
    family: dict[str, UUID], crm: Source, service: Caller, now: datetime
) -> None:
    """Ann and Kid, and Eve and Max, live together by a name each; by Ben, who may not be told of, all of them."""
    meet(crm, at=now - timedelta(hours=1), now=now, kid=KID, max=MAX)
    stored = household_of(family["ann"])
    assert stored is not None
    assert len(stored.members) == 5
    say_no(family["ben"], "identity_linking")
    ann, eve = read(service, family["ann"]), read(service, family["eve"])
    assert (len(ann["members"]), len(eve["members"])) == (2, 2)
    assert len({ann["id"], eve["id"], str(stored.id)}) == 3
    assert read(service, family["ann"])["id"] == ann["id"]


def test_nobody_lived_there_before_the_second_came(crm: Source, service: Caller, now: datetime) -> None:
    then = now - timedelta(days=300)
    family = meet(crm, at=then, now=then, ann=FAMILY["ann"], ben=FAMILY["ben"])
    family |= meet(crm, at=now - timedelta(hours=1), now=now, kid=KID)
    assert [one["joined_at"][:10] for one in read(service, family["ann"])["members"]].count(f"{then:%Y-%m-%d}") == 2
    say_no(family["ben"], "identity_linking")
    told = {one["profile"]: one["joined_at"] for one in read(service, family["ann"])["members"]}
    assert {at[:19] for at in told.values()} == {f"{now:%Y-%m-%dT%H:%M:%S}"}
    assert set(told) == {str(family["ann"]), str(family["kid"])}


def test_under_a_contract_only_its_own_sources_tell(
    crm: Source, shop: object, call: Callable[..., Caller], now: datetime
) -> None:
    """The customer file serves them and gave names; phone and street are the shop's, which does not declare that."""
    webshop, at = Source.objects.get(name="shop"), (now - timedelta(hours=1)).isoformat()
    sources.change(webshop, purposes=["analytics", "marketing"])
    for name, number in (("ann", "C1"), ("eve", "C2")):
        known = {"given_name": name, "family_name": "Gruber", "email": f"{name}@example.com", "updated_at": at}
        send_rows(crm, {"customer_number": number, **known}, now=now)
        send_messages(
            webshop,
            {
                "type": "identify",
                "userId": f"u-{name}",
                "traits": {"email": f"{name}@example.com", **PHONE, "street": "Rosenweg 60", "city": "Graz"},
                "timestamp": at,
                "context": {"consent": {"categoryPreferences": {"analytics": True}}},
            },
            now=now,
        )
    process(now)
    ann, eve = (look_up("email", f"{name}@example.com", now=now) for name in ("ann", "eve"))
    assert ann is not None
    assert eve is not None
    found = household_of(ann)
    assert found is not None
    assert {one.profile for one in found.members} == {ann, eve}
    assert read(call("service"), ann) == NOBODY
    assert {one["profile"] for one in read(call("analytics"), ann)["members"]} == {str(ann), str(eve)}
