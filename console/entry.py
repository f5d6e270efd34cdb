"""Lists whose entries are never changed: each entry has a page to read, in the words of its list."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from console.screen import Screen

# What stands on the page of an entry: a name, and a value or a piece of markup.
Facts = list[tuple[str, Any]]


class EntryScreen(Screen):
    """The list and the page of entries; a screen says what stands on the page."""

    entry_template = "console/entry.html"

    def entry_title(self, entry: Any) -> str:
        """What the entry is called."""
        raise NotImplementedError

    def facts(self, entry: Any) -> Facts:
        """What stands on its page."""
        raise NotImplementedError

    def more(self, entry: Any, request: HttpRequest) -> dict[str, Any]:
        """What else its page shows."""
        return {}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        entry = self.get_object(request, object_id)
        if entry is None:
            raise Http404("There is no such entry, or it is gone.")
        self.prepare([entry], request)
        title = self.entry_title(entry)
        facts = [(name, value) for name, value in self.facts(entry) if value not in ("", None)]
        return self.page(request, self.entry_template, title=title, facts=facts, **self.more(entry, request))
