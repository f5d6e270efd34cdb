"""Somebody whose every annotated field holds a value of their own, and one of each thing that a page is about.

`plant` lets the canary of statement 1 in through every door, then fills what no door fills: notes, papers, reasons,
explanations. `Planted.values` says what to look for, by field of the data dictionary and by annotated column.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.utils import timezone

from access import api_keys
from access.models import User
from access.roles import ROLES
from consent.acts import NewAct, record
from consent.decide import decide
from consent.models import CONSENT, GRANTED, Act, Purpose
from console.answer_list import answers
from identity import dry_runs, limits, rules, settle_runs
from identity.households import household_of
from identity.models import CANNOT_LINK, IN_REVIEW, MERGE, MUST_LINK, Assignment, DryRunChange, Match, Profile
from identity.profiles import look_up, profile_of, source_profiles
from identity.rules import Thresholds
from outbox import alarm_listeners, alarm_notices, deliveries, recipients
from outbox.models import ERASE, AlarmNotice, Delivery
from pipeline import by_hand, corrections, replay_runs, uploads
from privacy import (
    break_glass,
    erasure,
    holds,
    links,
    opendsr,
    papers,
    rectification,
    requests,
    sign_ups,
    workflow,
)
from privacy.links import About
from privacy.models import OPT_IN, PREFERENCES, REQUEST, SignUp, SubjectRequest
from privacy.opendsr import Asked
from privacy.public import demands
from records import sources, webhook_secrets
from records.dictionary import FIELDS, PLAIN
from records.models import DiscoveredField, FileLoad, Record, Source, SourceProfile
from records.retention import set_rule
from records.uploads import Receiver
from segments import catalog
from segments.imputation import policies
from segments.models import HeldChange, Membership, ProfileFeatures
from tests.privacy.canary import Canary, walk_in
from tests.senders import process, send_rows
from vault import keys
from vault.grants import Actor, Grant
from vault.ids import new_id
from vault.models import AuditEntry
from vault.sealing import Place, Sealer

REASON = "ticket 4711"
# Who signs in beside one user of each role: one of none, one of all.
NO_ROLE, EVERYBODY = "no role", "everybody"
EVERY_PURPOSE = ["service", "analytics", "marketing", "personalization"]
RULE = {"rule": {"feature": "sources_count", "op": ">=", "value": 1}}

ALARM = {
    "source": "register",
    "title": "Silent",
    "cause": "Nothing came.",
    "began_at": "2026-03-01T12:10:00+00:00",
    "ended_at": None,
    "page": "http://127.0.0.1:8000/admin/",
}


@dataclass
class Planted:
    """Everybody and everything there is."""

    canary: Canary
    values: dict[str, tuple[str, ...]]
    profile: UUID = field(default_factory=new_id)
    staff: dict[str, User] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    write_key: str = ""
    api_key: str = ""
    recipient_secret: bytes = b""
    webhook_secret: bytes = b""

    def id_of(self, name: str) -> str:
        """The id of a planted thing, as it stands in an address."""
        found = self.things[name]
        return str(found.pk if isinstance(found, Model) else found)


def values_of(canary: Canary) -> dict[str, tuple[str, ...]]:
    """What stands in each field: of the data dictionary by its name, of a table by model and column."""
    token, row = canary.token, canary.row
    return {
        "email": (canary.email,),
        "phone": (canary.phone,),
        "account_id": (canary.account,),
        "customer_number": (row["customer_number"],),
        "loyalty_number": (row["loyalty_number"],),
        "device_id": (canary.device, f"b-{token}"),
        # The second is what was set by hand.
        "given_name": (row["given_name"], f"Quentina{token}"),
        "family_name": (row["family_name"],),
        "full_name": (f"Quentin Full{token}",),
        "street": (row["street"],),
        "birth_date": ("1911-09-27", "Sep 27, 1911", "27 September 1911", "27/09/1911", "27.09.1911"),
        "postcode": ("ZE2 9XK", "ZE29XK"),
        # The second is what the person had put right.
        "city": (f"Oldham{token}", f"Newport{token}"),
        "gender": ("undisclosed",),
        "ip_address": ("203.0.113.77",),
        "page_url": (f"https://shop.example/kept/{token}",),
        "records.SourceProfile.birth_year": ("1911",),
        # What is generalized from the postcode, ZE, stands in too many places by chance.
        "records.SourceProfile.postcode_area": (f"ZE{token[:6]}".upper(),),
        "records.QuarantinedRecord.sealed": (f"quarantined{token}",),
        "records.UploadChunk.sealed": (f"uploaded{token}",),
        "segments.ProfileFeatures.values": (f"feature{token}",),
        "segments.Membership.why": (f"because{token}",),
        "segments.HeldChange.why": (f"proposed{token}",),
        "privacy.SubjectRequest.note": (f"note{token}",),
        "privacy.RequestComment.sealed": (f"comment{token}",),
        "privacy.Letter.sealed": (f"letter{token}",),
        "privacy.ErasureCase.sealed": (f"leaver{token}@example.com",),
        "privacy.SignUp.sealed": (f"again{token}@example.com",),
        "privacy.LegalHold.reason": (f"hold{token}",),
        "privacy.LegalHold.lift_reason": (f"lift{token}",),
        "account.EmailAddress.email": (f"staff{token}@example.com",),
        "mfa.Authenticator.data": (f"SEED{token}".upper(),),
    }


# Columns whose values are those of the data dictionary.
OF_THE_DICTIONARY = {
    "records.Identifier.sealed": ("email", "phone", "account_id", "customer_number", "loyalty_number", "device_id"),
    "records.Attribute.sealed": ("given_name", "family_name", "street", "birth_date", "postcode", "city", "gender"),
    "records.Record.sealed": ("full_name", "ip_address", "page_url", "email"),
    "records.Correction.sealed": ("city",),
    "identity.GoldenOverride.sealed": ("given_name",),
    "identity.MatchingView.sealed": ("given_name", "family_name", "birth_date", "email", "phone", "street", "city"),
}


def plant(crm: Source, shop: Source, browser: Source, *, now: datetime) -> Planted:
    """Let them in, and make one of everything."""
    canary = Canary()
    planted = Planted(canary, values_of(canary))
    roles = {**{role: [role] for role in ROLES}, NO_ROLE: [], EVERYBODY: list(ROLES), "second": ["privacy_officer"]}
    planted.staff = {name: User.objects.create(username=name, roles=held) for name, held in roles.items()}
    _people(planted, crm, shop, browser, now=now)
    _identity(planted, now=now)
    _requests(planted, now=now)
    _segments(planted, now=now)
    _rest(planted, now=now)
    _file(planted, now=now)
    _of_each_screen(planted)
    return planted


REGISTER = {"occurred_at": "at", "fields": {name: name for name in FIELDS}, "properties": {"brand": "string"}}


def _people(planted: Planted, crm: Source, shop: Source, browser: Source, *, now: datetime) -> None:
    """The canary through every door, with every field that there is; and others, so that lists have more than one."""
    canary, at = planted.canary, (now - timedelta(days=1)).isoformat()
    walk_in(canary, crm, shop, browser, now=now)
    register, planted.write_key = sources.add(
        "register",
        kind="offline",
        trust_rank=95,
        purposes=EVERY_PURPOSE,
        mapping={**REGISTER, "properties": {"brand": "string", "size": "integer"}},
    )
    # In quarantine until its mapping was mended: it can be taken in now.
    send_rows(register, {"customer_number": f"Q{canary.token}", "size": "large", "at": at}, now=now)
    planted.things["mendable"] = register.quarantined.get()
    register = sources.change(register, mapping=REGISTER)
    register = sources.change(register, contract_mode="discover", contract_schema='{"properties": {"at": {}}}')
    webhook_secrets.make(register, now=now)
    planted.webhook_secret = webhook_secrets.counting(register, now=now)[0]
    every_field = {name: planted.values[name][0] for name in personal_fields()}
    number, full_name = (every_field.pop(name) for name in ("customer_number", "full_name"))
    earlier = (now - timedelta(days=2)).isoformat()
    send_rows(
        register,
        # A full name is kept where it is all that a record says of the name.
        {"customer_number": number, "full_name": full_name, "at": earlier},
        {
            "customer_number": number,
            **every_field,
            "country": "GB",
            "at": at,
            "brand": f"gift for {canary.email}",
            # Undeclared: a value, and a name, that are the canary's.
            "nickname": canary.email,
            canary.email: canary.phone,
        },
        now=now,
    )
    for name in ("bob", "zed", "held", "leaver", "erased"):
        send_rows(crm, _row(name, canary.token, at), now=now)
    # Lives with the canary, and answers the same phone.
    shared = {"phone": canary.phone, "street": every_field["street"], "postcode": every_field["postcode"]}
    send_rows(crm, {**_row("dave", canary.token, at), **shared}, now=now)
    kept_apart = planted.values["records.QuarantinedRecord.sealed"][0]
    send_rows(register, {"customer_number": kept_apart, "birth_date": "3024-01-01", "at": at}, now=now)
    process(now)
    planted.things |= {
        name: _found(f"{name}{canary.token}@example.com") for name in ("bob", "zed", "held", "leaver", "erased", "dave")
    }
    discovered = DiscoveredField.objects.get(source=register, name="nickname")
    planted.things |= {"register": register, "discovered": discovered}
    planted.profile = planted.things["canary"] = _found(canary.email)
    purposes = Purpose.objects.filter(legal_basis=CONSENT).values_list("slug", flat=True)
    record(
        [
            NewAct(id, purpose, "", GRANTED, now, "test", verified=True)
            for id in source_profiles(planted.profile)
            for purpose in purposes
        ],
        now=now,
    )


def personal_fields() -> Iterator[str]:
    """The fields of the data dictionary that say who somebody is."""
    return (name for name, known in FIELDS.items() if known.sensitivity != PLAIN)


def everything() -> list[str]:
    """Every purpose that there is."""
    return sorted(Purpose.objects.values_list("slug", flat=True))


def _row(name: str, token: str, at: str) -> dict[str, Any]:
    return {
        "customer_number": f"{name}-{secrets.token_hex(4)}",
        "given_name": name.title(),
        "family_name": f"{name}son",
        "email": f"{name}{token}@example.com",
        "updated_at": at,
        "analytics": "yes",
    }


def _found(email: str) -> UUID:
    found = look_up("email", email, now=timezone.now())
    assert found is not None
    return found


def _segments(planted: Planted, *, now: datetime) -> None:
    """What is computed of the canary, each with a word of its own: in a segment, about to be in another, features."""
    area = planted.values["records.SourceProfile.postcode_area"][0]
    SourceProfile.objects.filter(id__in=source_profiles(planted.profile)).update(postcode_area=area)
    segment = catalog.create("buyers", name="Buyers", purpose="analytics", definition=RULE)
    credit = catalog.create("credit", name="Credit", purpose="analytics", definition=RULE, significant_effect=True)
    Membership.objects.filter(profile=planted.profile, segment=segment).delete()
    why, proposed = (planted.values[name][0] for name in ("segments.Membership.why", "segments.HeldChange.why"))
    Membership.objects.create(
        id=new_id(), segment=segment, profile_id=planted.profile, entered_at=now, score=50, why=_why(why)
    )
    HeldChange.objects.all().delete()
    held = HeldChange.objects.create(
        id=new_id(), segment=credit, profile_id=planted.profile, direction="enter", why=_why(proposed), proposed_at=now
    )
    features, _ = ProfileFeatures.objects.get_or_create(
        profile_id=planted.profile, defaults={"values": {}, "computed_at": now}
    )
    features.values |= {"age_band": planted.values["segments.ProfileFeatures.values"][0]}
    features.save()
    _, policy = policies.change("recency_days", method="constant", constant=43, by="test", now=now)
    planted.things |= {"segment": segment, "held change": held, "policy": policy, "feature": "recency_days"}
    limit = limits.DEFAULTS["email"]
    bounds = {"most": 19, "most_in_window": limit.most_in_window, "window_days": limit.window_days}
    _, saved = limits.change("email", priority=limit.priority, **bounds, by="test", now=now)
    planted.things |= {"limit": saved, "namespace": "email"}
    planted.things["field by hand"] = "given_name"


def _why(word: str) -> dict[str, Any]:
    condition = {"path": "all.0", "feature": "age_band", "op": "==", "expected": word, "value": word, "holds": True}
    return {"score": 50, "threshold": 10, "contributions": [], "conditions": [condition]}


def _identity(planted: Planted, *, now: datetime) -> None:
    """A profile that was merged into the canary's, and one that was split off it."""
    by: Mapping[str, Any] = {"actor": str(planted.staff["data_steward"].pk), "reason": REASON, "now": now}
    assert corrections.merge(planted.profile, planted.things["zed"], **by) == planted.profile
    theirs, steward = source_profiles(planted.profile), Actor("person", str(by["actor"]))
    grant = decide(theirs, purpose="service", at=now, actor=steward, reason=REASON)
    assert isinstance(grant, Grant)
    said = planted.values["given_name"][1]
    by_hand.set_value(planted.profile, "given_name", text=said, reason=REASON, grant=grant, now=now)
    planted.things["till"] = _part(planted, "till")
    planted.things["split off"] = corrections.split(planted.things["till"], **by)
    planted.things["part"] = _part(planted, "crm")
    process(now)
    for name, said_so in (("answer", MUST_LINK), ("kept apart", CANNOT_LINK)):
        planted.things[name] = answers().filter(verdict=said_so, undone_at=None)[0]
    assert profile_of([planted.things["till"]]) == {planted.things["till"]: planted.things["split off"]}
    household = household_of(planted.profile)
    assert household is not None
    assert {one.profile for one in household.members} == {planted.profile, planted.things["dave"]}


