"""How settling stands, as the page of the rules shows it: how far it is, by which rules, how it ended, and what went
wrong."""

from dataclasses import dataclass

from console.actors import names_of
from console.rule_forms import facts_of
from identity.models import RUNNING, MatchModel, Settling
from identity.rules import Thresholds
from identity.settle_runs import NOBODY
from pipeline import settling

RUNNING_ON, FAILING, STOPPING, ENDED, STOPPED, GIVEN_UP = (
    "running", "failing", "stopping", "done", "stopped", "given up",
)  # fmt: skip
# What is said of a state, and its tone.
SAID = {
    RUNNING_ON: ("under way", "info"),
    FAILING: ("failing", "bad"),
    STOPPING: ("being stopped", "warn"),
    ENDED: ("done at", "good"),
    STOPPED: ("stopped at", "warn"),
    GIVEN_UP: ("failed at", "bad"),
}
# The rules that decide who is who; the others say how they came about.
DECIDING = ("Match model", "Join from", "Review from", "Same e-mail", "Same device")
# What a kind of error means, where its name alone says little.
MEANING = {
    NOBODY: "no worker was at it",
    "Behind": "the database is a restored one that misses erasures",
    "OperationalError": "the database did not answer, or broke off",
    "InterfaceError": "the connection to the database was lost",
    "MemoryError": "the worker had too little memory",
}


@dataclass(frozen=True)
class Stand:
    """A run: its state, how far it is, the rules it carries out beside those in force, who, and what went wrong."""

    run: Settling
    state: str
    percent: float
    # Of each rule its name, what was carried out, and what is in force where that is something else.
    facts: list[tuple[str, str, str]]
    by: str
    stopped_by: str
    fault: str

    @property
    def end(self) -> str:
        """How it stands and, where it has ended, when."""
        said, _ = SAID[self.state]
        at = self.run.ended_at
        return f"{said} {at:%b} {at.day}, {at:%H:%M}" if at and said.endswith(" at") else said

    @property
    def tone(self) -> str:
        """How that is shown."""
        return SAID[self.state][1]

    @property
    def moves(self) -> bool:
        """Whether a worker is at it, so that the page asks how far it is."""
        return self.under_way or self.state == STOPPING

    @property
    def under_way(self) -> bool:
        """Whether it can be stopped, and no other can begin."""
        return self.run.state == RUNNING


def stand_of(run: Settling, *, in_force: list[tuple[str, str]]) -> Stand:
    """How this run stands, while these rules are in force."""
    names, now = names_of([run.started_by, run.stopped_by]), dict(in_force)
    carried_out = facts_of(run.version or Thresholds(), _model_of(run))
    return Stand(
        run=run,
        state=state_of(run),
        percent=percent_of(run),
        facts=[
            (name, value, now[name] if now[name] != value else "") for name, value in carried_out if name in DECIDING
        ],
        by=names.get(run.started_by, run.started_by),
        stopped_by=names.get(run.stopped_by, run.stopped_by),
        fault=MEANING.get(run.fault, f"an error of the kind {run.fault}") if run.fault else "",
    )


def _model_of(run: Settling) -> MatchModel | None:
    """The learned model that it began by; without a version of the rules, too, one may be in force."""
    return run.version.model if run.version else MatchModel.objects.filter(version=run.rule_version).first()


def state_of(run: Settling) -> str:
    """One word for where it is."""
    if run.state == RUNNING:
        return FAILING if run.fault else RUNNING_ON
    if run.stopped_by:
        return STOPPING if settling.in_hand(run) else STOPPED
    return GIVEN_UP if run.fault else ENDED


def percent_of(run: Settling) -> float:
    """How far it is."""
    whole = run.state != RUNNING and not run.stopped_by
    return 100.0 if whole else min(100.0, 100 * run.done / max(run.found, 1))
