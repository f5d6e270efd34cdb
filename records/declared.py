"""What a schema declares: the names of its properties, dotted for nested ones, and the types that each may have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from records.json_schema import OF_THE_SAME, at, inside

# As deep as rows are flattened.
DEEPEST = 10
STRING, NULL = "string", "null"


@dataclass
class Shape:
    """One value: its types (empty: any), and what is declared of its members. Without members it is declared whole."""

    types: set[str] = field(default_factory=set)
    members: dict[str, "Shape"] = field(default_factory=dict)

    def member(self, name: str) -> "Shape":
        return self.members.get(name) or NOTHING

    def at(self, *path: str) -> "Shape":
        """What is declared at the end of this path."""
        shape = self
        for name in path:
            shape = shape.member(name)
        return shape

    def declares(self, name: str) -> bool:
        """Whether this dotted name is declared, as it stands, or as part of something that is declared whole."""
        if name in self.members:
            return True
        before, dot, rest = name.partition(".")
        while dot:
            if shape := self.members.get(before):
                return not shape.members or shape.declares(rest)
            more, dot, rest = rest.partition(".")
            before = f"{before}.{more}"
        return False

    def spells(self, name: str) -> bool:
        """Whether this dotted name is declared to its end, so that no part of it is the sender's own."""
        dots = (place for place, sign in enumerate(name) if sign == ".")
        return name in self.members or any(self.member(name[:dot]).spells(name[dot + 1 :]) for dot in dots)

    def names(self) -> Iterator[str]:
        """Every name that is declared, dotted."""
        for name, shape in self.members.items():
            yield name
            yield from (f"{name}.{inner}" for inner in shape.names())


NOTHING = Shape()


def shape_of(schema: Mapping[str, Any]) -> Shape:
    """What this schema declares, through references and all of its branches but those of `not`."""
    return _shape(schema, [schema], DEEPEST)


def _shape(root: Mapping[str, Any], schemas: list[Any], levels: int) -> Shape:
    shape, members = Shape(), dict[str, list[Any]]()
    for schema in (same for one in schemas for same in _same(root, one)):
        given = schema.get("type", [])
        shape.types |= {given} if isinstance(given, str) else {one for one in given if isinstance(one, str)}
        named = schema.get("properties")
        for name, one in named.items() if isinstance(named, dict) else ():
            members.setdefault(name, []).append(one)
    if levels:
        shape.members = {name: _shape(root, found, levels - 1) for name, found in members.items()}
    return shape


def _same(root: Mapping[str, Any], schema: Any) -> Iterator[Mapping[str, Any]]:
    """The schema, and every other that says something of the same value."""
    if not isinstance(schema, dict):
        return
    yield schema
    if "$ref" in schema:
        yield from _same(root, at(root, schema["$ref"]))
    for keyword, _, one in inside(schema):
        if keyword in OF_THE_SAME:
            yield from _same(root, one)
