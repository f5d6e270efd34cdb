"""The admin in a real browser: nothing is cut off on a phone, panels fit, and a segment's groups become its rule."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connections
from django.urls import reverse
from django.utils import timezone

pytest.importorskip("playwright")

from playwright.sync_api import Browser, Page, sync_playwright

from access.models import User
from console import review_queue
from console.management.commands import screenshots
from identity import dry_runs
from identity.models import DryRun, Match
from identity.rules import Thresholds
from records import sources
from records.models import QuarantinedRecord
from tests.console.conftest import World, _staff
from tests.console.test_review import more_pairs
from tests.pipeline.cast import seed_purposes
from tests.senders import send_rows

CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 360, "height": 740}
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no chromium here"),
    pytest.mark.django_db(transaction=True, databases=["default", "keystore"]),
]
RECENT = {"feature": "recency_days", "op": "<=", "value": 90}
NESTED: Any = {
    "rule": {
        "all": [
            {"any": [RECENT, {"feature": "frequency_365d", "op": ">=", "value": 2}]},
            {"not": {"feature": "visits_30d", "op": "==", "value": 0}},
        ]
    }
}
DEEP = {"rule": {"all": [{"any": [{"all": [RECENT]}]}]}}


@pytest.fixture(autouse=True)
def connections_end_with_their_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's threads must not hold on to the test database."""
    for alias in ("default", "keystore"):
        monkeypatch.setitem(connections.databases[alias], "CONN_MAX_AGE", 0)


@pytest.fixture
def purposes(transactional_db: None) -> None:
    seed_purposes()


@pytest.fixture
def site(purposes: None, world: World) -> Iterator[str]:
    with screenshots._serving() as address:
        yield address


@pytest.fixture
def sessions(world: World) -> dict[str, str]:
    """A session of each role, made before the browser's event loop runs in this thread."""
    return {role: screenshots._session_of(User.objects.get(pk=user.pk)) for role, user in world.staff.items()}


