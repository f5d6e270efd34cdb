"""The base of all admin classes: what a person may do follows from the capabilities that their roles grant."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ClassVar, TypeVar, cast

from django.contrib.admin import RelatedFieldListFilter, ShowFacets, display
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from access.masking import mask_addresses
from console.asking import may

Column = TypeVar("Column", bound=Callable[..., Any])


def badge(description: str, tones: dict[str, str]) -> Callable[[Column], Column]:
    """A column whose words stand on a ground of this tone: the very badge that the pages show."""

    def decorate(column: Column) -> Column:
        @display(description=description)
        @wraps(column)
        def shown(screen: Any, row: Any) -> SafeString:
            words = str(column(screen, row))
            return format_html('<span class="o-badge {}">{}</span>', tones.get(words, "o-plain"), words)

        return cast(Column, shown)

    return decorate


@dataclass(frozen=True)
class Filter:
    """One filter of a list: what it is about, what is chosen, and the links of all choices."""

    title: str
    chosen: str
    choices: list[dict[str, Any]]


def _told(spec: Any, display: object) -> str:
    """A choice of a filter: a name as it is named, all else with a capital letter."""
    named = isinstance(spec, RelatedFieldListFilter) or getattr(spec, "as_named", False)
    return str(display) if named else capfirst(str(display))


class Pages(Paginator):  # type: ignore[type-arg]
    """Pages of a list; the theme shows them with this template."""

    template_name = "console/parts/pagination.html"


class FirstPages(Pages):
    """The first pages of a list that may be very long: no row behind `MOST` is counted or turned to."""

    MOST = 1_000
    are_more = False

    @cached_property
    def count(self) -> int:
        found = cast("QuerySet[Any]", self.object_list)[: self.MOST + 1].count()
        self.are_more = found > self.MOST
        return min(found, self.MOST)


class Rows(ChangeList):  # type: ignore[misc]
    """A page of a list; its screen adds what the rows show, for all of them at once."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.title = capfirst(self.model_admin.heading or str(self.opts.verbose_name_plural))
        # The filters are menus at the top; without this the theme adds its own beside them.
        self.has_filters = False

    @property
    def add_label(self) -> str:
        """What the button says that adds something."""
        return f"Add {self.opts.verbose_name}"

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        self.result_list: list[Any] = rows
        self.model_admin.prepare(rows, request)

    @property
    def filters(self) -> list[Filter]:
        """The filters as menus."""
        found = []
        for spec in self.filter_specs:
            choices = [choice | {"display": _told(spec, choice["display"])} for choice in spec.choices(self)]
            chosen = next((str(choice["display"]) for choice in choices if choice["selected"]), "")
            found.append(Filter(str(spec.title), chosen, choices))
        return found


class Screen(ModelAdmin):  # type: ignore[misc]
    """A model's pages. Each `may_` names a capability; an empty one means that nobody may. Nothing is deleted here."""

    may_view: ClassVar[str] = ""
    may_add: ClassVar[str] = ""
    may_change: ClassVar[str] = ""
    heading: ClassVar[str] = ""
    intro: ClassVar[str] = ""
    add_label: ClassVar[str] = ""
    empty_hint: ClassVar[str] = ""

    actions = None
    paginator = Pages
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_filter_sheet = True
    change_list_template = "console/change_list.html"
    change_form_template = "console/change_form.html"
    object_history_template = "console/history.html"

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("console/console.css",)}

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(self.may_view) and may(request, self.may_view)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.may_add) and may(request, self.may_add)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(self.may_change) and may(request, self.may_change)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What was changed here and by whom; an address in it is masked."""
        response: HttpResponse = super().history_view(request, object_id, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            for entry in response.context_data["action_list"]:
                entry.change_message = mask_addresses(entry.change_message)
        return response

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Rows

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        """Add to the rows of one page what their columns show; a few queries for all of them."""

    def page(self, request: HttpRequest, template: str, *, title: str, **context: Any) -> TemplateResponse:
        """A page of this screen's own; the site's `never_cache` keeps it out of every cache."""
        request.current_app = self.admin_site.name
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, "media": self.media}
        shared["heading"] = self.heading
        return TemplateResponse(request, template, {**shared, **context})

    def secret_page(
        self, request: HttpRequest, what: str, *, of: str, secret: str, hint: str, back: str
    ) -> TemplateResponse:
        """The page that shows a secret, this once; `hint` says what it is for and `back` leads on."""
        shown = {"of": of, "secret": secret, "hint": hint, "back": back}
        return self.page(request, "console/secret.html", title=what, **shown)
