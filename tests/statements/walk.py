"""Every address of the product, from the URL resolver, and how each is called so that it does what it is for.

What follows from the resolver and the admin registry is not listed. What does not is: the arguments of routes about
more than one thing, and the forms without which a POST does nothing. A route that needs either and has none fails.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from django.conf import settings
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from identity.makeup import makeup_of
from outbox import webhooks
from tests.statements.planted import REASON, Planted
from vault import blind

UNKNOWN = str(UUID(int=7))
# Arguments that name the very thing that a screen is about, wherever they stand.
OF_THE_SCREEN = ("object_id", "id", "profile", "match", "slug")
OF_PROGRAMS = ("api/", "v1/", "v2/", "beacon/", "pixel/", "livez", "readyz", "health", "metrics", "^(?:api")
# What a pattern without converters stands for.
SAMPLES = {
    "admin/(?P<url>.*)$": ("admin/nothing/here/",),
    "^(?:api|v1|v2)(?:/.*)?$": ("api/nothing/", "v1/nothing", "v2/nothing"),
    "^admin/(?:access|consent|identity|outbox|privacy|records|segments|vault)/$": ("admin/vault/",),
    "admin:app_list": ("admin/identity/", "admin/privacy/"),
}


@dataclass(frozen=True)
class Route:
    """One pattern of the resolver; where it has no name, the pattern is its name."""

    name: str
    pattern: str
    arguments: tuple[str, ...]

    @property
    def is_of_programs(self) -> bool:
        """Whether programs call it; people call all others."""
        return self.pattern.startswith(OF_PROGRAMS)

    @property
    def screen(self) -> str:
        """The model whose screen it belongs to, as `app.Model`; empty outside of screens."""
        parts = self.pattern.split("/")
        for model in admin.site._registry:
            if parts[:3] == ["admin", model._meta.app_label, model._meta.model_name]:
                return model._meta.label
        return ""


@dataclass(frozen=True)
class Act:
    """A form that does what the route is for; `by`: the one role that may; the rest may need what is planted."""

    form: Mapping[str, Any] | Callable[[Planted], Mapping[str, Any]] = field(default_factory=dict)
    by: str = ""
    method: str = "post"
    headers: Callable[[Planted, bytes], Mapping[str, str]] | None = None
    query: Callable[[Planted], Mapping[str, str]] | None = None
    file: Callable[[Planted], bytes] | None = None

    def body(self, planted: Planted) -> Mapping[str, Any]:
        return self.form(planted) if callable(self.form) else self.form


@dataclass(frozen=True)
class Visit:
    """One request: as it is, with the form of an act, or astray (for something that there is not)."""

    route: Route
    method: str
    address: str
    act: Act | None = None
    astray: bool = False

    @property
    def endpoint(self) -> str:
        return f"{self.method.upper()} {self.route.name}"


class Unlisted(LookupError):
    """Nothing is known to fit an argument of a route: add it to `ARGUMENTS`, or its screen to `Planted.rows`."""


def routes() -> list[Route]:
    """Every route, once."""
    found: list[Route] = []

    def walk(patterns: list[Any], before: str, space: str) -> None:
        for one in patterns:
            pattern = before + str(one.pattern)
            if isinstance(one, URLResolver):
                walk(one.url_patterns, pattern, f"{one.namespace}:" if one.namespace else space)
            elif isinstance(one, URLPattern):
                name = f"{space}{one.name}" if one.name else pattern
                found.append(Route(name, pattern, tuple(re.findall(r"<(?:\w+:)?(\w+)>", pattern))))

    walk(get_resolver().url_patterns, "", "")
    return found


def addresses(route: Route, planted: Planted, *, knows_links: bool) -> Iterator[str]:
    """Where the route leads to what is planted. Raises `Unlisted`."""
    if samples := SAMPLES.get(route.name):
        yield from (f"/{sample}" for sample in samples)
        return
    if re.search(r"[\^$(]", route.pattern):
        raise Unlisted(f"{route.name}: a pattern that nothing is known to fit")
    listed = ARGUMENTS.get(route.name, {})
    for arguments in (listed, *({**listed, **more} for more in ALSO.get(route.name, ()))):
        values = {
            name: _argument(name, route, planted, arguments.get(name), knows_links=knows_links)
            for name in route.arguments
        }
        yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", partial(_filled, values), route.pattern)


def _filled(values: Mapping[str, str], found: re.Match[str]) -> str:
    return values[found[1]]


def astray(route: Route) -> Iterator[str]:
    """The same for what there is not."""
    if route.arguments and route.name not in SAMPLES:
        yield "/" + re.sub(r"<(?:\w+:)?(\w+)>", UNKNOWN, route.pattern)


def visits(route: Route, planted: Planted, *, knows_links: bool = False) -> Iterator[Visit]:
    """Every way in which the route is called: by GET, with the form of each act, and astray."""
    for address in addresses(route, planted, knows_links=knows_links):
        yield Visit(route, "get", address)
        for act in ACTS.get(route.name, ()):
            query = f"?{urlencode(act.query(planted))}" if act.query else ""
            yield Visit(route, act.method, f"{address}{query}", act)
    for address in astray(route):
        yield Visit(route, "get", address, astray=True)


def go(client: Client, visit: Visit, planted: Planted, *, follow: bool = True, **headers: str) -> Any:
    """The response; what an act changed is undone, and so are the caller's cookies."""
    cookies = deepcopy(client.cookies)
    try:
        if visit.act is None:
            return client.get(visit.address, headers=headers)
        with undone():
            return _carried_out(client, visit, visit.act, planted, headers, follow=follow)
    finally:
        client.cookies = cookies


