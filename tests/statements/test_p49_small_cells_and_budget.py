"""Small cells are left out of exports and published figures, and published figures keep to a privacy budget."""

import csv
from collections import Counter
from datetime import datetime, timedelta
from statistics import mean

import pytest
from django.utils import timezone

from consent.acts import NewAct, record
from consent.models import GRANTED, WITHDRAWN
from identity.models import Profile
from outbox import recipients
from outbox.models import Delivery, Recipient
from privacy import exports, published
from privacy.exports import NotAllowed, Order
from privacy.models import ExportedFile, PublishedFigure
from privacy.published import BudgetSpent
from segments.models import Membership, ProfileFeatures, Segment
from tests.segments.factories import known_to, make_source, unify
from tests.statements.sabotage import Sabotage
from vault.grants import Actor
from vault.ids import new_id
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage("privacy/exports.py", "if classes[row.values] >= order.k", "if classes[row.values]")
FURTHER = [
    Sabotage("privacy/exports.py", "if sizes[tuple(row[1:])] >= made.k", "if sizes[tuple(row[1:])]"),
]
MARTA = Actor("person", "marta")
COLUMNS = ["country", "orders_90d"]


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.ONYM_HOME = tmp_path


@pytest.fixture
def partner(db) -> Recipient:
    return recipients.add("partner", purposes=["marketing"], now=timezone.now())[0]


def people(count: int, *, country: str, orders: int) -> list:
    """So many alike, who all agreed to marketing; as profile and source profile."""
    shop, now, made = make_source("shop"), timezone.now(), []
    for _ in range(count):
        source_profile = known_to(shop, country=country)
        profile = unify(source_profile)
        ProfileFeatures.objects.create(profile_id=profile, values={"orders_90d": orders}, computed_at=now)
        say(source_profile, GRANTED, now - timedelta(days=1))
        made.append((profile, source_profile))
    return made


def say(source_profile, state: str, at: datetime) -> None:
    record([NewAct(source_profile, "marketing", "", state, at, "test", True)], now=at)


def exported(partner: Recipient, **different) -> tuple[ExportedFile, list[list[str]]]:
    order = Order(recipient=partner, purpose="marketing", columns=COLUMNS, **different)
    made = exports.export(order, actor=MARTA, reason="campaign 7")
    with exports.path_of(made).open(newline="") as file:
        return made, list(csv.reader(file))[1:]


def test_p49_every_row_of_an_export_is_shared_by_k(partner):
    people(12, country="GB", orders=4)
    people(9, country="FR", orders=4)
    made, rows = exported(partner)
    assert Counter(tuple(row[1:]) for row in rows) == {("GB", "3-9"): 12}
    assert (made.rows, made.suppressed) == (12, 9)
    assert Delivery.objects.filter(kind="person.exported").count() == 12


def test_p49_bands_put_people_together(partner):
    for orders in (3, 4, 9):
        people(5, country="GB", orders=orders)
    people(5, country="GB", orders=10)
    made, rows = exported(partner)
    assert Counter(tuple(row[1:]) for row in rows) == {("GB", "3-9"): 15}
    assert made.suppressed == 5


def test_p49_k_has_a_floor_and_columns_are_never_identifying(partner):
    for wrong in ({"k": 2}, {"columns": ["email"]}, {"purpose": "analytics"}, {"columns": []}):
        order = Order(**{"recipient": partner, "purpose": "marketing", "columns": COLUMNS, **wrong})
        with pytest.raises(NotAllowed):
            exports.export(order, actor=MARTA, reason="campaign 7")
    assert not AuditEntry.objects.filter(action="export").exists()


def test_p49_pseudonyms_are_noted_and_reads_audited(partner):
    alike = people(12, country="GB", orders=4)
    made, rows = exported(partner)
    noted = Delivery.objects.filter(kind="person.exported")
    assert set(noted.values_list("pseudonym", flat=True)) == {row[0] for row in rows}
    assert set(noted.values_list("profile_id", flat=True)) == {profile for profile, _ in alike}
    assert {profile.hex for profile, _ in alike}.isdisjoint(row[0] for row in rows)
    assert AuditEntry.objects.filter(action="export", actor="marta", purpose="marketing", fields=COLUMNS).exists()
    assert exports.forget([alike[0][0]], now=timezone.now()) == 1
    assert not exports.path_of(made).exists()


