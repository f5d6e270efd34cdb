"""The encoding of a text is found from its bytes, told, and read as UTF-8."""

import io

import pytest

from records.envelope import Reject
from records.readers import NotReadable, examine, rows_of
from records.readers.charset import called, known

NO_ENCODINGS_OF_FILES = ["idna", "punycode", "hex", "rot13", "mbcs", "no-such", "a" * 100, "utf\x00"]
GERMAN = "Name;Ort\nJürgen Müller;Köln\nKäthe Weiß;Nürnberg\n"
FRENCH = "nom,ville\nHélène Lefèvre,Orléans\nFrançois Bénard,Besançon\n"
ENGLISH = "name,note\nO’Brien,“fine” – 5 €\nMcKay,naïve\n"
POLISH = "imie;miasto\nŁukasz Żółć;Łódź\nAgnieszka Dąbrowska;Kraków\nPaweł Wiśniewski;Gdańsk\n"
CZECH = "jmeno;mesto\nJiří Dvořák;Plzeň\nŠtěpánka Černá;Děčín\n"
TURKISH = "ad;sehir\nAyşe Yılmaz;İzmir\nÇağrı Öztürk;Eskişehir\nŞule Güneş;Muğla\n"
RUSSIAN = "имя;город\nИванов Сергей;Москва\nКузнецова Анна;Санкт-Петербург\n"
GREEK = "όνομα;πόλη\nΓιώργος Παπαδόπουλος;Αθήνα\nΜαρία Νικολάου;Θεσσαλονίκη\n"
JAPANESE = "名前,住所\n田中 太郎,東京都\n鈴木 花子,大阪府\n佐藤 健,北海道\n"
CHINESE = "姓名,城市\n王伟,北京\n李娜,上海\n张敏,广州\n"


def read(content: bytes, *, encoding: str = "", region: str = "GB") -> tuple[str, list[object]]:
    """The encoding found, and the rows (of a reject its reason)."""
    file = io.BytesIO(content)
    nature = examine(file, encoding=encoding, region=region)
    items = [(item.position, item.code) if isinstance(item, Reject) else item[1] for item in rows_of(file, nature)]
    return nature.encoding, items


def as_rows(text: str) -> list[object]:
    header, *lines = text.splitlines()
    mark = ";" if ";" in header else ","
    return [dict(zip(header.split(mark), line.split(mark), strict=True)) for line in lines]


@pytest.mark.parametrize(
    ("text", "written", "found", "region"),
    [
        (GERMAN, "utf-8", "utf-8", "DE"),
        (GERMAN, "utf-8-sig", "utf-8", "DE"),
        (GERMAN, "utf-16", "utf-16", "DE"),
        (GERMAN, "utf-16-le", "utf-16-le", "DE"),
        (GERMAN, "utf-16-be", "utf-16-be", "DE"),
        (GERMAN, "utf-32", "utf-32", "DE"),
        (GERMAN, "cp1252", "cp1252", "DE"),
        (GERMAN, "latin-1", "cp1252", "GB"),
        ("loyalty_card,city\nL-1,Köln\n", "cp1252", "cp1252", "GB"),
        (FRENCH, "cp1252", "cp1252", "FR"),
        (ENGLISH, "cp1252", "cp1252", "GB"),
        (POLISH, "cp1250", "cp1250", "PL"),
        (POLISH, "cp1250", "cp1250", "GB"),
        (CZECH, "cp1250", "cp1250", "CZ"),
        (TURKISH, "cp1254", "cp1254", "TR"),
        (RUSSIAN, "cp1251", "cp1251", "GB"),
        (RUSSIAN, "koi8_r", "koi8_r", "GB"),
        (GREEK, "cp1253", "cp1253", "GB"),
        (JAPANESE, "cp932", "cp932", "GB"),
        (CHINESE, "gb18030", "gb18030", "GB"),
    ],
)
def test_an_encoding_is_found_and_read(text: str, written: str, found: str, region: str) -> None:
    assert read(text.encode(written), region=region) == (found, as_rows(text))


