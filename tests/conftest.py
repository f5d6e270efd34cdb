"""What every test may use: instants, sources, and doors to send records through."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from hypothesis import HealthCheck, settings

from access import limits
from records import sources
from tests.pipeline.cast import seed_purposes
from vault import blind

# A busy machine is no reason to fail.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# Static files are looked up when asked for; else every new test client would index all of them first.
django_settings.WHITENOISE_AUTOREFRESH = True

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _erasure_ledger_of_its_own(settings: Any, tmp_path: Path) -> None:
    """Tests undo what they did in the database; the erasure ledger is a file, so each has its own."""
    settings.ERASURE_LEDGER = tmp_path / "erasures.jsonl"


@pytest.fixture
def now() -> datetime:
    """The instant at which tests happen."""
    return NOW


@pytest.fixture(autouse=True)
def _as_a_new_process() -> None:
    """Index keys are read from the key store of this test, not remembered from that of another."""
    blind.forget()


@pytest.fixture
def yesterday(now: datetime) -> datetime:
    return now - timedelta(days=1)


@pytest.fixture
def shop(db):
    """The web shop's server: an online source that is trusted."""
    return sources.add("shop", kind="online", purposes=["service", "analytics", "marketing"])[0]


@pytest.fixture
def browser(db):
    """The shop's site in a browser: its write key is public."""
    return sources.add("browser", kind="online", client_side=True, purposes=["analytics", "marketing"])[0]


@pytest.fixture
def crm(db):
    """The customer file."""
    mapping = {
        "message_id": ["customer_number", "updated_at"],
        "occurred_at": "updated_at",
        "fields": {
            name: name
            for name in (
                "customer_number",
                "given_name",
                "family_name",
                "email",
                "phone",
                "birth_date",
                "street",
                "postcode",
                "city",
                "country",
                "loyalty_number",
            )
        },
        "consents": {"newsletter": {"purpose": "marketing", "channel": "email"}, "analytics": {"purpose": "analytics"}},
    }
    return sources.add(
        "crm", kind="offline", trust_rank=90, purposes=["service", "analytics", "marketing"], mapping=mapping
    )[0]


@pytest.fixture(autouse=True)
def purposes(request: pytest.FixtureRequest) -> None:
    """Tests that commit find the purposes that a flush has taken."""
    marker: Any = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction") and "default" in (marker.kwargs.get("databases") or ["default"]):
        request.getfixturevalue("transactional_db")
        seed_purposes()


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is counted comes within one minute, that of the first, however long it takes here."""
    began: list[datetime] = []
    take_turn = limits.take_turn

    def within(*told: Any, now: datetime, **more: Any) -> None:
        began.append(now)
        take_turn(*told, now=began[0], **more)

    monkeypatch.setattr(limits, "take_turn", within)
