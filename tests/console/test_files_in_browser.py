"""A file chosen or dropped in a real browser: sent, tried, shown, and loaded, on a desk and on a phone."""

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.db import connections
from django.urls import reverse

pytest.importorskip("playwright")

from playwright.sync_api import Browser, Page, expect, sync_playwright

from access.models import User
from console.management.commands import screenshots
from pipeline import tasks, uploads
from records import sources
from records.models import Source
from tests.pipeline.cast import seed_purposes

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium here"),
    pytest.mark.django_db(transaction=True, databases=["default", "keystore"]),
]
ROWS = 400
DROP = """
([text, name]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const zone = document.querySelector("[data-upload]");
  for (const type of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
}
"""


@pytest.fixture(autouse=True)
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is asked works at once, beside the server."""

    def work(id: str) -> None:
        uploads.work_on(UUID(id))
        connections.close_all()

    def ask(id: str) -> None:
        threading.Thread(target=work, args=[id]).start()

    for alias in ("default", "keystore"):
        monkeypatch.setitem(connections.databases[alias], "CONN_MAX_AGE", 0)
    monkeypatch.setattr(tasks.work_on_file, "delay", ask)


@pytest.fixture
def crm(transactional_db: None) -> Source:
    seed_purposes()
    return sources.add("crm_export", kind="offline")[0]


@pytest.fixture
def session(crm: Source) -> str:
    operator = User.objects.create(username="olga", roles=["operator", "data_steward"])
    return screenshots._session_of(operator)


@pytest.fixture
def address(crm: Source) -> str:
    return reverse("admin:records_source_change", args=[crm.pk])


@pytest.fixture
def site(session: str) -> Iterator[str]:
    with screenshots._serving() as address:
        yield address


@pytest.fixture
def browser(site: str, address: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(screenshots.ARGUMENTS))
        yield browser
        browser.close()


def people() -> str:
    rows = (f"C-{number},Alice,alice{number}@example.com,1980-05-04,38\n" for number in range(ROWS))
    return "customer_number,given_name,email,birth_date,shoe_size\n" + "".join(rows) + "C-1,Bob,,2080-01-01,\n,,,,\n"


def opened(browser: Browser, session: str, site: str, address: str, width: int) -> Page:
    page = screenshots._window(browser, session, site, dark=False)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site}{address}", wait_until="networkidle")
    return page


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def picture(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=str(folder / f"{name}.png"), full_page=True)


@pytest.mark.parametrize("width", [1440, 360])
def test_a_file_is_chosen_looked_at_and_loaded(
    width: int, browser: Browser, session: str, site: str, address: str, tmp_path: Path
) -> None:
    page = opened(browser, session, site, address, width)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"{page.url} {error.stack}"))
    assert fits(page)
    picture(page, tmp_path, "source")
    file = tmp_path / "people.csv"
    file.write_text(people())
    page.locator("[data-upload] input[type=file]").set_input_files(file)
    page.wait_for_url("**/files/*/")
    expect(page.get_by_text("waits for your yes")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("dropped: undeclared")).to_be_visible()
    expect(page.get_by_text("a•••@e•••.com").first).to_be_visible()
    assert "alice1@example.com" not in page.content()
    assert fits(page)
    picture(page, tmp_path, "tried")
    page.get_by_role("button", name=f"Load {ROWS} rows").click()
    expect(page.locator(".o-badge", has_text="loaded")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("link", name="The quarantine of this file")).to_be_visible()
    assert fits(page)
    picture(page, tmp_path, "loaded")
    page.get_by_role("link", name="The quarantine of this file").click()
    page.wait_for_load_state("networkidle")
    assert page.locator("#result_list tbody tr").count() == 2
    assert errors == []


def test_a_file_is_dropped_and_what_is_wrong_is_said(browser: Browser, session: str, site: str, address: str) -> None:
    page = opened(browser, session, site, address, 1440)
    page.evaluate(DROP, ["", "nothing.csv"])
    expect(page.get_by_text("This file is empty.")).to_be_visible()
    page.evaluate(DROP, ["%PDF-1.7", "report.pdf"])
    page.wait_for_url("**/files/*/")
    expect(page.get_by_text("This is a PDF; export the data as CSV.")).to_be_visible(timeout=20_000)
