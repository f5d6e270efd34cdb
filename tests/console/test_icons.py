"""Icons are letters of a font: whoever listens to a page hears what they stand for, not what they are called."""

import re
from pathlib import Path

import pytest

TEMPLATES = sorted(Path("console/templates").rglob("*.html"))
ICON = re.compile(r"<(\w+)([^<]*?material-symbols[^<]*?)>(?:[\w ]|{[%{].*?[%}]})*</\1>")
CONTROL = re.compile(r"<(a|button|summary)\b([^<]*?)>((?:(?!</\1>).)*)</\1>", re.DOTALL)


def named(attributes: str, inside: str) -> bool:
    """Whether a link or button has a name without its icon."""
    return (
        "aria-label" in attributes or "x-text" in inside or bool(re.sub(r"<[^<]*?>", "", ICON.sub("", inside)).strip())
    )


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_icon_is_hidden_from_whoever_listens(template: Path) -> None:
    text = template.read_text()
    tags = re.findall(r"<\w+[^<]*?material-symbols", text)
    assert len(tags) == text.count("material-symbols")
    assert [tag for tag in tags if 'aria-hidden="true"' not in tag] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_link_or_button_is_named_by_its_icon_alone(template: Path) -> None:
    found = CONTROL.findall(template.read_text())
    assert [inside for _, attributes, inside in found if not named(attributes, inside)] == []


def test_the_templates_have_icons() -> None:
    assert sum(template.read_text().count("material-symbols") for template in TEMPLATES) > 100