def _carried_out(
    client: Client, visit: Visit, act: Act, planted: Planted, headers: Mapping[str, str], *, follow: bool
) -> Any:
    form, send = act.body(planted), getattr(client, act.method)
    if act.method == "get":
        return send(visit.address, headers=headers)
    if act.file:
        return send(visit.address, act.file(planted), content_type="application/octet-stream", headers=headers)
    if not visit.route.is_of_programs:
        return send(visit.address, form, headers=headers, follow=follow)
    body = orjson.dumps(form)
    own = act.headers(planted, body) if act.headers else {}
    return send(visit.address, body, content_type="application/json", headers={**headers, **own})


@contextmanager
def undone() -> Iterator[None]:
    """Undo in both databases and the erasure ledger what happens in the block."""
    ledger = Path(settings.ERASURE_LEDGER)
    before = ledger.read_bytes()
    # Not `atomic`: an erasure begins with a block that must not stand within another.
    marks = {database: transaction.savepoint(using=database) for database in ("default", "keystore")}
    yield
    for database, mark in marks.items():
        transaction.savepoint_rollback(mark, using=database)
    if ledger.read_bytes() != before:
        ledger.write_bytes(before)
        blind.forget()


def _argument(name: str, route: Route, planted: Planted, listed: str | None, *, knows_links: bool) -> str:
    if name == "token":
        return planted.tokens[listed] if listed and knows_links else UNKNOWN
    if listed:
        return planted.id_of(listed)
    if route.screen in planted.rows and name in OF_THE_SCREEN:
        return str(planted.rows[route.screen])
    if route.pattern.startswith("api/profiles/") and name == "id":
        return str(planted.profile)
    raise Unlisted(f"{route.name}: the argument '{name}'")