@pytest.mark.parametrize(("alike", "left"), [(13, 12), (10, 0)])
def test_p49_who_withdraws_meanwhile_is_not_in_the_rest(partner, monkeypatch, alike, left):
    """And leaves no class behind that is too small without them."""
    alike = people(alike, country="GB", orders=4)
    monkeypatch.setattr(exports, "PORTION", 4)
    writes = exports._write
    seen = []

    def withdrawing(order, made, portion, *rest):
        if not seen:
            last = max(alike)
            say(last[1], WITHDRAWN, timezone.now())
            seen.append(last[0])
        writes(order, made, portion, *rest)

    monkeypatch.setattr(exports, "_write", withdrawing)
    made, rows = exported(partner)
    assert made.rows == len(rows) == left
    assert not Delivery.objects.filter(profile_id=seen[0]).exists()


def test_p49_a_class_that_withdrawals_made_too_small_goes_as_well(partner, monkeypatch):
    alike = people(10, country="GB", orders=4)
    writes = exports._write

    def withdrawing(*arguments):
        say(alike[0][1], WITHDRAWN, timezone.now())
        writes(*arguments)

    monkeypatch.setattr(exports, "_write", withdrawing)
    made, rows = exported(partner)
    assert (rows, made.rows, made.suppressed) == ([], 0, 9)


def test_p49_our_copy_ends_in_a_day(partner):
    people(12, country="GB", orders=4)
    made, _ = exported(partner)
    assert exports.end(now=made.made_at + timedelta(hours=23)) == 0
    assert exports.end(now=made.made_at + timedelta(hours=25)) == 1
    assert not exports.path_of(made).exists()


def segment_of(slug: str, size: int) -> Segment:
    segment = Segment.objects.create(
        slug=slug, name=slug, purpose_id="marketing", definition={"rule": {"feature": "orders_90d", "op": "exists"}}
    )
    for profile, _ in people(size, country="GB", orders=1):
        Membership.objects.create(
            id=new_id(), segment=segment, profile=Profile.objects.get(pk=profile), entered_at=timezone.now(), why={}
        )
    return segment


def test_p49_published_counts_are_noisy_and_true_on_average(settings):
    settings.PRIVACY_BUDGET = 10_000
    segment_of("big", 40)
    now = timezone.now()
    values = []
    for _ in range(200):
        values.append(published.publish_segment_size("big", epsilon=0.5, now=now).value)
        PublishedFigure.objects.all().delete()
    assert len(set(values)) > 5
    assert abs(mean(values) - 40) < 1.5  # seven standard errors


def test_p49_asking_again_gives_the_same_and_costs_nothing(settings):
    settings.PRIVACY_BUDGET = 1.0
    segment_of("big", 40)
    now = timezone.now()
    first = published.publish_segment_size("big", epsilon=0.25, now=now)
    assert {published.publish_segment_size("big", epsilon=0.25, now=now).value for _ in range(20)} == {first.value}
    assert published.left(now=now) == 0.75


def test_p49_beyond_the_budget_nothing_is_published(settings):
    settings.PRIVACY_BUDGET = 1.0
    now = timezone.now()
    for slug in ("a", "b", "c"):
        segment_of(slug, 1)
    published.publish_segment_size("a", epsilon=0.6, now=now)
    with pytest.raises(BudgetSpent, match=r"0\.4 of 1 is left"):
        published.publish_segment_size("b", epsilon=0.5, now=now)
    published.publish_segment_size("c", epsilon=0.4, now=now)
    assert PublishedFigure.objects.count() == 2
    assert published.left(now=now + timedelta(days=32)) == 1.0


def test_p49_a_small_cell_is_not_shown(settings):
    settings.PRIVACY_BUDGET = 100.0
    segment_of("tiny", 1)
    assert published.publish_segment_size("tiny", epsilon=5.0, now=timezone.now()).value is None


def test_p49_only_who_agreed_is_counted(settings):
    settings.PRIVACY_BUDGET = 100.0
    segment_of("big", 40)
    for source_profile in Segment.objects.get().memberships.values_list(
        "profile__assignments__source_profile", flat=True
    )[:35]:
        say(source_profile, WITHDRAWN, timezone.now())
    assert published.publish_segment_size("big", epsilon=5.0, now=timezone.now()).value is None
