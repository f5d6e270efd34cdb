"""A small pure model of who is who: what exact identifiers, sign-ins and people's decisions make of what came in.

It knows no probability and no database. A *part* is a source profile, called as its source knows it.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass, field
from itertools import product

Part = tuple[str, str]
Identifier = tuple[str, str]


def components(parts: Iterable[Part], pairs: Iterable[tuple[Part, Part]]) -> set[frozenset[Part]]:
    """The parts in sets that the pairs connect."""
    group = {part: {part} for part in parts}
    for one, other in pairs:
        if group[one] is not group[other]:
            group[one] |= group[other]
            for part in group[other]:
                group[part] = group[one]
    return {frozenset(members) for members in group.values()}


@dataclass
class Episode:
    """A stretch of use of a device: whose it is, and the part of what was done there by nobody in particular."""

    owner: Part | None = None
    part: Part | None = None


@dataclass
class Merge:
    """A person's decision that two are one: who was in either, and the pairs that are one person by it."""

    survivor: Hashable
    merged: Hashable
    kept: frozenset[Part]
    moved: frozenset[Part]
    pairs: set[frozenset[Part]] = field(init=False)

    def __post_init__(self) -> None:
        self.pairs = {frozenset(pair) for pair in product(self.kept, self.moved)}


@dataclass
class Said:
    """What was said of marketing, to whom, and of which parts it holds."""

    yes: bool
    addressed: Hashable
    parts: set[Part]


@dataclass
class World:
    """All that has come in and been decided, as far as it stands."""

    bears: dict[Part, set[Identifier]] = field(default_factory=dict)
    records: dict[Part, int] = field(default_factory=lambda: defaultdict(int))
    devices: dict[str, list[Episode]] = field(default_factory=lambda: defaultdict(list))
    merges: list[Merge] = field(default_factory=list)
    apart: set[frozenset[Part]] = field(default_factory=set)
    said: list[Said] = field(default_factory=list)
    objecting: set[Part] = field(default_factory=set)
    erased: set[Identifier] = field(default_factory=set)

    def comes_in(self, part: Part, *identifiers: Identifier) -> bool:
        """A record of this part comes in; whether it is kept: an erased person's identifier keeps it out."""
        if self.erased & {*identifiers}:
            return False
        self.bears.setdefault(part, set()).update(identifiers)
        self.records[part] += 1
        return True

    def visits(self, device: str) -> Part:
        """Somebody uses a device; the part that this goes to."""
        episodes = self.devices[device]
        if not episodes:
            episodes.append(Episode())
        if episodes[-1].part is None:
            episodes[-1].part = ("visit", f"{device} {len(episodes)}")
        return episodes[-1].part

    def signs_in(self, device: str, account: Part) -> None:
        """An account signs in on a device: an episode that is nobody's becomes theirs, another's ends."""
        episodes = self.devices[device]
        if not episodes or episodes[-1].owner not in (None, account):
            episodes.append(Episode())
        episodes[-1].owner = account

    def merge(self, merge: Merge) -> None:
        """Two become one, and nothing keeps them apart any more."""
        self.apart = {pair for pair in self.apart if not (pair & merge.kept and pair & merge.moved)}
        self.merges.append(merge)

    def unmerge(self, merge: Merge, went: Collection[Part], stayed: Collection[Part]) -> None:
        """They are two, from now on for good; what was said to the one never held of the other."""
        self.merges.remove(merge)
        for other in self.merges:
            other.pairs = {pair for pair in other.pairs if not (pair & {*went} and pair & {*stayed})}
        self.apart |= {pair for pair in merge.pairs if pair <= self.alive}
        for said in self.said:
            said.parts -= {merge.survivor: {*went}, merge.merged: {*stayed}}.get(said.addressed, set())

    def erase(self, parts: Collection[Part]) -> None:
        """These are gone, and so is whatever else bears what was theirs alone."""
        others = set().union(*(borne for part, borne in self.bears.items() if part not in parts))
        self.erased |= set().union(*(self.bears[part] for part in parts)) - others
        for part in parts:
            del self.bears[part], self.records[part]
        self.objecting -= {*parts}
        for said in self.said:
            said.parts -= {*parts}
        self.apart = {pair for pair in self.apart if not pair & {*parts}}
        for merge in self.merges:
            merge.pairs = {pair for pair in merge.pairs if not pair & {*parts}}
        self.merges = [merge for merge in self.merges if merge.pairs]

    @property
    def alive(self) -> set[Part]:
        """Every part that there is."""
        return set(self.bears)

    def evidence(self) -> list[tuple[Part, Part]]:
        """The pairs that are one person by an identifier, a sign-in, or a decision, among those who agree to it."""
        first: dict[Identifier, Part] = {}
        agreeing = sorted(self.alive - self.objecting)
        pairs = [(first.setdefault(identifier, part), part) for part in agreeing for identifier in self.bears[part]]
        pairs += [
            (episode.part, episode.owner)
            for episodes in self.devices.values()
            for episode in episodes
            if episode.part and episode.owner
        ]
        pairs += [(min(pair), max(pair)) for merge in self.merges for pair in merge.pairs]
        return [pair for pair in pairs if {*pair} <= {*agreeing}]

    def people(self) -> set[frozenset[Part]]:
        """Who is who, where nobody is kept apart, without the visits that are `between`: those never join two people
        who are known by themselves."""
        between = self.between()
        pairs = [pair for pair in self.evidence() if between.isdisjoint(pair)]
        return components(self.alive - between, pairs)

    def between(self) -> set[Part]:
        """Visits that speak for several people: by a decision for one and by a sign-in for another."""
        known = {part for part in self.alive if part[0] != "visit"}
        evidence = self.evidence()
        person = {
            part: one for one in components(known, [pair for pair in evidence if known >= {*pair}]) for part in one
        }
        found = set[Part]()
        for visits in components(self.alive - known, [pair for pair in evidence if known.isdisjoint(pair)]):
            homes = {person[part] for pair in evidence if visits & {*pair} for part in pair if part in known}
            found |= visits if len(homes) > 1 else set()
        return found

    def may_be_told(self, person: Collection[Part]) -> bool:
        """Whether marketing may be sent to them: the most restrictive of the last words on their parts."""
        last = [next((said.yes for said in reversed(self.said) if part in said.parts), None) for part in person]
        return any(last) and False not in last