ARGUMENTS: dict[str, dict[str, str]] = {
    "admin:view_on_site": {"content_type_id": "content type", "object_id": "canary"},
    "admin:identity_profile_split": {"source_profile": "part"},
    "admin:identity_profile_undo_split": {"profile": "split off", "source_profile": "till"},
    "admin:identity_profile_undo_merge": {"merged": "zed"},
    **{f"admin:identity_profile_{act}": {"slug": "field by hand"} for act in ("set_value", "take_back_value")},
    "admin:identity_profile_reveal_values": {"slug": "field by hand"},
    "api/profiles/<uuid:id>/overrides/<slug:slug>/": {"slug": "field by hand"},
    "api/profiles/<uuid:id>/splits/undo/": {"id": "split off"},
    "admin:identity_profile_record": {"record": "record"},
    "admin:identity_profile_reveal_record": {"record": "record"},
    "admin:identity_profile_allow_again": {"other": "split off"},
    "admin:identity_profile_lift_hold": {"profile": "held", "id": "hold"},
    **{f"admin:identity_ruleversion_{act}": {"id": "dry run"} for act in ("run", "progress", "put_in_force")},
    "admin:identity_ruleversion_difference": {"id": "difference"},
    "admin:identity_ruleversion_settling_progress": {"id": "settling"},
    "admin:identity_ruleversion_stop_settling": {"id": "settling"},
    "admin:identity_ruleversion_go_back": {"id": "rules"},
    "admin:privacy_subjectrequest_approve": {"id": "erasure"},
    "admin:privacy_subjectrequest_reject": {"id": "access"},
    "admin:privacy_subjectrequest_erase": {"id": "leaving"},
    "admin:privacy_subjectrequest_answer": {"id": "access"},
    "admin:privacy_subjectrequest_withdraw": {"id": "objection"},
    "admin:privacy_subjectrequest_done": {"id": "rectification"},
    "admin:privacy_subjectrequest_rectify": {"id": "rectification"},
    "admin:privacy_subjectrequest_call_back": {"id": "leaving"},
    "admin:privacy_subjectrequest_prove": {"id": "gone"},
    "admin:privacy_subjectrequest_certificate": {"id": "gone"},
    "admin:privacy_subjectrequest_certificate_file": {"id": "gone"},
    "admin:privacy_subjectrequest_verify": {"id": "unverified"},
    "admin:privacy_subjectrequest_acknowledge": {"id": "unverified"},
    "admin:privacy_subjectrequest_assign": {"id": "access"},
    "admin:privacy_subjectrequest_extend": {"id": "access"},
    "admin:privacy_subjectrequest_review": {"id": "human review"},
    "admin:privacy_subjectrequest_reveal": {"id": "housemate's erasure"},
    "admin:privacy_subjectrequest_join": {"id": "housemate's erasure"},
    "admin:privacy_subjectrequest_ask_as_well": {"id": "housemate's erasure", "profile": "canary"},
    **{
        f"admin:records_source_file{act}": {"id": "register", "load": "file"}
        for act in ("", "_progress", "_load", "_discard")
    },
    **{
        f"api/sources/<slug:slug>/{what}/": {"slug": "register's name"}
        for what in (
            "files",
            "mapping",
            "mapping/versions",
            "mapping/try",
            "contract",
            "contract/versions",
            "discovered",
            "quality",
            "reconciliation",
        )
    },
    "api/discovered-fields/<uuid:id>/": {"id": "discovered"},
    **{
        f"admin:records_source_{what}": {"id": "register"}
        for what in ("mapping", "contract", "discovered", "reconciliation")
    },
    "api/files/<uuid:id>/": {"id": "file"},
    "api/quarantine/replays/<uuid:id>/": {"id": "replay"},
    "api/quarantine/<uuid:id>/replay/": {"id": "quarantined"},
    "admin:records_quarantinedrecord_replay": {"id": "mendable"},
    "admin:records_quarantinedrecord_run": {"id": "replay"},
    "admin:records_quarantinedrecord_progress": {"id": "replay"},
    "admin:segments_imputationpolicy_feature": {"slug": "feature"},
    **{f"admin:identity_identifierlimit_{act}": {"namespace": "namespace"} for act in ("namespace", "block", "let_go")},
    **{f"api/identifier-limits/<slug:slug>/{what}": {"slug": "namespace"} for what in ("", "versions/", "blocked/")},
    "admin:outbox_recipient_again": {"id": "waiting"},
    "admin:outbox_alarmlistener_exchange": {"id": "alarm webhook"},
    "admin:outbox_alarmlistener_again": {"id": "notice"},
    "admin:outbox_recipient_confirm": {"id": "to erase"},
    "api/segments/<slug:slug>/": {"slug": "segment's slug"},
    "api/segments/<slug:slug>/members/": {"slug": "segment's slug"},
    "api/subject-requests/<uuid:id>/": {"id": "papered"},
    "api/subject-requests/<uuid:id>/certificate/": {"id": "gone"},
    "api/recipients/<uuid:id>/": {"id": "recipient"},
    "api/deliveries/<uuid:id>/acknowledgment/": {"id": "to erase"},
    "v1/webhooks/<slug:slug>": {"slug": "register's name"},
    "v1/projects/<str:write_key>/settings": {"write_key": "public key"},
    "v2/requests/<uuid:id>": {"id": "OpenDSR id"},
    "v1/opengdpr_requests/<uuid:id>": {"id": "OpenDSR id"},
    "preferences": {"token": "preferences"},
    "subject-request": {"token": "request"},
    "subject-request-answer": {"token": "answer"},
    "opt-in": {"token": "opt-in"},
}


