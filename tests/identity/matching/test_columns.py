"""What columns are taken for, by name and by content, and the people that are made of them."""

import random
from collections.abc import Callable

import pytest

from identity.matching import Person, normalize
from identity.matching.column import encode
from identity.matching.columns import Taken, UnknownColumnError, UnknownFieldError, recognize
from identity.matching.dates import DAY_FIRST, MONTH_FIRST, order_of, read_date
from identity.matching.full_names import parting
from identity.matching.table import NothingToCompareError, fields_of

ROWS = 300
_chance = random.Random(7)
GIVEN = ("anna", "emil", "john", "mary", "peter", "susan")
FAMILY = ("Abel", "Berg", "Cramer", "Dorn", "Engel", "Falk", "Graf", "Horn")


def column(make: Callable[[], str]) -> list[str | None]:
    return [make() for _ in range(ROWS)]


CONTENT = {
    "given": column(lambda: _chance.choice(GIVEN)),
    "family": column(lambda: _chance.choice(FAMILY)),
    "full": column(lambda: f"{_chance.choice(GIVEN)} {_chance.choice(FAMILY)}"),
    "iso": column(
        lambda: f"{_chance.randrange(1930, 2000)}-{_chance.randrange(1, 13):02}-{_chance.randrange(1, 29):02}"
    ),
    "of an archive": column(
        lambda: f"{_chance.randrange(1560, 1750)}-{_chance.randrange(1, 13):02}-{_chance.randrange(1, 29):02}"
    ),
    "email": column(lambda: f"{_chance.choice(GIVEN)}{_chance.randrange(200)}@example.org"),
    "phone": column(lambda: f"030 {_chance.randrange(10**6, 10**6 + 200)}"),
    "street": column(lambda: f"{_chance.choice(FAMILY)}weg {_chance.randrange(90)}"),
    "postcode": column(lambda: f"{_chance.randrange(10_000, 10_090)}"),
    "city": column(lambda: _chance.choice(("Bonn", "Ulm"))),
    "number": column(lambda: f"{_chance.randrange(10**7, 10**7 + 200)}"),
    "ten digits": column(lambda: f"{_chance.randrange(30, 90)}00{_chance.randrange(10**6, 10**6 + 200)}"[:10]),
    "seconds": column(lambda: str(1_700_000_000 + _chance.randrange(200))),
    "year": column(lambda: str(_chance.randrange(1930, 2000))),
    "small": column(lambda: str(_chance.randrange(1, 13))),
    "rows": [str(row) for row in range(ROWS)],
    "letter": column(lambda: _chance.choice("mf")),
    "amount": column(lambda: f"{_chance.random() * 100:.2f}"),
    "moment": column(lambda: f"2026-01-{_chance.randrange(1, 29):02} 12:00:00"),
    "recent": column(lambda: f"2026-{_chance.randrange(1, 13):02}-{_chance.randrange(1, 29):02}"),
    "same": ["x"] * ROWS,
    "empty": [None] * ROWS,
}


def fields(**contents: str) -> dict[str, str]:
    taken = recognize({name: encode(CONTENT[content]) for name, content in contents.items()})
    return {each.column: each.field for each in taken}


# Finnish, Baltic, Hungarian, Romanian, Balkan, Hebrew, Thai, Indonesian and other names of columns.
ELSEWHERE = (
    ("given_name", "given", "etunimi vārds vardas eesnimi Keresztnév prenume ime име שם_פרטי ชื่อ nama_depan"),
    ("family_name", "family", "Sukunimi uzvārds pavardė perekonnanimi Vezetéknév priezvisko prezime שם_משפחה"),
    ("phone", "phone", "puhelin telefons telefonas telefonszám mobitel telemóvel เบอร์โทรศัพท์ no_hp טלפון"),
    ("street", "street", "katuosoite iela gatvė aadress lakcím strada ulica alamat ที่อยู่ כתובת rua"),
    ("city", "city", "kaupunki pilsēta miestas linn település localitate mjesto kota град"),
    ("birth_date", "iso", "syntymäpäivä dzimšanas_datums gimimo_data sünniaeg születési_dátum datum-rođenja วันเกิด"),
    ("organization", "full", "yritys uzņēmums įmonė ettevõte cégnév tvrtka nama_perusahaan 公司"),
    ("identifier", "number", "Y-tunnus personas_kods asmens_kodas isikukood adószám rodné_číslo OIB tc_kimlik_no"),
)


