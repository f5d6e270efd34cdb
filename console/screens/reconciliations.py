"""What a source says it has sent, beside what came and is stored: chosen days, or the source's own counts as CSV."""

from datetime import UTC, date, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import VIEW_SOURCES
from console.guards import needs
from console.reconciled import Reconciled, reconciled, write
from console.screens.readings import ReadingScreen
from console.telling import sentence
from records import reconciliation, reconciliation_totals
from records.models import Source
from records.reconciliation import FIRST_DAY, HAPPENED, LAST_DAY, MOST_DAYS, RECEIVED, Line, Total
from records.reconciliation_totals import BadTotals
from records.summable import summable

USUAL_DAYS = 30
LARGEST = 100_000
TOO_LARGE = "The file was not taken: it may have 100 kB at most."
WHICH_DAY = [(RECEIVED, "on which records came"), (HAPPENED, "on which things happened")]
Pasted = forms.Textarea(
    {"rows": 8, "class": "o-mono", "spellcheck": "false", "placeholder": "day,records,sum\n2026-01-31,120,4310.50"}
)


def _date() -> forms.DateField:
    picker = forms.DateInput({"type": "date", "min": str(FIRST_DAY), "max": str(LAST_DAY)}, format="%Y-%m-%d")
    return forms.DateField(required=False, widget=picker)


class Question(forms.Form):
    """Which days are compared, and what the source says of them."""

    by = forms.ChoiceField(label="By the day", choices=WHICH_DAY, initial=RECEIVED, help_text="Days are of UTC.")
    first, last = _date(), _date()
    property = forms.ChoiceField(
        label="What sums are of", initial="amount", help_text="Properties that the source declares as numbers."
    )
    totals = forms.CharField(
        label="What the source says",
        required=False,
        max_length=LARGEST,
        strip=False,
        widget=Pasted,
        help_text="Paste CSV: day, records and, where sums are compared, sum. Nothing of it is kept.",
    )
    file = forms.FileField(label="Or a CSV file", required=False)

    def __init__(self, source: Source, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["property"].choices = [(name, name) for name in summable(source)]  # type: ignore[attr-defined]
        self.fields["first"].label, self.fields["last"].label = "First day", "Last day"
        self.fields["last"].help_text = "Empty: the days that the source names; without its word, the last 30 days."

    def clean(self) -> dict[str, Any]:
        """The totals as they were read, the days in order and not too many."""
        given = super().clean() or {}
        name = "file" if given.get("file") else "totals"
        try:
            text = _text(given["file"]) if given.get("file") else given.get("totals", "")
            given["said"] = reconciliation_totals.read(text) if text.strip() else []
        except BadTotals as error:
            self.add_error(name, sentence(str(error)))
        except ValidationError as error:
            self.add_error(name, error)
        else:
            self._must_be_days(given)
            given["text"] = text
        return given

    def _must_be_days(self, given: dict[str, Any]) -> None:
        first, last = given.get("first"), given.get("last")
        for name, day in (("first", first), ("last", last)):
            if day and not FIRST_DAY <= day <= LAST_DAY:
                self.add_error(name, f"Choose a day between {FIRST_DAY} and {LAST_DAY}.")
        if self.errors:
            return
        given["days"] = _days(first, last, given["said"])
        if first and last and last < first:
            self.add_error("last", "The last day is before the first.")
        elif len(given["days"]) + len(given["said"]) > MOST_DAYS:
            self.add_error("first", f"{MOST_DAYS:,} days are shown at most.")


class ReconciliationScreen(ReadingScreen):
    """The reconciliation of a source, below its own page."""

    def reconciliation_urls(self) -> list[URLPattern]:
        """Its address."""
        view = self.admin_site.admin_view(self.reconciliation_page)
        return [path("<uuid:id>/reconciliation/", view, name="records_source_reconciliation")]

    @needs(VIEW_SOURCES, methods=("GET", "POST"))
    def reconciliation_page(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        source = get_object_or_404(Source, pk=id)
        if request.method == "GET":
            lines = _since_it_began(_lines(source, by=RECEIVED, property="amount", said=[], days=_days(None, None, [])))
            found = reconciled(lines, by=RECEIVED, property="amount")
            return self._reconciliation_page(request, source, Question(source), found, property="amount")
        form = Question(source, request.POST, request.FILES)
        if form.is_valid() and _was_too_large(request):
            form.add_error("file", TOO_LARGE)
        if not form.is_valid():
            return self._reconciliation_page(request, source, form, None)
        given = form.cleaned_data
        lines = _lines(source, **{name: given[name] for name in ("by", "property", "said", "days")})
        if "csv" in request.POST:
            return _file(source, lines, by=given["by"], property=given["property"])
        found = reconciled(lines, by=given["by"], property=given["property"])
        # What was read from a file stands in the form, to be compared again or taken away.
        shown = Question(source, initial={**given, "totals": given["text"], "file": None})
        return self._reconciliation_page(request, source, shown, found, property=given["property"])

    def _reconciliation_page(
        self, request: HttpRequest, source: Source, form: Question, found: Reconciled | None, property: str = ""
    ) -> HttpResponseBase:
        return self.page(
            request,
            "console/sources/reconciliation.html",
            title=f"Reconciliation of {source.name}",
            source=source,
            form=form,
            found=found,
            property=property,
        )


def _lines(source: Source, *, by: str, property: str, said: list[Total], days: list[date]) -> list[Line]:
    return list(reconciliation.lines(source, said, by=by, property=property, days=days))


def _since_it_began(lines: list[Line]) -> list[Line]:
    """The days from the first on which anything came; all of them where nothing did."""
    began = next((place for place, line in enumerate(lines) if line.acknowledged or line.stored), 0)
    return lines[began:]


def _days(first: date | None, last: date | None, said: list[Total]) -> list[date]:
    """The chosen days; without a choice those that the source names, or the last 30."""
    if said and not (first or last):
        return []
    end = last or max([total.day for total in said] or [timezone.now().astimezone(UTC).date()])
    begin = first or min([total.day for total in said] or [max(end - timedelta(days=USUAL_DAYS - 1), FIRST_DAY)])
    return reconciliation.span(begin, end)


def _text(file: Any) -> str:
    if file.size > LARGEST:
        raise ValidationError(TOO_LARGE)
    try:
        return str(file.read(), "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadTotals(f"the file is not UTF-8: byte {error.start} is not valid there") from None


def _was_too_large(request: HttpRequest) -> bool:
    """A larger file does not even reach the form."""
    return "file" not in request.FILES and int(request.META.get("CONTENT_LENGTH") or 0) > 3 * LARGEST


def _file(source: Source, lines: list[Line], *, by: str, property: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="reconciliation-{source.name}-{by}.csv"'}
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers=headers)
    write(lines, response, property=property)
    return response
