"""What people type in as an address does not reach into the organization's own network."""

import socket
from typing import Any

import pytest

from outbox.addresses import NotAllowed, must_be_allowed, resolve


@pytest.fixture
def production(settings: Any) -> None:
    settings.PRODUCTION, settings.OUTGOING_PRIVATE_ADDRESSES = True, False


@pytest.mark.parametrize(
    "url",
    [
        "http://mailer.example/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/",
        "https://10.0.0.8/",
        "https://192.168.1.1:8443/admin",
        "https://169.254.169.254/latest/meta-data/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://user:pass@mailer.example/",
        "https://mailer.example/#part",
        "https://mailer.example /",
        "ftp://mailer.example/",
        "https:///hook",
        "https://mailer.example:99999/",
        "mailer.example",
        "",
    ],
)
def test_an_address_that_is_refused(production: None, url: str) -> None:
    with pytest.raises(NotAllowed):
        must_be_allowed(url)


def test_a_name_is_refused_when_it_stands_for_an_inner_address(
    production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    must_be_allowed("https://mailer.example/hook?x=1")
    for ips in (["10.1.2.3"], ["93.184.216.34", "127.0.0.1"]):
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ips]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args, found=found, **more: found)
        with pytest.raises(NotAllowed):
            resolve("https://mailer.example/hook")


def test_the_looked_up_address_is_the_one_to_connect_to(production: None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **more: found)
    address = resolve("https://mailer.example/hook?x=1")
    assert (address.host, address.port, address.path, address.ip) == (
        "mailer.example",
        443,
        "/hook?x=1",
        "93.184.216.34",
    )


def test_in_development_this_machine_may_be_called_without_tls(settings: Any) -> None:
    settings.PRODUCTION, settings.OUTGOING_PRIVATE_ADDRESSES = False, True
    assert resolve("http://127.0.0.1:9000/hook").ip == "127.0.0.1"
    with pytest.raises(NotAllowed):
        must_be_allowed("http://mailer.example/")
