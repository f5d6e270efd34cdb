"""The demo's records are repeatable, dirty as promised, harmless, and their truth is complete."""

import csv
import datetime
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.generator import Summary, generate
from demo.generator.households import populate
from demo.generator.people import Person
from demo.generator.window import year_until

UNTIL = datetime.date(2026, 11, 1)
PEOPLE = 3000
EXPECTED_RECORDS = {"crm": 3_100, "pos": 15_000, "web": 24_000, "app": 9_000, "appliances": 6_500, "beacons": 3_500}
MESSAGE_ID = {"web": "messageId", "app": "messageId", "appliances": "message_id", "beacons": "message_id"}
RESERVED_DOMAIN = re.compile(r"([a-z0-9-]+\.)*(example\.(com|org|net)|example)")
RESERVED_PHONE = re.compile(
    r"447700900\d{3}|442079460\d{3}|44(11[345678]|121|131|141|151|161)4960\d{3}|441914980\d{3}|442896496\d{3}"
    r"|442920180\d{3}|441632960\d{3}|443069990\d{3}"
    r"|4917139200\d{2}|493023125\d{3}|496990009\d{3}|494066969\d{3}|492214710\d{3}|498999998\d{3}"
    r"|3319900\d{4}|3363998\d{4}|3326191\d{4}|3335301\d{4}|3346571\d{4}|3353649\d{4}"
)
JUNK_EMAIL, JUNK_PHONE = "noemail@example.com", "000000000"
INVALID_EMAIL = re.compile(r"[^@]+|.*@@.*|.* @.*|[^@]+@|@.+")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, generate(folder, people=PEOPLE, until=UNTIL)


@pytest.fixture(scope="module")
def folder(demo: tuple[Path, Summary]) -> Path:
    return demo[0]


@pytest.fixture(scope="module")
def summary(demo: tuple[Path, Summary]) -> Summary:
    return demo[1]


@pytest.fixture(scope="module")
def population() -> list[Person]:
    return populate(PEOPLE, seed=2026, window=year_until(UNTIL))


def test_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    generate(tmp_path / "once", seed=7, people=150, until=UNTIL)
    generate(tmp_path / "again", seed=7, people=150, until=UNTIL)
    assert _contents(tmp_path / "once") == _contents(tmp_path / "again")


def test_another_seed_gives_other_people(tmp_path: Path) -> None:
    generate(tmp_path / "seven", seed=7, people=150, until=UNTIL)
    generate(tmp_path / "eight", seed=8, people=150, until=UNTIL)
    seven, eight = _contents(tmp_path / "seven"), _contents(tmp_path / "eight")
    assert all(seven[name] != eight[name] for name in seven)


@pytest.mark.parametrize("people", [1, 2, 5])
def test_a_handful_of_people_is_enough(tmp_path: Path, people: int) -> None:
    assert generate(tmp_path, people=people, until=UNTIL).people == people


def test_counts_are_near_the_plan(summary: Summary) -> None:
    assert summary.records == {source: pytest.approx(count, rel=0.06) for source, count in EXPECTED_RECORDS.items()}
    assert sum(summary.records.values()) == pytest.approx(60_000, rel=0.04)