def _part(planted: Planted, source: str) -> UUID:
    theirs = SourceProfile.objects.filter(id__in=source_profiles(planted.profile), source__name=source)
    return UUID(str(theirs.order_by("created_at", "id").values_list("id", flat=True)[0]))


def _requests(planted: Planted, *, now: datetime) -> None:
    """One request for each act that a request can be in wait of, and papers, a note and a hold with their words."""
    things, officer, second = planted.things, *(str(planted.staff[name].pk) for name in ("privacy_officer", "second"))

    def opened(kind: str, who: str = "canary", *, by: str = officer) -> SubjectRequest:
        return requests.open(kind, profile_id=things[who], actor=by, now=now)

    things |= {
        "access": opened("access"),
        "objection": opened("objection"),
        "human review": opened("human_review"),
        "erasure": opened("erasure", "bob", by=second),
        "housemate's erasure": opened("erasure", "dave", by=second),
        "unverified": requests.receive("access", profile_id=things["canary"], actor="key", channel="api", now=now),
        "rectification": requests.approve(opened("rectification"), actor=officer, now=now),
        "leaving": requests.approve(opened("erasure", "leaver"), actor=second, now=now),
        "gone": requests.approve(opened("erasure", "erased"), actor=second, now=now),
    }
    put_right = requests.approve(opened("rectification"), actor=officer, now=now)
    rectification.carry_out(
        put_right, corrections={"city": planted.values["city"][1]}, actor=Actor("person", officer), now=now
    )
    papered = things["papered"] = opened("access")
    workflow.comment(papered, planted.values["privacy.RequestComment.sealed"][0], actor=officer, now=now)
    papers.keep_letter(papered, "completion", planted.values["privacy.Letter.sealed"][0], actor=officer, now=now)
    requests.reject(papered, reason=planted.values["privacy.SubjectRequest.note"][0], actor=officer, now=now)
    erasure.erase(things["gone"], actor=second, now=now)
    lifted = holds.put(things["held"], reference="1 O 1/26", reason="a claim", actor=officer, now=now)
    holds.lift(lifted.pk, reason=planted.values["privacy.LegalHold.lift_reason"][0], actor=officer, now=now)
    things["hold"] = holds.put(
        things["held"],
        reference="2 O 2/26",
        reason=planted.values["privacy.LegalHold.reason"][0],
        actor=officer,
        now=now,
    )


