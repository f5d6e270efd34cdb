"""Replaying what is in quarantine: one by one, mended by hand, or all of a source for one reason, with progress."""

from uuid import UUID

from django.contrib import messages
from django.contrib.admin.sites import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from access.roles import REPLAY_QUARANTINE, REVEAL_IDENTIFIERS
from console.actors import names_of
from console.asking import actor_of, may
from console.charts import parts_of
from console.entry import EntryScreen
from console.forms import Mended, Reason, first_error, ids_of
from console.guards import needs
from console.left_out import advice_on
from console.showing import label_of
from console.telling import sentence, telling
from pipeline import replay_runs, tasks
from pipeline.models import RUNNING, Replay
from pipeline.replay import NotOpened, Replayed, leave_to_open, replay
from records import quarantine
from records.mending import AS_IT_IS, Mend, NotAnObject, SaysConsent, columns_of, indented, written_anew
from records.models import QuarantinedRecord
from records.ways_out import way_out

BY_HAND = "mend a record in quarantine"
NOT_OPENED = "Its key is gone, or somebody else replays it just now."
BECAME = {
    "stored": "Taken in: it is stored now, and counts on the day on which it came.",
    "duplicate": "It came in before, under the same message id or with the same content; here it is gone.",
    "refused": "Consent refuses it: nothing of it is kept, and it is gone from the quarantine.",
}


