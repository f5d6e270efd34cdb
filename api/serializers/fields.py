"""Fields whose error messages repeat no value of the request."""

from collections.abc import Sequence
from typing import Any

from rest_framework import serializers


class Choice(serializers.ChoiceField):
    """One of a few words."""

    def __init__(self, choices: Sequence[str], **options: Any) -> None:
        messages: dict[str, Any] = {"invalid_choice": f"Choose one of: {', '.join(choices)}."}
        super().__init__(choices=list(choices), error_messages=messages, **options)


class Slug(serializers.RegexField):
    """A short name in lower case."""

    default_error_messages = {"invalid": "Lower-case letters, digits, hyphens and underscores only."}

    def __init__(self, *, max_length: int, **options: Any) -> None:
        super().__init__(r"^[a-z0-9][a-z0-9_-]*\Z", max_length=max_length, **options)


class Name(serializers.RegexField):
    """What a source or a recipient is called."""

    default_error_messages = {"invalid": "Letters, digits, hyphens and underscores only."}

    def __init__(self, **options: Any) -> None:
        super().__init__(r"^[-a-zA-Z0-9_]+\Z", max_length=80, **options)
