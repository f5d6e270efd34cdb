"""The data dictionary: what a mapping may lead to."""

from dataclasses import asdict

from rest_framework.request import Request
from rest_framework.response import Response

from api.documentation import describe
from api.serializers.dictionary import DictionaryFieldSerializer
from api.views.base import View
from records.dictionary import FIELDS, names_of
from records.rules import RULES


class Dictionary(View):
    """List the fields of the data dictionary."""

    required_scopes = {"GET": "sources:read"}

    @describe(
        "List the fields of the data dictionary",
        description="Each field with its type, its sensitivity, the rule of its normal form and that rule's version, "
        "and the rule by which the golden record takes one of several values. All of them, in one answer.",
        operation_id="list_dictionary",
        tags=["sources"],
        responses={200: DictionaryFieldSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        fields = [
            {**asdict(field), "aliases": names_of(field)[1:], "rule": RULES[field.standardizer]}
            for field in FIELDS.values()
        ]
        return Response(DictionaryFieldSerializer(fields, many=True).data)
