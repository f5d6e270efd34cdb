"""Exact values of each rule: names and places, postcodes, genders, languages, currencies, streets."""

from datetime import UTC, datetime

import pytest

from records.standardize import Clean, Setting, standardize

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def clean(rule: str, raw: str, region: str = "GB", country: str = "") -> Clean:
    return standardize(rule, raw, Setting(region=region, date_order=None, now=NOW, country=country))


@pytest.mark.parametrize(
    ("raw", "region", "name"),
    [
        ("VAN DER BERG", "NL", "van der Berg"),
        ("van der berg", "DE", "van der Berg"),
        ("VON DER LEYEN", "DE", "von der Leyen"),
        ("DE LA CRUZ", "ES", "de la Cruz"),
        ("LE PEN", "FR", "Le Pen"),
        ("DI CAPRIO", "IT", "Di Caprio"),
        ("DE", "NL", "De"),
        ("O'BRIEN", "IE", "O'Brien"),
        ("o’brien", "IE", "O’Brien"),
        ("D'ANGELO", "IT", "D'Angelo"),
        ("SA'ID", "GB", "Sa'id"),
        ("MCDONALD", "GB", "McDonald"),
        ("MACRON", "FR", "Macron"),
        ("MC", "GB", "Mc"),
        ("MCCARTHY-O'NEIL", "IE", "McCarthy-O'Neil"),
        ("MÜLLER-LÜDENSCHEIDT", "DE", "Müller-Lüdenscheidt"),
        ("müller", "DE", "Müller"),
        ("groß", "DE", "Groß"),
        ("ΠΑΠΑΔΟΠΟΥΛΟΣ", "GR", "Παπαδοπουλος"),
        ("ИВАНОВ", "BG", "Иванов"),
        ("IŞIK", "TR", "Işık"),
        ("ildirim", "TR", "İldirim"),
        ("YILDIZ", "GB", "Yildiz"),
        ("IJZERMANS", "NL", "IJzermans"),
        # Somebody chose these capitals; these letters have none.
        ("deVries", "NL", "deVries"),
        ("Van der Berg", "NL", "Van der Berg"),
        ("李", "GB", "李"),
        ("  Müller \t Schmidt ", "DE", "Müller Schmidt"),
    ],
)
def test_family_names(raw: str, region: str, name: str) -> None:
    assert clean("family_name", raw, region) == Clean(name)


@pytest.mark.parametrize(
    ("raw", "region", "name"),
    [
        ("JAN VAN DER BERG", "NL", "Jan van der Berg"),
        ("VAN DER BERG, JAN", "NL", "van der Berg, Jan"),
        ("VAN", "GB", "Van"),
        ("van morrison", "GB", "Van Morrison"),
        ("JEAN-PIERRE", "FR", "Jean-Pierre"),
        ("jeanne d'arc", "FR", "Jeanne d'Arc"),
        ("J.R.", "GB", "J.R."),
        ("j. r. r.", "GB", "J. R. R."),
        ("JOHN SMITH III", "GB", "John Smith III"),
        ("zoë", "GB", "Zoë"),
        ("İBRAHİM", "DE", "Ibrahim"),
        ("A", "GB", "A"),
    ],
)
def test_given_and_full_names(raw: str, region: str, name: str) -> None:
    assert clean("name", raw, region) == Clean(name)


@pytest.mark.parametrize(
    ("raw", "region", "name"),
    [
        ("LEEDS", "GB", "Leeds"),
        ("FRANKFURT AM MAIN", "DE", "Frankfurt am Main"),
        ("FRANKFURT (ODER)", "DE", "Frankfurt (Oder)"),
        ("saint-germain-en-laye", "FR", "Saint-Germain-en-Laye"),
        ("LA ROCHELLE", "FR", "La Rochelle"),
        ("STRATFORD-UPON-AVON", "GB", "Stratford-upon-Avon"),
        ("KING'S LYNN", "GB", "King's Lynn"),
        ("L'AQUILA", "IT", "L'Aquila"),
        ("'S-HERTOGENBOSCH", "NL", "'s-Hertogenbosch"),
        ("IJMUIDEN", "NL", "IJmuiden"),
        ("İSTANBUL", "TR", "İstanbul"),
        ("Bad Homburg v.d.H.", "DE", "Bad Homburg v.d.H."),
    ],
)
def test_places(raw: str, region: str, name: str) -> None:
    assert clean("place", raw, region) == Clean(name)


