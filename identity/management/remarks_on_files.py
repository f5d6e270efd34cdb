"""What whoever had a file deduplicated should know of how it went; no value of a person."""

import re
from collections.abc import Iterator, Mapping, Sequence

from identity.deduplicating import Deduplicated
from identity.likeness_to_model import Unlike
from identity.matching.columns import IDENTIFIER, NAMES, NOTHING, TRUTH, Taken
from identity.matching.levels import COLUMN
from identity.tables import Unread

_MANY = 5
_NUMBER = re.compile(r"\d+")
# So many unreadable lines are named.
MOST_LINES = 10
_NEARLY_ALL, _HARDLY_ANY = 0.98, 0.02
_OFTEN, _NEARLY_ALWAYS = 0.5, 0.95
# By names and traits alone hardly anybody is told from namesakes.
_TELLING = frozenset({"birth_date", "email", "phone", "street", "postcode", "city"})


def counted(done: Deduplicated) -> str:
    """Return how many records are how many people, or organizations."""
    one, several = _one(done), "organizations" if done.organizations else "people"
    records, clusters = len(done.rows), done.clusters
    of = f"{clusters:,} {one if clusters == 1 else several}"
    return f"1 record is {of}" if records == 1 else f"{records:,} records are {of}"


def _one(done: Deduplicated) -> str:
    return "organization" if done.organizations else "person"


def columns_in_words(columns: Sequence[Taken]) -> Iterator[str]:
    """Yield what each column was taken for; many that are left out for one reason together."""
    left_out: dict[str, list[str]] = {}
    for taken in columns:
        if taken.field == NOTHING:
            left_out.setdefault(taken.reason, []).append(taken.column)
        else:
            yield f"{taken.column}: {taken.field.replace('_', ' ')} ({taken.reason})"
    for reason, names in left_out.items():
        if len(names) > _MANY:
            yield f"{', '.join(names[:2])} and {len(names) - 2:,} more: nothing ({reason})"
        else:
            yield from (f"{name}: nothing ({reason})" for name in names)


def remarks_on(done: Deduplicated, *, chosen: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence for each thing worth knowing. `chosen` has the fields that were chosen, by column."""
    if done.unreadable:
        yield f"{_unread(done.unreadable)}."
        yield from _why_unread(done.unreadable)
    yield from _on_columns(done, chosen)
    yield from unlike_in_words(done.unlike)
    if not done.found.model.learned_on:
        yield "There is too little here to learn from: the default model was used."
    for column, most in done.limits.items():
        if column not in {taken.column for taken in done.columns}:
            yield f"The model limits a column that this file lacks, so that limit holds nothing: {column}."
        else:
            held = f"{done.found.held_back.get(column, 0):,} likely pairs of records are held apart by that"
            yield f"At most {most:,} {column} in one cluster: {held}."
    if skipped := len(done.found.skipped.skipped):
        yield (
            f"{skipped:,} groups of records that agree on too common things were not compared within on these alone."
        )


def _unread(rows: Sequence[Unread]) -> str:
    lines = ", ".join(f"{row.line:,}" for row in rows[:MOST_LINES])
    if len(rows) == 1:
        return f"1 row could not be read and was left out, on line {lines}"
    more = f" and {len(rows) - MOST_LINES:,} more" if len(rows) > MOST_LINES else ""
    return f"{len(rows):,} rows could not be read and were left out, on lines {lines}{more}"


def _why_unread(rows: Sequence[Unread]) -> Iterator[str]:
    """Each reason once, of the first line that it is true of; the places and sizes that it tells make no other."""
    first: dict[str, Unread] = {}
    for row in rows:
        first.setdefault(_NUMBER.sub("", row.why), row)
    yield from (f"Line {row.line:,}: {row.why.rstrip('.')}." for row in list(first.values())[:_MANY])


def _on_columns(done: Deduplicated, chosen: Mapping[str, str]) -> Iterator[str]:
    for taken in done.columns:
        if taken.field == TRUTH and taken.column not in chosen:
            yield (
                f"{taken.column} is left out, since by its name it says who is who: measure by it with --truth "
                f"{_quoted(taken.column)}, or compare it with --column identifier={_quoted(taken.column)}."
            )
    groups: dict[str, list[str]] = {}
    for name, column in done.free.items():
        groups.setdefault("identifiers" if name.startswith(IDENTIFIER) else "traits", []).append(column)
    if groups:
        compared = "; ".join(f"as {group}: {', '.join(columns)}" for group, columns in groups.items())
        yield f"Compared {compared}. Leave one out with --ignore COLUMN, above all one that says who is who."
    for column in _like_answers(done):
        yield f"{column} agrees in nearly all that are one person, as if it said who is who: if it does, leave it out."
    for column, differing in _mostly_different(done):
        yield (
            f"Two records of one {_one(done)} differ in {column} in {differing:.0%}, as it was learned. Where each has "
            f"one of its own, namesakes were taken for one: hold them apart with --limit {_quoted(column)}=1."
        )
    if not any(taken.field in NAMES for taken in done.columns):
        yield (
            "No column was taken for a name. Where one is, say which: --column given_name=COLUMN --column "
            "family_name=COLUMN, --column full_name=COLUMN or --column organization=COLUMN."
        )
    if not done.organizations and not done.compared & _TELLING and "identifiers" not in groups:
        yield (
            "Names and traits alone tell hardly anybody from a namesake, so little is joined: a birth date, an "
            "address, an e-mail address, a phone or a number in the file would tell."
        )


def _mostly_different(done: Deduplicated) -> Iterator[tuple[str, float]]:
    """Identifiers of which two records of one mostly have different ones, as was learned from this file; where nearly
    all have, it numbers records and tells nothing."""
    model = done.found.model
    for name, column in done.free.items() if done.learned_here else ():
        differing = model.match[COLUMN[name]][0]
        if name.startswith(IDENTIFIER) and column not in done.limits and _OFTEN < differing < _NEARLY_ALWAYS:
            yield column, differing


def _like_answers(done: Deduplicated) -> Iterator[str]:
    model = done.found.model
    for name, column in done.free.items() if model.learned_on else ():
        place = COLUMN[name]
        if model.match[place][-1] >= _NEARLY_ALL and model.chance[place][-1] <= _HARDLY_ANY:
            yield column


def unlike_in_words(unlike: Unlike) -> Iterator[str]:
    """Yield how a file differs from the one that its model was learned from."""
    if unlike.lacking:
        lacking = ", ".join(unlike.lacking)
        yield (
            f"The model knows columns that this file lacks, so nothing is compared there: {lacking}. Where a field "
            "goes by another name here, say so with --column; identifiers and traits are known by the names of their "
            "columns alone, so rename those."
        )
    if unlike.unlearned:
        yield f"The model did not learn of these, which are weighed as in any file: {', '.join(unlike.unlearned)}."
    if unlike.unknown:
        yield f"The model does not know these columns, so they are not compared: {', '.join(unlike.unknown)}."


def _quoted(column: str) -> str:
    return f"'{column}'" if " " in column else column