@pytest.fixture
def browser(sessions: dict[str, str], addresses: list[str], quarantined: UUID) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(screenshots.ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def addresses(site: str, world: World) -> list[str]:
    """Pages of a privacy officer that hold tables, forms and panels."""
    one = world.erasure.pk
    crm = sources.change(world.crm, contract_mode="discover", contract_schema='{"required": ["customer_number"]}')
    row = {"customer_number": "C-77", "email": "dave@example.com", "a_rather_long_name_of_a_field": {"within": 1}}
    send_rows(crm, row, now=world.erasure.opened_at)
    return [
        reverse("admin:index"),
        reverse("admin:identity_profile_changelist"),
        reverse("admin:identity_profile_change", args=[world.alice]),
        reverse("admin:identity_profile_who_looked", args=[world.alice]),
        reverse("admin:privacy_subjectrequest_changelist"),
        reverse("admin:privacy_subjectrequest_change", args=[one]),
        reverse("admin:privacy_subjectrequest_approve", args=[one]),
        f"{reverse('admin:privacy_subjectrequest_add')}?profile={world.alice}",
        reverse("admin:records_retentionrule_changelist"),
        reverse("admin:records_retentionrule_processing_record"),
        reverse("admin:consent_act_changelist"),
        reverse("admin:consent_purpose_changelist"),
        reverse("admin:records_quarantinedrecord_changelist"),
        reverse("admin:records_source_mapping", args=[crm.pk]),
        reverse("admin:records_source_contract", args=[crm.pk]),
        reverse("admin:records_source_reconciliation", args=[crm.pk]),
        reverse("admin:password_change"),
    ]


@pytest.fixture
def quarantined(addresses: list[str]) -> UUID:
    """A record that waits to be mended."""
    return QuarantinedRecord.objects.latest("pk").pk


def window(browser: Browser, session: str, site: str, *, size: dict[str, int]) -> Page:
    page = screenshots._window(browser, session, site, dark=False)
    page.set_viewport_size(size)  # type: ignore[arg-type]
    return page


def test_nothing_is_cut_off_on_a_phone(
    browser: Browser, sessions: dict[str, str], site: str, addresses: list[str]
) -> None:
    page = window(browser, sessions["privacy_officer"], site, size=PHONE)
    wider, errors = {}, []
    page.on("pageerror", lambda error: errors.append(str(error)))
    for address in addresses:
        page.goto(f"{site}{address}", wait_until="networkidle")
        beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if beyond > 0:
            wider[address] = beyond
    assert (wider, errors) == ({}, [])


# The menus whose small form something covers, or that reach beyond the window.
COVERED = """() => [...document.querySelectorAll("details.o-menu")].filter(menu => {
    const sheet = menu.querySelector(".o-sheet");
    if (!sheet || !menu.checkVisibility({contentVisibilityAuto: true})) return false;
    menu.open = true;
    menu.scrollIntoView({block: "center"});
    const {left, right, top} = sheet.getBoundingClientRect();
    const seen = [left + 3, right - 3].every(x => sheet.contains(document.elementFromPoint(x, top + 9)));
    menu.open = false;
    return !seen;
}).map(menu => menu.querySelector("summary").innerText)"""


def test_a_small_form_opens_inside_the_window(
    browser: Browser, sessions: dict[str, str], site: str, world: World, quarantined: UUID
) -> None:
    pages = {
        "data_steward": [
            reverse("admin:identity_match_change", args=[world.match.pk]),
            reverse("admin:identity_ruleversion_changelist"),
            reverse("admin:identity_profile_change", args=[world.alice]),
            reverse("admin:records_quarantinedrecord_change", args=[quarantined]),
        ],
        "privacy_officer": [reverse("admin:privacy_subjectrequest_change", args=[world.erasure.pk])],
    }
    covered = {}
    for role, theirs in pages.items():
        page = window(browser, sessions[role], site, size={"width": 1440, "height": 900})
        for address in theirs:
            page.goto(f"{site}{address}", wait_until="networkidle")
            assert page.locator("details.o-menu .o-sheet").count()
            if found := page.evaluate(COVERED):
                covered[address] = found
    assert covered == {}


def test_what_was_not_taken_in_reads_in_whole_lines_on_a_phone(
    browser: Browser, sessions: dict[str, str], site: str, addresses: list[str], world: World
) -> None:
    page = window(browser, sessions["operator"], site, size={"width": 390, "height": 844})
    for address, hints in (
        (reverse("admin:records_source_change", args=[world.crm.pk]), ".o-stacked td.o-small"),
        (reverse("admin:records_quarantinedrecord_changelist"), "[data-way-out]"),
    ):
        page.goto(f"{site}{address}", wait_until="networkidle")
        cells = [cell.bounding_box() for cell in page.locator(hints).all()]
        assert cells
        assert min(box["width"] for box in cells if box) >= 300


def test_a_panel_opens_within_the_screen_of_a_phone(
    browser: Browser, sessions: dict[str, str], site: str, addresses: list[str]
) -> None:
    page = window(browser, sessions["privacy_officer"], site, size=PHONE)
    page.goto(f"{site}{addresses[2]}")
    for panel in page.locator("details.o-menu").all():
        panel.locator("summary").click()
        box = panel.locator(".o-sheet").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert box["y"] + box["height"] <= PHONE["height"]
        page.mouse.click(5, 5)
        panel.evaluate("panel => panel.open = false")


def built(page: Page) -> Any:
    return json.loads(page.locator("textarea[name=definition]").input_value())["rule"]


def test_groups_of_conditions_are_fields_and_become_the_rule(
    browser: Browser, sessions: dict[str, str], site: str, addresses: list[str]
) -> None:
    page = window(browser, sessions["marketer"], site, size={"width": 1280, "height": 900})
    page.goto(f"{site}{reverse('admin:segments_segment_add')}", wait_until="networkidle")
    page.locator("details.o-folded summary").first.click()
    page.locator("textarea[name=definition]").fill(json.dumps(NESTED))
    modes = page.get_by_label("How many of these")
    assert [mode.input_value() for mode in modes.all()] == ["any", "none"]
    assert page.get_by_label("Feature").count() == 3
    modes.first.select_option("notall")
    either = NESTED["rule"]["all"][0]["any"]
    assert built(page) == {"all": [{"not": {"all": either}}, NESTED["rule"]["all"][1]]}
    page.get_by_text("Another in this group").first.click()
    assert len(built(page)["all"][0]["not"]["all"]) == 3
    for _ in range(3):
        page.get_by_label("Remove this condition").first.click()
    assert built(page) == {"all": [NESTED["rule"]["all"][1]]}
    modes.first.select_option("any")
    assert built(page) == {"all": [NESTED["rule"]["all"][1]["not"]]}


def test_a_rule_that_is_deeper_is_left_to_its_json(
    browser: Browser, sessions: dict[str, str], site: str, addresses: list[str]
) -> None:
    page = window(browser, sessions["marketer"], site, size={"width": 1280, "height": 900})
    page.goto(f"{site}{reverse('admin:segments_segment_add')}", wait_until="networkidle")
    page.locator("details.o-folded summary").first.click()
    page.locator("textarea[name=definition]").fill(json.dumps(DEEP))
    page.get_by_text("more than one group deep").wait_for()
    assert built(page) == DEEP["rule"]


@pytest.fixture
def under_way(site: str) -> DryRun:
    """A dry run that a worker has begun."""
    run = dry_runs.begin(None, Thresholds(), by="steward-1", now=timezone.now())
    DryRun.objects.update(done=3, found=12)
    return run


def _note(**changed: Any) -> None:
    """What a worker notes of the dry run."""
    DryRun.objects.update(**changed)
    connections.close_all()


def test_a_dry_run_under_way_moves_by_itself_and_shows_what_came_of_it(
    under_way: DryRun, browser: Browser, sessions: dict[str, str], site: str
) -> None:
    page, listed = (window(browser, sessions["data_steward"], site, size=PHONE) for _ in range(2))
    page.goto(f"{site}{reverse('admin:identity_ruleversion_run', args=[under_way.pk])}", wait_until="networkidle")
    listed.goto(f"{site}{reverse('admin:identity_ruleversion_changelist')}", wait_until="networkidle")
    # Playwright runs an event loop in this thread, in which Django allows no query.
    with ThreadPoolExecutor(1) as worker:
        worker.submit(_note, done=9).result()
        for one in (page, listed):
            one.get_by_text("75%, 9 source profiles").wait_for()
        worker.submit(_note, state="done", ended_at=timezone.now(), counts={"merges": 7, "splits": 8}).result()
    page.get_by_text("Would merge", exact=True).first.wait_for()
    listed.get_by_role("cell", name="7", exact=True).wait_for()
    assert "under way" not in page.inner_text("#main") + listed.inner_text("#main")


def test_the_value_of_ones_own_is_asked_for_where_it_is_chosen(
    browser: Browser, sessions: dict[str, str], site: str
) -> None:
    page = window(browser, sessions["marketer"], site, size={"width": 1280, "height": 900})
    page.goto(f"{site}{reverse('admin:segments_imputationpolicy_feature', args=['country'])}", wait_until="networkidle")
    value = page.get_by_label("The value")
    assert not value.is_visible()
    page.get_by_label("A value of your own").check()
    value.fill("GB")
    page.get_by_role("button", name="Save").click()
    page.wait_for_load_state("networkidle")
    assert value.is_visible()
    assert value.input_value() == "GB"
    assert "missing → always GB" in page.inner_text("#main")


def test_pairs_are_decided_by_keyboard_and_the_last_reason_is_offered_again(
    pairs: list[Match], browser: Browser, sessions: dict[str, str], site: str
) -> None:
    page = at_pair(pairs[0], browser, sessions, site)
    page.keyboard.press("y")
    assert open_forms(page) == ["One person"]
    page.keyboard.press("Escape")
    assert open_forms(page) == []
    page.keyboard.press("n")
    assert open_forms(page) == ["Two people"]
    page.keyboard.type("siblings, say no more")
    with page.expect_navigation(wait_until="networkidle"):
        page.keyboard.press("Enter")
    assert "kept apart" in page.inner_text("#main")
    page.keyboard.press("n")
    assert open_forms(page) == ["Two people"]
    assert page.evaluate("getSelection().toString()") == "siblings, say no more"
    with page.expect_navigation(wait_until="networkidle"):
        page.keyboard.press("Enter")
    page.get_by_role("link", name="Take it back").first.click()
    page.get_by_text("Because").wait_for()
    assert "siblings, say no more" in page.inner_text("#main")


def test_a_refused_reason_is_neither_kept_by_the_browser_nor_offered_again(
    pairs: list[Match], browser: Browser, sessions: dict[str, str], site: str
) -> None:
    page = at_pair(pairs[0], browser, sessions, site)
    page.keyboard.press("n")
    page.keyboard.type("wrote to alice@example.com")
    with page.expect_navigation(wait_until="networkidle"):
        page.keyboard.press("Enter")
    assert "name a case" in page.inner_text("#main")
    page.keyboard.press("n")
    assert open_forms(page) == ["Two people"]
    assert page.locator("details[open] input[name=reason]").input_value() == ""
    assert "alice@example.com" not in page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")


def test_the_last_reason_is_not_offered_to_whoever_signs_in_next(
    pairs: list[Match], colleague: str, browser: Browser, sessions: dict[str, str], site: str
) -> None:
    page = at_pair(pairs[0], browser, sessions, site)
    page.keyboard.press("n")
    page.keyboard.type("ticket 4711")
    with page.expect_navigation(wait_until="networkidle"):
        page.keyboard.press("Enter")
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": colleague, "url": site}])
    page.reload(wait_until="networkidle")
    page.keyboard.press("n")
    assert page.locator("details[open] input[name=reason]").input_value() == ""


def test_the_arrow_leaves_no_form_that_is_open_and_no_selection(
    pairs: list[Match], browser: Browser, sessions: dict[str, str], site: str
) -> None:
    page = at_pair(pairs[0], browser, sessions, site)
    here = page.url
    page.keyboard.press("Shift+ArrowRight")
    page.wait_for_timeout(1_000)
    assert page.url == here
    page.keyboard.press("y")
    page.keyboard.type("half a reason")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(1_000)
    assert (page.url, open_forms(page)) == (here, ["One person"])


def test_enter_held_down_sends_an_answer_once(
    pairs: list[Match], browser: Browser, sessions: dict[str, str], site: str
) -> None:
    page = window(browser, sessions["data_steward"], site, size={"width": 1280, "height": 900})
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.is_navigation_request() else None)
    page.goto(f"{site}{reverse('admin:identity_match_change', args=[pairs[0].pk])}", wait_until="networkidle")
    page.keyboard.press("n")
    page.keyboard.type("ticket 4711")
    for _ in range(25):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    page.get_by_text("kept apart, matching will not join them").wait_for()
    assert sent.count("POST") == 1