@pytest.mark.parametrize(
    ("name", "content", "field"),
    [
        ("first_name", "given", "given_name"),
        ("fname_c1", "given", "given_name"),
        ("Vorname", "given", "given_name"),
        ("customerGivenName", "given", "given_name"),
        ("surname", "family", "family_name"),
        ("lname_c2", "family", "family_name"),
        ("NOM", "family", "family_name"),
        ("Kundenname", "full", "full_name"),
        ("date_of_birth", "iso", "birth_date"),
        ("Geburtsdatum", "iso", "birth_date"),
        ("E-Mail", "email", "email"),
        ("courriel", "email", "email"),
        ("home_phone", "phone", "phone"),
        ("Straße", "street", "street"),
        ("res_street_address", "street", "street"),
        ("PLZ", "postcode", "postcode"),
        ("postcode_fake", "postcode", "postcode"),
        ("suburb", "city", "city"),
        ("Фамилия", "family", "family_name"),
        ("生年月日", "iso", "birth_date"),
        ("date of birth", "of an archive", "birth_date"),
        ("Imię", "given", "given_name"),
        ("Příjmení", "family", "family_name"),
        ("Ονοματεπώνυμο", "full", "full_name"),
        ("Họ và tên", "full", "full_name"),
        ("जन्म तिथि", "iso", "birth_date"),
        ("تاريخ الميلاد", "iso", "birth_date"),
        ("전화번호", "phone", "phone"),
        ("Endereço", "street", "street"),
        ("τκ", "postcode", "postcode"),
        ("शहर", "city", "city"),
        ("Razão Social", "full", "organization"),
        *((name, content, field) for field, content, names in ELSEWHERE for name in names.split()),
        # Words of other languages that mean something else in these.
        *((name, "city", "trait") for name in ("Grad", "by", "Naslov")),
        *((name, "amount", "nothing") for name in ("CIF", "CVR", "tax")),
        ("CPR", "recent", "nothing"),
        # Numbers of customers of ten digits begin with 1 as moments do.
        ("customer_number", "seconds", "identifier"),
        ("Nume", "full", "full_name"),
        ("Numer", "number", "identifier"),
        *((name, "phone", "phone") for name in ("Telefonní číslo", "Broj telefona", "Telefona numurs")),
        *((name, "full", "full_name") for name in ("Apellido y Nombre", "Cognome e Nome", "Imię i nazwisko")),
        ("soc_sec_id", "number", "identifier"),
        ("x22", "ten digits", "identifier"),
        ("x23", "seconds", "nothing"),
        ("x17", "number", "identifier"),
        ("x18", "email", "email"),
        ("x19", "iso", "birth_date"),
        ("x20", "full", "full_name"),
        ("gender", "letter", "trait"),
        ("birth_place", "city", "trait"),
        ("rec_id", "rows", "record_id"),
        *(
            (name, "rows", "record_id")
            for name in (
                "Lfd Nr", "Lfd. Nr.", "lfd_nr", "Nr", "No.", "#", "№", "№ п/п", "N°", "row", "Record ID", "Zeile",
                "Datensatz-Nr.", "numéro de ligne", "Número", "id_registro", "riga", "volgnummer", "Lp.", "Løbenr",
                "номер строки", "序号", "Unnamed: 0", "customer_id", "Kundennummer", "person_id",
            )
        ),
        ("Nr", "number", "identifier"),
        ("true_person", "number", "truth"),
        ("entity", "number", "truth"),
        ("Person", "number", "truth"),
        ("Person", "full", "full_name"),
        ("who", "given", "given_name"),
        *((name, "number", "truth") for name in ("duplicate_of", "gold_id", "cluster_true", "canonical_id", "orig_id")),
        ("Person Name", "full", "full_name"),
        ("x21", "rows", "nothing"),
        ("cluster", "number", "truth"),
        ("spent", "amount", "nothing"),
        ("changed", "moment", "nothing"),
        ("joined", "recent", "nothing"),
        ("list", "same", "nothing"),
        ("phone", "empty", "nothing"),
        # The name promises what the content does not hold.
        ("email", "letter", "trait"),
        ("date_of_birth", "letter", "trait"),
    ],
)  # fmt: skip
def test_one_column(name: str, content: str, field: str) -> None:
    assert fields(**{name: content}) == {name: field}


def test_full_name_says_nothing_beside_its_parts() -> None:
    found = fields(full_name="full", first_name="given", surname="family")
    assert found == {"full_name": "nothing", "first_name": "given_name", "surname": "family_name"}


def test_name_beside_a_surname_is_the_given_name() -> None:
    assert fields(name="given", surname="family") == {"name": "given_name", "surname": "family_name"}


def test_birth_in_three_columns() -> None:
    found = fields(by="year", bm="small", bd="small")
    assert found == {"by": "birth_year", "bm": "birth_month", "bd": "birth_day"}


