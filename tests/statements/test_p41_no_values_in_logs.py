"""An e-mail address sent through every route and error path is in no log: application, database, or error report."""

import logging
import re
import sys
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from celery import shared_task
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path
from django.utils import timezone

from access import api_keys, users
from access.roles import ROLES
from cdp import embedded
from cdp.quiet_logs import Quiet
from cdp.urls import urlpatterns as real
from pipeline.consumers import taking
from pipeline.consumers.patience import take_patiently
from pipeline.consumers.progress import Progress
from pipeline.consumers.taking import Fetched
from records.envelopes.kafka import Message
from records.models import Source
from tests.senders import STREAMS, send_stream
from tests.statements.sabotage import Sabotage

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "cdp/quiet_logs.py",
    """        return f"{kind.__name__ if kind else 'Exception'}{places}\"""",
    """        return f"{kind.__name__ if kind else 'Exception'}{places} {str(ei[1]).replace('@', ' at ')}\"""",
)
CANARY = "quietcanary4711@example.com"
# Whatever becomes of the rest, this does not survive in any encoding that keeps letters.
TRACE = "quietcanary4711"


def broken(request: HttpRequest) -> HttpResponse:
    """A page that fails with a value of the request in its exception."""
    raise ValueError(f"cannot handle {request.GET.get('email')}")


def broken_database(request: HttpRequest) -> HttpResponse:
    """A page whose statement fails in the database, with a value in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::integer", [request.GET.get("email")])
    return HttpResponse()


urlpatterns = [path("broken/", broken), path("admin/broken/", broken), path("broken-database/", broken_database), *real]


@pytest.fixture
def application_log() -> Iterator[StringIO]:
    """What the handler of the settings writes, of every logger and every level; and structured logs beside it."""
    written = StringIO()
    handlers = [one for one in logging.getLogger().handlers if isinstance(one.formatter, Quiet)]
    assert len(handlers) == 1
    handler = handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    before, root = handler.setStream(written), logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(written))
    yield written
    structlog.configure(logger_factory=structlog.PrintLoggerFactory())
    root.setLevel(level)
    handler.setStream(before or sys.stderr)


@pytest.fixture
def database_log() -> Path:
    """The file that the embedded server of these tests writes."""
    file = embedded.Cluster(settings.ONYM_HOME, embedded.DEFAULT_VERSION).log
    assert file.exists()
    return file


@pytest.fixture
def client(settings: Any) -> Client:
    """Somebody with every role and a key with every scope, who sees errors as a caller does."""
    settings.ADMINS = [("Admin", "admin@onym.invalid")]
    client = Client(raise_request_exception=False)
    client.force_login(users.add("mary", password="correct horse battery", roles=list(ROLES)))
    return client


def test_p41_every_route_takes_the_address_anywhere_and_logs_it_nowhere(
    client: Client, application_log: StringIO, database_log: Path
) -> None:
    before = database_log.stat().st_size
    text = api_keys.add("canary", purposes=["service", "marketing"], scopes=api_keys.SCOPES)[1]
    routes = _routes()
    assert len(routes) > 100
    for route in routes:
        _call(client, "get", route, text)
        _call(client, "post", route, text)
        _call(client, "patch", route, text)
    _assert_silent(application_log, database_log, before)


@pytest.mark.urls("tests.statements.test_p41_no_values_in_logs")
def test_p41_errors_log_their_kind_and_place_without_the_value(
    client: Client, application_log: StringIO, database_log: Path
) -> None:
    before = database_log.stat().st_size
    expected = {
        f"/broken/?email={CANARY}": 500,
        f"/admin/broken/?email={CANARY}": 500,
        f"/{CANARY}/": 404,
        f"/api/{CANARY}/": 404,
        f"/admin/{CANARY}/": 404,
    }
    for address, status in expected.items():
        assert client.get(address).status_code == status, address
    with transaction.atomic():
        sid = transaction.savepoint()
        assert client.get(f"/broken-database/?email={CANARY}").status_code == 500
        transaction.savepoint_rollback(sid)
    assert client.post("/v1/batch", f'{{"email": "{CANARY}"', content_type="application/json").status_code in (400, 401)
    assert client.get("/admin/", headers={"host": f"{TRACE}.example.com"}).status_code == 400
    assert client.get("/livez", {"a": CANARY}, headers={"X-Trace": CANARY}).status_code == 200
    said = application_log.getvalue()
    assert "ValueError" in said
    assert "DataError" in said or "InvalidTextRepresentation" in said
    assert "in broken" in said
    assert "DisallowedHost" in said
    _assert_silent(application_log, database_log, before)


def test_p41_the_database_keeps_the_value_of_a_failed_statement_to_itself(database_log: Path) -> None:
    before = database_log.stat().st_size
    for statement in ("SELECT %s::integer", "SELECT 1 / 0 WHERE %s <> ''", "SELECT %s FROM no_such_table"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [CANARY])
    assert TRACE not in _since(database_log, before)


def test_p41_a_careless_line_loses_the_address(application_log: StringIO) -> None:
    """The net below: whoever logs a value by mistake logs no address."""
    logging.getLogger("somewhere").warning("could not send to %s", CANARY)
    logging.getLogger("elsewhere").warning("GET /x?email=quietcanary4711%%40example.com")
    structlog.get_logger().warning("could not send", to=CANARY)
    assert "could not send to [address]" in application_log.getvalue()
    assert TRACE not in application_log.getvalue()


def test_p41_a_worker_says_of_a_task_its_name_and_what_kind_of_thing_went_wrong(application_log: StringIO) -> None:
    """What a task was given, gave back and raised stands in what Celery says of it."""

    def raising(value: str) -> None:
        raise ValueError(f"cannot handle {value}")

    def giving_back(value: str) -> str:
        return value

    for number, task in enumerate((raising, giving_back)):
        shared_task(name=f"test.task-{number}")(task).apply([TRACE], throw=False)
    said = application_log.getvalue()
    assert re.search(r"Task test\.task-0\[\S+\] raised unexpected: ValueError", said)
    assert "in raising" in said
    assert TRACE not in said.casefold()


@pytest.mark.django_db(transaction=True, databases=["default", "keystore"])
@pytest.mark.parametrize("door", STREAMS)
def test_p41_a_consumer_says_numbers_and_kinds_of_errors_alone(
    door: str, crm: Source, application_log: StringIO, database_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good and bad messages, one that cannot be stored, and something that is away for a while."""
    before, said = database_log.stat().st_size, list[str]()
    row = {"customer_number": TRACE, "email": CANARY}
    broken_json = f'{{"email": "{CANARY}"'.encode()
    for message in (row, [row, row], broken_json, {**row, "updated_at": CANARY}, CANARY, {CANARY: CANARY}):
        send_stream(door, crm, message, now=timezone.now())
    accept, attempts = taking.accept, [0]

    def failing(source: Source, items: Any, **more: Any) -> Any:
        attempts[0] += 1
        if attempts[0] == 1:
            raise ConnectionError(f"cannot reach {CANARY}")
        if attempts[0] < 4:
            raise ValueError(f"cannot store {CANARY}")
        return accept(source, items, **more)

    monkeypatch.setattr(taking, "accept", failing)
    progress = Progress(door, said.append, as_json=True)
    message = Message("onym.crm", 0, 1, None, CANARY.encode(), b'{"customer_number": "%s"}' % TRACE.encode())
    stopping = threading.Event()
    taken = take_patiently(
        [Fetched("crm", message)], door=door, progress=progress, stopping=stopping, meanwhile=stopping.wait
    )
    progress.note(taken)
    progress.end()
    assert taken.acceptance.quarantined == 1
    assert "ConnectionError" in application_log.getvalue()
    assert [line for line in said if TRACE in line] == []
    assert attempts == [4]
    _assert_silent(application_log, database_log, before)


