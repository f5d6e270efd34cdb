"""Features, segments and training sets drop the erased person, and models that learned from them are named."""

from dataclasses import replace
from uuid import UUID

import pytest

from consent.acts import NewAct, record
from consent.models import GRANTED
from identity import learning
from identity.matching import Model
from privacy import certificate, requests
from privacy.erasure import Outcome, erase
from privacy.models import SubjectRequest
from segments.models import DailyActivity, Membership, ProfileFeatures
from segments.refresh import refresh
from tests.privacy.cast import NOW, OFFICER, SECOND_OFFICER, Person, make_world, settle
from tests.statements.sabotage import Sabotage

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "identity/learning.py",
    '    return list(learned.order_by("learned_at", "version").values_list("version", flat=True))',
    "    return []",
)


@pytest.fixture
def household(db: None) -> tuple[Person, Person]:
    world = make_world()
    return settle(Person("alice"), world), settle(Person("bob"), world)


def erased(person: Person) -> tuple[SubjectRequest, Outcome]:
    request = requests.open("erasure", profile_id=person.profile, actor=OFFICER, now=NOW)
    request = requests.approve(request, actor=SECOND_OFFICER, now=NOW)
    return request, erase(request, actor=SECOND_OFFICER, now=NOW)


def learned_from(monkeypatch: pytest.MonkeyPatch) -> set[UUID]:
    """Whom the match model is learned from now."""
    seen: set[UUID] = set()
    opened = learning.open_persons

    def watched(ids: list[UUID], grant: object) -> object:
        seen.update(ids)
        return opened(ids, grant)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(learning, "open_persons", watched)
        learning.learn_model(now=NOW)
    return seen


def test_p12_features_activity_and_memberships_go_and_do_not_come_back(household: tuple[Person, Person]) -> None:
    alice, bob = household
    record([NewAct(id, "analytics", "", GRANTED, NOW, "form", verified=True) for id in bob.source_profiles], now=NOW)
    erased(alice)
    refresh([alice.profile, bob.profile], now=NOW)
    assert set(ProfileFeatures.objects.values_list("profile_id", flat=True)) <= {bob.profile}
    assert set(Membership.objects.values_list("profile_id", flat=True)) <= {bob.profile}
    assert set(DailyActivity.objects.values_list("source_profile_id", flat=True)) <= set(bob.source_profiles)


def test_p12_the_training_set_drops_the_person(
    household: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = household
    assert learned_from(monkeypatch) >= {*alice.source_profiles, *bob.source_profiles}
    erased(alice)
    assert learned_from(monkeypatch) == set(bob.source_profiles)


def test_p12_models_that_learned_from_the_person_are_named_and_no_others(household: tuple[Person, Person]) -> None:
    alice, _ = household
    before_her = replace(Model.default(), learned_on=40)
    since = replace(Model.default(), learned_on=42)
    old = learning._keep(before_her, NOW.replace(year=2020))
    affected = learning._keep(since, NOW)
    untaught = learning._keep(Model.default(), NOW)
    request, outcome = erased(alice)
    assert outcome.retrain == [f"identity.MatchModel {affected.version}"]
    assert old.version not in str(outcome.retrain)
    assert untaught.version not in str(outcome.retrain)
    stated = certificate.verify(certificate.issue(request, now=NOW))
    assert stated["models_to_retrain"] == outcome.retrain