def _rest(planted: Planted, *, now: datetime) -> None:
    """A pair to review, recipients, keys, links, staff, and an address in a history."""
    things, canary = planted.things, planted.canary
    (bob,) = source_profiles(planted.things["bob"])
    left, right = sorted((_part(planted, "register"), bob))
    evidence = [["given_name", "different", -3.0], ["email", "similar", 4.5]]
    planted.things["match"] = Match.objects.create(
        id=new_id(), left_id=left, right_id=right, reason="similar person", probability=0.8, evidence=evidence,
        state=IN_REVIEW, model_version="1", found_at=now,
    )  # fmt: skip
    steward = str(planted.staff["data_steward"].pk)
    things["rules"] = rules.put_in_force(None, Thresholds(), by=steward, reason=REASON, now=now)
    things["dry run"] = dry_runs.begin(None, Thresholds(), by=steward, now=now)
    dry_runs.work_on(things["dry run"].pk)
    things["settling"] = settle_runs.begin(by=steward, reason=REASON, now=now)
    things["difference"] = DryRunChange.objects.create(
        id=new_id(), run=things["dry run"], kind=MERGE, left_id=left, right_id=right, reason="similar person", bits=1.5,
        evidence=evidence, moving=1,
    )  # fmt: skip
    mailer, _ = recipients.add("mailer", purposes=["marketing"], now=now)
    planted.recipient_secret = recipients.secrets_of(mailer, now=now)[0]
    told = {"recipient": mailer.pk, "purpose": "marketing", "profile_id": planted.profile, "pseudonym": "p-1"}
    deliveries.queue([deliveries.HandOver(kind="segment.entered", **told)], now=now)
    waiting = Delivery.objects.get(kind="segment.entered")
    to_erase = Delivery.objects.create(
        id=new_id(), recipient=mailer, kind=ERASE, purpose="marketing", profile_id=things["erased"], pseudonym="p-2",
        request_id=things["gone"].pk, happened_at=now, state="waiting", next_attempt_at=now,
    )  # fmt: skip
    things["alarm mail"], _ = alarm_listeners.add("team", email="team@onym.example", now=now)
    things["alarm webhook"], _ = alarm_listeners.add("chat", url="http://127.0.0.1:9/hook", now=now)
    alarm_notices.queue([alarm_notices.AlarmNews(new_id(), things["register"].pk, True, ALARM)], now=now)
    things["notice"] = AlarmNotice.objects.get(listener=things["alarm mail"])
    things["replay"] = replay_runs.begin(things["register"], by=Actor.machine("test"), now=now)
    things |= {"recipient": mailer, "waiting": waiting, "to erase": to_erase}
    things["key"], planted.api_key = api_keys.add("everything", scopes=api_keys.SCOPES, purposes=everything())
    things |= {
        "segment's slug": things["segment"].slug,
        "content type": ContentType.objects.get_for_model(Profile),
        "OpenDSR id": UUID("a7551968-d5d6-44b2-9831-815ac9017797"),
    }
    asked = Asked(things["OpenDSR id"], "access", "gdpr", now, [("email", canary.email)], [])
    opendsr.receive(asked, controller=str(things["key"].pk), dialect="opendsr", now=now)
    _sign_up(planted, now=now)
    things["rule"] = set_rule(source=None, field="phone", days=400)
    marketer, before = str(planted.staff["marketer"].pk), now - timedelta(hours=1)
    things["emergency"] = break_glass.open(planted.profile, reason="a call about a case", actor=marketer, now=before)
    mailbox = _part(planted, "register")
    led = {
        "preferences": (PREFERENCES, None),
        "request": (REQUEST, About(asked="access")),
        "answer": (REQUEST, About(asked="access")),
        "opt-in": (OPT_IN, About(purpose="marketing", channel="email")),
    }
    for name, (use, about) in led.items():
        planted.tokens[name] = links.make(use, source_profile=mailbox, about=about, now=now)
    link = links.follow(planted.tokens["answer"], use=REQUEST, now=now)
    ready = demands.confirm(link, details="", now=now)
    requests.approve(ready, actor=str(planted.staff["privacy_officer"].pk), now=now)
    EmailAddress.objects.create(
        user_id=planted.staff["administrator"].pk, email=planted.values["account.EmailAddress.email"][0]
    )
    Authenticator.objects.create(
        user_id=planted.staff["operator"].pk,
        type=Authenticator.Type.TOTP,
        data={"secret": planted.values["mfa.Authenticator.data"][0]},
    )
    LogEntry.objects.create(
        user_id=planted.staff["data_steward"].pk,
        content_type=ContentType.objects.get_for_model(Profile),
        object_id=str(planted.profile),
        object_repr=f"Zoë{canary.token}",
        change_message=f"changed {canary.email}",
        action_flag=CHANGE,
    )