# Further things that a route is called for.
ALSO: dict[str, tuple[dict[str, str], ...]] = {
    "admin:identity_profile_change": ({"object_id": "held"}, {"object_id": "split off"}, {"object_id": "bob"}),
    **{
        f"admin:identity_verdict_{page}": ({name: "kept apart"},)
        for page, name in (("change", "object_id"), ("take_back", "id"))
    },
    "admin:privacy_subjectrequest_change": ({"object_id": "leaving"}, {"object_id": "gone"}),
    "admin:privacy_subjectrequest_approve": ({"id": "housemate's erasure"},),
}


def _acknowledged(planted: Planted) -> dict[str, str]:
    return {"acknowledged": planted.id_of("to erase")}


def _as_recipient(planted: Planted, body: bytes) -> dict[str, str]:
    return webhooks.headers("answer-1", body, secrets=[planted.recipient_secret], now=timezone.now())


def _as_source(planted: Planted, body: bytes) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{planted.write_key}:'.encode()).decode()}"}


def _as_sender(planted: Planted, body: bytes) -> dict[str, str]:
    return webhooks.headers("message-1", body, secrets=[planted.webhook_secret], now=timezone.now())


def _message(kind: str) -> Act:
    """A message of that kind about the canary, with what cannot be read, so that the answer speaks of it."""

    def form(planted: Planted) -> dict[str, Any]:
        traits = {"email": planted.canary.email, "birthday": planted.canary.email}
        more = {"event": "Ordered"} if kind == "track" else {"previousId": "p", "groupId": "g"}
        if kind == "merge":
            more = {"mergeProperties": [{"type": "email", "value": planted.canary.email}]}
        return {"type": kind, "userId": planted.canary.account, "traits": traits, **more}

    return Act(form, headers=_as_source)


def _batch(planted: Planted) -> dict[str, Any]:
    return {"batch": [{"type": "identify", "traits": {"email": planted.canary.email}}]}


def _event(planted: Planted, body: bytes) -> dict[str, str]:
    attributes = {"id": "e-1", "source": "/tills/7", "specversion": "1.0", "type": "sale"}
    return {**_as_source(planted, body), **{f"ce-{name}": value for name, value in attributes.items()}}


def _sheet(planted: Planted) -> bytes:
    """A file about the canary, whose first line is its own, too, so that an answer might speak of it."""
    row = {"email": planted.canary.email, "phone": planted.canary.phone, "customer_number": planted.canary.account}
    return f"{','.join(row)}\n{','.join(row.values())}\n".encode()


def _tried(planted: Planted) -> dict[str, Any]:
    row = {"email": planted.canary.email, "phone": planted.canary.phone, "timestamp": planted.canary.email}
    return {"mapping": {"fields": {"email": "email"}, "occurred_at": "timestamp"}, "rows": [row]}


def _public_key(planted: Planted) -> dict[str, str]:
    return {"writeKey": planted.id_of("public key")}


def _pixel(planted: Planted) -> dict[str, str]:
    return {
        **_public_key(planted),
        "anonymousId": planted.canary.device,
        "event": "Opened",
        "traits.email": planted.canary.email,
    }


def _opendsr(planted: Planted) -> dict[str, Any]:
    return {
        "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798",
        "subject_request_type": "access",
        "submitted_time": timezone.now().isoformat(),
        "subject_identities": [
            {"identity_type": "email", "identity_value": planted.canary.email, "identity_format": "raw"}
        ],
    }


def _quarantined(planted: Planted) -> dict[str, str]:
    return {"source": planted.id_of("register"), "reason": "absurd_date", "field": "birth_date"}


def _looked_up(planted: Planted) -> dict[str, str]:
    return {"namespace": "email", "value": planted.canary.email}


def _merged(planted: Planted) -> dict[str, str]:
    other = planted.id_of("bob")
    return {"reason": REASON, "other": other, "seen": makeup_of([planted.profile, UUID(other)])}


def _decided(**named: str) -> Callable[[Planted], dict[str, Any]]:
    """What a person decides on who is who: of these planted things, with a reason."""
    return lambda planted: {"reason": REASON, **{field: planted.id_of(name) for field, name in named.items()}}