def test_what_is_far_down_counts_as_well() -> None:
    text = "name,city\n" + "Bob,York\n" * 300_000 + "Jürgen,Köln\n"
    encoding, items = read(text.encode("cp1252"))
    assert encoding == "cp1252"
    assert items[-1] == {"name": "Jürgen", "city": "Köln"}


def test_a_few_broken_rows_do_not_make_another_encoding() -> None:
    text = b"name,city\n" + "Jürgen,Köln\n".encode() * 3 + b"Mallor\xfc,Leeds\n" + "Zoë,York\n".encode()
    encoding, items = read(text)
    assert encoding == "utf-8"
    assert [item for item in items if isinstance(item, tuple)] == [(5, "invalid_utf8")]


def test_a_line_that_somebody_pasted_in_utf8_does_not_make_the_others_so() -> None:
    text = b"name,city\n" + "Jürgen,Köln\n".encode("cp1252") * 3 + "Zoë,York\n".encode()
    assert read(text)[0] == "cp1252"


@pytest.mark.parametrize(
    ("encoding", "broken"), [("cp1252", b"Mallor\x81y,Leeds\n"), ("shift_jis", b"Mallor\xfd\xfe,Leeds\n")]
)
def test_what_cannot_be_read_in_it_costs_only_its_row(encoding: str, broken: bytes) -> None:
    _, items = read(b"name,city\nAlice,York\n" + broken + b"Bob,Leeds\n", encoding=encoding)
    assert items == [{"name": "Alice", "city": "York"}, (3, "invalid_utf8"), {"name": "Bob", "city": "Leeds"}]


def test_half_a_character_at_the_end_of_utf16_costs_only_its_row() -> None:
    text = "name,city\nAlice,York\nBob,Leeds".encode("utf-16-le")
    assert read(text[:-1])[1] == [{"name": "Alice", "city": "York"}, (3, "invalid_utf8")]


def test_an_encoding_that_is_given_is_taken() -> None:
    assert read("name,city\nJürgen,Köln\n".encode("cp850"), encoding="cp850")[1] == [{"name": "Jürgen", "city": "Köln"}]


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "\0"])
def test_an_encoding_that_is_none_is_named(name: str) -> None:
    with pytest.raises(NotReadable, match="is no encoding; give one such as utf-8, utf-16 or windows-1252"):
        read(b"a,b\n", encoding=name)


def test_json_lines_are_utf8_or_marked() -> None:
    assert read(b'{"name": "Alice"}\n{"name": "J\xfcrgen"}\n')[1] == [{"name": "Alice"}, (2, "invalid_utf8")]
    assert read('{"name": "Jürgen"}\n'.encode("utf-16")) == ("utf-16", [{"name": "Jürgen"}])


def test_reading_goes_on_in_the_middle_of_another_encoding() -> None:
    file = io.BytesIO(("name,city\n" + "Jürgen,Köln\n" * 50_000 + "Zoë,York\n").encode("utf-16"))
    nature = examine(file)
    items = rows_of(file, nature)
    for _ in range(49_999):
        next(items)
    assert list(rows_of(file, nature, items.position)) == [
        (50_001, {"name": "Jürgen", "city": "Köln"}),
        (50_002, {"name": "Zoë", "city": "York"}),
    ]


def test_encodings_are_called_as_people_know_them() -> None:
    assert [called(name) for name in ("cp1252", "utf-8", "utf-16-le")] == ["Windows-1252", "UTF-8", "UTF-16-LE"]


@pytest.mark.parametrize("name", NO_ENCODINGS_OF_FILES)
def test_what_no_file_can_be_written_in_is_refused(name: str) -> None:
    with pytest.raises(NotReadable, match="is no encoding; give one such as utf-8"):
        known(name)


@pytest.mark.parametrize("name", ["utf-7", "utf-8", "latin-1", "iso2022_jp", "gb18030", "cp874"])
def test_whatever_bytes_come_are_read_in_a_known_encoding(name: str) -> None:
    content = bytes(range(256)) * 4
    file = io.BytesIO(b"name,city\n" + content)
    assert list(rows_of(file, examine(file, encoding=known(name))))
