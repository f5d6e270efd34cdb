"""What the context of a message says about consent: Segment's and Rudder's forms, and signals of consent platforms.

Segment: `context.consent.categoryPreferences`, a true or false for each category. Rudder: `context.consentManagement`
with `allowedConsentIds` and `deniedConsentIds`. Beside either: a TC string as `context.consent.tcfString`, a GPP
string as `context.consent.gppString`, and Global Privacy Control as `context.globalPrivacyControl`.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from records.envelope import Said, Signal, Unreadable
from records.models import Source

SLUG = re.compile(r"[A-Za-z_-][\w-]{0,39}")
STRINGS = (("tcfString", "tcf"), ("tcString", "tcf"), ("gppString", "gpp"))
# More answers than that are seldom given again just so.
FEW = 10
NAMES = frozenset(name for name, _ in STRINGS)
RUDDER = (("allowedConsentIds", True), ("deniedConsentIds", False))


def said(context: Mapping[str, Any], source: Source) -> tuple[Said, ...]:
    """The answers, category by category; a category stands for a purpose as the source's mapping has it.

    Raises `Unreadable` where an answer is neither yes nor no. What is allowed and denied at once is denied.
    """
    if "consent" not in context and "consentManagement" not in context:
        return ()
    answers: dict[str, bool] = {}
    for category, granted in (*_segment(context), *_rudder(context)):
        answers[category] = granted and answers.get(category, True)
    meaning = source.mapping.get("consents")
    if not meaning and len(answers) <= FEW:
        return _as_they_are(tuple(answers.items()))
    targets = [((meaning or {}).get(category, {"purpose": category}), granted) for category, granted in answers.items()]
    return tuple(
        Said(target["purpose"], target.get("channel", ""), granted, double_opt_in=target.get("double_opt_in", False))
        for target, granted in targets
    )


@lru_cache(maxsize=1024)
def _as_they_are(answers: tuple[tuple[str, bool], ...]) -> tuple[Said, ...]:
    """Answers whose categories are called like the purposes. The same few come with nearly every message."""
    return tuple(Said(category, "", granted) for category, granted in answers)


def signals(context: Mapping[str, Any]) -> tuple[Signal, ...]:
    """The strings as they came. One that is no text is handed on as an empty one, which nobody can read: it denies."""
    consent = _object(context.get("consent"), "context.consent")
    control = context.get("globalPrivacyControl")
    if control is None and consent.keys().isdisjoint(NAMES):
        return ()
    found = [
        Signal(kind, text if isinstance(text := consent[name], str) else "")
        for name, kind in STRINGS
        if consent.get(name) is not None
    ]
    if control is True or control == "1":
        found.append(Signal("gpc", "1"))
    return tuple(found)


def _segment(context: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    consent = _object(context.get("consent"), "context.consent")
    preferences = _object(consent.get("categoryPreferences"), "context.consent.categoryPreferences")
    for number, (category, granted) in enumerate(preferences.items(), 1):
        if not isinstance(granted, bool):
            known = category if SLUG.fullmatch(category) else f"number {number}"
            name = f"context.consent.categoryPreferences.{known}"
            raise Unreadable("wrong_type", name, f"'{name}' must be true or false.")
        yield category, granted


def _rudder(context: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    management = _object(context.get("consentManagement"), "context.consentManagement")
    for name, granted in RUDDER:
        ids = management.get(name)
        if ids is None:
            continue
        if not isinstance(ids, list) or not all(isinstance(id, str) for id in ids):
            raise Unreadable(
                "wrong_type",
                f"context.consentManagement.{name}",
                f"'context.consentManagement.{name}' must be a list of texts.",
            )
        yield from ((id, granted) for id in ids)


def _object(value: object, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unreadable("wrong_type", name, f"'{name}' must be an object.")
    return value
