"""The identity graph: the profile in the middle, its source profiles around it, and on each edge why it belongs."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.charts import Point, around
from console.profile.known import Part

WIDTH, HEIGHT = 720, 300
MOST = 10
ICONS = {"online": "language", "offline": "storefront", "iot": "sensors"}


@dataclass(frozen=True)
class Node:
    """One source profile: where it stands, and where the word on its edge stands."""

    part: Part
    at: Point
    why_at: Point
    why_width: float
    above: bool

    @property
    def why_half(self) -> float:
        return self.why_width / 2

    @property
    def icon(self) -> str:
        return ICONS.get(self.part.source_kind, "circle")


@dataclass(frozen=True)
class Graph:
    """The drawing; `hidden` counts source profiles that found no room."""

    nodes: list[Node]
    center: Point
    width: int
    height: int
    hidden: int


def draw(parts: Sequence[Part]) -> Graph:
    """The first ten source profiles around the profile."""
    seen = list(parts[:MOST])
    height = HEIGHT if len(seen) > 2 else 220
    center = Point(WIDTH / 2, height / 2 - 4)
    across, down = WIDTH / 2 - 86, height / 2 - 48
    places = around(len(seen), center=center, across=across, down=down)
    if 1 <= len(seen) <= 2:
        places = [Point(center.x - across, center.y), Point(center.x + across, center.y)][: len(seen)]
    nodes = [_node(part, place, center) for part, place in zip(seen, places, strict=True)]
    return Graph(nodes=nodes, center=center, width=WIDTH, height=height, hidden=len(parts) - len(seen))


def _node(part: Part, at: Point, center: Point) -> Node:
    share = 0.56
    why_at = Point(center.x + (at.x - center.x) * share, center.y + (at.y - center.y) * share)
    return Node(part=part, at=at, why_at=why_at, why_width=len(part.reason) * 5.6 + 12, above=at.y < center.y)