@pytest.mark.parametrize(
    ("raw", "country", "postcode"),
    [
        ("sw1a1aa", "GB", "SW1A 1AA"),
        ("SW1A 1AA", "GB", "SW1A 1AA"),
        ("gir 0aa", "GB", "GIR 0AA"),
        ("1234ab", "NL", "1234 AB"),
        ("d-10115", "DE", "10115"),
        ("DE-10115", "DE", "10115"),
        ("00950", "PL", "00-950"),
        ("00-950", "PL", "00-950"),
        ("S-12345", "SE", "123 45"),
        ("902101234", "US", "90210-1234"),
        ("90210", "US", "90210"),
        ("k1a0b1", "CA", "K1A 0B1"),
        ("d02af30", "IE", "D02 AF30"),
        ("1010", "LV", "LV-1010"),
        ("ch-8001", "CH", "8001"),
        ("100-0001", "JP", "100-0001"),
    ],
)
def test_postcodes_are_written_as_in_their_country(raw: str, country: str, postcode: str) -> None:
    assert clean("postcode", raw, country, country) == Clean(postcode)


@pytest.mark.parametrize(
    ("raw", "country"), [("1067", "DE"), ("75001", "GB"), ("A-10115", "DE"), ("CEDEX 9", "FR"), ("0234 AB", "NL")]
)
def test_postcodes_of_another_form_are_kept_and_flagged(raw: str, country: str) -> None:
    assert clean("postcode", raw, country, country) == Clean(raw, "unusual")
    assert clean("postcode", raw, country) == Clean(raw)


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("F", "GB", Clean("female")),
        ("weiblich", "DE", Clean("female")),
        ("Herr", "DE", Clean("male")),
        ("kobieta", "PL", Clean("female")),
        ("M", "GB", Clean("male")),
        ("M", "ES", Clean(None, "ambiguous")),
        ("H", "ES", Clean("male")),
        ("H", "GB", Clean(None, "unknown")),
        ("divers", "DE", Clean("diverse")),
        ("Non-Binary", "GB", Clean("diverse")),
        ("prefer not to say", "GB", Clean("undisclosed")),
        # 1 and 2 mean one thing in ISO 5218, and another in many a system.
        ("1", "GB", Clean(None, "unknown")),
        ("unknown", "GB", Clean(None)),
    ],
)
def test_genders(raw: str, region: str, expected: Clean) -> None:
    assert clean("gender", raw, region) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("de", Clean("de")),
        ("DE_at", Clean("de-AT")),
        ("en-GB", Clean("en-GB")),
        ("de_DE.UTF-8", Clean("de-DE")),
        ("zh-hant-tw", Clean("zh-Hant-TW")),
        ("deu", Clean("de")),
        ("iw", Clean("he")),
        ("German", Clean("de")),
        ("français", Clean("fr")),
        ("Türkçe", Clean("tr")),
        ("xx", Clean(None, "unknown")),
        ("und", Clean(None, "unknown")),
        ("Klingonish", Clean(None, "unknown")),
    ],
)
def test_languages(raw: str, expected: Clean) -> None:
    assert clean("language", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("EUR", Clean("EUR")),
        ("gbp", Clean("GBP")),
        ("€", Clean("EUR")),
        ("£", Clean("GBP")),
        ("zł", Clean("PLN")),
        ("US$", Clean("USD")),
        ("TL", Clean("TRY")),
        ("$", Clean(None, "ambiguous")),
        ("kr", Clean(None, "ambiguous")),
        ("¥", Clean(None, "ambiguous")),
        ("ABC", Clean(None, "unknown")),
    ],
)
def test_currencies(raw: str, expected: Clean) -> None:
    assert clean("currency", raw) == expected


@pytest.mark.parametrize(
    ("raw", "street"),
    [
        (" Hauptstr.  12 a ,", "Hauptstr. 12 a"),
        ("7 Rosewood Lane ,Flat 2", "7 Rosewood Lane, Flat 2"),
        ("HAUPTSTR. 5", "HAUPTSTR. 5"),
    ],
)
def test_streets_are_tidied_and_no_more(raw: str, street: str) -> None:
    assert clean("street", raw) == Clean(street)
