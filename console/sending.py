"""How a source's records are sent, by what it sends: told where its key is shown, and where nothing has come yet."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from access.roles import EDIT_SOURCES
from console.capabilities import roles_that
from records.models import IOT, SEGMENT, Source

AS_USER_NAME = "as the user name of HTTP Basic authentication (without a password) or as a Bearer token"
KEPT_AS = "It is kept only as a digest: whoever loses it needs a new one."


def key_hint(source: Source, address_of: Callable[[str], str]) -> str:
    """What a write key is for; `address_of` makes a path an address of this installation."""
    if source.format == SEGMENT:
        where = f"Send it {AS_USER_NAME} to {address_of('/v1/batch')}. {_clients(source, address_of)}"
    else:
        where = f"Send it {AS_USER_NAME} to {address_of('/v1/cloudevents')}. {_without_a_key(source)}"
    return f"{where} {KEPT_AS}"


@dataclass(frozen=True)
class WayIn:
    """One way in which a source's records come: what it is, where to, and a call to copy, if there is one."""

    name: str
    says: str
    call: str = ""


def how_to_send(source: Source, address_of: Callable[[str], str], *, may_edit: bool) -> list[WayIn]:
    """Every way in that is open to this source, the usual one first; what is done on its page for those who may."""
    ways = [_over_http(source, address_of)]
    here = "on this page, or" if may_edit else f"on this page, by {_who_may()}, or"
    ways.append(WayIn("Files", f"CSV, JSON lines or Parquet: {here}", f"manage.py ingest FILE --source {source.name}"))
    if not source.client_side:
        kept = "made or kept on this page" if may_edit else f"made or kept on this page by {_who_may()}"
        webhooks = f"Signed as Standard Webhooks are, with a secret of their own, which is {kept}."
        ways.append(WayIn("Webhooks", webhooks, address_of(f"/v1/webhooks/{source.name}")))
    if source.kind == IOT:
        ways.append(
            WayIn("MQTT", f"Messages below the topic of the source's name, {source.name}: manage.py consume_mqtt.")
        )
    return ways


def _over_http(source: Source, address_of: Callable[[str], str]) -> WayIn:
    if source.format == SEGMENT:
        message = {"type": "identify", "userId": f"{source.name}-1", "traits": {"email": "ann@example.com"}}
        body = json.dumps({"batch": [message]})
        call = _call(address_of("/v1/batch"), "application/json", body)
        return WayIn("Segment messages", f"With its write key {AS_USER_NAME}. {_clients(source, address_of)}", call)
    body = '{"specversion": "1.0", "id": "1", "source": "/till/7", "type": "row", "data": {"email": "ann@example.com"}}'
    call = _call(address_of("/v1/cloudevents"), "application/cloudevents+json", body)
    return WayIn("CloudEvents", f"With its write key {AS_USER_NAME}.", call)


def _call(address: str, type: str, body: str) -> str:
    return f"curl -u WRITE_KEY: -H 'Content-Type: {type}' {address} \\\n  -d '{body}'"


def first_steps(source: Source, *, may_edit: bool) -> str:
    """What to do while nothing has come; whoever may do nothing of it is told who may."""
    if not may_edit:
        return f"It is set up by {_who_may()}."
    if source.format == SEGMENT:
        return "Send Segment messages to /v1/batch with its write key, or load a file of them."
    webhooks = "" if source.client_side else ", or take signed webhooks"
    return f"Load a file, send CloudEvents to /v1/cloudevents with its write key{webhooks}."


def _who_may() -> str:
    names = sorted(name.lower() for name in roles_that(EDIT_SOURCES))
    return " or ".join(f"an {name}" if name[0] in "aeiou" else f"a {name}" for name in names)


def _clients(source: Source, address_of: Callable[[str], str]) -> str:
    told = f"Segment's and Rudder's clients do so by themselves, once {address_of('')} is set as their host."
    return f"{told} This one is public: it may stand in a page or an app." if source.client_side else told


def _without_a_key(source: Source) -> str:
    """The other ways in of rows, which the write key does not open."""
    webhooks = "" if source.client_side else "; signed webhooks have a secret of their own, which is made there too"
    return f"Files need no key: load them on the source's page or by manage.py ingest{webhooks}."
