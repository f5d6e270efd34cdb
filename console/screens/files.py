"""Files of a source: uploaded, tried, and loaded once somebody has seen what would become of their rows."""

from uuid import UUID

from django.conf import settings
from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from access.roles import EDIT_SOURCES, VIEW_PROFILES
from console.asking import actor_of, may
from console.file_stand import stands
from console.guards import needs
from console.profile.flags import words_of
from console.screen import Screen
from console.telling import sentence, telling
from pipeline import tasks
from records import uploads
from records.models import FileLoad, Source
from records.readers import NotReadable
from records.readers.charset import known
from records.uploads import NotWaiting, Receiver, TooLarge

PIECE = 256 * 1024


class FileScreen(Screen):
    """The pages and actions of files, below the source's own."""

    admin_site: AdminSite

    def file_urls(self) -> list[URLPattern]:
        """Their addresses."""
        guard = self.admin_site.admin_view
        name = "records_source"
        return [
            path("<uuid:id>/files/", guard(self.upload), name=f"{name}_upload"),
            path("<uuid:id>/files/<uuid:load>/", guard(self.file), name=f"{name}_file"),
            path("<uuid:id>/files/<uuid:load>/progress/", guard(self.progress), name=f"{name}_file_progress"),
            path("<uuid:id>/files/<uuid:load>/load/", guard(self.load), name=f"{name}_file_load"),
            path("<uuid:id>/files/<uuid:load>/discard/", guard(self.discard), name=f"{name}_file_discard"),
        ]

    @needs(EDIT_SOURCES)
    def upload(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """The body is the file. Answers where its page is, or what is wrong with it."""
        source = get_object_or_404(Source, pk=id)
        if request.content_type != "application/octet-stream":
            return JsonResponse({"fault": "Choose a file on the page of its source."}, status=415)
        if not source.enabled:
            return JsonResponse({"fault": "This source is disabled; enable it first."}, status=409)
        try:
            load = _received(request, source)
        except (TooLarge, NotReadable) as error:
            return JsonResponse({"fault": sentence(str(error))}, status=400)
        tasks.wake_for_file(load.pk)
        return JsonResponse({"page": reverse("admin:records_source_file", args=[id, load.pk])}, status=202)

    @needs(EDIT_SOURCES, methods=("GET",))
    def file(self, request: HttpRequest, id: UUID, load: UUID) -> HttpResponseBase:
        """How far it is, what would become of its rows, and what became of them."""
        one = _load_of(id, load)
        (stand,) = stands([one])
        return self.page(
            request,
            "console/sources/file.html",
            title=f"File for {one.source.name}",
            source=one.source,
            stand=stand,
            one=one,
            fault=sentence(one.fault) if one.fault else "",
            flags=[(words_of(flag), count) for flag, count in (one.report or {}).get("flags", {}).items()],
            # What masks leave of people is for whoever may look at people.
            may_view_people=may(request, VIEW_PROFILES),
        )

    @needs(EDIT_SOURCES, methods=("GET",))
    def progress(self, request: HttpRequest, id: UUID, load: UUID) -> HttpResponse:
        """How far it is: the page asks while it waits."""
        (stand,) = stands([_load_of(id, load)])
        return JsonResponse(
            {"state": stand.load.state, "percent": round(stand.percent, 1), "rows": stand.load.acknowledged}
        )

    @needs(EDIT_SOURCES)
    def load(self, request: HttpRequest, id: UUID, load: UUID) -> HttpResponse:
        """Yes: take its rows in."""
        one = _load_of(id, load)
        with telling(request, NotWaiting):
            uploads.confirm(one, now=timezone.now())
            tasks.wake_for_file(one.pk)
        return redirect("admin:records_source_file", id, load)

    @needs(EDIT_SOURCES)
    def discard(self, request: HttpRequest, id: UUID, load: UUID) -> HttpResponse:
        """No: nothing of it is kept."""
        with telling(request, NotWaiting, done="Discarded. Nothing of the file is kept."):
            uploads.discard(_load_of(id, load), now=timezone.now())
        return redirect("admin:records_source_change", id)


def _received(request: HttpRequest, source: Source) -> FileLoad:
    given = request.GET.get("encoding", "")
    receiver = Receiver(
        source,
        by=actor_of(request).id,
        most=settings.UPLOAD_BYTES,
        encoding=known(given) if given else "",
        try_first=True,
        now=timezone.now(),
    )
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if not length:
        raise NotReadable("the file is empty")
    with receiver:
        while piece := request.read(PIECE):
            receiver.write(piece)
            length -= len(piece)
        if length:
            raise NotReadable("the upload broke off; send it again")
    return receiver.load


def _load_of(id: UUID, load: UUID) -> FileLoad:
    return get_object_or_404(FileLoad.objects.select_related("source", "repeats"), pk=load, source=id)
