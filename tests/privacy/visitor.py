"""A person at a public page, in a browser without scripts: reads what is there, changes a form and sends it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client


@dataclass
class Field:
    """An input, text area or button of a form, with its attributes."""

    tag: str
    attributes: dict[str, str | None]

    def __getattr__(self, name: str) -> str:
        return self.attributes.get(name) or ""

    @property
    def checked(self) -> bool:
        return "checked" in self.attributes


@dataclass
class Form:
    action: str
    fields: list[Field] = field(default_factory=list)

    def switch(self, value: str) -> Field:
        (found,) = [one for one in self.fields if one.value == value and one.type in ("checkbox", "radio")]
        return found


class Document(HTMLParser):
    """The forms, headings, labels, ids and language of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.headings: list[int] = []
        self.elements: list[Field] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Field(tag, dict(attrs))
        self.elements.append(element)
        if tag == "form":
            self.forms.append(Form(element.action))
        if tag in ("input", "button", "textarea", "select") and self.forms:
            self.forms[-1].fields.append(element)
        if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.headings.append(int(tag[1]))

    def handle_data(self, data: str) -> None:
        self.text += data


class Visitor:
    """Counts what it takes: pages opened, forms sent, and things clicked."""

    def __init__(self, language: str = "en") -> None:
        self.client = Client(headers={"Accept-Language": language})
        self.requests = self.clicks = 0
        self.address = ""
        self.document = Document("")
        self.response: Any = None

    def open(self, address: str) -> "Visitor":
        self.requests += 1
        self._arrive(self.client.get(address), address)
        return self

    def click(self, value: str) -> "Visitor":
        """Switch on or off."""
        self.clicks += 1
        switch = self.form.switch(value)
        if switch.checked:
            del switch.attributes["checked"]
        else:
            switch.attributes["checked"] = None
        return self

    def press(self, value: str = "", **typed: str) -> "Visitor":
        """Press the button of this value (the only one, without), and follow where it leads."""
        self.clicks += 1
        self.requests += 1
        data: dict[str, list[str]] = {}
        for one in self.form.fields:
            sent = one.tag == "input" and (one.type not in ("checkbox", "radio") or one.checked)
            if one.name and (sent or one.tag == "textarea" or (one.tag == "button" and one.value == value)):
                data.setdefault(one.name, []).append(typed.get(one.name, one.value or ("on" if one.checked else "")))
        address = self.form.action or self.address
        response = self.client.post(address, data)
        if response.status_code == 303:
            address = response["Location"]
            response = self.client.get(address)
        self._arrive(response, address)
        return self

    @property
    def form(self) -> Form:
        return self.document.forms[0]

    def _arrive(self, response: Any, address: str) -> None:
        self.response, self.address = response, address.partition("?")[0]
        html = response.content.decode() if response["Content-Type"].startswith("text/html") else ""
        self.document = Document(html)
