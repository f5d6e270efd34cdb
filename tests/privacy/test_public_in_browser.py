"""The public pages in a real browser: wide, on a phone, without scripts, in the dark; nothing is cut off."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

pytest.importorskip("playwright")

from playwright.sync_api import Browser, Page, sync_playwright

from consent.acts import NewAct, record
from consent.models import WITHDRAWN
from console.management.commands import screenshots
from identity.profiles import source_profiles
from privacy import links, requests
from privacy.links import About
from privacy.models import OPT_IN, REQUEST, SubjectRequest
from records import sources
from tests.api.conftest import YES, Shop
from tests.pipeline.cast import seed_purposes
from tests.privacy.public_cast import preference_link, source_profile_of
from tests.privacy.visitor import Visitor

CHROMIUM = Path("/usr/bin/chromium")
PICTURES = os.environ.get("ONYM_PICTURES", "")
WIDTHS = {"desktop": 1280, "phone": 360, "narrow": 320}
SMALLEST_TARGET = 24
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium here"),
    pytest.mark.django_db(transaction=True, databases=["default", "keystore"]),
]


@pytest.fixture(autouse=True)
def connections_end_with_their_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's threads must not hold on to the test database."""
    for alias in ("default", "keystore"):
        monkeypatch.setitem(connections.databases[alias], "CONN_MAX_AGE", 0)


@pytest.fixture
def addresses() -> dict[str, str]:
    """Every page, of Alice: her browser asks not to be sold, and one request of hers is ready."""
    seed_purposes()
    shop = Shop(*sources.add("shop", kind="online", purposes=["service", "analytics", "marketing", "personalization"]))
    alice, now = shop.meet("alice", consent=YES), timezone.now()
    record(
        [
            NewAct(id, purpose, "", WITHDRAWN, now, "gpc", verified=False)
            for id in source_profiles(alice)
            for purpose in ("marketing", "personalization")
        ],
        now=now,
    )
    bearer = source_profile_of(alice)
    asked = links.make(REQUEST, source_profile=bearer, about=About(asked="rectification"), now=now)
    ready = links.make(REQUEST, source_profile=bearer, about=About(asked="access"), now=now)
    opt_in = links.make(OPT_IN, source_profile=bearer, about=About(purpose="marketing", channel="email"), now=now)
    Visitor().open(f"/privacy/request/{ready}/").press()
    requests.approve(SubjectRequest.objects.get(), actor="officer", now=now)
    return {
        "ask": "/privacy/",
        "asked": "/privacy/asked/",
        "choices": preference_link(alice),
        "saved": f"{preference_link(alice)}?saved=1",
        "confirm": f"/privacy/request/{asked}/",
        "request": f"/privacy/request/{ready}/",
        "opt-in": f"/privacy/confirm/{opt_in}/",
        "bad-link": "/privacy/choices/x/",
    }


def test_every_page_fits_every_window(addresses: dict[str, str]) -> None:
    with screenshots._serving() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(screenshots.ARGUMENTS))
        for page, name, window in _everywhere(browser, site, addresses):
            cut_off = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert cut_off == 0, f"{name} is wider than {window}"
            for target in page.locator("button, .button, input:visible, textarea, summary").all():
                box = target.bounding_box()
                assert box is not None
                assert min(box["height"], box["width"]) >= SMALLEST_TARGET - 2, f"{name}: a target is small on {window}"
            if PICTURES:
                page.screenshot(path=f"{PICTURES}/{name}-{window}.png", full_page=True)
        browser.close()


def _everywhere(browser: Browser, site: str, addresses: dict[str, str]) -> Iterator[tuple[Page, str, str]]:
    for window, width in WIDTHS.items():
        for dark in (False, True) if PICTURES else (False,):
            context = browser.new_context(
                viewport={"width": width, "height": 800},
                java_script_enabled=True,
                color_scheme="dark" if dark else "light",
                locale="de-DE" if window == "narrow" else "en-GB",
                reduced_motion="reduce",
            )
            page = context.new_page()
            for name, address in addresses.items():
                page.goto(site + address, wait_until="load")
                yield page, name, f"{window}{'-dark' if dark else ''}"
            context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_choices_are_changed_by_keyboard(addresses: dict[str, str], scripts: bool) -> None:
    with screenshots._serving() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(screenshots.ARGUMENTS))
        page = browser.new_context(java_script_enabled=scripts).new_page()
        page.goto(site + addresses["choices"])
        switch = page.get_by_role("switch", name="By text message")
        assert not switch.is_checked()
        switch.focus()
        page.keyboard.press("Space")
        with page.expect_navigation(wait_until="load"):
            page.keyboard.press("Enter")
        assert page.url.endswith("?saved=1")
        assert page.get_by_role("switch", name="By text message").is_checked()
        page.get_by_role("button", name="Withdraw everything").focus()
        with page.expect_navigation(wait_until="load"):
            page.keyboard.press("Enter")
        switches = page.get_by_role("switch").all()
        assert len(switches) == 7
        assert not any(one.is_checked() for one in switches)
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/withdrawn-{'scripts' if scripts else 'none'}.png", full_page=True)
        browser.close()