def test_screen_readers_hear_of_keys_only_while_they_are_on(
    pairs: list[Match], browser: Browser, sessions: dict[str, str], site: str
) -> None:
    page = at_pair(pairs[0], browser, sessions, site)
    told = page.locator("[aria-keyshortcuts]")
    assert told.count() == 4
    page.get_by_role("button", name="Turn keys off").click()
    assert told.count() == 0
    page.get_by_role("button", name="Turn keys on").click()
    assert told.count() == 4


def test_the_arrow_goes_to_the_next_pair_and_keys_can_be_turned_off(
    pairs: list[Match], browser: Browser, sessions: dict[str, str], site: str
) -> None:
    page = at_pair(pairs[0], browser, sessions, site)
    with page.expect_navigation(wait_until="networkidle"):
        page.keyboard.press("ArrowRight")
    second = page.url
    assert str(pairs[0].pk) not in second
    page.get_by_role("button", name="Turn keys off").click()
    page.reload(wait_until="networkidle")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("y")
    assert (page.url, open_forms(page)) == (second, [])
    page.get_by_role("button", name="Turn keys on").click()
    page.keyboard.press("y")
    assert open_forms(page) == ["One person"]
    page.keyboard.type("nyr")
    assert (page.url, open_forms(page)) == (second, ["One person"])


