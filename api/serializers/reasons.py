"""Why somebody does something, over the wire: kept for years, so it names a case and nobody."""

from typing import Any

from rest_framework import serializers

from vault.reasons import names_somebody

LEAST, MOST = 4, 180


class ReasonField(serializers.CharField):
    """A reason that stays on record."""

    def __init__(self, *, required: bool = True) -> None:
        super().__init__(
            min_length=LEAST,
            max_length=MOST,
            required=required,
            help_text="Kept for the record: names a case, no person.",
        )

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """The reason; refused where it names somebody."""
        reason = super().run_validation(data)
        if reason and names_somebody(reason):
            raise serializers.ValidationError(
                "It stays on record for years: name a case, no e-mail address or phone number.", code="names_somebody"
            )
        return reason
