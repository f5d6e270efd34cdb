"""In whatever order records come in, people sign in, are merged, taken apart, object and are erased: who is who is what
a small pure model says, on a real database."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from consent.acts import NewAct, record
from consent.decide import decide
from consent.models import WITHDRAWN
from console import acts
from identity.ledger import NotPossible
from identity.profiles import profile_of, source_profiles
from pipeline import corrections, queue
from privacy import requests
from privacy.erasure import erase
from records import sources
from records.models import Record, SourceProfile
from tests.identity.people_model import Identifier, Merge, Part, Said, World
from tests.pipeline.cast import NOW, bearers, send
from tests.senders import process, send_rows
from vault import blind
from vault.grants import Actor, Grant

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

# Few, so that they meet; after an erasure also new ones, so that not everything is barred.
numbers = st.tuples(st.sampled_from(["C1", "C2", "C3"]), st.booleans())
cards = st.tuples(st.just("L1"), st.booleans())
accounts = st.tuples(st.sampled_from(["A1", "A2"]), st.booleans())
devices = st.tuples(st.just("tablet"), st.booleans())
Name = tuple[str, bool]
STAFF: dict[str, Any] = {"actor": "steward", "reason": "as the machine has it"}


class People(RuleBasedStateMachine):
    """The product on the one side, the model on the other."""

    folder: Path

    @initialize(
        rows=st.lists(st.tuples(numbers, st.none() | cards), min_size=2, max_size=4),
        users=st.lists(st.tuples(accounts, st.none() | numbers), min_size=1, max_size=2),
    )
    def begin(self, rows: list[tuple[Name, Name | None]], users: list[tuple[Name, Name | None]]) -> None:
        """Some are known before anything is decided."""
        self._found()
        for number, card in rows:
            self.customer(number, card)
        for account, number in users:
            self.identify(account, number)

    def _found(self) -> None:
        self.world = World()
        self.ids: dict[Part, UUID] = {}
        self.dead: set[UUID] = set()
        self.now = NOW
        self.count = self.erasures = 0
        self.retired: set[str] = set()
        purposes = ["service", "marketing"]
        self.crm = sources.add("crm", kind="offline", purposes=purposes)[0]
        self.pos = sources.add("pos", kind="offline", stable_key="loyalty_number", purposes=purposes)[0]
        self.shop = sources.add("shop", kind="online", purposes=purposes)[0]

    def __init__(self) -> None:
        super().__init__()
        self._undo = [transaction.atomic(using=database) for database in ("default", "keystore")]
        for atomic in self._undo:
            # As in a test case: what has to be durable may stand within.
            atomic._from_testcase = True
            atomic.__enter__()
        number = len(list(self.folder.iterdir()))
        self._settings = override_settings(ERASURE_LEDGER=self.folder / f"{number}.jsonl")
        self._settings.enable()
        (self.folder / f"{number}").touch()
        blind.forget()

    def teardown(self) -> None:
        self._settings.disable()
        for atomic in reversed(self._undo):
            transaction.set_rollback(True, using=atomic.using)
            atomic.__exit__(None, None, None)
        blind.forget()

    # What comes in.

    @rule(rows=st.lists(st.tuples(numbers, cards), min_size=1, max_size=3), one_by_one=st.booleans())
    def customers(self, rows: list[tuple[Name, Name]], one_by_one: bool) -> None:
        """Several come in, processed after each or not."""
        for number, card in rows:
            self.customer(number, card)
            if one_by_one:
                self.work()

    @rule(number=numbers, card=st.none() | cards)
    def customer(self, number: Name, card: Name | None) -> None:
        """The customer file has a row."""
        row = {"customer_number": self._name(number), "updated_at": self._tick().isoformat()}
        row |= {"loyalty_number": self._name(card)} if card else {}
        self._row(self.crm, ("crm", row["customer_number"]), row)

    @rule(card=cards)
    def receipt(self, card: Name) -> None:
        """A card is shown at a till."""
        self._tick()
        shown = self._name(card)
        self._row(self.pos, ("pos", shown), {"loyalty_number": shown, "receipt_id": str(self.count)})

    @rule(account=accounts, number=st.none() | numbers)
    def identify(self, account: Name, number: Name | None) -> None:
        """An account says who it is."""
        user, traits = self._name(account), {"customer_id": self._name(number)} if number else {}
        identifiers = [("account_id", user), *(("customer_number", customer) for customer in traits.values())]
        self._message(("shop", user), identifiers, type="identify", userId=user, traits=traits)

    @rule(device=devices)
    def visit(self, device: Name) -> None:
        """Somebody is at a device."""
        used = self._name(device)
        if used not in self.retired:
            self._message(self.world.visits(used), [], type="page", anonymousId=used)

    @rule(device=devices, account=accounts)
    def sign_in(self, device: Name, account: Name) -> None:
        """Somebody signs in on a device that others use as well."""
        used, user = self._name(device), self._name(account)
        if used not in self.retired:
            part, identifiers = ("shop", user), [("account_id", user)]
            if not self.world.erased & {*identifiers}:
                self.world.signs_in(used, part)
            self._message(part, identifiers, type="page", anonymousId=used, userId=user)

    @rule()
    def work(self) -> None:
        """Whatever waits is processed."""
        process(self._tick())
        assert queue.waiting() == 0

    # What people decide.

    @precondition(lambda self: len(self.ids) > 1)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        """A steward makes two people one."""
        self.work()
        people = self._people()
        if len(people) < 2:
            return
        one, other = data.draw(st.permutations(sorted(people)))[:2]
        if (people[one] | people[other]) & self.world.objecting:
            with pytest.raises(NotPossible):
                corrections.merge(one, other, **STAFF, now=self._tick())
            return
        survivor = corrections.merge(one, other, **STAFF, now=self._tick())
        merged = other if survivor == one else one
        self.world.merge(Merge(survivor, merged, people[survivor], people[merged]))

    @precondition(lambda self: self.world.merges)
    @rule(data=st.data())
    def unmerge(self, data: st.DataObject) -> None:
        """A steward undoes a merge, however long ago; who is not held by other evidence is as if it had never been."""
        self.work()
        people = self._people()
        between = self.world.between()
        # Visits alone may go to whoever signed in, and no profile be left of them.
        standing = [
            merge
            for merge in self.world.merges
            if not (merge.moved <= between or merge.kept <= between)
            and merge.moved <= people.get(merge.survivor, frozenset())
            and merge.kept <= people[merge.survivor]
        ]
        if not standing:
            return
        merge = data.draw(st.sampled_from(standing))
        corrections.undo_merge(merge.survivor, merge.merged, **STAFF, now=self._tick())
        self.work()
        after = self._people()
        assert merge.merged in after
        assert merge.survivor in after
        self.world.unmerge(merge, after[merge.merged], after[merge.survivor])

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), yes=st.booleans())
    def say(self, data: st.DataObject, yes: bool) -> None:
        """A clerk notes that somebody agrees to marketing, or withdraws."""
        self.work()
        people = self._people()
        person = data.draw(st.sampled_from(sorted(people)))
        state = {"state": "granted" if yes else "withdrawn", "how": "phone", "actor": "clerk", "now": self._tick()}
        ids = source_profiles(person)
        acts.say(ids, profile=person, purpose="marketing", channel="", **state)
        self.world.said.append(Said(yes, person, set(people[person])))

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def object_to_linking(self, data: st.DataObject) -> None:
        """One source profile of somebody is not to be linked any more."""
        part = data.draw(st.sampled_from(sorted(self.ids)))
        self._tick()
        no = NewAct(self.ids[part], "identity_linking", "", WITHDRAWN, self.now, "letter", True, actor="officer")
        record([no], now=self.now)
        queue.enqueue([self.ids[part]], now=self.now)
        self.world.objecting.add(part)

    @precondition(lambda self: len(self.ids) > 4)
    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        """Somebody is erased; their devices are used no more, so that who used them is no question."""
        self.work()
        people = self._people()
        person = data.draw(st.sampled_from(sorted(people)))
        asked = requests.open("erasure", profile_id=person, actor="officer", now=self._tick())
        erase(requests.approve(asked, actor="second officer", now=self.now), actor="second officer", now=self.now)
        self.erasures += 1
        gone = people[person]
        self.retired |= {
            device
            for device, episodes in self.world.devices.items()
            if any({episode.owner, episode.part} & gone for episode in episodes)
        }
        self.world.erase(gone)
        self.dead |= {self.ids.pop(part) for part in gone}

    # What has to hold, whatever happened.

    @invariant()
    def whose_records_are_whose(self) -> None:
        found = dict.fromkeys(self.ids.values(), 0)
        for id in Record.objects.values_list("source_profile_id", flat=True):
            found[id] = found.get(id, 0) + 1
        assert found == {self.ids[part]: count for part, count in self.world.records.items()}

    @invariant()
    def who_is_erased_is_gone(self) -> None:
        assert not SourceProfile.objects.filter(id__in=self.dead).exists()
        for namespace, value in self.world.erased:
            assert bearers(namespace, value) == []

    @invariant()
    def who_belongs_with_whom(self) -> None:
        if queue.waiting():
            return
        people = self._people()
        found = set(people.values())
        assert set().union(*found) == self.world.alive if found else not self.world.alive
        expected, between = self.world.people(), self.world.between()
        for person in expected:
            inside = {one - between for one in found if one & person}
            assert set().union(*inside) == person, "nobody is joined without evidence"
            if not any(pair <= person for pair in self.world.apart):
                assert inside == {person}, "whoever is one person by all evidence is one profile"
        for pair in self.world.apart:
            assert not any(pair <= one for one in found), "whoever was taken apart stays apart"

    @invariant()
    def what_may_be_sent(self) -> None:
        if queue.waiting():
            return
        for profile, person in self._people().items():
            asked = decide(
                source_profiles(profile), purpose="marketing", at=self.now, actor=Actor.machine("test"), reason="test"
            )
            assert isinstance(asked, Grant) == self.world.may_be_told(person)

    # How it is done.

    def _name(self, name: Name) -> str:
        return f"{name[0]}-{self.erasures}" if name[1] and self.erasures else name[0]

    def _tick(self) -> datetime:
        self.now += timedelta(minutes=1)
        self.count += 1
        return self.now

    def _row(self, source: Any, part: Part, row: dict[str, str]) -> None:
        identifiers = [(name, row[name]) for name in ("customer_number", "loyalty_number") if name in row]
        kept = self.world.comes_in(part, *identifiers)
        before = self._known()
        accepted = send_rows(source, row, now=self.now)
        self._came(part, before, kept, accepted.stored)

    def _message(self, part: Part, identifiers: list[Identifier], **message: Any) -> None:
        at = self._tick()
        kept = self.world.comes_in(part, *identifiers)
        before = self._known()
        message |= {"messageId": str(self.count), "timestamp": at.isoformat()}
        self._came(part, before, kept, send(self.shop, message, now=at).stored)

    def _known(self) -> set[UUID]:
        return set(SourceProfile.objects.values_list("id", flat=True))

    def _came(self, part: Part, before: set[UUID], kept: bool, stored: int) -> None:
        assert stored == kept
        made = self._known() - before
        assert len(made) == (kept and part not in self.ids)
        self.ids |= dict.fromkeys([part], *made) if made else {}

    def _people(self) -> dict[UUID, frozenset[Part]]:
        belongs = profile_of(self.ids.values())
        found: dict[UUID, set[Part]] = {}
        for part, id in self.ids.items():
            if id in belongs:
                found.setdefault(belongs[id], set()).add(part)
        return {profile: frozenset(parts) for profile, parts in found.items()}


def run(folder: Path, *, examples: int, steps: int, at_random: bool) -> None:
    """Try so many stories of so many steps: other ones each time, or always the same."""
    machine = type("People", (People,), {"folder": folder})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=at_random,
            derandomize=not at_random,
            phases=[Phase.generate],
        ),
    )


def test_in_any_order(tmp_path: Path) -> None:
    run(tmp_path, examples=10, steps=12, at_random=False)


@pytest.mark.slow
def test_in_any_order_at_length(tmp_path: Path) -> None:
    run(tmp_path, examples=300, steps=30, at_random=True)