def test_a_small_form_is_brought_into_the_window_and_written_in_at_once(
    pairs: list[Match], browser: Browser, sessions: dict[str, str], site: str
) -> None:
    page = window(browser, sessions["data_steward"], site, size={"width": 1280, "height": 560})
    page.goto(f"{site}{reverse('admin:identity_ruleversion_changelist')}", wait_until="networkidle")
    menu = page.locator("#main details.o-menu", has_text="Settle everybody").first
    menu.locator("summary").click()
    page.wait_for_function("document.activeElement.name === 'reason'")
    box = menu.locator(".o-sheet").bounding_box()
    assert box
    assert (box["y"] >= 0, box["y"] + box["height"] <= 560) == (True, True)
    page.keyboard.type("case 7")
    assert menu.locator("input[name=reason]").input_value() == "case 7"


def at_pair(pair: Match, browser: Browser, sessions: dict[str, str], site: str) -> Page:
    """The page of this pair, as a data steward has it."""
    page = window(browser, sessions["data_steward"], site, size={"width": 1280, "height": 900})
    page.goto(f"{site}{reverse('admin:identity_match_change', args=[pair.pk])}", wait_until="networkidle")
    return page


def open_forms(page: Page) -> list[str]:
    """The labels of the small forms that are open."""
    labels: list[str] = page.evaluate(
        "[...document.querySelectorAll('#main details.o-menu[open] > form > button')].map(one => one.innerText)"
    )
    return [{"Join": "One person", "Keep apart": "Two people"}[label] for label in labels]


@pytest.fixture
def colleague(world: World) -> str:
    """A session of another data steward."""
    return screenshots._session_of(_staff("second_steward", ["data_steward"]))


@pytest.fixture
def pairs(site: str, world: World) -> list[Match]:
    """Three pairs that wait, in the order of the queue."""
    more_pairs(world, [0.7, 0.8], timezone.now())
    return list(review_queue.in_order(review_queue.waiting()))