def _sign_up(planted: Planted, *, now: datetime) -> None:
    """Somebody who was erased signed up at a page whose write key is public, and has not said yes again."""
    site, planted.things["public key"] = sources.add("page", kind="online", client_side=True, purposes=EVERY_PURPOSE)
    id, address = new_id(), planted.values["privacy.SignUp.sealed"][0]
    SignUp.objects.create(
        id=id, source=site, purpose="marketing", channel="email", index=b"index", bars=[], said_at=now, kept_at=now,
        sealed=Sealer(keys.make([id])).seal(id, Place("privacy_signup", "sealed", id), address.encode()),
        expires_at=now + sign_ups.KEPT,
    )  # fmt: skip


def _file(planted: Planted, *, now: datetime) -> None:
    """A file that was uploaded and tried, and waits for a yes: about the canary, and a word of its own."""
    register, row = planted.things["register"], planted.values
    columns = [name for name in personal_fields() if name != "full_name"]
    lines = [",".join(columns), ",".join(row[name][0] for name in columns)]
    lines.append(",".join(row["records.UploadChunk.sealed"][0] if name == "street" else "" for name in columns))
    with Receiver(register, by=str(planted.staff["operator"].pk), most=10**6, try_first=True, now=now) as receiver:
        receiver.write("\n".join(lines).encode())
    uploads.work_on(receiver.load.pk)
    planted.things["file"] = FileLoad.objects.get(pk=receiver.load.pk)
    assert planted.things["file"].report["examples"]
    planted.things["register's name"] = register.name
    planted.things["quarantined"] = register.quarantined.filter(reason="absurd_date")[0]