def _about(**more: Any) -> Callable[[Planted], dict[str, Any]]:
    return lambda planted: {"profile": str(planted.profile), **more}


WHY = Act({"reason": REASON})
WORDS = Act({"text": "Dear customer"})
SHORT = {"identify": "i", "track": "t", "page": "p", "screen": "s", "group": "g", "alias": "a"}
CONSENT = {"purpose": "marketing", "state": "withdrawn", "how": "phone"}
SEGMENT = {"name": "Others", "slug": "others", "purpose": "analytics", "definition": '{"rule": {"all": []}}'}
NEW_USER = {"username": "new", "password": "correct horse battery", "roles": ["marketer"]}
NEW_REQUEST = {"kind": "access", "regulation": "gdpr", "verification": "vouched"}
SOURCE = {"kind": "offline", "format": "rows", "stable_key": "", "purposes": ["service"], "trust_rank": 60}
SOURCE |= {"retention_days": 365, "region": "GB", "mapping": "{}"}

ACTS: dict[str, tuple[Act, ...]] = {
    "admin:logout": (Act(),),
    "admin:identity_profile_look_up": (Act(_looked_up),),
    "admin:identity_profile_reveal": (WHY,),
    "admin:identity_profile_reveal_record": (WHY,),
    "admin:identity_profile_break_glass": (Act({"reason": REASON}, by="marketer"),),
    "admin:identity_profile_merge": (
        Act(_merged),
        Act(method="get", query=lambda planted: {"other": planted.id_of("bob")}),
    ),
    "admin:identity_profile_merge_with": (Act(lambda planted: {"other": planted.id_of("bob")}),),
    "admin:identity_profile_split": (WHY,),
    "admin:identity_profile_undo_split": (WHY,),
    "admin:identity_profile_undo_merge": (WHY,),
    "admin:identity_profile_allow_again": (WHY,),
    "admin:identity_profile_request": (Act({"kind": "access", "regulation": "gdpr"}),),
    "admin:identity_profile_hold": (Act({"reference": "3 O 3/26", "reason": REASON}),),
    "admin:identity_profile_lift_hold": (WHY,),
    "admin:identity_profile_say": (Act({"purpose": "marketing", "channel": "", "state": "withdrawn", "how": "phone"}),),
    "admin:identity_profile_set_value": (Act({"text": "Newton", "reason": REASON}),),
    "admin:identity_profile_reveal_values": (WHY,),
    "admin:identity_profile_take_back_value": (Act(),),
    "admin:identity_ruleversion_try": (Act({"link": "95", "review": "50", "same_email": "on"}),),
    "admin:identity_ruleversion_put_in_force": (WHY,),
    "admin:identity_ruleversion_settle": (WHY,),
    "admin:identity_ruleversion_stop_settling": (Act(),),
    "admin:identity_ruleversion_go_back": (Act(),),
    "admin:identity_match_reveal": (WHY,),
    "admin:identity_match_join": (WHY,),
    "admin:identity_match_keep_apart": (WHY,),
    "admin:identity_verdict_take_back": (WHY,),
    "admin:identity_identifierlimit_namespace": (Act({"priority": "4", "most": "18", "reason": "ticket 4711"}),),
    "admin:identity_identifierlimit_block": (Act({"value": "nobody@example.com", "reason": "ticket 4711"}),),
    "admin:identity_identifierlimit_let_go": (
        Act({"word": "none@example.com", "blocked": "no", "reason": "ticket 4711"}),
    ),
    "admin:segments_segment_preview": (Act({"definition": SEGMENT["definition"], "purpose": "analytics"}),),
    "admin:segments_segment_add": (Act(SEGMENT),),
    "admin:segments_segment_edit": (Act(SEGMENT),),
    "admin:segments_imputationpolicy_feature": (Act({"method": "constant", "constant": "44"}),),
    "admin:segments_heldchange_release": (WHY,),
    "admin:segments_heldchange_refuse": (WHY,),
    "admin:consent_purpose_publish": (Act({"kind": "wording", "new_locale": "en", "new_text": "For offers."}),),
    "admin:privacy_subjectrequest_find": (Act(lambda planted: {"reference": planted.id_of("access")}),),
    "admin:privacy_subjectrequest_approve": (Act(),),
    "admin:privacy_subjectrequest_reject": (WHY,),
    "admin:privacy_subjectrequest_erase": (Act(),),
    "admin:privacy_subjectrequest_answer": (Act(),),
    "admin:privacy_subjectrequest_withdraw": (Act(),),
    "admin:privacy_subjectrequest_done": (WHY,),
    "admin:privacy_subjectrequest_call_back": (Act(),),
    "admin:privacy_subjectrequest_prove": (Act(),),
    "admin:privacy_subjectrequest_verify": (Act({"method": "documents"}),),
    "admin:privacy_subjectrequest_acknowledge": (WORDS,),
    "admin:privacy_subjectrequest_assign": (Act({"to": ""}),),
    "admin:privacy_subjectrequest_extend": (Act({"ground": "complexity", "text": "Dear customer"}),),
    "admin:privacy_subjectrequest_comment": (WORDS,),
    "admin:privacy_subjectrequest_tell": (Act({"kind": "rejection", "text": "Dear customer"}),),
    "admin:privacy_subjectrequest_review": (Act(),),
    "admin:privacy_subjectrequest_rectify": (Act({"city": "Elsewhere"}),),
    "admin:privacy_subjectrequest_reveal": (WHY,),
    "admin:privacy_subjectrequest_join": (Act(_about()),),
    "admin:privacy_subjectrequest_ask_as_well": (Act(),),
    "admin:privacy_subjectrequest_add": (Act(_looked_up), Act(NEW_REQUEST, query=_about())),
    "admin:records_retentionrule_dry_run": (Act(),),
    "admin:records_retentionrule_add": (Act({"source": "", "purpose": "", "field": "email", "days": "90"}),),
    "admin:privacy_emergencyreveal_review": (Act({"justified": "yes", "reason": REASON}),),
    "admin:records_source_add": (Act({"name": "new", **SOURCE}),),
    "admin:records_source_change": (Act(SOURCE),),
    "admin:records_source_renew": (Act(),),
    "admin:records_source_switch": (Act(),),
    "admin:records_source_webhooks": (Act({"make": "1"}),),
    "admin:records_source_upload": (Act(file=_sheet),),
    "admin:records_source_mapping": (Act({"mapping": "{}", "try": "1"}), Act({"mapping": "{}", "save": "1"})),
    "admin:records_source_contract": (Act({"mode": "discover", "schema": ""}),),
    "admin:records_source_reconciliation": (
        Act({"by": "received", "property": "amount", "totals": "day,records\n2026-01-31,1\n"}),
        Act({"by": "happened", "property": "amount", "csv": "1"}),
    ),
    "admin:records_source_discovered": (
        Act(lambda planted: {"field": planted.id_of("discovered"), "becomes": "string"}),
        Act(lambda planted: {"field": planted.id_of("discovered"), "ignore": "1"}),
    ),
    "admin:records_source_file_load": (Act(),),
    "admin:records_source_file_discard": (Act(),),
    "admin:records_quarantinedrecord_replays": (Act(_quarantined),),
    "admin:records_quarantinedrecord_replay": (Act(),),
    "admin:records_quarantinedrecord_open": (WHY,),
    "admin:records_quarantinedrecord_mend": (Act({"record": "{}", "reason": REASON}),),
    "admin:outbox_recipient_add": (Act({"name": "new", "url": "", "purposes": ["marketing"]}),),
    "admin:outbox_recipient_change": (Act({"url": "", "purposes": ["marketing"]}),),
    "admin:outbox_recipient_exchange": (Act(),),
    "admin:outbox_recipient_switch": (Act(),),
    "admin:outbox_recipient_again": (Act(),),
    "admin:outbox_recipient_confirm": (WHY,),
    "admin:outbox_alarmlistener_add": (Act({"name": "new", "email": "ops@onym.example", "url": "", "source_id": ""}),),
    "admin:outbox_alarmlistener_change": (Act({"email": "ops@onym.example", "source_id": ""}),),
    **{f"admin:outbox_alarmlistener_{act}": (Act(),) for act in ("exchange", "switch", "remove", "again")},
    "admin:access_apikey_add": (Act({"name": "new", "scopes": ["profiles:read"], "purposes": ["service"]}),),
    "admin:access_apikey_rotate": (Act({"hours": "24"}),),
    "admin:access_apikey_revoke": (Act(),),
    "admin:access_user_add": (Act(NEW_USER),),
    "admin:access_user_change": (Act({"roles": ["operator"], "is_active": "on"}),),
    "admin:access_user_password": (Act({"password": "correct horse battery"}),),
    "admin:access_user_second_factor": (Act(),),
    "admin:vault_auditentry_exposure": (Act({"since": "2020-01-01"}), Act({"since": "2020-01-01", "csv": "1"})),
    "api/profiles/lookup/": (Act(_looked_up),),
    "api/profiles/<uuid:id>/overrides/<slug:slug>/": (
        Act({"value": "Newton", "reason": REASON}, method="put"),
        Act(method="delete"),
    ),
    "api/profiles/<uuid:id>/ledger/": (Act(method="get", query=lambda _: {"at": "2100-01-01T00:00:00Z"}),),
    "api/profiles/<uuid:id>/merges/": (Act(_decided(other="bob")),),
    "api/profiles/<uuid:id>/merges/undo/": (Act(_decided(merged="zed")),),
    "api/profiles/<uuid:id>/splits/": (Act(_decided(source_profile="part")),),
    "api/profiles/<uuid:id>/splits/undo/": (Act(_decided(source_profile="till")),),
    "api/profiles/<uuid:id>/consents/explain/": (Act({"purpose": "marketing"}),),
    "api/consents/": (Act(_about(**CONSENT)),),
    "api/consents/signals/": (Act(_about(kind="gpc", text="1")),),
    "api/sources/<slug:slug>/files/": (Act(file=_sheet),),
    "api/quarantine/replays/": (Act(lambda planted: {"source": planted.id_of("register's name")}),),
    "api/quarantine/<uuid:id>/replay/": (Act(),),
    "api/sources/<slug:slug>/mapping/": (Act({"mapping": {}}, method="put"),),
    "api/sources/<slug:slug>/mapping/try/": (Act({"mapping": {}}), Act(_tried)),
    "api/sources/<slug:slug>/contract/": (Act({"mode": "discover", "schema": None}, method="put"),),
    "api/sources/<slug:slug>/reconciliation/": (Act({"days": [{"day": "2026-01-31", "records": 1}]}),),
    "api/identifier-limits/<slug:slug>/": (
        Act({"priority": 4, "most": 18, "most_in_window": None, "window_days": None}, method="put"),
    ),
    "api/identifier-limits/<slug:slug>/blocked/": (
        Act(lambda planted: {"value": planted.canary.email, "blocked": False}),
    ),
    "api/discovered-fields/<uuid:id>/": (Act({"becomes": "string"}, method="patch"),),
    "api/subject-requests/": (Act(lambda planted: {"kind": "access", **_looked_up(planted)}),),
    "api/recipients/": (Act({"name": "new", "purposes": ["marketing"]}),),
    "api/recipients/<uuid:id>/": (Act({"enabled": False}, method="patch"),),
    "api/deliveries/<uuid:id>/acknowledgment/": (Act(_acknowledged, headers=_as_recipient),),
    "v2/requests": (Act(_opendsr),),
    "v1/opengdpr_requests": (Act(_opendsr),),
    "v2/requests/<uuid:id>": (Act(method="delete"),),
    "v1/opengdpr_requests/<uuid:id>": (Act(method="delete"),),
    "v1/batch": (Act(_batch, headers=_as_source),),
    "v1/b": (Act(_batch, headers=_as_source),),
    "v1/import": (Act(_batch, headers=_as_source),),
    "beacon/v1/batch": (Act(_batch, query=_public_key),),
    **{f"pixel/v1/{type}": (Act(method="get", query=_pixel),) for type in ("track", "page")},
    "v1/webhooks/<slug:slug>": (
        Act(lambda planted: {"email": planted.canary.email, "birth_date": planted.canary.email}, headers=_as_sender),
    ),
    "v1/cloudevents": (Act(lambda planted: {"email": planted.canary.email}, headers=_event),),
    **{f"v1/{kind}": (_message(kind),) for kind in (*SHORT, "merge")},
    **{f"v1/{letter}": (_message(kind),) for kind, letter in SHORT.items()},
    "ask": (Act(lambda planted: {"asked": "preferences", "address": planted.canary.email}),),
    "preferences": (Act({"do": "withdraw_everything"}),),
    "subject-request": (Act(),),
    "subject-request-answer": (Act(),),
    "opt-in": (Act(),),
}
