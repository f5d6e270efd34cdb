"""The clocks of the regulations."""

from datetime import date

import pytest

from privacy.deadlines import UnknownRegulation, due_date


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 3, 10), date(2026, 4, 10)),
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 8, 31), date(2026, 9, 30)),
        (date(2026, 12, 15), date(2027, 1, 15)),
        (date(2026, 12, 31), date(2027, 1, 31)),
    ],
)
def test_gdpr_gives_one_calendar_month(received: date, due: date) -> None:
    assert due_date("gdpr", received) == due


def test_ccpa_gives_45_days() -> None:
    assert due_date("ccpa", date(2026, 1, 1)) == date(2026, 2, 15)


def test_a_regulation_without_a_clock_is_refused() -> None:
    with pytest.raises(UnknownRegulation, match="gdpr"):
        due_date("unheard_of", date(2026, 1, 1))
