"""CCPA, its opt-outs and LGPD run on clocks of their own, and clocks are configuration."""

from datetime import date

import pytest

from privacy import clocks
from privacy.deadlines import NoExtension, acknowledge_by, due_date, end_of, extended_due_date
from tests.statements.sabotage import Sabotage

SABOTAGE = Sabotage(
    "privacy/deadlines.py",
    "        count -= not is_free(day, free_days)",
    "        count -= 1",
)


@pytest.mark.parametrize(
    ("received", "acknowledged", "answered", "put_off"),
    [
        # A Friday before two weekends; 2 March is a Monday.
        (date(2026, 2, 27), date(2026, 3, 13), date(2026, 4, 13), date(2026, 5, 28)),
        # Christmas and New Year stand between.
        (date(2026, 12, 21), date(2027, 1, 6), date(2027, 2, 4), date(2027, 3, 21)),
        # Received on a Saturday: counted from it, and calendar days end on whatever day they end.
        (date(2026, 7, 4), date(2026, 7, 17), date(2026, 8, 18), date(2026, 10, 2)),
        # A leap year.
        (date(2028, 1, 20), date(2028, 2, 3), date(2028, 3, 5), date(2028, 4, 19)),
    ],
)
def test_p26_ccpa_acknowledges_answers_and_extends(received, acknowledged, answered, put_off):
    assert acknowledge_by("ccpa", received) == acknowledged
    assert due_date("ccpa", received) == answered
    assert extended_due_date("ccpa", received) == put_off


@pytest.mark.parametrize("kind", ["opt_out", "objection", "restriction"])
@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 3, 2), date(2026, 3, 23)),
        # Memorial Day, 25 May, is no business day.
        (date(2026, 5, 11), date(2026, 6, 2)),
        # The day after Thanksgiving is free in California alone: the earlier date counts.
        (date(2026, 11, 16), date(2026, 12, 8)),
    ],
)
def test_p26_ccpa_opt_outs_take_15_business_days(kind, received, due):
    assert due_date("ccpa", received, kind=kind) == due
    with pytest.raises(NoExtension):
        extended_due_date("ccpa", received, kind=kind)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 3, 2), date(2026, 3, 17)),
        (date(2026, 12, 20), date(2027, 1, 4)),
        (date(2028, 2, 20), date(2028, 3, 6)),
    ],
)
def test_p26_lgpd_gives_15_days_and_no_more(received, due):
    assert due_date("lgpd", received) == due
    with pytest.raises(NoExtension):
        extended_due_date("lgpd", received)


def test_p26_clocks_are_configuration(settings, tmp_path):
    file = tmp_path / "clocks.toml"
    stricter = '[ccpa]\nanswer = "30 days"\njurisdiction = "US-CA"\n'
    file.write_text(f'{stricter}[house]\nanswer = "2 months"\njurisdiction = "EU"\n')
    settings.CLOCKS_FILE = str(file)
    configured = clocks.load()
    ends = {name: end_of(configured[name].answer, date(2026, 1, 1), configured[name]) for name in ("ccpa", "house")}
    assert ends == {"ccpa": date(2026, 1, 31), "house": date(2026, 3, 1)}
    assert configured["lgpd"] == clocks.CLOCKS["lgpd"]
