"""manage.py resolve: try rules against everybody (--dry-run), and decide anew by those in force (--settle)."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from identity import dry_runs, rules, settle_runs
from identity.causes import in_words
from identity.management.files_of_people import saved_model
from identity.management.probabilities import probability
from identity.matching.waterfall import probability_of
from identity.matching.words import probability_in_words
from identity.models import DONE, MERGE, SPLIT, DryRun, MatchModel, Settling
from identity.rules import LEAST_LINK, LEAST_REVIEW, MOST_LINK, NotPossible, Thresholds
from identity.settle import COUNTED
from identity.tried_models import keep_to_try
from pipeline import settling
from privacy import epoch
from vault.grants import Actor
from vault.reasons import names_somebody

BY = "resolve command"
ON_THE_COMMAND_LINE = "asked for on the command line"
# Of each kind.
SHOWN = 10
IN_HAND = f"The portion in hand, of {settling.AT_ONCE} source profiles at most, is still finished and then counted."
DELIVERED = "delivered"
# What is for rules on trial alone.
TRIED = ("link", "review", "same_email", "same_device", "model", "save")


class Command(BaseCommand):
    """Try rules against everybody, or settle everybody by those in force."""

    help = (
        "--dry-run: run other thresholds, another rule or another model against everybody and say who would merge and "
        "who would split; nothing is changed by it. What is not named stays as it is in force. --settle: decide anew, "
        "by the rules in force, what matching has joined; what people did stands. --stop: end that where "
        "it is. Docs: docs/who-is-who.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="try, and change nothing")
        parser.add_argument("--settle", action="store_true", help="merge and split as if everybody had come at once")
        parser.add_argument(
            "--reason",
            help=f"with --settle: why, for the audit log and the list of runs (default: {ON_THE_COMMAND_LINE})",
        )
        parser.add_argument("--stop", action="store_true", help="end the settling that is under way where it is")
        parser.add_argument(
            "--link", type=probability(LEAST_LINK, MOST_LINK, such_as=0.95), metavar="P",
            help=f"join by itself from this probability on, {LEAST_LINK} to {MOST_LINK}",
        )  # fmt: skip
        parser.add_argument(
            "--review", type=probability(LEAST_REVIEW, MOST_LINK, such_as=0.5), metavar="P",
            help=f"let a person look from this probability on, from {LEAST_REVIEW} to less than --link",
        )  # fmt: skip
        parser.add_argument(
            "--same-email", choices=("yes", "no"), help="whether the same e-mail address joins by itself"
        )
        parser.add_argument("--same-device", choices=("yes", "no"), help="whether the one account of a device does")
        parser.add_argument(
            "--model", metavar="VERSION|FILE",
            help=f"a learned model by its version, a saved one, or '{DELIVERED}': the one that Onym comes with",
        )  # fmt: skip
        parser.add_argument("--save", metavar="REASON", help="put these rules in force afterwards, for this reason")
        parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["stop"]:
            self._stop()
            return
        if not options["dry_run"] and not options["settle"]:
            raise CommandError("Say --dry-run to try rules, or --settle to decide anew by those in force.")
        if options["settle"] and any(options[name] is not None for name in TRIED):
            raise CommandError(
                "Everybody is settled by the rules in force: try others with --dry-run, and --save them."
            )
        if options["settle"] and not options["dry_run"]:
            self._settle(options["reason"] or ON_THE_COMMAND_LINE, as_json=options["json"])
        elif options["reason"]:
            raise CommandError("A reason goes with --settle; to put rules in force after a dry run: --save REASON.")
        else:
            self._try(options)

    def _settle(self, reason: str, *, as_json: bool) -> None:
        _must_name_nobody(reason)
        run = settling.begin(by=Actor.machine(BY), reason=reason, now=timezone.now())
        with Progress(*_columns("Settling who is who"), transient=True) as progress:
            bar = progress.add_task("", completed=run.done, total=run.found, visible=False)
            try:
                settling.work_on(run.pk, on_progress=lambda run: progress.update(bar, completed=run.done, visible=True))
            except epoch.Behind as error:
                raise CommandError(str(error)) from None
        run.refresh_from_db()
        if run.state != DONE:
            raise CommandError("Somebody else is at it; how far that is stands in the admin under Who is who: rules.")
        if run.stopped_by:
            raise CommandError(f"Stopped before everybody was asked; this far it stands. {_settled(run)}")
        self.stdout.write(json.dumps(_counts(run)) if as_json else _settled(run))

    def _stop(self) -> None:
        run = settle_runs.under_way()
        if run is None:
            raise CommandError("Nobody is being settled.")
        with suppress(settle_runs.NotUnderWay):
            settle_runs.stop(run.pk, by=BY, now=timezone.now())
        run.refresh_from_db()
        self.stdout.write(f"{_settled(run)} {IN_HAND if settling.in_hand(run) else ''}".strip())

    def _try(self, options: dict[str, Any]) -> None:
        _must_name_nobody(options["save"] or "")
        try:
            run = dry_runs.begin(self._model(options["model"]), _thresholds(options), by=BY, now=timezone.now())
        except NotPossible as error:
            raise CommandError(f"{str(error).capitalize()}.") from None
        self._work_on(run)
        run.refresh_from_db()
        if run.fault:
            raise CommandError(f"{run.fault.capitalize()}.")
        told = _as_json(run)
        if options["save"]:
            saved = dry_runs.put_in_force(run.pk, by=BY, reason=options["save"][:200], now=timezone.now())
            told["saved"] = saved.number
        self.stdout.write(json.dumps(told) if options["json"] else _in_words(run, told))

    def _model(self, named: str | None) -> MatchModel | None:
        """The model that is to be tried; one from a file is kept, and it is said as what."""
        if named is None:
            return MatchModel.objects.filter(active=True).first()
        if named == DELIVERED:
            return None
        known = MatchModel.objects.filter(version=named).first()
        if known is None and not Path(named).exists():
            raise CommandError(f"There is no model of the version '{named}', and no such file.")
        if known is None:
            known = keep_to_try(saved_model(Path(named)), now=timezone.now())
            stands = "in force" if known.active else "not in force"
            self.stderr.write(
                f"Kept as model '{known.version}', {stands}: --model '{known.version}' tries it again, and the "
                "admin lists it under Who is who: rules."
            )
        return known

    def _work_on(self, run: DryRun) -> None:
        with Progress(*_columns("Asking who is who"), transient=True) as progress:
            bar = progress.add_task("", total=None, visible=False)

            def tell(done: int, found: int) -> None:
                progress.update(bar, completed=done, total=found, visible=True)

            dry_runs.work_on(run.pk, on_progress=tell)


def _must_name_nobody(reason: str) -> None:
    if names_somebody(reason):
        raise CommandError("The reason stays on record for years: name a case, no e-mail address or phone number.")


def _columns(what: str) -> tuple[ProgressColumn, ...]:
    """What is done, how far, how fast, and how long it will take."""
    return (TextColumn(what), BarColumn(), MofNCompleteColumn(), Pace(), TimeRemainingColumn())


class Pace(ProgressColumn):
    """How many a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "")