def test_where_no_column_is_a_name_the_one_that_tells_most_is() -> None:
    unknown = [f"{_word()} {_word()}" for _ in range(ROWS)]
    offices = ["Upper Bank", "Lower Bank", "Old Mill"] * (ROWS // 3)
    table = {"x1": encode(unknown * 2), "x2": encode(offices * 2), "x3": encode(CONTENT["letter"] * 2)}
    assert [each.field for each in recognize(table)] == ["full_name", "trait", "trait"]
    table["surname"] = encode(CONTENT["family"] * 2)
    assert [each.field for each in recognize(table)] == ["trait", "trait", "trait", "family_name"]


def _word() -> str:
    return "".join(_chance.choice("bdfgklmnprst") + _chance.choice("aeiou") for _ in range(4)).capitalize()


def test_suburb_is_a_trait_beside_a_city() -> None:
    assert fields(city="city", suburb="family") == {"city": "city", "suburb": "trait"}


def test_what_is_chosen_is_believed() -> None:
    table = {"dob": encode(CONTENT["iso"]), "other": encode(CONTENT["family"])}
    assert recognize(table, {"other": "family_name", "dob": "nothing"}) == (
        Taken("dob", "nothing", "chosen"),
        Taken("other", "family_name", "chosen"),
    )


def test_unknown_choices_name_what_there_is() -> None:
    with pytest.raises(UnknownColumnError, match="the columns are: dob"):
        recognize({"dob": encode(CONTENT["iso"])}, {"birth": "birth_date"})
    with pytest.raises(UnknownFieldError, match="the fields are: record_id, truth, full_name"):
        recognize({"dob": encode(CONTENT["iso"])}, {"dob": "birthday"})


@pytest.mark.parametrize(
    ("written", "order", "iso"),
    [
        ("1947-01-02", DAY_FIRST, "1947-01-02"),
        ("19470102", DAY_FIRST, "1947-01-02"),
        ("19470102.0", DAY_FIRST, "1947-01-02"),
        ("02011947", DAY_FIRST, "1947-01-02"),
        ("02/01/1947", DAY_FIRST, "1947-01-02"),
        ("02/01/1947", MONTH_FIRST, "1947-02-01"),
        ("2.1.47", DAY_FIRST, "1947-01-02"),
        ("2.1.07", DAY_FIRST, "2007-01-02"),
        ("1/31/1947", DAY_FIRST, "1947-01-31"),
        ("1947-01-02T00:00:00Z", DAY_FIRST, "1947-01-02"),
        ("1947-01-02 00:00:00", DAY_FIRST, "1947-01-02"),
        ("2 January 1947", DAY_FIRST, "1947-01-02"),
        ("Jan 2, 1947", DAY_FIRST, "1947-01-02"),
        ("2. März 1947", DAY_FIRST, "1947-03-02"),
        ("1947", DAY_FIRST, "1947-00-00"),
        ("1622", DAY_FIRST, "1622-00-00"),
        # A slip of the pen is no reason to know nothing.
        ("19479102", DAY_FIRST, "1947-91-02"),
        ("yesterday", DAY_FIRST, None),
        ("12", DAY_FIRST, None),
    ],
)
def test_dates(written: str, order: str, iso: str | None) -> None:
    assert read_date(written, order) == iso


def test_the_order_is_what_most_dates_prove() -> None:
    assert order_of(["01/02/1947", "01/31/1947", "02/28/1950", "31/01/1947"]) == MONTH_FIRST
    assert order_of(["01/02/1947", "31/01/1947"]) == DAY_FIRST
    assert order_of(["01311947", "02281950"]) == MONTH_FIRST


def person(**cells: str | None) -> Person:
    """Return the one person of a table whose columns are called like their fields."""
    table = {name: encode([value]) for name, value in cells.items()}
    found = fields_of(table, [Taken(name, name.rstrip("0123456789"), "") for name in cells])
    return Person(**{field: (*column.values, None)[column.codes[0]] for field, column in found.items()})


def test_a_person_of_a_row() -> None:
    assert person(
        given_name1="Ann", given_name2=None, family_name="Berg", birth_year="1947", birth_month="1", birth_day="2",
        phone="+49 (0)30 123 45 67", house_number="7", street="Main St", identifier="12-34", trait="f", trait2="baker",
    ) == Person(
        given_name="Ann", family_name="Berg", birth_date="1947-01-02", phone="301234567", street="Main St 7",
        identifier="12-34", trait="f", trait_2="baker",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("full", "given", "family"),
    [
        ("Ann Berg", "Ann", "Berg"),
        ("Ann Mary van der Berg", "Ann Mary", "van der Berg"),
        ("van der Berg, Ann", "Ann", "van der Berg"),
        ("Ann Berg, Jr.", "Ann", "Berg"),
        ("Berg", None, "Berg"),
    ],
)
def test_full_names_are_parted(full: str, given: str | None, family: str) -> None:
    assert person(full_name=full) == Person(given_name=given, family_name=family)


@pytest.mark.parametrize(
    ("full", "parts"),
    [
        (["王小明", "欧阳雪"], [("小明", "王"), ("雪", "欧阳")]),
        (["김민준", "남궁 민"], [("민준", "김"), ("민", "남궁")]),
        # Spaces in some rows tell where the others have none.
        (["長谷川 太郎", "長谷川花子", "佐藤花子"], [("太郎", "長谷川"), ("花子", "長谷川"), ("花子", "佐藤")]),
        (["Ann Berg", "王"], [("Ann", "Berg"), (None, "王")]),
    ],
)
def test_full_names_that_no_spaces_part(full: list[str], parts: list[tuple[str | None, str]]) -> None:
    split = parting(encode(full))
    assert [split(name) for name in full] == parts


def test_nothing_to_compare() -> None:
    with pytest.raises(NothingToCompareError):
        fields_of({"a": encode(["x"])}, [Taken("a", "nothing", "")])


def test_cells_without_a_value() -> None:
    cells = (" x ", "NaN", "null", "4011.0", "12.50", "7", "-")
    assert [normalize.cell(cell) for cell in cells] == ["x", None, None, "4011", "12.50", "7", None]


def names_of(organizations: list[str], column: str = "full_name") -> list[tuple[str | None, str]]:
    found = fields_of({"name": encode(organizations)}, [Taken("name", column, "")])
    given, family = found["given_name"], found["family_name"]
    return [
        ((*given.values, None)[rest], family.values[first])
        for rest, first in zip(given.codes.tolist(), family.codes.tolist(), strict=True)
    ]


def test_an_organization_is_told_by_its_words_without_its_legal_form() -> None:
    names = ["Nord Bau GmbH", "Acme Ltd", "Müller & Söhne Co. KG", "Stadtwerke", "Opera Nova S.A.", "The Limited"]
    words = [("bau", "nord"), (None, "acme"), ("sohne", "muller"), (None, "stadtwerke"), ("nova", "opera")]
    assert names_of(names) == [*words, ("limited", "the")]


def test_legal_forms_of_other_countries_do_not_count() -> None:
    names = [
        "株式会社佐藤建設",
        "佐藤建設(株)",
        "Nowak Transport Spółka z o.o.",
        "ООО Вектор",
        "García S.L.",
        "有限公司",
    ]
    assert [normalize.organization(name) for name in names] == [
        ["zuotengjianshe"], ["zuotengjianshe"], ["nowak", "transport"], ["vektor"], ["garcia"], ["youxiangongsi"],
    ]  # fmt: skip
    assert [normalize.has_legal_form(name) for name in ["García S.L.", "佐藤建設(株)", "Ann S. Berg", ""]] == [
        True, True, False, False,
    ]  # fmt: skip


def test_short_legal_forms_go_only_from_their_place_and_where_others_say_who_it_is() -> None:
    telling = {
        "PT Sumber Makmur": ["sumber", "makmur"],
        "SIA Baltijas Koks": ["baltijas", "koks"],
        "Nordisk Bygg AS": ["nordisk", "bygg"],
        "Viking Line OÜ": ["viking", "line"],
        "Kranich AS": ["kranich", "as"],
        "BT Group plc": ["bt", "group"],
        "MB Motors": ["mb", "motors"],
    }
    assert {name: normalize.organization(name) for name in telling} == telling
    persons = ("Siti Bt Ahmad", "Ou Sokha", "Raman C V", "Sia Kim Huat")
    assert not any(normalize.has_legal_form(name) for name in persons)
    assert all(normalize.has_legal_form(name) for name in ("Lietuvos Baldai UAB", "Pohjan Puu Osakeyhtiö"))


def test_a_column_called_like_one_holds_organizations_whatever_their_names() -> None:
    assert fields(company="full", town="city") == {"company": "organization", "town": "city"}
    assert names_of(["Ann Berg", "Dorn"], "organization") == [("berg", "ann"), (None, "dorn")]


def test_a_company_beside_a_name_is_the_employer() -> None:
    found = fields(first_name="given", surname="family", company="full")
    assert found == {"first_name": "given_name", "surname": "family_name", "company": "trait"}