def test_counts_grow_with_people(tmp_path: Path, summary: Summary) -> None:
    small = generate(tmp_path, people=PEOPLE // 3, until=UNTIL)
    assert sum(small.records.values()) * 3 == pytest.approx(sum(summary.records.values()), rel=0.1)


def test_summary_file_tells_what_was_written(folder: Path, summary: Summary) -> None:
    written = json.loads((folder / "summary.json").read_text())
    assert written["records"] == summary.records == {source: len(_lines(folder, source)) for source in EXPECTED_RECORDS}
    assert written["expected_rejected"] == summary.expected_rejected


def test_every_line_with_a_key_has_exactly_one_truth(folder: Path) -> None:
    truth = Counter((line["source"], line["key"]) for line in _truth(folder))
    keyed = {(source, key) for source in EXPECTED_RECORDS for key in _keys(folder, source) if key}
    assert set(truth) == keyed
    assert set(truth.values()) == {1}


def test_lines_are_keyed_copied_or_rejected(folder: Path, summary: Summary) -> None:
    for source, lines in summary.records.items():
        keys = [key for key in _keys(folder, source) if key]
        keyless = lines - len(keys)
        reasons = summary.expected_rejected[source]
        assert len(keys) - len(set(keys)) == summary.duplicates[source]
        assert keyless == reasons.get("malformed", 0) + reasons.get("missing_message_id", 0)


def test_rejected_truths_match_the_summary(folder: Path, summary: Summary) -> None:
    told = Counter((line["source"], line["rejected"]) for line in _truth(folder) if "rejected" in line)
    with_key = {"missing_identifier", "future_timestamp"}
    assert told == {
        (source, reason): count
        for source, reasons in summary.expected_rejected.items()
        for reason, count in reasons.items()
        if reason in with_key
    }


def test_every_reason_occurs(summary: Summary) -> None:
    reasons = set().union(*summary.expected_rejected.values())
    assert reasons == {"malformed", "missing_message_id", "missing_identifier", "future_timestamp"}


def test_copies_are_exact(folder: Path, summary: Summary) -> None:
    for source, copies in summary.duplicates.items():
        lines = _lines(folder, source)
        assert len(lines) - len(set(lines)) == copies > 0


def test_receipts_without_a_name_are_the_missing_identifiers(folder: Path) -> None:
    nameless = {row["receipt_id"] for row in _rows(folder, "pos") if not any(row[field] for field in _NAMING)}
    told = {
        line["key"]
        for line in _truth(folder)
        if line["source"] == "pos" and line.get("rejected") == "missing_identifier"
    }
    assert nameless == told


def test_nothing_happens_after_the_last_day(folder: Path) -> None:
    instants = [row["sold_at"] for row in _rows(folder, "pos")] + [row["updated_at"] for row in _rows(folder, "crm")]
    for source in MESSAGE_ID:
        instants += [str(message.get("timestamp") or message["at"]) for message in _messages(folder, source)]
    regular = [instant for instant in instants if not instant.startswith("2099")]
    assert min(regular) >= "2025-11-01"
    assert max(regular) < "2026-11-01"
    assert len(regular) < len(instants)


def test_emails_are_under_reserved_domains(folder: Path) -> None:
    wrong = [
        email
        for email in _emails(folder)
        if not RESERVED_DOMAIN.fullmatch(email.strip().lower().rpartition("@")[2])
        and not INVALID_EMAIL.fullmatch(email)
    ]
    assert wrong == []


def test_phones_are_in_ranges_for_fiction(folder: Path) -> None:
    wrong = [phone for phone in _phones(folder) if phone != JUNK_PHONE and not RESERVED_PHONE.fullmatch(_plain(phone))]
    assert wrong == []


def test_internet_addresses_are_for_documentation(folder: Path) -> None:
    addresses = {_context(message)["ip"] for source in ("web", "app") for message in _messages(folder, source)}
    reserved = ("192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:")
    assert [address for address in addresses if not str(address).startswith(reserved)] == []


def test_junk_is_on_dozens_of_records(folder: Path) -> None:
    assert Counter(_emails(folder))[JUNK_EMAIL] >= 20
    assert Counter(_phones(folder))[JUNK_PHONE] >= 20


def test_household_members_share_a_phone_on_record(folder: Path) -> None:
    people, households = defaultdict(set), defaultdict(set)
    for row, truth in _crm_with_truth(folder):
        if row["phone"] and row["phone"] != JUNK_PHONE:
            people[_plain(row["phone"])].add(truth["person"])
            households[_plain(row["phone"])].add(truth["household"])
    assert sum(len(who) > 1 for who in people.values()) > 40
    assert {len(where) for where in households.values()} == {1}


def test_a_loyalty_card_is_one_persons(folder: Path) -> None:
    holders = defaultdict(set)
    for row, truth in _crm_with_truth(folder):
        if row["loyalty_number"]:
            holders[row["loyalty_number"]].add(truth["person"])
    assert {len(who) for who in holders.values()} == {1}


def test_twins_and_namesakes_live_together(population: list[Person]) -> None:
    pairs = list(_pairs_at_home(population))
    twins = [(a, b) for a, b in pairs if a.born_on == b.born_on and a.given != b.given]
    namesakes = [(a, b) for a, b in pairs if (a.given, a.family) == (b.given, b.family) and a.born_on != b.born_on]
    assert len(twins) >= 5
    assert len(namesakes) >= 5
    assert all(abs(a.born_on.year - b.born_on.year) > 15 for a, b in namesakes)


def test_strangers_rarely_share_name_and_birth_date(population: list[Person]) -> None:
    bearers = Counter((person.given, person.family, person.born_on) for person in population)
    assert 1 <= sum(count - 1 for count in bearers.values()) <= 15


def test_some_people_hold_two_customer_numbers(folder: Path) -> None:
    numbers = defaultdict(set)
    for row, truth in _crm_with_truth(folder):
        numbers[truth["person"]].add(row["customer_number"])
    assert sum(len(held) == 2 for held in numbers.values()) == pytest.approx(0.06 * len(numbers), rel=0.3)


def test_some_customers_withdraw_later(folder: Path) -> None:
    answers = defaultdict(list)
    for row in _rows(folder, "crm"):
        answers[row["customer_number"]].append((row["updated_at"], row["marketing_email"]))
    withdrawn = [given for given in answers.values() if min(given)[1] == "yes" and max(given)[1] == "no"]
    assert len(withdrawn) > 50


def test_browsers_are_shared_and_consent_follows_the_banner(folder: Path) -> None:
    accounts, answers = defaultdict(set), Counter[object]()
    for message in _messages(folder, "web"):
        if "userId" in message:
            accounts[message.get("anonymousId")].add(message["userId"])
        consent = _context(message).get("consent")
        answers[consent["categoryPreferences"]["analytics"] if isinstance(consent, dict) else None] += 1
    assert sum(len(who) == 2 for who in accounts.values()) > 30
    assert min(answers[True], answers[False], answers[None]) > 1000


def test_beacons_see_the_handsets_of_the_app(folder: Path) -> None:
    handsets = {message["anonymousId"] for message in _messages(folder, "app") if "anonymousId" in message}
    seen = {message["device_id"] for message in _messages(folder, "beacons") if "device_id" in message}
    assert len(seen & handsets) / len(seen) > 0.9


def test_some_appliances_are_sold_on(folder: Path) -> None:
    owner = {line["key"]: line["person"] for line in _truth(folder) if line["source"] == "appliances"}
    owners = defaultdict(set)
    for message in _messages(folder, "appliances"):
        if message["type"] == "registration" and "message_id" in message:
            owners[message.get("device_id")].add(owner[str(message["message_id"])])
    assert sum(len(who) == 2 for who in owners.values()) >= 5


_NAMING = ("loyalty_number", "customer_name", "email", "phone", "postcode")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _lines(folder: Path, source: str) -> list[str]:
    if source in MESSAGE_ID:
        return (folder / f"{source}.ndjson").read_text(encoding="utf-8").splitlines()
    return (folder / f"{source}.csv").read_text(encoding="utf-8").splitlines()[1:]


def _rows(folder: Path, source: str) -> list[dict[str, str]]:
    with (folder / f"{source}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _messages(folder: Path, source: str) -> Iterator[dict[str, object]]:
    for line in _lines(folder, source):
        message = _message_or_none(line)
        if message is not None:
            yield message


def _message_or_none(line: str) -> dict[str, object] | None:
    try:
        message: dict[str, object] = json.loads(line)
    except ValueError:
        return None
    return message


def _context(message: dict[str, object]) -> dict[str, object]:
    context = message["context"]
    assert isinstance(context, dict)
    return context


def _keys(folder: Path, source: str) -> Iterator[object]:
    if source == "crm":
        yield from (f"{row['customer_number']}|{row['updated_at']}" for row in _rows(folder, source))
    elif source == "pos":
        yield from (row["receipt_id"] for row in _rows(folder, source))
    else:
        yield from (message.get(MESSAGE_ID[source]) for message in _messages(folder, source))


def _truth(folder: Path) -> Iterator[dict[str, str]]:
    for line in (folder / "truth.ndjson").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _crm_with_truth(folder: Path) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    truth = {line["key"]: line for line in _truth(folder) if line["source"] == "crm"}
    for row in _rows(folder, "crm"):
        yield row, truth[f"{row['customer_number']}|{row['updated_at']}"]


def _told(folder: Path, field: str) -> Iterator[str]:
    for source in ("crm", "pos"):
        yield from (row[field] for row in _rows(folder, source))
    for source in ("web", "app", "appliances"):
        for message in _messages(folder, source):
            for part in ("traits", "owner", "properties"):
                values = message.get(part)
                if isinstance(values, dict) and field in values:
                    yield values[field]


def _emails(folder: Path) -> list[str]:
    return [email for email in _told(folder, "email") if email]


def _phones(folder: Path) -> list[str]:
    return [phone for phone in _told(folder, "phone") if phone]


_CALLING_CODES = ("44", "49", "33")


def _plain(phone: str) -> str:
    """Digits with the calling code; a number written without one is tried in every country."""
    digits = re.sub(r"\D", "", phone.replace("(0)", ""))
    if phone.startswith("+"):
        return digits
    if digits.startswith("00"):
        return digits[2:]
    candidates = (code + digits[1:] for code in _CALLING_CODES)
    return next((number for number in candidates if RESERVED_PHONE.fullmatch(number)), digits)


def _pairs_at_home(people: list[Person]) -> Iterator[tuple[Person, Person]]:
    homes = defaultdict(list)
    for person in people:
        homes[person.household.household_id].append(person)
    for members in homes.values():
        yield from ((a, b) for place, a in enumerate(members) for b in members[place + 1 :])
