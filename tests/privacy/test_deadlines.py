"""The clocks of the regulations, day by day."""

from datetime import date

import pytest
from django.core.exceptions import ImproperlyConfigured

from privacy import clocks
from privacy.deadlines import NoExtension, UnknownRegulation, acknowledge_by, due_date, end_of, extended_due_date
from privacy.working_days import is_free


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 3, 10), date(2026, 4, 10)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 8, 31), date(2026, 9, 30)),
        (date(2026, 12, 15), date(2027, 1, 15)),
    ],
)
def test_gdpr_gives_one_calendar_month(received: date, due: date) -> None:
    assert due_date("gdpr", received) == due


def test_holidays_count_only_once_the_country_is_set(settings: object) -> None:
    assert due_date("gdpr", date(2026, 11, 25)) == date(2026, 12, 25)
    settings.COUNTRY = "DE"  # type: ignore[attr-defined]
    assert due_date("gdpr", date(2026, 11, 25)) == date(2026, 12, 28)


def test_holidays_of_a_part_of_the_country(settings: object) -> None:
    settings.COUNTRY = "DE"  # type: ignore[attr-defined]
    assert due_date("gdpr", date(2026, 5, 4)) == date(2026, 6, 4)
    settings.COUNTRY = "DE-BY"  # type: ignore[attr-defined]
    assert due_date("gdpr", date(2026, 5, 4)) == date(2026, 6, 5)


def test_the_united_kingdom_has_its_own_holidays() -> None:
    assert due_date("uk_gdpr", date(2026, 3, 3)) == date(2026, 4, 7)


def test_of_several_calendars_a_day_is_free_when_all_agree() -> None:
    columbus_day, day_after_thanksgiving, christmas = date(2026, 10, 12), date(2026, 11, 27), date(2026, 12, 25)
    assert [is_free(day, ["US", "US-CA"]) for day in (columbus_day, day_after_thanksgiving, christmas)] == [
        False,
        False,
        True,
    ]


def test_virginia_gives_45_days_and_45_more() -> None:
    assert due_date("vcdpa", date(2026, 1, 1)) == date(2026, 2, 15)
    assert extended_due_date("vcdpa", date(2026, 1, 1)) == date(2026, 4, 1)
    assert acknowledge_by("vcdpa", date(2026, 1, 1)) is None


def test_a_regulation_without_a_clock_is_refused() -> None:
    with pytest.raises(UnknownRegulation, match="gdpr"):
        due_date("unheard_of", date(2026, 1, 1))


def test_an_organization_declares_a_clock_of_its_own(settings: object, tmp_path: object) -> None:
    file = tmp_path / "clocks.toml"  # type: ignore[operator]
    file.write_text('[house]\nname = "Our promise"\nanswer = "5 business days"\njurisdiction = "EU"\n')
    settings.CLOCKS_FILE = str(file)  # type: ignore[attr-defined]
    house = clocks.load()["house"]
    assert end_of(house.answer, date(2026, 5, 7), house) == date(2026, 5, 14)
    assert set(clocks.load()) == {*clocks.CLOCKS, "house"}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[x]\nanswer = "soon"\njurisdiction = "EU"', "answer must read like"),
        ('[x]\nanswer = "0 days"\njurisdiction = "EU"', "answer must read like"),
        ('[x]\nanswer = ""\njurisdiction = "EU"', "answer must read like"),
        ('[x]\njurisdiction = "EU"', "lacks answer"),
        ('[x]\nanswer = "5 days"\njurisdiction = "EU"\nholidays = "DE"', "unknown entry 'holidays'"),
        ('[x]\nanswer = "5 days"\njurisdiction = "EU"\nfree_days = ["Germany"]', "free_days must list"),
        ('[a_very_long_name]\nanswer = "5 days"\njurisdiction = "EU"', "at most 8 letters"),
        ("nonsense", "not TOML"),
    ],
)
def test_a_clock_that_is_wrong_says_what(text: str, what: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=what):
        clocks.read(text)


def test_a_country_without_known_holidays_is_refused(settings: object) -> None:
    settings.COUNTRY = "XX"  # type: ignore[attr-defined]
    with pytest.raises(ImproperlyConfigured, match="ONYM_COUNTRY"):
        due_date("gdpr", date(2026, 1, 5))


def test_lgpd_lets_nobody_put_off_an_answer() -> None:
    with pytest.raises(NoExtension):
        extended_due_date("lgpd", date(2026, 1, 5))