def _of_each_screen(planted: Planted) -> None:
    """For each model that the admin lists, the row whose pages are opened."""
    things = planted.things
    said = Record.objects.filter(source=things["register"], source_profile__in=source_profiles(planted.profile))
    things["record"] = said.order_by("-occurred_at")[0].id
    planted.rows = {
        "identity.Profile": planted.profile,
        "identity.Match": things["match"].pk,
        "identity.Verdict": things["answer"].pk,
        "identity.IdentifierLimit": things["limit"].pk,
        "identity.Assignment": Assignment.objects.filter(profile=planted.profile).order_by("pk")[0].pk,
        "identity.RuleVersion": things["rules"].pk,
        "segments.Segment": things["segment"].pk,
        "segments.HeldChange": things["held change"].pk,
        "segments.ImputationPolicy": things["policy"].pk,
        "consent.Purpose": "marketing",
        "consent.Act": Act.objects.filter(source_profile__in=source_profiles(planted.profile)).order_by("pk")[0].pk,
        "privacy.SubjectRequest": things["papered"].pk,
        "privacy.EmergencyReveal": things["emergency"].pk,
        "records.RetentionRule": things["rule"].pk,
        "records.Source": things["register"].pk,
        "records.QuarantinedRecord": things["quarantined"].pk,
        "outbox.Recipient": things["recipient"].pk,
        "outbox.AlarmListener": things["alarm mail"].pk,
        "access.ApiKey": things["key"].pk,
        "access.User": planted.staff["operator"].pk,
        "vault.AuditEntry": AuditEntry.objects.order_by("-pk")[0].pk,
    }
