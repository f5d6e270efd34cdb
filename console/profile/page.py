"""The profile page: everything that it shows, gathered as far as this person may see it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from access.roles import CORRECT_IDENTITY, VIEW_CONSENTS, VIEW_REQUESTS, VIEW_SEGMENTS
from consent.signals.status import control_status
from console.asking import Person, user_of
from console.left_out import way_out_of
from console.profile import consents
from console.profile.apart import kept_apart
from console.profile.belonging import belongings
from console.profile.by_hand import Word, words_of
from console.profile.computed import computed_of
from console.profile.graph import draw
from console.profile.history import entries, merges
from console.profile.household import mates_of
from console.profile.known import Part, kinds_of, parts_of
from console.profile.timeline import timeline
from console.profile.undecided import undecided
from console.showing import initials_of, label_of, name_of, short, shown
from identity import golden
from identity.golden import GoldenRead
from identity.overriding import OVERRIDABLE, TYPED
from privacy import holds
from privacy.models import SubjectRequest
from records.dictionary import FIELDS
from vault import audit
from vault.sealing import open_what_opens

CONTACTS = ("email", "phone")
READ = ("sources", "events", "segments", "household")


@dataclass(frozen=True)
class GoldenRow:
    """One field of the golden record, where its value came from and why it won."""

    field: str
    label: str
    value: str
    source: str
    seen_at: datetime
    reason: str
    word: Word | None = None

    @property
    def may_be_set(self) -> bool:
        """Whether a steward may say which value counts."""
        return self.field in OVERRIDABLE


def gather(request: HttpRequest, person: Person, *, revealed: bool, now: datetime) -> dict[str, Any]:
    """The context of the page. Without leave to read, only what is not sealed and needed to see why."""
    user = user_of(request)
    computed = computed_of(person, request, now=now) if user.may(VIEW_SEGMENTS) else None
    if person.grant:
        audit.write(person.grant, person.served, action="open profile", fields=READ)
    if person.activity:
        others = sorted(set(person.readable).difference(person.served))
        audit.write(person.activity, others, action="open profile", fields=["events"])
    record = golden.read([person.id], person.grant, opening=open_what_opens).get(person.id, {}) if person.grant else {}
    words = words_of({field: won.by_hand for field, won in record.items() if won.by_hand})
    parts = parts_of(person, revealed=revealed)
    context: dict[str, Any] = {
        "person": person,
        "short": short(person.id),
        "refusal": person.refusal,
        "way_out": way_out_of(person.refusal.reason) if person.refusal else "",
        "revealed": revealed,
        "name": name_of(record, revealed=revealed) if person.grant else "Not shown",
        "initials": initials_of(record),
        "golden": [_golden_row(field, won, words.get(field), revealed=revealed) for field, won in _ordered(record)],
        "unset": [(field, label_of(field)) for field in TYPED if field not in record],
        "contacts": [_golden_row(field, record[field], revealed=revealed) for field in CONTACTS if field in record],
        "parts": parts,
        "unread": len(person.source_profiles) - len(person.readable) if person.grant else 0,
        "opened": _telling(parts),
        "kinds": kinds_of(parts),
        "first_seen_at": min((part.first_seen_at for part in parts), default=None),
        "last_seen_at": max((part.last_seen_at for part in parts), default=None),
        "graph": draw(parts),
        "history": entries(person.id),
        "merges": merges(person.id),
        "apart": kept_apart(person.id, person.source_profiles),
        "mates": mates_of(person, request, now=now),
    }
    if user.may(CORRECT_IDENTITY):
        decided = {one.profile for one in context["apart"]}
        context["undecided"] = undecided(person.source_profiles, decided=decided)
    if person.grant:
        context["timeline"] = timeline(person.readable, page=request.GET.get("page", "1"), revealed=revealed)
    if user.may(VIEW_SEGMENTS) and person.grant:
        context["inside"], context["left"] = belongings(person.id)
        context["computed"] = computed
    if user.may(VIEW_CONSENTS):
        context["consents"] = consents.lines_of(parts, person.source_profiles, at=now)
        context["privacy_control"] = control_status(person.source_profiles, at=now)
    if user.may(VIEW_REQUESTS):
        context["holds"] = [(hold, hold.stands(now)) for hold in holds.over(person.id)]
        context["requests"] = SubjectRequest.objects.filter(profile_id=person.id).order_by("-opened_at")[:10]
    return context


def _telling(parts: list[Part]) -> UUID | None:
    """The source profile whose evidence is worth showing at first: the richest of those that were scored."""
    scored = [part for part in parts if part.evidence and not part.certain]
    return max(scored, key=lambda part: len(part.evidence.pieces)).id if scored else None


def _ordered(record: dict[str, GoldenRead]) -> list[tuple[str, GoldenRead]]:
    """In the order of the data dictionary."""
    places = {field: place for place, field in enumerate(FIELDS)}
    return sorted(record.items(), key=lambda item: (places.get(item[0], len(places)), item[0]))


def _golden_row(field: str, won: GoldenRead, word: Word | None = None, *, revealed: bool) -> GoldenRow:
    value = shown(field, won.value, revealed=revealed)
    return GoldenRow(field, label_of(field), value, won.source, won.seen_at, won.reason, word)
