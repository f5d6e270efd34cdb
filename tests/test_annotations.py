"""Every table and column says what it holds about people, and says it truly."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import CompositePrimaryKey, Field, ForeignKey, Model, TextField, UUIDField

from identity.models import Profile
from outbox.models import Change
from records.models import Identifier, SourceProfile
from vault.annotations import DIRECT, PLAIN, PSEUDONYM, QUASI, SEALED, Table, tables

SENSITIVITIES = {DIRECT, QUASI, SEALED, PSEUDONYM, PLAIN}
PEOPLE = {"source_profile": SourceProfile, "profile": Profile}


def test_every_table_and_column_is_annotated() -> None:
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    assert list(faults(tables(), models)) == []


CHANGE_FIELDS = {"id": PLAIN, "profile_id": PSEUDONYM, "kind": PLAIN, "detail": PLAIN, "happened_at": PLAIN}


def change(**differently: object) -> Table:
    """A sound annotation of `outbox.Change`, but for this."""
    sound = {
        "model": "outbox.Change",
        "subject": "profile_id",
        "via": "profile",
        "purpose": "service",
        "retention": "13 months",
        "fields": CHANGE_FIELDS,
    }
    return Table(**{**sound, **differently})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("annotation", "fault"),
    [
        (change(), None),
        (change(fields={name: PLAIN for name in CHANGE_FIELDS if name != "detail"}), "detail has no annotation"),
        (change(fields={**CHANGE_FIELDS, "mood": PLAIN}), "there is no column mood"),
        (change(fields={**CHANGE_FIELDS, "kind": "harmless"}), "unknown sensitivity of kind"),
        (change(subject="person_id"), "subject path person_id does not resolve"),
        (change(subject="kind"), "subject path kind does not lead to a profile"),
        (change(also=("kin_id",)), "subject path kin_id does not resolve"),
        (change(also_profiles=("kind",)), "subject path kind does not lead to a profile"),
        (change(via="household"), "unknown via household"),
        (change(purpose=""), "no purpose"),
        (change(retention=""), "no retention"),
        (change(model="outbox.Rumor"), "there is no such model"),
    ],
)
def test_a_false_annotation_is_found(annotation: Table, fault: str | None) -> None:
    expected = [] if fault is None else [f"{annotation.model}: {fault}"]
    assert [found for found in faults([annotation], [Change]) if not found.endswith("has no table entry")] == expected


def test_a_table_without_annotation_is_found() -> None:
    assert list(faults([], [Change])) == ["outbox.Change: has no table entry"]


def test_a_table_annotated_twice_is_found() -> None:
    assert list(faults([change(), change()], [Change])) == ["outbox.Change: has two table entries"]


def test_a_table_that_points_at_a_person_has_a_subject() -> None:
    fields = {field.name: PLAIN for field in Identifier._meta.concrete_fields}
    blind = Table("records.Identifier", subject=None, purpose="service", retention="none", fields=fields)
    assert list(faults([blind], [Identifier])) == ["records.Identifier: points at a person and names no subject"]


def test_a_path_through_another_table_that_ends_elsewhere_is_found() -> None:
    fields = {field.name: PLAIN for field in Identifier._meta.concrete_fields}
    astray = Table(
        "records.Identifier", subject="source_profile__source", purpose="service", retention="none", fields=fields
    )
    assert list(faults([astray], [Identifier])) == [
        "records.Identifier: subject path source_profile__source does not lead to a source_profile"
    ]


def faults(annotations: Iterable[Table], models: Iterable[type[Model]]) -> Iterator[str]:
    """What is wrong with these annotations of these models, a sentence each."""
    seen: set[str] = set()
    for table in annotations:
        label = table.model.lower()
        if label in seen:
            yield f"{table.model}: has two table entries"
            continue
        seen.add(label)
        yield from (f"{table.model}: {fault}" for fault in _faults_of(table))
    for model in models:
        if model._meta.label_lower not in seen:
            yield f"{model._meta.label}: has no table entry"


def _faults_of(table: Table) -> Iterator[str]:
    try:
        model = apps.get_model(table.model)
    except LookupError:
        yield "there is no such model"
        return
    columns = {field.attname: field for field in _columns(model)}
    named = {_attname(model, name): sensitivity for name, sensitivity in table.fields.items()}
    yield from (f"{column} has no annotation" for column in columns if column not in named)
    yield from (f"there is no column {name}" for name in named if name not in columns)
    yield from (f"unknown sensitivity of {name}" for name, it in named.items() if it not in SENSITIVITIES)
    if not table.purpose:
        yield "no purpose"
    if not table.retention:
        yield "no retention"
    yield from _faults_of_path(table, model)


def _faults_of_path(table: Table, model: type[Model]) -> Iterator[str]:
    if table.via not in PEOPLE:
        yield f"unknown via {table.via}"
    elif table.subject is None:
        if any(field.related_model in PEOPLE.values() for field in _columns(model)):
            yield "points at a person and names no subject"
    else:
        for path in (table.subject, *table.also):
            yield from _faults_along(model, path, table.via)
        for path in table.also_profiles:
            yield from _faults_along(model, path, "profile")


def _faults_along(model: type[Model], path: str, via: str) -> Iterator[str]:
    try:
        last = _walk(model, path)
    except FieldDoesNotExist:
        yield f"subject path {path} does not resolve"
        return
    if not _names_a(PEOPLE[via], last):
        yield f"subject path {path} does not lead to a {via}"


def _columns(model: type[Model]) -> "list[Field[Any, Any]]":
    """The fields that are columns: a composite primary key is none."""
    return [field for field in model._meta.concrete_fields if not isinstance(field, CompositePrimaryKey)]


def _attname(model: type[Model], name: str) -> str:
    """A foreign key may be named with or without its `_id`."""
    return {field.name: field.attname for field in _columns(model)}.get(name, name)


def _walk(model: type[Model], path: str) -> "Field[Any, Any]":
    *through, last = path.split("__")
    for step in through:
        field = model._meta.get_field(step)
        if not isinstance(field, ForeignKey):
            raise FieldDoesNotExist(path)
        model = field.related_model
    found = model._meta.get_field(last)
    assert isinstance(found, Field)
    return found


def _names_a(person: type[Model], field: "Field[Any, Any]") -> bool:
    """Whether the field holds the id of such a person: by foreign key, as a bare id, or as text (the admin's log)."""
    if isinstance(field, ForeignKey):
        return field.related_model is person
    return isinstance(field, UUIDField | TextField)
