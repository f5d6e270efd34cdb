"""Answers: what people decided on who is who, with the way to whoever it is now, and taking an answer back."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString

from access.roles import CORRECT_IDENTITY
from console.answer_list import ENDED, ONE, SAID, STANDS, TWO, Said, Stands, answers, told_of
from console.asking import actor_of
from console.entry import EntryScreen, Facts
from console.forms import Reason, first_error
from console.guards import needs
from console.profile.evidence import of_levels
from console.screen import badge
from console.screens.matches import compared_of, sides_of
from console.showing import moment, short
from console.telling import telling
from identity.ledger import NotPossible
from identity.models import MUST_LINK, Match, Verdict
from pipeline import corrections

TONES = {ONE: "good", TWO: "info", STANDS: "good", ENDED: "o-plain"}


class AnswerScreen(EntryScreen):
    """Answers that were given. They come by the review queue and by corrections on profile pages."""

    may_view = CORRECT_IDENTITY
    heading = "Answers"
    entry_template = "console/answers/page.html"
    list_display = ("given", "pair", "answer", "because", "by", "now_in", "state", "taken_back")
    list_display_links = ("given",)
    list_filter = (Said, Stands)
    sortable_by = ()
    intro = (
        "What people decided on who is who: in the review queue, and by merging and splitting on profile pages. "
        "An answer stands until somebody takes it back."
    )
    empty_hint = "Nobody has decided anything yet. Answers from the review queue appear here."

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Verdict]":
        return answers().select_related("left__source", "right__source")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-decided_at", "-id")

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        told = told_of(rows)
        for row in rows:
            row.told = told[row.pk]

    @admin.display(description="Given")
    def given(self, answer: Verdict) -> str:
        return moment(answer.decided_at)

    @admin.display(description="Pair")
    def pair(self, answer: Verdict) -> SafeString:
        return render_to_string(
            "console/matches/cell_pair.html", {"sides": (answer.left, answer.right), "short": short(answer.pk)}
        )

    @badge("Answer", TONES)
    def answer(self, answer: Verdict) -> str:
        return SAID[answer.verdict]

    @admin.display(description="Because")
    def because(self, answer: Verdict) -> str:
        return answer.reason

    @admin.display(description="By")
    def by(self, answer: Any) -> str:
        return str(answer.told.by)

    @admin.display(description="Now")
    def now_in(self, answer: Any) -> SafeString:
        return render_to_string("console/answers/cell_profiles.html", {"profiles": answer.told.profiles})

    @badge("State", TONES)
    def state(self, answer: Verdict) -> str:
        return ENDED if answer.undone_at else STANDS

    @admin.display(description="Taken back")
    def taken_back(self, answer: Any) -> str:
        if not answer.undone_at:
            return ""
        by = f", {answer.told.undone_by}" if answer.told.undone_by else ""
        return f"{moment(answer.undone_at)}{by}" + (f": {answer.undone_reason}" if answer.undone_reason else "")

    def entry_title(self, entry: Any) -> str:
        return f"{SAID[entry.verdict]}, {moment(entry.decided_at)}"

    def facts(self, entry: Any) -> Facts:
        return [
            ("Answer", self.answer(entry)),
            ("Because", entry.reason),
            ("By", self.by(entry)),
            ("Since", moment(entry.decided_at)),
            ("Until", moment(entry.undone_at) if entry.undone_at else "it still stands"),
            ("Taken back by", entry.told.undone_by),
            ("Taken back because", entry.undone_reason),
            ("The two are now", self.now_in(entry)),
        ]

    def more(self, entry: Any, request: HttpRequest) -> dict[str, Any]:
        sides = sides_of(entry, request, reason="look at an answer", revealed=False)
        found = Match.objects.filter(left=entry.left_id, right=entry.right_id).first()
        return {
            "answer": entry,
            "joined": entry.verdict == MUST_LINK,
            "sides": sides,
            "compared": compared_of(sides),
            "evidence": of_levels(found.evidence) if found else None,
            "form": Reason(),
        }

    def get_urls(self) -> list[URLPattern]:
        take_back = self.admin_site.admin_view(self.take_back)
        return [path("<uuid:id>/take-back/", take_back, name="identity_verdict_take_back"), *super().get_urls()]

    @needs(CORRECT_IDENTITY)
    def take_back(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Undo what followed of an answer."""
        answer, form = get_object_or_404(Verdict, pk=id), Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return redirect("admin:identity_verdict_change", id)
        reason, by = form.cleaned_data["reason"], actor_of(request).id
        with telling(request, NotPossible):
            corrections.take_back(answer, actor=by, reason=reason, now=timezone.now())
            messages.success(request, _done(answer))
        if not answers().filter(pk=id).exists():
            return redirect("admin:identity_verdict_changelist")
        return redirect("admin:identity_verdict_change", id)


def _done(answer: Verdict) -> str:
    """What came of taking this answer back."""
    if answer.verdict == MUST_LINK:
        return "Taken back: they are two profiles again, and matching will not join them."
    if corrections.kept_apart_still(answer):
        return "Taken back. Another answer still keeps these two profiles apart."
    return "Taken back: matching may join them again."
