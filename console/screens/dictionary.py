"""The data dictionary: what is known of each field, for whoever maps a source to it."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from access.roles import VIEW_SOURCES
from console.guards import needs
from console.screen import Screen
from console.showing import label_of
from records.dictionary import DIRECT, FIELDS, QUASI, SENSITIVITIES, SURVIVORSHIP, TYPES, names_of
from records.rules import RULES

TONES = {DIRECT: "bad", QUASI: "warn"}


@dataclass(frozen=True)
class Entry:
    """One field, as the page shows it."""

    name: str
    label: str
    type: str
    sensitivity: str
    tone: str
    identifier: bool
    rule: str
    rule_says: str
    survivorship: str
    survivorship_says: str
    aliases: str


class DictionaryPages(Screen):
    """The page of the data dictionary, beside those of the sources."""

    def dictionary_urls(self) -> list[URLPattern]:
        # Called as a list, since the sidebar leads to lists.
        return [
            path("dictionary/", self.admin_site.admin_view(self.dictionary), name="records_dictionary_changelist"),
        ]

    @needs(VIEW_SOURCES, methods=("GET",))
    def dictionary(self, request: HttpRequest) -> TemplateResponse:
        return self.page(
            request,
            "console/sources/dictionary.html",
            title="Data dictionary",
            entries=entries(),
            currency=RULES["currency"],
        )


def entries() -> list[Entry]:
    """Every field of the data dictionary, in its order."""
    return [
        Entry(
            name=field.name,
            label=label_of(field.name),
            type=TYPES[field.type],
            sensitivity=SENSITIVITIES[field.sensitivity],
            tone=TONES.get(field.sensitivity, "good"),
            identifier=field.identifier,
            rule=RULES[field.standardizer].label,
            rule_says=RULES[field.standardizer].says,
            survivorship=field.survivorship.replace("_", " "),
            survivorship_says=SURVIVORSHIP[field.survivorship],
            aliases=", ".join(names_of(field)[1:]),
        )
        for field in FIELDS.values()
    ]
