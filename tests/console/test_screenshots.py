"""Pictures: taken in a real browser, of pages that ask nobody else for anything."""

import struct
from pathlib import Path

import pytest

pytest.importorskip("playwright")

from django.core.management import CommandError, call_command
from playwright.sync_api import sync_playwright

from access import users
from access.models import User
from access.roles import ADMINISTRATOR, MANAGE_ACCESS
from console.actors import names_of
from console.management.commands import screenshots

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "keystore"], transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium here"),
]


def test_a_picture_is_taken_and_every_file_comes_from_here(tmp_path: Path) -> None:
    path, hosts = tmp_path / "login.png", set()
    with screenshots._serving() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(screenshots.ARGUMENTS))
        page = screenshots._window(browser, "none", address, dark=False)
        page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
        screenshots._shoot(page, f"{address}/admin/login/", path, whole=False)
        browser.close()
    assert struct.unpack(">II", path.read_bytes()[16:24]) == (1440, 1000)
    assert hosts == {address.removeprefix("http://")}


def test_a_picture_is_named_after_its_page() -> None:
    assert screenshots._name("/admin/identity/profile/?who=everybody") == "admin-identity-profile"
    assert screenshots._name("/") == "page"


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no browser at /nowhere: name one with --chromium"):
        call_command("screenshots", chromium="/nowhere", out=tmp_path / "none")
    monkeypatch.setattr(screenshots, "THERE", False)
    with pytest.raises(CommandError, match="make install-dev"):
        call_command("screenshots", out=tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_whoever_takes_pictures_is_gone_afterwards_and_named_where_they_looked() -> None:
    users.add("admin", password="a long enough one", roles=[ADMINISTRATOR])
    with screenshots._viewer(None) as user:
        assert user.may(MANAGE_ACCESS)
        looked = str(user.pk)
    assert [user.username for user in User.objects.all()] == ["admin"]
    assert names_of([looked]) == {looked: "manage.py screenshots"}
