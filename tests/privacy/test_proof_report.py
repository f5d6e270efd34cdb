"""What is printed of a search: a summary and what there is to see, every place only when that is asked for."""

from datetime import UTC, datetime

from privacy.proof import Report
from privacy.scans import FILE, SEALED_FIELD, TABLE, Scanned

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
CLEAN = Scanned(TABLE, "default.public.records_record", parts=1_200, bytes=2_000_000)
OPENED = Scanned(SEALED_FIELD, "records_identifier.sealed", parts=90, bytes=1_000_000)
CLOSED = Scanned(SEALED_FIELD, "records_record.sealed", parts=40, unopened=3)
FOUND = Scanned(FILE, "/srv/spool", parts=7, bytes=500_000, values=2)


def report(*places: Scanned) -> Report:
    return Report("01a2", NOW, {}, places=list(places), unscanned=["backups: out of reach"], milliseconds=1_500)


def test_where_nothing_was_found_no_place_is_listed() -> None:
    assert list(report(CLEAN, OPENED).lines()) == [
        "0 hits: 2 places searched, 90 sealed values opened, 3.0 MB, in 1.5 s",
        "   not searched  backups: out of reach",
    ]


def test_places_with_hits_and_unconfirmed_ones_are_listed_hits_last() -> None:
    said = list(report(CLEAN, FOUND, OPENED, CLOSED).lines())
    assert said[0] == "2 hits, 3 values unconfirmed: 4 places searched, 127 sealed values opened, 3.5 MB, in 1.5 s"
    assert said[1:3] == [
        "     0 hits         40 values  records_record.sealed  (unconfirmed: 3 cannot be opened by anybody)",
        "     2 hits          7 files   /srv/spool",
    ]
    assert len(said) == 4


def test_every_place_is_listed_when_asked_for_and_always_in_the_json() -> None:
    whole = report(CLEAN, FOUND, OPENED, CLOSED)
    assert len(list(whole.lines(every_place=True))) == 6
    assert [place["name"] for place in whole.as_json()["places"]] == [
        place.name for place in (CLEAN, FOUND, OPENED, CLOSED)
    ]
