"""The public pages can be read and used by everybody: labels, headings, language, contrast, targets, translations."""

import gettext
import re
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.utils import timezone

from privacy import links, requests
from privacy.links import About
from privacy.models import OPT_IN, REQUEST, SubjectRequest
from tests.api.conftest import Shop, alice, shop
from tests.privacy.public_cast import preference_link, source_profile_of
from tests.privacy.visitor import Visitor

__all__ = ["Shop", "alice", "shop"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
ROOM = Path(settings.BASE_DIR) / "privacy"


@pytest.fixture
def pages(alice: UUID) -> dict[str, Visitor]:
    """Every public page there is."""
    now, bearer = timezone.now(), source_profile_of(alice)
    asked = links.make(REQUEST, source_profile=bearer, about=About(asked="rectification"), now=now)
    ready = links.make(REQUEST, source_profile=bearer, about=About(asked="access"), now=now)
    opt_in = links.make(OPT_IN, source_profile=bearer, about=About(purpose="marketing", channel="email"), now=now)
    Visitor().open(f"/privacy/request/{ready}/").press()
    requests.approve(SubjectRequest.objects.get(), actor="officer", now=now)
    found = {
        "ask": Visitor().open("/privacy/"),
        "ask again": Visitor().open("/privacy/").press(address="no address"),
        "asked": Visitor().open("/privacy/asked/"),
        "choices": Visitor().open(preference_link(alice)),
        "choices, saved": Visitor().open(preference_link(alice)).press("withdraw_everything"),
        "confirm a request": Visitor().open(f"/privacy/request/{asked}/"),
        "request": Visitor().open(f"/privacy/request/{ready}/"),
        "opt in": Visitor().open(f"/privacy/confirm/{opt_in}/"),
        "opted in": Visitor().open(f"/privacy/confirm/{opt_in}/").press(),
        "used": Visitor().open(f"/privacy/confirm/{opt_in}/"),
        "bad link": Visitor().open("/privacy/choices/x/"),
    }
    return found | {f"{name} in German": _in_german(page) for name, page in found.items()}


def _in_german(page: Visitor) -> Visitor:
    return Visitor("de").open(page.address)


def test_every_page_has_what_assistive_technology_needs(pages: dict[str, Visitor]) -> None:
    for name, page in pages.items():
        elements = page.document.elements
        ids = [one.id for one in elements if one.id]
        assert len(ids) == len(set(ids)), f"{name}: an id stands twice"
        labeled = {one.attributes["for"] for one in elements if one.tag == "label"}
        for one in elements:
            if one.tag in ("input", "textarea", "select") and one.type != "hidden":
                assert one.id in labeled, f"{name}: {one.name} has no label"
            for described in (one.attributes.get("aria-describedby") or "").split():
                assert described in ids, f"{name}: {described} is described nowhere"
            if one.tag in ("input", "textarea") and one.type == "email":
                assert one.autocomplete == "email"
        radios = [one for one in elements if one.type == "radio"]
        assert not radios or sum(one.tag == "legend" for one in elements) >= 1
        levels = page.document.headings
        assert (levels[0], levels.count(1)) == (1, 1), name
        assert all(after - before <= 1 for before, after in pairwise(levels)), f"{name}: a heading level is left out"
        assert (elements[0].tag, elements[0].lang) == ("html", "de" if "German" in name else "en")
        assert any(one.tag == "main" and one.id == "content" for one in elements)
        assert any(one.tag == "a" and one.href == "#content" for one in elements), "a way past what repeats"
        assert any(one.tag == "meta" and one.content.startswith("width=device-width") for one in elements)
        assert not any("style" in one.attributes or "onclick" in one.attributes for one in elements)
        assert not any(one.tag == "script" for one in elements)


# Text or control, its background, and the contrast that WCAG 2.2 asks for at level AA (text 4.5, controls 3).
PAIRS = [
    ("ink", "page", 4.5), ("ink", "card", 4.5), ("soft", "page", 4.5), ("soft", "card", 4.5),
    ("accent", "page", 4.5), ("accent", "card", 4.5), ("on-accent", "accent", 4.5), ("ink", "note-page", 4.5),
    ("ink", "good-page", 4.5), ("good", "note-page", 4.5), ("bad", "bad-page", 4.5), ("edge", "card", 3),
    ("edge", "page", 3), ("bad", "card", 3),
]  # fmt: skip


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "needed"), PAIRS)
def test_colors_stand_out(scheme: int, front: str, back: str, needed: float) -> None:
    css = (ROOM / "static/privacy/public.css").read_text()
    colors = dict(re.findall(r"--([\w-]+): (#\w{6});", css.split(":root {")[1 + scheme]))
    assert contrast(colors[front], colors[back]) >= needed


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_color_is_a_variable_that_is_checked() -> None:
    css = (ROOM / "static/privacy/public.css").read_text()
    rules = re.sub(r":root \{.*?\}", "", css.split("@media print")[0], flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", rules) == []
    assert "outline: none" not in css
    assert "outline: 0" not in css


def test_everything_is_translated_and_compiled() -> None:
    folder = ROOM / "locale/de/LC_MESSAGES"
    written = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', (folder / "django.po").read_text(), flags=re.MULTILINE)
    compiled = gettext.translation("django", ROOM / "locale", languages=["de"])
    assert len(written) > 100
    for english, german in written:
        assert german
        assert compiled.gettext(english) == german
    templates = "".join(path.read_text() for path in sorted((ROOM / "templates").rglob("*.*")))
    known = {english for english, _ in written}
    for text in re.findall(r"""\{% translate ["'](.+?)["'] %\}""", templates):
        assert text in known
