"""Transit and AWS KMS hold the key-encryption key: over their own wire protocols, and never a call per person."""

import time
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.vault.transit_server import TOKEN, TransitServer, serving
from vault import key_encryption, keys
from vault.aws_kms import AwsKms
from vault.ids import new_id
from vault.key_encryption import KeyRing, KeyVersionMissing, key_ring
from vault.key_files import KeyFiles
from vault.key_service import KeyServiceFailed, ServiceKeys
from vault.models import DataKey, WrappingKey
from vault.transit import Transit

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SECRET = b"s" * 32


@pytest.fixture
def transit(settings, monkeypatch) -> Iterator[TransitServer]:
    with serving() as server:
        settings.TRANSIT_ADDRESS = server.address
        monkeypatch.setenv("VAULT_TOKEN", TOKEN)
        yield server


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(moto, settings, monkeypatch) -> str:
    """An alias for a new KMS key; returns the address."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL_KMS": moto,
        "NO_PROXY": "127.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)
    key = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    settings.AWS_KMS_KEY = key
    return moto


@pytest.fixture(params=["transit", "aws"])
def service(request):
    request.getfixturevalue(request.param)
    return Transit() if request.param == "transit" else AwsKms()


def test_a_secret_comes_back_in_its_own_context_only(service):
    wrapped = service.wrap(SECRET, context="version 1")
    assert SECRET not in wrapped
    assert service.unwrap(wrapped, context="version 1") == SECRET
    with pytest.raises(KeyServiceFailed, match="Nothing is opened until it answers"):
        service.unwrap(wrapped, context="version 2")
    with pytest.raises(KeyServiceFailed):
        service.unwrap(wrapped[:-4] + b"AAAA", context="version 1")


def test_thousands_of_keys_cost_two_calls(transit, monkeypatch):
    ring = KeyRing([ServiceKeys(Transit())])
    monkeypatch.setattr(keys, "key_encryption_key", ring.current)
    ids = [new_id() for _ in range(3_000)]
    made = keys.make(ids)
    assert keys.fetch(ids) == made
    assert transit.calls == ["/v1/transit/encrypt/onym", "/v1/transit/decrypt/onym"]
    assert DataKey.objects.filter(id__in=ids).count() == 3_000


def test_the_key_store_holds_a_version_wrapped_by_the_service(service):
    ring = KeyRing([ServiceKeys(service)])
    wrapped = ring.current().wrap(SECRET, context=b"alice")
    row = WrappingKey.objects.get()
    assert (row.version, row.service, row.service_key) == (1, service.name, service.key)
    another_process = KeyRing([ServiceKeys(service)])
    assert another_process.current().unwrap(wrapped, context=b"alice", version=1) == SECRET


def test_a_version_stays_in_memory_for_minutes_and_then_asks_the_service_again(transit, monkeypatch):
    ring = KeyRing([ServiceKeys(Transit())])
    ring.current()
    calls = len(transit.calls)
    ring.current()
    assert len(transit.calls) == calls
    later = time.monotonic() + key_encryption.KEPT_FOR + 1
    monkeypatch.setattr(key_encryption.time, "monotonic", lambda: later)
    transit.sealed = True
    with pytest.raises(KeyServiceFailed, match="Transit key 'onym'"):
        ring.current()
    transit.sealed = False
    assert ring.current().version == 1


def test_keys_move_from_the_file_to_the_service_and_the_file_may_go(service, tmp_path):
    path = tmp_path / "kek"
    wrapped = KeyRing([KeyFiles(path)]).current().wrap(SECRET, context=b"alice")
    ring = KeyRing([ServiceKeys(service), KeyFiles(path)])
    assert ring.current().version == 1
    assert (ring.make(), ring.home(2)) == (2, service.name)
    moved = ring.current().wrap(ring.current().unwrap(wrapped, context=b"alice", version=1), context=b"alice")
    ring.retire(1)
    assert not path.exists()
    assert ring.current().unwrap(moved, context=b"alice", version=2) == SECRET
    with pytest.raises(KeyVersionMissing):
        ring.current().unwrap(wrapped, context=b"alice", version=1)


def test_transit_rotates_its_own_key_beneath(transit):
    service = Transit()
    old = service.wrap(SECRET, context="c")
    transit.rotate()
    new = service.wrap(SECRET, context="c")
    assert (old[:9], new[:9]) == (b"vault:v1:", b"vault:v2:")
    assert service.unwrap(old, context="c") == service.unwrap(new, context="c") == SECRET
    transit.min_decryption_version = 2
    with pytest.raises(KeyServiceFailed):
        service.unwrap(old, context="c")


def test_a_wrong_token_opens_nothing_and_is_not_told(transit, monkeypatch):
    monkeypatch.setenv("VAULT_TOKEN", "s.wrong-token")
    with pytest.raises(KeyServiceFailed, match="Forbidden") as refused:
        Transit().wrap(SECRET, context="c")
    assert "s.wrong-token" not in str(refused.value)


def test_the_token_is_read_from_its_file_anew(transit, settings, tmp_path):
    path = tmp_path / "token"
    path.write_text("s.old\n")
    settings.TRANSIT_TOKEN_FILE = str(path)
    service = Transit()
    with pytest.raises(KeyServiceFailed):
        service.wrap(SECRET, context="c")
    path.write_text(f"{TOKEN}\n")
    assert service.unwrap(service.wrap(SECRET, context="c"), context="c") == SECRET
    path.unlink()
    with pytest.raises(KeyServiceFailed, match="token file"):
        service.wrap(SECRET, context="c")


@pytest.mark.parametrize("name", ["transit", "aws"])
def test_a_service_that_is_away_is_said(name, request, monkeypatch, settings):
    request.getfixturevalue(name)
    settings.TRANSIT_ADDRESS = "http://127.0.0.1:9"
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")
    service = Transit() if name == "transit" else AwsKms()
    with pytest.raises(KeyServiceFailed, match="Nothing is opened until it answers"):
        service.unwrap(b"vault:v1:AAAA", context="c")


def test_another_kms_key_does_not_open_it(aws, settings):
    wrapped = AwsKms().wrap(SECRET, context="c")
    settings.AWS_KMS_KEY = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    with pytest.raises(KeyServiceFailed):
        AwsKms().unwrap(wrapped, context="c")


@pytest.mark.parametrize("name", ["transit", "aws"])
def test_the_service_is_chosen_by_the_environment(name, request, settings):
    request.getfixturevalue(name)
    settings.KEY_SERVICE = name
    key_ring.cache_clear()
    try:
        assert [home.name for home in key_ring().homes] == [name, "file"]
    finally:
        key_ring.cache_clear()
