"""One normal form per kind of field; what cannot be read is said, never guessed."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from records.standardize import (
    STANDARDIZERS,
    Absurd,
    Clean,
    Setting,
    _international,
    identity_form,
    instant,
    postcode_area,
    split_name,
    standardize,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BRITISH = Setting(region="GB", date_order=None, now=NOW)
UNREADABLE, MISSING = Clean(None, "invalid"), Clean(None)


def setting(region: str = "GB", order: str | None = None) -> Setting:
    return Setting(region=region, date_order=order, now=NOW)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("alice@example.com", Clean("alice@example.com")),
        ("  Alice@Example.COM ", Clean("alice@example.com")),
        ("alice+shop@example.org", Clean("alice+shop@example.org")),
        ("zoë@example.com", Clean("zoë@example.com")),
        ("alice@mail.example", Clean("alice@mail.example")),
        ("alice@", UNREADABLE),
        ("@example.com", UNREADABLE),
        ("alice", UNREADABLE),
        ("alice@example", UNREADABLE),
        ("alice@@example.com", UNREADABLE),
        ("alice smith@example.com", UNREADABLE),
        ("alice@example..com", UNREADABLE),
        ("a" * 400 + "@example.com", UNREADABLE),
        ("", MISSING),
        ("N/A", MISSING),
        ("unknown", MISSING),
    ],
)
def test_emails(raw: str, expected: Clean) -> None:
    assert standardize("email", raw, BRITISH) == expected


LOCALS = ("alice", "a.b", "a..b", ".a", "a.", "a+b", "o'hara", '"a b"', "ä", "a" * 64, "a" * 65, "a b", "a@b", "")
DOMAINS = (
    "example.com",
    "Example.COM",
    "bücher.example.com",
    "example",
    "-a.com",
    "a_b.com",
    "127.0.0.1",
    "b" * 64 + ".com",
    "",
)


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("local", LOCALS)
def test_an_email_is_what_the_library_takes_for_one(local: str, domain: str) -> None:
    try:
        checked = validate_email(f"{local}@{domain}".lower(), check_deliverability=False)
        expected = Clean(checked.normalized.lower())
    except EmailNotValidError:
        expected = Clean(None, "invalid")
    assert standardize("email", f"{local}@{domain}", BRITISH) == expected


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("020 7946 0123", "GB", "+442079460123"),
        ("(020) 7946-0123", "GB", "+442079460123"),
        ("+44 (0)20 7946 0123", "DE", "+442079460123"),
        ("0044 20 7946 0123", "GB", "+442079460123"),
        ("07700 900123", "GB", "+447700900123"),
        ("030 23125 000", "DE", "+493023125000"),
        ("01 99 00 12 34", "FR", "+33199001234"),
        ("+33 1 99 00 12 34", "GB", "+33199001234"),
        ("020 7946 0123 ext. 5", "GB", "+442079460123"),
    ],
)
def test_phones_are_read_where_they_are_dialed(raw: str, region: str, expected: str) -> None:
    assert standardize("phone", raw, setting(region)) == Clean(expected)


@pytest.mark.parametrize(
    "raw", ["000000000", "0000000000", "1111111111", "+44 9999999999", "1234567890", "0123456789", "9876543210",
            "12", "call me", "07700 900123 07700 900124", "+", "9" * 300]
)  # fmt: skip
def test_junk_phones_identify_nobody(raw: str) -> None:
    assert standardize("phone", raw, BRITISH) == UNREADABLE


@pytest.mark.parametrize(
    ("raw", "order", "expected"),
    [
        ("1980-05-04", None, Clean("1980-05-04")),
        ("1980/5/4", None, Clean("1980-05-04")),
        ("19800504", None, Clean("1980-05-04")),
        ("1980-05-04T00:00:00Z", None, Clean("1980-05-04")),
        ("1980-05-04 00:00:00", None, Clean("1980-05-04")),
        ("4.5.1980", None, Clean("1980-05-04")),
        ("04.05.1980", "mdy", Clean("1980-05-04")),
        ("04/05/1980", "dmy", Clean("1980-05-04")),
        ("04/05/1980", "mdy", Clean("1980-04-05")),
        ("04-05-1980", "dmy", Clean("1980-05-04")),
        ("04/05/1980", None, Clean(None, "ambiguous")),
        ("04/05/1980", "ymd", Clean(None, "ambiguous")),
        ("13/05/1980", None, Clean("1980-05-13")),
        ("05/13/1980", None, Clean("1980-05-13")),
        ("05/05/1980", None, Clean("1980-05-05")),
        ("00/00/0000", None, Clean(None, "empty")),
        ("0000-00-00", None, Clean(None, "empty")),
        ("29.02.2000", None, Clean("2000-02-29")),
        ("2026-11-22", None, Clean("2026-11-22")),
        ("null", None, MISSING),
        ("4 May 1980", "mdy", Clean("1980-05-04")),
        ("May 4, 1980", "dmy", Clean("1980-05-04")),
        ("4th May 1980", None, Clean("1980-05-04")),
        ("4. Mai 1980", None, Clean("1980-05-04")),
        ("4 MAI 1980", None, Clean("1980-05-04")),
        ("1er août 1980", None, Clean("1980-08-01")),
        ("4 de mayo de 1980", None, Clean("1980-05-04")),
        ("4 maja 1980", None, Clean("1980-05-04")),
        ("4 maggio 1980", None, Clean("1980-05-04")),
        ("4 mei 1980", None, Clean("1980-05-04")),
        ("4 Mayıs 1980", None, Clean("1980-05-04")),
        ("4 maj 1980", None, Clean("1980-05-04")),
        ("04-Mar-1980", None, Clean("1980-03-04")),
        ("4. März 1980", None, Clean("1980-03-04")),
        ("4 Maerz 1980", None, Clean("1980-03-04")),
        ("1980 March 4", None, Clean("1980-03-04")),
        ("29 Feb 2000", None, Clean("2000-02-29")),
        ("04/05/80", "dmy", Clean(None, "ambiguous")),
        ("4.5.80", None, Clean(None, "ambiguous")),
        ("80-05-04", None, Clean(None, "ambiguous")),
        ("4 May 80", None, Clean(None, "ambiguous")),
        ("4 May '80", None, Clean(None, "ambiguous")),
    ],
)
def test_dates_are_read_as_declared_and_never_guessed(raw: str, order: str | None, expected: Clean) -> None:
    assert standardize("date", raw, setting(order=order)) == expected


@pytest.mark.parametrize(
    ("raw", "order", "why"),
    [
        ("1980-02-30", None, "calendar"),
        ("29.02.1900", None, "calendar"),
        ("1980-13-01", None, "calendar"),
        ("00/05/1980", None, "calendar"),
        ("31/04/1980", None, "calendar"),
        ("05/13/1980", "dmy", "calendar"),
        ("13/05/1980", "mdy", "calendar"),
        ("1899-12-31", None, "before 1900"),
        ("2026-11-23", None, "in the future"),
        ("32/13/80", None, "calendar"),
        ("30 February 80", None, "calendar"),
        ("31 June 1980", None, "calendar"),
        ("March 1980", None, "not a date"),
        ("4 Foo 1980", None, "not a date"),
        ("yesterday", None, "not a date"),
        ("-1", None, "not a date"),
    ],
)
def test_dates_that_cannot_be_are_absurd(raw: str, order: str | None, why: str) -> None:
    with pytest.raises(Absurd, match=why) as raised:
        standardize("date", raw, setting(order=order))
    assert raw not in str(raised.value)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-01-31T09:30:00Z", datetime(2026, 1, 31, 9, 30, tzinfo=UTC)),
        ("2026-01-31T09:30:00.250Z", datetime(2026, 1, 31, 9, 30, 0, 250_000, tzinfo=UTC)),
        ("2026-01-31T09:30:00+02:00", datetime(2026, 1, 31, 7, 30, tzinfo=UTC)),
        ("2026-01-31 09:30:00", datetime(2026, 1, 31, 9, 30, tzinfo=UTC)),
        (" 2026-01-31 ", datetime(2026, 1, 31, tzinfo=UTC)),
        ("19970101", datetime(1997, 1, 1, tzinfo=UTC)),
        (19970101, datetime(1997, 1, 1, tzinfo=UTC)),
        (1_767_225_600, datetime(2026, 1, 1, tzinfo=UTC)),
        (1_767_225_600.5, datetime(2026, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)),
        (1_767_225_600_250, datetime(2026, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        ("1767225600", datetime(2026, 1, 1, tzinfo=UTC)),
        ("1767225600250", datetime(2026, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-11-23T11:59:59Z", datetime(2026, 11, 23, 11, 59, 59, tzinfo=UTC)),
    ],
)
def test_instants(raw: object, expected: datetime) -> None:
    assert instant(raw, now=NOW) == expected
    assert instant(raw, now=NOW).tzinfo is UTC


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("1969-12-31T23:59:59Z", "before 1970"),
        ("1066-10-14T09:00:00Z", "before 1970"),
        ("0001-01-01T00:00:00+23:59", "not an instant"),
        ("2026-11-23T12:00:01Z", "future"),
        ("9999-12-31T23:59:59Z", "future"),
        (99_999_999_999, "future"),
        ("soon", "not an instant"),
        ("", "not an instant"),
        ("2026-02-30", "not an instant"),
        ("31/01/2026", "not an instant"),
        (float("nan"), "not an instant"),
        (float("inf"), "not an instant"),
        (1e300, "not an instant"),
        (10**400, "not an instant"),
        (0, "not an instant"),
        (-5, "not an instant"),
        (True, "not an instant"),
        (None, "not an instant"),
        (["2026-01-31"], "not an instant"),
        ({"$date": 1}, "not an instant"),
    ],
)
def test_instants_that_cannot_be_are_absurd(raw: object, why: str) -> None:
    with pytest.raises(Absurd, match=why):
        instant(raw, now=NOW)


@given(st.integers(0, 20_000 * 86_400), st.integers(-14, 14))
def test_an_instant_means_the_same_in_every_zone(seconds: int, hours: int) -> None:
    moment = datetime(1971, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert instant(moment.astimezone(timezone(timedelta(hours=hours))).isoformat(), now=NOW) == moment


@pytest.mark.parametrize(
    ("namespace", "value", "expected"),
    [
        ("email", "alice@example.com", "alice@example.com"),
        ("email", "Alice+shop@Example.com", "alice@example.com"),
        ("email", "+shop@example.com", "+shop@example.com"),
        ("email", "a.l.ice+x@gmail.com", "alice@gmail.com"),
        ("email", "al.ice@googlemail.com", "alice@gmail.com"),
        ("email", "a.lice@example.com", "a.lice@example.com"),
        ("email", "no at sign", "no at sign"),
        ("phone", "+442079460123", "+442079460123"),
        ("account_id", "Alice+1@Example.com", "Alice+1@Example.com"),
    ],
)
def test_the_identity_form_is_what_spellings_share(namespace: str, value: str, expected: str) -> None:
    assert identity_form(namespace, value) == expected
    assert identity_form(namespace, expected) == expected


@pytest.mark.parametrize(
    ("full", "expected"),
    [
        ("Alice Example", ("Alice", "Example")),
        ("Alice Maria Example", ("Alice Maria", "Example")),
        ("Example, Alice Maria", ("Alice Maria", "Example")),
        ("Example", (None, "Example")),
        ("Example,", (None, "Example")),
        (", Alice", (None, "Alice")),
        (",", (None, "")),
    ],
)
def test_full_names_are_split(full: str, expected: tuple[str | None, str]) -> None:
    assert split_name(full) == expected


@pytest.mark.parametrize(
    ("postcode", "country", "area"),
    [
        ("SW1A 1AA", "GB", "SW"),
        ("M1 1AE", None, "M"),
        ("10115", "DE", "10"),
        ("75001", "FR", "75"),
        ("K1A 0B1", "CA", "K1"),
        ("1", "DE", "1"),
    ],
)
def test_postcodes_are_generalized(postcode: str, country: str | None, area: str) -> None:
    assert postcode_area(postcode, country) == area


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("gb", Clean("GB")),
        ("UK", Clean("GB")),
        ("Deutschland", Clean("DE")),
        ("fr", Clean("FR")),
        ("Atlantis", Clean(None, "unknown")),
        ("GBR", Clean("GB")),
        ("deu", Clean("DE")),
        ("Allemagne", Clean("DE")),
        ("Alemania", Clean("DE")),
        ("Niemcy", Clean("DE")),
        ("Almanya", Clean("DE")),
        ("Tyskland", Clean("DE")),
        ("Osterreich", Clean("AT")),
        ("ÖSTERREICH", Clean("AT")),
        ("Ελλάδα", Clean("GR")),
        ("Türkiye", Clean("TR")),
        ("The Netherlands", Clean("NL")),
        ("Holland", Clean("NL")),
        ("U.S.A.", Clean("US")),
        ("Bosnia & Herzegovina", Clean("BA")),
        ("Czech Republic", Clean("CZ")),
        ("XK", Clean("XK")),
        # Two countries are called so, one of no country at all, one is no code of ISO 3166.
        ("Kongo", Clean(None, "unknown")),
        ("EU", Clean(None, "unknown")),
        ("XA", Clean(None, "unknown")),
        ("", MISSING),
    ],
)
def test_countries(raw: str, expected: Clean) -> None:
    assert standardize("country", raw, BRITISH) == expected


def test_long_text_is_shortened_and_spaces_are_one() -> None:
    assert standardize("text", "1\u00a0 Example \t Road", BRITISH) == Clean("1 Example Road")
    assert standardize("name", "Zoe\u0308", BRITISH) == Clean("Zoë")
    assert standardize("text", "x" * 501, BRITISH) == Clean("x" * 500, "shortened")
    assert standardize("postcode", " sw1a 1aa ", BRITISH) == Clean("SW1A 1AA")


@given(st.sampled_from(sorted(STANDARDIZERS)), st.text())
def test_any_text_is_read_or_refused_but_never_breaks(standardizer: str, raw: str) -> None:
    with suppress(Absurd):
        assert standardize(standardizer, raw, BRITISH).value != ""


# Fields as they come: words in capitals, small letters or mixed, with the signs that names and addresses hold.
WORDS = st.text(alphabet=st.sampled_from("aAbBdDeEiIıİoOßßéÉñşŞğσΣςяЯй 'ʼ’-.,/()0123456789+@"), max_size=24)
SETTINGS = st.builds(
    Setting,
    region=st.sampled_from(["GB", "DE", "NL", "TR", "IT", "ES", "US", "LV", "PL", "XX"]),
    date_order=st.sampled_from(["dmy", "mdy", None]),
    now=st.just(NOW),
    country=st.sampled_from(["", "NL"]),
)


@given(st.sampled_from(sorted(STANDARDIZERS)), st.text() | WORDS, SETTINGS)
def test_what_is_standardized_stays_as_it_is(standardizer: str, raw: str, setting: Setting) -> None:
    with suppress(Absurd):
        once = standardize(standardizer, raw, setting).value
        if once is not None:
            assert standardize(standardizer, once, setting).value == once


def numbers_of_every_region() -> list[str]:
    """An example of each kind of number that each region has, in E.164, and slips of the pen in each."""
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in range(11):
            example = phonenumbers.example_number_for_type(region, kind)
            if example:
                found.append(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))
    return [slip for number in found for slip in (number, f"{number[:4]}0{number[4:]}", f"{number[:3]}1{number[3:]}")]


def test_a_number_in_e164_is_read_as_the_library_reads_it() -> None:
    numbers = numbers_of_every_region()
    quick = {number for number in numbers if _international(number)}
    assert len(quick) > len(numbers) / 2
    for number in quick:
        read = phonenumbers.parse(number, "GB")
        possible = phonenumbers.is_possible_number(read)
        assert phonenumbers.is_possible_number(_international(number)) == possible
        assert not possible or phonenumbers.format_number(read, phonenumbers.PhoneNumberFormat.E164) == number