class ReplayScreen(EntryScreen):
    """The pages and actions of replays, below the quarantine's own."""

    admin_site: AdminSite

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, "records_quarantinedrecord"
        return [
            path("replays/", guard(self.begin), name=f"{name}_replays"),
            path("replays/<uuid:id>/", guard(self.run), name=f"{name}_run"),
            path("replays/<uuid:id>/progress/", guard(self.progress), name=f"{name}_progress"),
            path("<uuid:id>/replay/", guard(self.replay_one), name=f"{name}_replay"),
            path("<uuid:id>/open/", guard(self.open), name=f"{name}_open"),
            path("<uuid:id>/mend/", guard(self.mend), name=f"{name}_mend"),
            *super().get_urls(),
        ]

    @needs(REPLAY_QUARANTINE)
    def begin(self, request: HttpRequest) -> HttpResponse:
        """Replay what one source has in quarantine for one reason and field; `without` that field, or as it is."""
        asked = request.POST
        one = QuarantinedRecord.objects.filter(
            source__in=ids_of([asked.get("source", "")]), reason=asked.get("reason", ""), field=asked.get("field", "")
        ).select_related("source")
        if "load" in asked:
            one = one.filter(load__in=ids_of([asked["load"]]))
        if not (first := one.first()):
            messages.info(request, "Nothing of that is in quarantine any more.")
            return self._to_list(request)
        with telling(request, replay_runs.Nothing, SaysConsent):
            run = replay_runs.begin(
                first.source,
                reason=first.reason,
                field=first.field,
                load=first.load_id if "load" in asked else None,
                leave_out=[first.field] if "without" in asked and first.field else [],
                by=actor_of(request),
                now=timezone.now(),
            )
            tasks.wake_for_replay(run.pk)
            return self._to("run", run.pk, request)
        return self._to_list(request)

    @needs(REPLAY_QUARANTINE, methods=("GET",))
    def run(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """How far a replay is, and what became of its records."""
        run = get_object_or_404(Replay.objects.select_related("source", "load"), pk=id)
        return self.page(
            request,
            "console/quarantine/run.html",
            title=f"Replay for {run.source.name}",
            run=run,
            running=run.state == RUNNING,
            reason=label_of(run.reason) if run.reason else "any",
            percent=_percent(run),
            outcomes=parts_of(_outcomes(run)),
            still_for=[(label_of(reason), count, way_out(reason)) for reason, count in run.reasons.items()],
            by=names_of([run.started_by])[run.started_by],
            fault=sentence(run.fault) if run.fault else "",
            list_page=self._list_page(request),
        )

    @needs(REPLAY_QUARANTINE, methods=("GET",))
    def progress(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """How far it is: the page asks while it waits."""
        run = get_object_or_404(Replay, pk=id)
        return JsonResponse({"state": run.state, "percent": round(_percent(run), 1), "rows": run.done})

    @needs(REPLAY_QUARANTINE)
    def replay_one(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Read this one again as its source is now, and take it in if it can be."""
        with telling(request, NotOpened):
            return self._told(request, id, self._replay(request, id, BY_HAND))
        return self._to("change", id, request)

    @needs(REPLAY_QUARANTINE, fresh=True)
    def open(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """The record itself, to be read and mended, for a reason that the audit log keeps."""
        if not may(request, REVEAL_IDENTIFIERS):
            raise PermissionDenied
        row, form = get_object_or_404(QuarantinedRecord.objects.select_related("source"), pk=id), Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return self._to("change", id, request)
        with telling(request, NotOpened):
            why = f"{BY_HAND}: {form.cleaned_data['reason']}"
            grant = leave_to_open([row.pk], actor=actor_of(request), reason=why, now=timezone.now())
            held = quarantine.held([row], grant, action="open in quarantine").get(row.pk)
            if held is None:
                raise NotOpened(NOT_OPENED)
            mended = Mended(initial={"record": indented(held.body, held.way), "reason": form.cleaned_data["reason"]})
            return self._mending(request, row, mended, row.message)
        return self._to("change", id, request)

    @needs(REPLAY_QUARANTINE, fresh=True)
    def mend(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """Take in the record as it was written anew; where it still cannot be, the same page says why."""
        if not may(request, REVEAL_IDENTIFIERS):
            raise PermissionDenied
        row, form = get_object_or_404(QuarantinedRecord.objects.select_related("source"), pk=id), Mended(request.POST)
        if not form.is_valid():
            return self._mending(request, row, form, first_error(form))
        try:
            body = written_anew(form.cleaned_data["record"])
            replayed = self._replay(request, id, f"{BY_HAND}: {form.cleaned_data['reason']}", body)
        except (NotAnObject, NotOpened) as error:
            return self._mending(request, row, form, sentence(str(error)))
        if still := replayed.still.get(id):
            return self._mending(request, row, form, still.message)
        return self._told(request, id, replayed)

    def _replay(self, request: HttpRequest, id: UUID, reason: str, body: bytes | None = None) -> Replayed:
        mend = AS_IT_IS if body is None else Mend(anew=body)
        return replay([id], actor=actor_of(request), reason=reason, now=timezone.now(), mend=mend)

    def _told(self, request: HttpRequest, id: UUID, replayed: Replayed) -> HttpResponse:
        """Say what became of it; back to the list when it is gone."""
        if still := replayed.still.get(id):
            messages.warning(request, f"It still cannot be taken in: {still.message}")
            return self._to("change", id, request)
        if not replayed.out:
            messages.warning(request, "It was left as it is: its source is disabled, or nothing of it is kept.")
            return self._to("change", id, request)
        messages.success(request, next(words for name, words in BECAME.items() if getattr(replayed.acceptance, name)))
        return self._to_list(request)

    def _mending(self, request: HttpRequest, row: QuarantinedRecord, form: Mended, fault: str) -> HttpResponseBase:
        return self.page(
            request,
            "console/quarantine/mend.html",
            title=f"Mend a record of {row.source.name}",
            row=row,
            form=form,
            fault=fault,
            advice=advice_on(row.reason)[0],
            columns=columns_of(row.source),
            came_from=self.get_preserved_filters(request),
        )

    def _to(self, page: str, id: UUID, request: HttpRequest) -> HttpResponse:
        """To a page of a record or a replay, which leads back to the list as it was narrowed down."""
        came_from = self.get_preserved_filters(request)
        address = reverse(f"admin:records_quarantinedrecord_{page}", args=[id])
        return redirect(f"{address}?{came_from}" if came_from else address)

    def _to_list(self, request: HttpRequest) -> HttpResponse:
        return redirect(self._list_page(request))

    def _list_page(self, request: HttpRequest) -> str:
        """The list, narrowed down as whoever asks had it."""
        chosen = QueryDict(request.GET.get("_changelist_filters", "")).urlencode()
        address = reverse("admin:records_quarantinedrecord_changelist")
        return f"{address}?{chosen}" if chosen else address


def _percent(run: Replay) -> float:
    return 100.0 if run.state != RUNNING else min(100.0, 100 * run.done / max(run.found, 1))


def _outcomes(run: Replay) -> dict[str, int]:
    became = {"stored": run.stored, "duplicate": run.duplicate, "refused": run.refused, "quarantined": run.still}
    return {name: count for name, count in became.items() if count}
