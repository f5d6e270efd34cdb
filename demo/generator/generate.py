"""One retailer's records of its customers, with the truth about who is who."""

import datetime
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from demo.generator import appliances, beacons, crm, pos
from demo.generator.accounts import account_traits
from demo.generator.app import app_records
from demo.generator.handsets import handsets_of
from demo.generator.households import populate
from demo.generator.mishaps import some_sent_twice
from demo.generator.people import Person
from demo.generator.randomness import stream
from demo.generator.record import Record
from demo.generator.web import web_records
from demo.generator.window import Window, year_until
from demo.generator.writing import Written, write_source

HEADERS = {"crm": crm.HEADER, "pos": pos.HEADER}
RECORDS_PER_PERSON = {"pos": 5.0, "web": 8.0, "app": 3.0, "appliances": 6_500 / 3_000, "beacons": 3_500 / 3_000}


@dataclass(frozen=True, slots=True)
class Summary:
    """What was written: per source the records (all lines), the exact copies among them, and those to be rejected."""

    people: int
    households: int
    records: dict[str, int]
    duplicates: dict[str, int]
    expected_rejected: dict[str, dict[str, int]]
    files: dict[str, str]


def generate(folder: Path, *, seed: int = 2026, people: int = 3000, until: datetime.date) -> Summary:
    """Write every source's file, truth.ndjson and summary.json into the folder.

    The records tell of the twelve months that end at 00:00 UTC of `until`. The same seed, people and day give the same
    bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    window = year_until(until)
    population = populate(people, seed=seed, window=window)
    written: dict[str, Written] = {}
    with (folder / "truth.ndjson").open("w", encoding="utf-8", newline="\n") as truth:
        for source, records in _sources(population, seed=seed, window=window).items():
            sent = some_sent_twice(records, rng=stream(seed, f"{source} copies"))
            written[source] = write_source(_path(folder, source), sent, header=HEADERS.get(source), truth=truth)
    summary = _summary(written, population=population)
    (folder / "summary.json").write_text(json.dumps(asdict(summary), indent=2) + "\n", encoding="utf-8", newline="\n")
    return summary


def _sources(people: list[Person], *, seed: int, window: Window) -> dict[str, Iterator[Record]]:
    accounts = account_traits(people, rng=stream(seed, "accounts"))
    handsets = handsets_of(people, rng=stream(seed, "handsets"))
    chance = {source: stream(seed, source) for source in ("crm", *RECORDS_PER_PERSON)}
    total = {source: rate * len(people) for source, rate in RECORDS_PER_PERSON.items()}
    end_at = window.end_at
    return {
        "crm": crm.crm_records(people, window=window, rng=chance["crm"]),
        "pos": pos.pos_records(people, total=total["pos"], rng=chance["pos"]),
        "web": web_records(people, accounts=accounts, total=total["web"], end_at=end_at, rng=chance["web"]),
        "app": app_records(
            people, handsets=handsets, accounts=accounts, total=total["app"], end_at=end_at, rng=chance["app"]
        ),
        "appliances": appliances.appliance_records(
            people, total=total["appliances"], window=window, rng=chance["appliances"]
        ),
        "beacons": beacons.beacon_records(
            people, handsets=handsets, total=total["beacons"], end_at=end_at, rng=chance["beacons"]
        ),
    }


def _path(folder: Path, source: str) -> Path:
    return folder / f"{source}.{'csv' if source in HEADERS else 'ndjson'}"


def _summary(written: dict[str, Written], *, population: list[Person]) -> Summary:
    return Summary(
        people=len(population),
        households=len({person.household.household_id for person in population}),
        records={source: file.lines for source, file in written.items()},
        duplicates={source: file.copies for source, file in written.items()},
        expected_rejected={source: file.rejected for source, file in written.items()},
        files={source: _path(Path(), source).name for source in written} | {"truth": "truth.ndjson"},
    )
