"""What of an erased person goes on the suppression list: alone what is theirs alone, else with a name or birth date."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from uuid import UUID

from consent.decide import decide
from identity.models import Assignment
from privacy import suppression
from privacy.models import SubjectRequest
from privacy.subjects import Subject
from privacy.suppression import Pair
from privacy.suppression_hashes import Hash, Token, by_index, name_form, plain, with_birth_date, with_name
from records.models import Attribute
from records.reading import open_attributes, open_identifiers
from records.standardize import identity_form
from vault import keys
from vault.blind import indexes_in_force
from vault.grants import Actor, Grant
from vault.models import DataKey
from vault.sealing import Sealer

PURPOSE = "subject_requests"
STAGE = Actor.machine("erasure")
GIVEN, FAMILY, BIRTH = "given_name", "family_name", "birth_date"


@dataclass(frozen=True)
class Listed:
    """What went on the list: its hashes, the identifiers that were the person's alone, and how many others share."""

    hashes: list[Hash]
    pairs: set[Pair]
    shared: int

    @property
    def own(self) -> int:
        return len(self.pairs)


@dataclass(frozen=True)
class Values:
    """What can still be read of a person: identifiers by pair, names and dates of birth."""

    identifiers: dict[Pair, str]
    given: set[str]
    family: set[str]
    births: set[str]


NONE = Values({}, set(), set(), set())


def list_person(subject: Subject, *, request: SubjectRequest, now: datetime) -> Listed:
    """Put the person on the suppression list, in the transaction that deletes their rows, before it does.

    An identifier that somebody else bears too is listed with each name and date of birth of the person that no other
    bearer has. One whose value cannot be read any more is listed by its blind index.
    """
    borne, own = suppression.pairs_of(subject.source_profiles), suppression.own_pairs(subject)
    values = _values(subject, request, now)
    tokens = {
        plain(pair[0], values.identifiers[pair]) if pair in values.identifiers else by_index(*pair) for pair in own
    }
    for pair in borne - own:
        if pair in values.identifiers:
            tokens |= _combined(pair, values, subject)
    return Listed(suppression.add(tokens, request=request, now=now), pairs=own, shared=len(borne - own))


def _values(subject: Subject, request: SubjectRequest, now: datetime) -> Values:
    """What the person's sealed fields say, as far as their keys are there and the law lets us look."""
    reason = f"erasure request {request.pk}"
    grant = decide(subject.source_profiles, purpose=PURPOSE, at=now, actor=STAGE, reason=reason)
    keyed = set(DataKey.objects.filter(id__in=subject.source_profiles).values_list("id", flat=True))
    if not isinstance(grant, Grant) or not keyed:
        return NONE
    identifiers = {
        (known.namespace, index): known.value
        for identifiers in open_identifiers(keyed, grant).values()
        for known in identifiers
        for index in indexes_in_force(known.namespace, identity_form(known.namespace, known.value))
    }
    attributes: dict[str, set[str]] = defaultdict(set)
    for found in open_attributes(keyed, grant).values():
        for known in found:
            attributes[known.field].add(known.value)
    return Values(identifiers, attributes[GIVEN], attributes[FAMILY], attributes[BIRTH])


def _combined(pair: Pair, values: Values, subject: Subject) -> set[Token]:
    """A shared identifier with each name and birth date of the person that nobody who shares it bears too."""
    namespace, value = pair[0], values.identifiers[pair]
    others = _others(suppression.bearers([pair]) - subject.source_profiles)
    given = _borne_by(others, GIVEN, values.given)
    family = _borne_by(others, FAMILY, values.family)
    births = _borne_by(others, BIRTH, values.births)
    names = {name_form(one, "") for one in values.given if not given[one]}
    names |= {name_form("", one) for one in values.family if not family[one]}
    names |= {name_form(*both) for both in product(values.given, values.family) if not given[both[0]] & family[both[1]]}
    return {with_name(namespace, value, name) for name in names} | {
        with_birth_date(namespace, value, birth) for birth in values.births if not births[birth]
    }


def _others(bearers: Collection[UUID]) -> dict[UUID, UUID]:
    """The source profiles of everybody who bears it, each with its person."""
    current = Assignment.objects.current()
    theirs = current.filter(source_profile__in=bearers).values("profile")
    known = dict(current.filter(profile__in=theirs).values_list("source_profile_id", "profile_id"))
    return {id: id for id in bearers} | known


def _borne_by(others: dict[UUID, UUID], field: str, wanted: Iterable[str]) -> dict[str, set[UUID]]:
    """Which of these people have which of the values: compared by digest, so that nothing of theirs is opened."""
    held = DataKey.objects.filter(id__in=others).values_list("id", flat=True)
    sealer = Sealer(keys.fetch(list(held)))
    asked = {
        (id, sealer.digest(id, field, spelling)): value
        for id in held
        for value in wanted
        for spelling in {value, value.lower(), value.upper(), value.title()}
    }
    rows = Attribute.objects.filter(source_profile__in=others, field=field).values_list("source_profile_id", "digest")
    found: dict[str, set[UUID]] = defaultdict(set)
    for id, digest in rows:
        if (value := asked.get((id, bytes(digest)))) is not None:
            found[value].add(others[id])
    return found