def _counts(run: Settling) -> dict[str, Any]:
    counts = {name: getattr(run, name) for name in COUNTED}
    return {"run": str(run.pk), "rules": run.rule_version, "source_profiles": run.done, **counts}


def _settled(run: Settling) -> str:
    return (
        f"{run.done:,} source profiles were asked anew by {run.rule_version}. Merges: {run.merges:,}. "
        f"Splits: {run.splits:,}. {run.moved:,} source profiles moved. "
        f"Review queue: {run.reviews_added:,} pairs added, {run.reviews_taken:,} taken."
    )


def _thresholds(options: dict[str, Any]) -> Thresholds:
    row = rules.latest()
    now = rules.thresholds_of(row) if row else Thresholds()
    changed: dict[str, Any] = {name: options[name] for name in ("link", "review") if options[name] is not None}
    changed |= {name: options[name] == "yes" for name in ("same_email", "same_device") if options[name] is not None}
    return replace(now, **changed)


def _as_json(run: DryRun) -> dict[str, Any]:
    changes = [
        {
            "kind": one.kind,
            "source_profiles": [str(one.left_id), str(one.right_id)],
            "reason": one.reason,
            "bits": one.bits,
            "moving": one.moving,
            "evidence": one.evidence,
            "cause": one.cause,
            "detail": one.detail,
        }
        for one in run.changes.order_by("kind", "-moving", "id")
    ]
    model = run.model.version if run.model else DELIVERED
    asked = {"link": run.link, "review": run.review, "same_email": run.same_email, "same_device": run.same_device}
    return {"run": str(run.pk), "rules": {"model": model, **asked}, **run.counts, "changes": changes}


def _in_words(run: DryRun, told: dict[str, Any]) -> str:
    counts = run.counts
    lines = [
        f"{counts['source_profiles']:,} source profiles are {counts['people_now']:,} people now, and would be "
        f"{counts['people_then']:,}.",
        f"{counts['merging']:,} people would merge, in {counts['merges']:,} merges. "
        f"{counts['splitting']:,} people would split: {counts['splits']:,} parts would leave them.",
    ]
    for kind, word in (MERGE, "together"), (SPLIT, "apart"):
        lines += _changes(word, [one for one in told["changes"] if one["kind"] == kind], counts[f"{kind}s"])
    lines.append(f"In force from now on as version {told['saved']}." if "saved" in told else "Nothing was changed.")
    return "\n".join(lines)


def _changes(word: str, changes: list[dict[str, Any]], count: int) -> Iterator[str]:
    """The changes of one kind that move the most, and how many more there are."""
    for one in changes[:SHOWN]:
        left, right = one["source_profiles"]
        why = in_words(one["cause"], one["detail"])
        yield f"  {word:<9} {left} {right} {one['reason']}{_likely(one['bits'])}{': ' if why else ''}{why}"
    if count > SHOWN:
        yield f"  {word:<9} and {count - SHOWN:,} more, in the admin under Who is who: rules"


def _likely(bits: float | None) -> str:
    """How likely the two are one person, and in bits; nothing where nothing could be compared."""
    return "" if bits is None else f", {probability_in_words(probability_of(bits))} ({bits:+.1f} bits)"