def _call(client: Client, method: str, route: str, text: str) -> None:
    """Once as a person and once as a program: in query, header, body and the name of a file."""
    headers = {"X-Trace-Id": CANARY, "Referer": f"http://testserver/?q={CANARY}", "User-Agent": CANARY}
    address = f"{route}?email={CANARY}&q={CANARY}"
    form = {"email": CANARY, "value": CANARY, "namespace": "email", "reason": CANARY, "username": CANARY}
    with transaction.atomic():
        sid = transaction.savepoint()
        if method == "get":
            client.get(address, headers=headers)
            Client(raise_request_exception=False).get(
                address, headers={**headers, "Authorization": f"Bearer {text}", "X-Onym-Purpose": CANARY}
            )
        elif method == "patch":
            Client(raise_request_exception=False).patch(
                address, form, content_type="application/json", headers={**headers, "Authorization": f"Bearer {text}"}
            )
        else:
            file = SimpleUploadedFile(f"{CANARY}.csv", CANARY.encode())
            if "logout" not in route:
                client.post(address, {**form, "file": file}, headers=headers)
            Client(raise_request_exception=False).post(
                address, form, content_type="application/json", headers={**headers, "Authorization": f"Bearer {text}"}
            )
        transaction.savepoint_rollback(sid)


def _routes() -> list[str]:
    """Every address of the urlconf; the address stands where a route takes words, an id where it takes ids."""
    found: list[str] = []

    def walk(patterns: list[Any], before: str) -> None:
        for one in patterns:
            route = before + str(one.pattern)
            if isinstance(one, URLResolver):
                walk(one.url_patterns, route)
            elif isinstance(one, URLPattern):
                route = re.sub(r"<uuid:[^>]*>", str(UUID(int=1)), route.replace("\\Z", ""))
                found.append("/" + re.sub(r"<[^>]*>", CANARY, route))

    walk(get_resolver().url_patterns, "")
    return [route for route in found if not re.search(r"[\^$(]", route)]


def _assert_silent(application_log: StringIO, database_log: Path, before: int) -> None:
    leaks = [line for line in application_log.getvalue().splitlines() if TRACE in line]
    assert leaks == []
    assert TRACE not in _since(database_log, before)
    assert mail.outbox == []


def _since(file: Path, before: int) -> str:
    with file.open("rb") as log:
        log.seek(before)
        return log.read().decode(errors="replace")
