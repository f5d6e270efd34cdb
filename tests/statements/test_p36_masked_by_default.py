"""On every page and route, for every role and key, each personal field is masked or absent unless the table says so."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.messages import WARNING, get_messages
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path, reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from access import api_keys
from access.masking import mask
from access.models import User
from access.roles import MARKETER, ROLES, VIEW_PROFILES
from api.serializers.consents import ConsentQuery
from api.views.base import View
from cdp.urls import urlpatterns as real
from consent.decide import decide
from console.showing import label_of
from identity import golden
from identity.profiles import source_profiles
from privacy import opendsr
from privacy.public.pages import public
from tests.privacy.canary import Canary
from tests.statements.planted import EVERYBODY, NO_ROLE, OF_THE_DICTIONARY, REASON, Planted, everything, plant
from tests.statements.sabotage import Sabotage
from tests.statements.sight import Sight, is_masked, words_of
from tests.statements.walk import UNKNOWN, Route, Unlisted, Visit, go, routes, visits
from tests.statements.who_sees_what import (
    ANONYMOUS,
    CLEAR,
    CLOSED,
    EVERY_FIELD,
    KEYS_BY_PURPOSE,
    KEYS_BY_SCOPE,
    MASKED,
    OTHER_KEYS,
    PERSON,
    PURPOSES,
    SCOPES,
    SEE_MASKED,
    SEE_NOTHING,
)
from vault.annotations import DIRECT, QUASI, SEALED, tables
from vault.grants import Actor, Grant

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "console/showing.py",
    "    return value if revealed or (known and known.sensitivity == PLAIN) else mask(field, value)",
    '    return value if revealed or (known and known.sensitivity in (PLAIN, "quasi")) else mask(field, value)',
)
STAFF = (*ROLES, NO_ROLE, ANONYMOUS)
OF_SOURCES = (
    *(f"v1/{kind}" for kind in ("batch", "identify", "track", "page", "screen", "group", "alias", *"bitpsga")),
    *(
        "v1/import",
        "v1/merge",
        "v1/cloudevents",
        "v1/webhooks/<slug:slug>",
        "v1/projects/<str:write_key>/settings",
        "beacon/v1/batch",
        "pixel/v1/track",
        "pixel/v1/page",
    ),
)
# What asks for no key.
OPEN_TO_ALL = ("schema", "docs", "livez", "readyz", "health", "v2/discovery", "v1/discovery", "v2/certificate.pem")


@pytest.fixture
def planted(crm: Any, shop: Any, browser: Any) -> Planted:
    return plant(crm, shop, browser, now=timezone.now())


def test_p36_the_table_knows_every_role_purpose_scope_and_action() -> None:
    assert set(STAFF) == SEE_MASKED | SEE_NOTHING
    assert {role.slug for role in ROLES.values() if VIEW_PROFILES in role.capabilities} == SEE_MASKED
    assert set(PURPOSES) == set(everything())
    assert set(SCOPES) == set(api_keys.SCOPES)
    request = RequestFactory().get("/")
    request.user = User(username="all", roles=list(ROLES))
    assert {action for screen in admin.site._registry.values() for action in screen.get_actions(request)} == set()


def test_p36_every_field_that_is_annotated_as_somebodys_is_planted(planted: Planted) -> None:
    annotated = {
        f"{table.model}.{column}"
        for table in tables()
        for column, sensitivity in table.fields.items()
        if sensitivity in (DIRECT, QUASI, SEALED)
    }
    columns = {name for name in planted.values if "." in name}
    assert set(planted.values) - columns == EVERY_FIELD
    # How a record in quarantine was read: hashes and names of columns.
    assert columns | set(OF_THE_DICTIONARY) | {"records.QuarantinedRecord.sealed_way"} == annotated
    assert {name for names in OF_THE_DICTIONARY.values() for name in names} == EVERY_FIELD
    for name in sorted(annotated):
        label, column = name.rsplit(".", 1)
        assert any(apps.get_model(label)._default_manager.values_list(column, flat=True)), f"{name} is empty"


def test_p36_every_route_is_called_so_that_it_does_what_it_is_for(planted: Planted, client: Client) -> None:
    """By somebody with every role, a key of every scope and purpose, and whoever was sent a link; astray, too."""
    sight, answered, refused = Sight(planted.values), set(), defaultdict(set)
    opendsr.signature(b"a first one makes the key")
    callers = {EVERYBODY: client, MARKETER: Client()}
    for who, caller in callers.items():
        sign_in(caller, who, planted)
    for route in routes():
        for visit in visits(route, planted, knows_links=True):
            responses = list(_as_everybody(visit, planted, callers))
            for response in responses:
                if not _is_answer(response):
                    refused[route.name].add(response.status_code)
                    assert not sight.clear(response), f"{visit.endpoint}: {response.status_code} with a value"
            is_answered = any(map(_is_answer, responses))
            assert is_answered or not visit.act, f"{visit.endpoint} refuses what it is for"
            if is_answered and not visit.astray:
                answered.add(route.name)
    assert {route.name for route in routes()} - answered == set(CLOSED)
    assert [name for name, status in CLOSED.items() if status not in refused[name]] == []


def test_p36_a_new_route_about_something_is_not_passed_over() -> None:
    planted = Planted(Canary(), {})
    new = Route("admin:new", "admin/new/<uuid:thing>/", ("thing",))
    with pytest.raises(Unlisted, match="admin:new: the argument 'thing'"):
        list(visits(new, planted))
    with pytest.raises(Unlisted):
        list(visits(Route("new", "new/(a|b)$", ()), planted))


@pytest.mark.parametrize(
    "group", [*([who] for who in sorted(SEE_MASKED)), [*sorted(SEE_NOTHING), PERSON]], ids=", ".join
)
def test_p36_each_role_sees_what_the_table_says_and_no_more(
    group: Iterable[str], planted: Planted, client: Client
) -> None:
    for who in group:
        looks = Looks(who, planted)
        sign_in(client, who, planted)
        for route in routes():
            if who == ANONYMOUS or not route.is_of_programs:
                for visit in visits(route, planted, knows_links=who == PERSON):
                    looks.at(visit, client)
        looks.saw_all()


@pytest.mark.parametrize("keys", [KEYS_BY_PURPOSE, (*KEYS_BY_SCOPE, *OTHER_KEYS)], ids=["by purpose", "by scope"])
def test_p36_each_key_reads_what_the_table_says_and_no_more(
    keys: Iterable[str], planted: Planted, client: Client
) -> None:
    opendsr.signature(b"a first one makes the key")
    for who in keys:
        looks, headers = Looks(who, planted), _headers(who, planted)
        for route in routes():
            # Sources alone send messages.
            if not route.is_of_programs or (route.name in OF_SOURCES) != (who == "write key"):
                continue
            if route.name not in OPEN_TO_ALL:
                for visit in visits(route, planted):
                    looks.at(visit, client, **headers)
        looks.saw_all()


class Looks:
    """What somebody has seen, held against the table at every look."""

    def __init__(self, who: str, planted: Planted) -> None:
        self.who, self.planted, self._sight = who, planted, Sight(planted.values)
        self._rows = {row: set[str]() for row in CLEAR if who in row.who}
        self._masked = {where: set[str]() for whose, where, _ in MASKED if who in whose}

    def at(self, visit: Visit, client: Client, **headers: str) -> None:
        """Make the visit; what there is not looks the same to everybody."""
        if visit.astray:
            return
        response = go(client, visit, self.planted, follow=visit.act is not None, **headers)
        where, after = _shown_at(visit, response), visit.endpoint if visit.act else ""
        rows = [row for row in self._rows if row.where == where and row.after in ("", after)]
        seen = self._sight.clear(response)
        allowed = {field for row in rows for field in row.fields}
        assert seen <= allowed, f"{self.who} sees {sorted(seen - allowed)} at {where} after {visit.endpoint}"
        for row in rows:
            self._rows[row] |= seen & row.fields
        if self.who not in SEE_MASKED:
            assert not is_masked(response), f"{self.who} sees something masked at {where}"
        elif where in self._masked:
            self._masked[where] |= _masked_in(words_of(response), self.planted)

    def saw_all(self) -> None:
        """Everything that the table has a word for was seen: no row is left over, no page shows too little."""
        assert {row: row.fields - seen for row, seen in self._rows.items() if row.fields != seen} == {}
        promised = {where: fields for whose, where, fields in MASKED if self.who in whose}
        assert {where: lacks for where, fields in promised.items() if (lacks := fields - self._masked[where])} == {}


def _masked_in(text: str, planted: Planted) -> set[str]:
    """The fields that stand masked beside their label."""
    return {
        field
        for field in EVERY_FIELD
        for value in planted.values[field]
        if f"{label_of(field)} {mask(field, value)}".casefold() in text.casefold()
    }


def _shown_at(visit: Visit, response: Any) -> str:
    """The endpoint that answered in the end, after redirects."""
    if not getattr(response, "redirect_chain", ()):
        return visit.endpoint
    pattern = response.resolver_match.route
    return f"GET {next(route.name for route in routes() if route.pattern == pattern)}"


def sign_in(client: Client, who: str, planted: Planted) -> None:
    """Let this client be theirs from now on: a new client for everybody would read all static files anew."""
    client.cookies.clear()
    if who in planted.staff:
        client.force_login(planted.staff[who])


def _headers(who: str, planted: Planted) -> dict[str, str]:
    """What a program sends along: a key of one purpose and all scopes, of one scope and all purposes, or none."""
    kind, _, what = who.partition(" key") if who in OTHER_KEYS else ("", "", who.split(" ")[-1])
    if kind in ("false", "write"):
        return {"Authorization": f"Bearer {UNKNOWN}"}
    purposes, scopes = ([what], api_keys.SCOPES) if what in PURPOSES else (everything(), [what])
    key, text = api_keys.add(who, purposes=purposes, scopes=api_keys.SCOPES if kind else scopes)
    if kind == "revoked":
        api_keys.revoke(key, now=timezone.now())
    return {"Authorization": f"Bearer {text}", "X-Onym-Purpose": SCOPES.get(what, what or "service")}


def _as_everybody(visit: Visit, planted: Planted, callers: Mapping[str, Client]) -> Iterator[Any]:
    """The responses to somebody with all roles, or to a key of everything, purpose by purpose."""
    client = callers[(visit.act and visit.act.by) or EVERYBODY]
    if not visit.route.is_of_programs:
        yield go(client, visit, planted, follow=False)
        return
    for purpose in ("service", "analytics"):
        headers = {"Authorization": f"Bearer {planted.api_key}", "X-Onym-Purpose": purpose}
        yield (response := go(client, visit, planted, **headers))
        if _is_answer(response):
            return


def _is_answer(response: Any) -> bool:
    """Whether it is what was asked for: no error, and no page that only says why not."""
    told = get_messages(response.wsgi_request) if hasattr(response.wsgi_request, "_messages") else ()
    return response.status_code < 400 and all(message.level < WARNING for message in told)


def test_p36_values_are_revealed_by_the_act_alone_and_for_once(planted: Planted, client: Client, settings: Any) -> None:
    sight = Sight(planted.values)

    def seen(response: Any) -> set[str]:
        return sight.clear(response) & EVERY_FIELD

    for name, shown_at, one in (
        ("identity_profile_reveal", "identity_profile_change", planted.profile),
        ("identity_match_reveal", "identity_match_change", planted.things["match"].pk),
        ("privacy_subjectrequest_reveal", "privacy_subjectrequest_approve", planted.things["housemate's erasure"].pk),
        ("identity_profile_break_glass", "identity_profile_change", planted.profile),
    ):
        address, page = (reverse(f"admin:{this}", args=[one]) for this in (name, shown_at))
        entitled = {who for row in CLEAR if row.after == f"POST admin:{name}" for who in row.who}
        for who in STAFF:
            sign_in(client, who, planted)
            refused = [client.get(address, {"reason": REASON}, follow=True)]
            for reason in ("", f"ask {planted.canary.email}", *(() if who in entitled else (REASON,))):
                refused.append(client.post(address, {"reason": reason}, follow=True))
            settings.MFA_REQUIRED = True
            refused.append(client.post(address, {"reason": REASON}, follow=True))
            settings.MFA_REQUIRED = False
            assert [seen(response) for response in refused] == [set()] * len(refused), f"{who} needs no {name}"
            if who in entitled:
                assert {"email", "given_name"} <= seen(client.post(address, {"reason": REASON}, follow=True)), who
                # Broken glass is open for a quarter of an hour; what was revealed is masked again at once.
                assert ("email" in seen(client.get(page))) == (name == "identity_profile_break_glass")
                other = reverse("admin:identity_profile_change", args=[planted.things["split off"]])
                assert seen(client.get(other)) == set()


def test_p36_a_mask_does_not_tell_few_values_apart() -> None:
    for field, values in {
        "gender": ("female", "male", "diverse", "f", "m"),
        "birth_date": ("1984-05-06", "2001-01-01"),
    }.items():
        assert len({mask(field, value) for value in values}) == 1, field


def _open(request: HttpRequest) -> str:
    """An e-mail address, opened as any page would."""
    profile = UUID(request.GET["profile"])
    grant = decide(
        source_profiles(profile), purpose="service", at=timezone.now(), actor=Actor("person", "1"), reason="a bad page"
    )
    assert isinstance(grant, Grant)
    return golden.read([profile], grant)[profile]["email"].value


ERRORS = {400: SuspiciousOperation, 403: PermissionDenied, 404: Http404, 500: ValueError}


def broken(request: HttpRequest, status: int) -> HttpResponse:
    """A page that has opened an address and fails with it on its lips."""
    address = _open(request)
    raise ERRORS[status](f"cannot show {address}")


class BrokenRoute(View):
    """A route of the API that does the same."""

    required_scopes = {"GET": "profiles:read"}
    queries = {"GET": ConsentQuery}

    def get(self, request: Request, status: int) -> Response:
        address = _open(request._request)
        raise ERRORS[status](f"cannot show {address}")


urlpatterns = [
    path("admin/broken/<int:status>/", admin.site.admin_view(broken)),
    path("api/broken/<int:status>/", BrokenRoute.as_view()),
    path("privacy/broken/<int:status>/", public("GET")(broken)),
    *real,
]


@pytest.mark.urls("tests.statements.test_p36_masked_by_default")
def test_p36_no_error_page_shows_a_value_that_the_page_had_opened(
    planted: Planted, client: Client, settings: Any
) -> None:
    assert settings.DEBUG is False
    sight, about = Sight(planted.values), {"profile": str(planted.profile)}
    client.raise_request_exception = False
    for who in STAFF:
        sign_in(client, who, planted)
        for status in ERRORS:
            answers = {
                place: client.get(f"/{place}/broken/{status}/", about, headers=headers)
                for place, headers in {
                    "admin": {},
                    "privacy": {},
                    "api": {"Authorization": f"Bearer {planted.api_key}", "X-Onym-Purpose": "service"},
                }.items()
            }
            let_in = who in ROLES
            assert {place: answer.status_code for place, answer in answers.items()} == {
                "admin": status if let_in else 302,
                "privacy": status,
                "api": status,
            }, who
            for place, answer in answers.items():
                assert (sight.clear(answer), is_masked(answer)) == (set(), False), f"{who} at {place}, {status}"
        spoilt = {"host": f"{planted.canary.token}.example.com"}
        refused = client.get(reverse("admin:identity_profile_change", args=[planted.profile]), headers=spoilt)
        assert (refused.status_code, sight.clear(refused)) == (400, set())


@pytest.mark.parametrize("who", [MARKETER, EVERYBODY])
def test_p36_nobody_finds_a_person_by_searching(who: str, planted: Planted, client: Client) -> None:
    """Neither in the search box of a list, nor in that of the site, nor by completing what is typed."""
    email, name, nobody = planted.canary.email, planted.values["family_name"][0], "nobody.at.all@example.com"
    sign_in(client, who, planted)
    for model in admin.site._registry:
        listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        of_nobody = client.get(listed, {"q": nobody})
        for value in (email, name) if of_nobody.status_code == 200 else ():
            assert _rows(client.get(listed, {"q": value})) == _rows(of_nobody), f"{listed} finds {value}"
    for extended in ({}, {"extended": "1"}):
        found = (client.get(reverse("admin:search"), {"s": term, **extended}) for term in (email, name, nobody))
        assert len({re.sub(r"[\d.]+ seconds", "", words_of(response)) for response in found}) == 1
    for model in apps.get_models():
        for field in (field for field in model._meta.concrete_fields if field.is_relation):
            of = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field.name}
            response = client.get(reverse("admin:autocomplete"), {**of, "term": email})
            assert response.status_code in (403, 404), f"{model._meta.label}.{field.name} is completed"


def _rows(response: Any) -> list[Any]:
    """The rows that are listed; none where the screen is no list."""
    listed = (response.context or {}).get("cl")
    return [row.pk for row in listed.result_list] if listed else []


def test_p36_no_filter_or_parameter_of_a_list_asks_for_a_value(planted: Planted, client: Client) -> None:
    """Django lets an address ask for any column of a listed table, and for those of others that a filter names."""
    sight, value = Sight(planted.values), planted.values["email"][0].lower()
    sign_in(client, EVERYBODY, planted)
    for model, screen in admin.site._registry.items():
        listed = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        request = RequestFactory().get(listed)
        request.user = planted.staff[EVERYBODY]
        shown = screen.get_changelist_instance(request)
        for spec in shown.filter_specs:
            _, first, *others = spec.choices(shown)
            for choice in (first, *others[-1:]):
                assert not sight.clear(client.get(f"{listed}{choice['query_string']}")), choice
        for column in _columns(model):
            asked = RequestFactory().get(listed, {f"{column}__icontains": value})
            asked.user = planted.staff[EVERYBODY]
            try:
                assert list(screen.get_changelist_instance(asked).result_list) == [], f"{listed} by {column}"
            except (IncorrectLookupParameters, DisallowedModelAdminLookup):
                continue


def _columns(model: Any) -> Iterator[str]:
    """The columns of the model, and those of every model one step away."""
    for field in model._meta.get_fields():
        if field.is_relation and field.related_model:
            yield from (f"{field.name}__{further.name}" for further in field.related_model._meta.concrete_fields)
        elif field.concrete:
            yield field.name


def test_p36_an_identifier_finds_its_bearer_for_those_alone_who_may_look_up(planted: Planted, client: Client) -> None:
    page = reverse("admin:identity_profile_change", args=[planted.profile])
    for who in STAFF:
        sign_in(client, who, planted)
        for value in (planted.canary.email, "nobody.at.all@example.com"):
            asked = {"namespace": "email", "value": value}
            response = client.post(reverse("admin:identity_profile_look_up"), asked)
            found = response.headers.get("Location") == page
            assert found == (who in SEE_MASKED and value == planted.canary.email), who
            assert (response.status_code == 302) == (who not in ROLES or who in SEE_MASKED), who
